"""A torch module as a step: frame by frame on the host, in tiles that its footprint allows."""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from vidsr.adapters import tiles as tiling
from vidsr.errors import RecipeError, StackError
from vidsr.run.law import EDGES, At, Axis, Footprint, Spec
from vidsr.transforms import networks
from vidsr.transforms.base import FIDELITIES, HostStep, option, transform


@transform
class TorchModule(HostStep):
    """A module of `vidsr.torch.wrap` or `vidsr.torch.load`, on every frame by itself.

    It is unable to see neighbouring frames, and what it does to the truth is known to those who trained it: unless they say
    otherwise it counts as generative.

    Attributes:
      name: the module's class. path: the checkpoint it came from, if it did. sha256: of its state dict.
      halo: None where it needs the whole frame; `whole` says why. found: whether the halo was given or measured.
      net: works on a frame ``(y, x, c)`` float32, has `sha256` and `libraries()`, and pickles.
    """

    name: str = option()
    path: str = option("")
    sha256: str = option()
    scale: int = option(1, unit="output pixels per input pixel", low=1, high=64)
    channels: int = option(3, unit="channels", low=1, high=3)
    halo: int | None = option(0, unit="input pixels", low=0, high=tiling.TILE)
    found: str = option("given", choices=("given", "measured"))
    whole: str = option("")
    edge: str = option("own", choices=("own", *EDGES))
    multiple_of: int = option(1, unit="input pixels", low=1, high=tiling.TILE)
    least: int = option(1, unit="shortest side, input pixels", low=1, high=tiling.TILE)
    tile: int = option(tiling.TILE, unit="input pixels", low=16, high=16384)
    device: str = option("cpu")
    fidelity: str = option("generative", choices=FIDELITIES)  # type: ignore[misc]
    net: Any = option()

    def spec(self, spec: Spec) -> Spec:
        if spec.shape[-1] not in (1, self.channels):
            raise StackError(
                f"{self.name} takes {self.channels} channel(s) and the stack has {spec.shape[-1]}. "
                f"Select them: stack.isel(channel=slice(0, {self.channels}))."
            )
        if self.path:  # published checkpoints were trained on whole frames of SDR signal
            networks.check_sdr(
                spec, f"{self.path}", "If it is SDR, say so: stack.vid.assign(transfer='bt709')."
            )
            networks.check_whole(spec, self.path)
        return spec.resized((self.scale, 1), (self.scale, 1))

    def footprint(self) -> Footprint:
        if self.halo is None:
            axis = Axis(num=self.scale, whole=True)
        elif self.edge == "own":
            axis = Axis(num=self.scale, before=self.halo, after=self.halo, own=True, align=self.multiple_of)
        else:
            axis = Axis(num=self.scale, before=self.reach, after=self.reach, edge=self.edge)
        return Footprint(y=axis, x=axis)

    @property
    def reach(self) -> int:
        """The halo, with what a window is widened by to begin on a multiple."""
        return (self.halo or 0) + self.multiple_of - 1

    def tiles(self, spec: Spec) -> tuple[int, int]:
        rows, columns = (tiling.side(count, self._rules()) * self.scale for count in spec.shape[1:3])
        return rows, columns

    def libraries(self) -> dict[str, str]:
        return self.net.libraries()

    def apply(self, x: np.ndarray, at: At, spec: Spec) -> np.ndarray:
        (_, top, left), (_, height, width) = map(int, at.first_out), at.n_out
        made = []
        for number, frame in zip(at.frame, x, strict=True):
            seen = frame if frame.shape[-1] == self.channels else np.repeat(frame, self.channels, -1)
            try:
                out = tiling.run(self.net, seen, self._rules(), ((top, height), (left, width)))
            except Exception as error:
                error.add_note(
                    f"in {self.name}, frame {number} of {frame.shape[1]} x {frame.shape[0]} pixels"
                )
                raise
            self._check(out, frame, number)
            made.append(out if out.shape[-1] == frame.shape[-1] else out.mean(-1, keepdims=True))
        return np.stack(made)

    def _rules(self) -> tiling.Rules:
        return tiling.Rules(self.scale, self.halo, self.edge, self.multiple_of, self.least, self.tile)

    def _check(self, out: np.ndarray, frame: np.ndarray, number: int) -> None:
        if np.isfinite(out).all():
            return
        if not np.isfinite(frame).all():
            raise StackError(
                f"frame {number} holds NaN or infinity, which a network spreads. "
                "Replace them: stack.fillna(0).clip(0, 1)."
            )
        raise StackError(
            f"{self.name} gives NaN or infinity in frame {number}. "
            "Keep its input in range: vidsr.pipeline(...)(stack.clip(0, 1).assign_attrs(stack.attrs))."
        )

    def record(self) -> dict[str, Any]:
        return {k: v for k, v in super().record().items() if k != "net"}

    @classmethod
    def from_record(cls, record: dict[str, Any], extras: Mapping[str, Any]) -> "TorchModule":
        return cls(**record, net=_net_of(record, extras))

    def __repr__(self) -> str:
        reads = "whole" if self.halo is None else f"halo={self.halo}"
        return f"TorchModule({self.path or self.name!r}, scale={self.scale}, {reads})"


def _net_of(record: dict[str, Any], extras: Mapping[str, Any]) -> Any:
    """The module of a record, among what is given or where its checkpoint lay."""
    given = [item for item in extras.values() if _is_module(item)]
    for item in given:
        net = item.net if isinstance(item, TorchModule) else _held(item, record)
        if net.sha256 == record["sha256"]:
            return net
    if given:
        raise RecipeError(
            f"the record was made with weights {record['sha256'][:12]}... of {record['name']}, and what is given has others. "
            "Load the weights that the record names: module.load_state_dict(...)."
        )
    if record["path"] and os.path.exists(record["path"]):
        net = _held(record["path"], record)
        if net.sha256 == record["sha256"]:
            return net
        raise RecipeError(
            f"the record was made with weights {record['sha256'][:12]}..., {record['path']} now holds {net.sha256[:12]}.... "
            "Bring back the file that the record names."
        )
    missing = f"the checkpoint {record['path']} is gone" if record["path"] else "a record holds no code"
    raise RecipeError(
        f"{record['name']} is needed again, and {missing}. "
        "Give it: vidsr.Pipeline.from_provenance(out, extras={'module': module})."
    )


def _is_module(item: Any) -> bool:
    return isinstance(item, TorchModule | str | os.PathLike) or hasattr(item, "state_dict")


def _held(item: Any, record: dict[str, Any]) -> Any:
    from vidsr.adapters import door

    if isinstance(item, str | os.PathLike):
        return door.open("checkpoint", "vidsr.torch.load").read(item, record["device"]).held
    return door.open("module", "vidsr.torch.wrap").Held(item, record["device"])
