"""PyTorch beside vidsr: modules as steps, checkpoints of others, our networks as modules, shared memory, a data set.

Needs the extra `torch`; importing this imports no torch, calling into it does.
"""

import os
from collections.abc import Sequence
from typing import Any

import xarray as xr

from vidsr import hub
from vidsr.adapters import door, tiles
from vidsr.errors import RecipeError
from vidsr.transforms.samples import Samples
from vidsr.transforms.torch_module import TorchModule

__all__ = ["Dataset", "export", "load", "params", "to_jax", "to_torch", "wrap"]


def wrap(
    module: Any,
    *,
    scale: int = 1,
    halo: int | None = None,
    edge: str = "own",
    multiple_of: int = 1,
    tile: int = tiles.TILE,
    device: str = "cpu",
    fidelity: str = "generative",
) -> TorchModule:
    """Any torch module as a step: frame by frame, the same numbers whole, in tiles or in chunks.

    Generative, unless it is said otherwise; unable to see neighbouring frames. The module is copied, in evaluation mode; it takes
    ``(n, c, y, x)`` signal, nominally in [0, 1], and gives ``(n, c, y * scale, x * scale)``. It is tried on small noise pictures at once.

    Args:
      module: a `torch.nn.Module`.
      scale: output pixels per input pixel.
      halo: input pixels each side that an output pixel depends on. None: measured, by changing single pixels and by comparing
        pieces with the whole; a module that looks at the whole frame is then never cut, and `explain` says why.
      edge: "own" where the module has a rule of its own at the border, such as zero padding; "reflect", "symmetric", "edge" or
        "constant" to extend frames by the halo before it sees them.
      multiple_of: sides must be multiples of this, input pixels; frames are extended, and the result is cropped.
      tile: frames with a longer side are cut into tiles of about this, input pixels.
      device: where it runs, as torch names it.
      fidelity: what it may do to the truth: "exact", "faithful" or "generative".

    Raises:
      RecipeError: torch is missing; the module changes the number of frames or channels, gives another size than `scale` says, NaN,
        or another picture each time; half-precision weights on a CPU; settings out of range.
    """
    held = door.open("module", "vidsr.torch.wrap").Held(module, device)
    rules = tiles.Rules(scale, halo, edge, multiple_of, 1, tile)
    return _step(held, rules, fidelity)


def load(
    path: str | os.PathLike,
    *,
    halo: int | None = None,
    edge: str = "own",
    tile: int = tiles.TILE,
    device: str = "cpu",
    fidelity: str = "generative",
) -> TorchModule:
    """A published checkpoint as a step, through spandrel: its architecture is known from the keys, scale and size rules come from there.

    Generative, unless it is said otherwise; unable to see neighbouring frames. Nothing in the file is run. Values are not
    clipped, as spandrel's own call would. Real-ESRGAN's two architectures also run in JAX: `vidsr.hub.convert`.

    Args:
      path: a .pth, .pt, .ckpt or .safetensors file of weights, or the name of one that `vidsr.hub.register` knows: it is fetched
        once and its hash is compared.
      halo, edge, tile, device, fidelity: as in `wrap`.

    Raises:
      MediaError: no such file, or damaged. RecipeError: torch or spandrel is missing; the file holds more than tensors; an unknown
        architecture; extra or missing keys, all named; and what `wrap` raises.
    """
    reader, path = door.open("checkpoint", "vidsr.torch.load"), hub.checkpoint(path)
    found = reader.read(path, device)
    rules = tiles.Rules(found.scale, halo, edge, found.multiple_of, found.least, tile)
    return _step(found.held, rules, fidelity, path=os.path.abspath(path), whole=found.whole)


def export(name: str | os.PathLike) -> Any:
    """A network of the zoo, or of the Hub, as a torch module with the same weights, in evaluation mode.

    It is the network alone: ``(n, c, y, x)`` -> ``(n, c, y * scale, x * scale)``, not clipped. What a verb does around it stays here: `super_resolve` keeps
    its result within the bounds of `vidsr.functional.overshoot`, `denoise` and `deblock` put neighbouring frames and maps into
    further channels of the input and blend. Parameters are named as in the entry's file; kernels are OIHW.

    Args:
      name: what `vidsr.hub.load` takes: a zoo id, the folder of an entry, or "org/name" on the Hub.

    Raises:
      RecipeError: torch is missing; and what `vidsr.hub.load` raises.
    """
    adapter = door.open("exported", "vidsr.torch.export")
    net = hub.load(name)
    about = hub.info(net.folder)
    return adapter.exported(about["model"], about["args"], net.params)


def params(module: Any) -> dict[str, Any]:
    """The way back: weights of an exported module, trained on or not, as `vidsr.models.apply` and `vidsr.hub.save` take them.

    Args:
      module: what `export` gave.

    Returns:
      Nested dict of numpy arrays in the module's precision, copied.

    Raises:
      RecipeError: torch is missing, or another module.
    """
    return door.open("exported", "vidsr.torch.params").params(module)


def to_torch(array: Any) -> Any:
    """An array as a tensor of the same axes, without a copy: what is written to one is seen in the other.

    JAX arrays are promised never to change, so write to their tensors only after `.clone()`. Networks of torch want
    `.permute(0, 3, 1, 2)` of ``(t, y, x, c)``, which copies nothing either.

    Args:
      array: a jax array, a numpy array (copied if read-only) or a frame stack (computed if lazy).

    Raises:
      RecipeError: torch is missing, or no array.
    """
    if isinstance(array, xr.DataArray):
        array = array.values if array.chunks is not None else array.data
    return door.open("memory", "vidsr.torch.to_torch").to_torch(array)


def to_jax(tensor: Any) -> Any:
    """A tensor as a jax array of the same axes; without a copy where it is contiguous and starts at a multiple of 64 bytes.

    Tensors as torch allocates them do. float64 becomes float32 unless JAX is told otherwise.

    Args:
      tensor: on a device that JAX has.

    Raises:
      RecipeError: torch is missing, or no tensor.
    """
    return door.open("memory", "vidsr.torch.to_jax").to_jax(tensor)


class Dataset:
    """Pairs of a damaged and a clean piece of frame stacks, for `torch.utils.data.DataLoader`.

    `data[k]` is (damaged, clean): float32 ``(t, c, y, x)``, clean larger by the scale of the damage. What it shows depends on (seed,
    epoch, k) alone, so any number of workers draws the same pairs and no two draw one twice; before each further round set
    `data.epoch`. The damage is that of the whole clip, cut out. Workers must be started afresh:

        DataLoader(data, batch_size=16, num_workers=2, multiprocessing_context="spawn")

    Args:
      stacks: frame stacks, clean; lazy ones stay so.
      damage: a step or pipeline that keeps the number of frames, for example `vidsr.degrade(scale=4, noise=0.02)`.
      patch: side of a damaged piece, pixels.
      frames: of a piece.
      length: pairs a round; None: as many as there are places in time.
      seed: of places and of the damage.

    Raises:
      RecipeError: torch is missing; a damage that shrinks by no whole number; sizes below 1; drawing in a forked worker. StackError: a stack too
        small for a piece, or one that the damage refuses.
    """

    def __init__(
        self,
        stacks: Sequence[xr.DataArray],
        damage: Any,
        *,
        patch: int = 64,
        frames: int = 1,
        length: int | None = None,
        seed: int = 0,
    ):
        door.open("memory", "vidsr.torch.Dataset")
        self._samples = Samples(stacks, damage, patch=patch, frames=frames, length=length, seed=seed)

    @property
    def epoch(self) -> int:
        """Which round: another one shows other pieces."""
        return self._samples.epoch

    @epoch.setter
    def epoch(self, number: int) -> None:
        self._samples.epoch = number

    def __len__(self) -> int:
        return self._samples.length

    def __getitem__(self, number: int) -> tuple[Any, Any]:
        if not 0 <= number < len(self):
            raise IndexError(f"pair {number} of {len(self)}")
        memory = door.open("memory", "vidsr.torch.Dataset")
        low, high = self._samples.pair(number)
        return tuple(memory.to_torch(part).permute(0, 3, 1, 2).contiguous() for part in (low, high))


def _step(held: Any, rules: tiles.Rules, fidelity: str, *, path: str = "", whole: str = "") -> TorchModule:
    measure = door.open("measure", "vidsr.torch.wrap")
    halo, found = rules.halo, "given"
    about = {"name": held.name, "path": path, "sha256": held.sha256, "net": held, "device": str(held.device)}
    about |= {
        "scale": rules.scale,
        "edge": rules.edge,
        "multiple_of": rules.multiple_of,
        "least": rules.least,
    }
    about |= {"tile": rules.tile, "fidelity": fidelity}
    TorchModule(**about)  # raises what is out of range before anything is run
    channels = measure.channels(held, rules)
    if halo is None and not whole:
        looked = measure.look(held, channels, rules)
        halo, whole, found = looked.halo, looked.why, "measured"
    if halo is None and rules.edge != "own":
        raise RecipeError(
            f"edge={rules.edge!r} extends a frame by the halo, and {held.name} has none: {whole}. "
            "Leave the edge to the module: edge='own'."
        )
    return TorchModule(
        **about, channels=channels, halo=halo, found=found, whole="" if halo is not None else whole
    )
