"""What a module does to a picture's size and how far it looks, found by running it on small pictures."""

import copy
import dataclasses
from typing import Any

import torch
from torch import nn

from vidsr.adapters import module as holding
from vidsr.adapters import tiles
from vidsr.adapters.module import Held
from vidsr.errors import RecipeError

SIDES = (32, 64, 128, 256)  # of the pictures looked at, input pixels
SEEN = 1e-7  # signal: a change below it is rounding
SAME = 3e-6  # signal, relative to the largest: what tiles may differ by
MULTIPLES = (2, 4, 8, 16, 32, 64)  # tried where a module does not take every size
POKES = ((0, 0, 1.0), (1, 0, -100.0), (0, 1, 100.0), (1, 1, -1.0))  # place beside the middle, and how strong
POOLING = ("Pool", "InstanceNorm", "GroupNorm")  # in names of suspects


@dataclasses.dataclass(frozen=True)
class Look:
    """How far a module looks: `halo` input pixels each side, or None and the reason."""

    halo: int | None
    why: str = ""


def channels(held: Held, rules: tiles.Rules) -> int:
    """Channels a module takes, 3 or 1; raises what it does wrong to two small frames.

    Raises:
      RecipeError: the module fails; gives no tensor, another number of frames, channels or pixels than the scale says, NaN,
        or another picture each time.
    """
    side = tiles.up(max(48, rules.least), rules.multiple_of)
    failed: Exception | None = None
    for count in (3, 1):
        x = _picture((2, count, side, side + rules.multiple_of)).to(held.device, held.dtype)
        try:
            out = forward(held.module, x)
        except Exception as error:  # whatever a stranger's code raises
            failed = failed or error
            continue
        _check(held, rules, x, out)
        return count
    raise RecipeError(
        f"{held.name} does not run on 2 frames of 3 or of 1 channels and {side + rules.multiple_of} x {side} pixels: "
        f"{_first_line(failed)} {_remedy(held, rules)}"
    ) from failed


def _remedy(held: Held, rules: tiles.Rules) -> str:
    """The multiple that sides must be of, if one helps."""
    for multiple in MULTIPLES:
        for count in (3, 1):
            x = _picture((2, count, 64, 64 + multiple)).to(held.device, held.dtype)
            try:
                _check(held, dataclasses.replace(rules, multiple_of=multiple), x, forward(held.module, x))
            except Exception:  # not that one
                continue
            return f"It takes sides that are multiples of {multiple}: say vidsr.torch.wrap(module, multiple_of={multiple})."
    return "Wrap what takes and gives a picture: class Part(torch.nn.Module): forward = lambda self, x: module(x)[0]."


def _check(held: Held, rules: tiles.Rules, x: torch.Tensor, out: Any) -> None:
    if not isinstance(out, torch.Tensor) or out.ndim != 4:
        got = f"a tensor of {out.ndim} axes" if isinstance(out, torch.Tensor) else f"a {type(out).__name__}"
        raise RecipeError(
            f"{held.name} gives {got} where one of (n, c, y, x) is needed. "
            "Wrap the part you mean: class Part(torch.nn.Module): forward = lambda self, x: module(x)[0]."
        )
    frames, count, height, width = x.shape
    if len(out) != frames:
        raise RecipeError(
            f"{held.name} gives {len(out)} frames for {frames}: a step gives one frame for every frame, each on its own. "
            "A module that sees neighbours has no place here; reshape inside it."
        )
    if out.shape[1] != count:
        raise RecipeError(
            f"{held.name} gives {out.shape[1]} channels for {count}. Give it a last layer of {count}: torch.nn.Conv2d({out.shape[1]}, {count}, 1)."
        )
    found, wanted = tuple(out.shape[2:]), (height * rules.scale, width * rules.scale)
    if found != wanted:
        ratio = found[0] // height
        line = (
            f"Say vidsr.torch.wrap(module, scale={ratio})."
            if ratio and found == (height * ratio, width * ratio)
            else _remedy(held, rules)
            if rules.multiple_of == 1
            else "Pad inside the module, so that no border is lost."
        )
        raise RecipeError(
            f"{held.name} makes {found[1]} x {found[0]} of {width} x {height} pixels, scale={rules.scale} says {wanted[1]} x {wanted[0]}. {line}"
        )
    if not bool(torch.isfinite(out).all()):
        raise RecipeError(
            f"{held.name} gives NaN or infinity for an ordinary picture. "
            "Look at its weights: [n for n, p in module.named_parameters() if not p.isfinite().all()]."
        )
    if float((forward(held.module, x) - out).abs().max()) > SAME * max(1.0, float(out.abs().max())):
        raise RecipeError(
            f"{held.name} gives another picture each time, so no record could make it again. "
            "Draw its random numbers from a fixed generator inside forward."
        )


def look(held: Held, count: int, rules: tiles.Rules) -> Look:
    """The halo of a module of `count` channels: how far the change of a pixel travels, tried out on tiles.

    Raises:
      RecipeError: windows that begin at odd places give another picture; names the multiple that helps.
    """
    module, dtype = _precise(held, count, rules)
    for side in SIDES:
        side = tiles.up(max(side, rules.least), rules.multiple_of)
        reach = _reach(module, dtype, held, count, side, rules)
        if reach < side // 2 - rules.multiple_of:
            return _tried(held, count, dataclasses.replace(rules, halo=reach))
    return Look(None, f"a change of one pixel is seen {side // 2} pixels away and further{_suspects(held)}")


def _tried(held: Held, count: int, rules: tiles.Rules) -> Look:
    """The halo, widened until tiles give what the whole gives."""
    halo = rules.halo or 0
    while halo <= SIDES[-1] // 2:
        if _off(held, count, dataclasses.replace(rules, halo=halo)) <= SAME:
            return Look(halo)
        halo = max(halo + halo // 2, halo + 2)
    for multiple in MULTIPLES:
        if multiple % rules.multiple_of == 0 and multiple > rules.multiple_of:
            again = dataclasses.replace(rules, multiple_of=multiple)
            if (
                _off(held, count, dataclasses.replace(again, halo=tiles.up(rules.halo or 0, multiple)))
                <= SAME
            ):
                raise RecipeError(
                    f"{held.name} gives another picture for windows that do not begin on multiples of {multiple}. "
                    f"Say vidsr.torch.wrap(module, multiple_of={multiple})."
                )
    return Look(None, f"pieces of a picture come out otherwise than the whole{_suspects(held)}")


def _off(held: Held, count: int, rules: tiles.Rules) -> float:
    """How far the middle of a piece is from the middle of the whole, relative to the largest value."""
    align, scale, halo = rules.multiple_of, rules.scale, tiles.up(rules.halo or 0, rules.multiple_of)
    core = tiles.up(max(24, rules.least), align)
    begin = align * (core // align | 1)  # an odd number of multiples
    side = core + 2 * (halo + begin)
    x = _picture((1, count, side, side)).to(held.device, held.dtype)
    whole = forward(held.module, x)
    piece = forward(held.module, x[..., begin : side - begin, begin : side - begin].contiguous())
    inner, outer = halo * scale, (halo + begin) * scale
    middle = slice(outer, outer + core * scale)
    part = slice(inner, inner + core * scale)
    off = (piece[..., part, part].float() - whole[..., middle, middle].float()).abs().max()
    return float(off) / max(1.0, float(whole.abs().max()))


def _reach(
    module: nn.Module, dtype: torch.dtype, held: Held, count: int, side: int, rules: tiles.Rules
) -> int:
    """Input pixels that the change of one travels at most, along y or x; `side` or more if it reaches the border."""
    x = _picture((1, count, side, side)).to(held.device, dtype)
    clean = forward(module, x)
    largest = 0
    for down, right, strength in POKES:
        if dtype != torch.float64 and abs(strength) > 1:
            continue
        y, z = (
            side // 2 + down * (rules.multiple_of // 2 + 1),
            side // 2 + right * (rules.multiple_of // 2 + 1),
        )
        poked = x.clone()
        poked[..., y, z] += strength
        moved = (forward(module, poked) - clean).abs().amax((0, 1)) > _floor(dtype, clean)
        rows, columns = torch.nonzero(moved, as_tuple=True)
        if not len(rows):
            continue
        low, high = min(int(rows.min()), int(columns.min())), max(int(rows.max()), int(columns.max()))
        if low // rules.scale == 0 or high // rules.scale == side - 1:
            return side
        for place, found in ((y, rows), (z, columns)):
            largest = max(
                largest, place - int(found.min()) // rules.scale, int(found.max()) // rules.scale - place
            )
    return largest


def _floor(dtype: torch.dtype, clean: torch.Tensor) -> float:
    return SEEN if dtype == torch.float64 else 10 * SEEN * max(1.0, float(clean.abs().max()))


def _precise(held: Held, count: int, rules: tiles.Rules) -> tuple[nn.Module, torch.dtype]:
    """The module in float64, in which far and faint changes stand out of rounding, if it can be had; else as it is."""
    side = tiles.up(max(SIDES[0], rules.least), rules.multiple_of)
    try:
        module = copy.deepcopy(held.module).double()
        forward(module, torch.zeros(1, count, side, side, dtype=torch.float64, device=held.device))
    except Exception:  # a module that makes float32 tensors of its own, a device without float64
        return held.module, held.dtype
    return module, torch.float64


def _picture(shape: tuple[int, ...]) -> torch.Tensor:
    """Noise in the middle of the range, darker to one side, so that parts have other means than the whole; float64."""
    drawn = torch.rand(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return 0.2 + 0.4 * drawn + 0.3 * torch.linspace(0, 1, shape[-1], dtype=torch.float64)


def _suspects(held: Held) -> str:
    found = [n for n, m in held.module.named_modules() if any(p in type(m).__name__ for p in POOLING)]
    return f" (perhaps by {', '.join(found[:3])})" if found else ""


def _first_line(error: Exception | None) -> str:
    line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return line if line.endswith(".") else f"{line}."


def forward(module: nn.Module, x: torch.Tensor) -> Any:
    """The module on a copy: some work in place."""
    return holding.forward(module, x.clone())
