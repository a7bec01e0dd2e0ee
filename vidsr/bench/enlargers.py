"""Everything that makes frames larger: kernels, networks, realesr-animevideov3."""

from collections.abc import Sequence

import vidsr
from vidsr import hub, models
from vidsr.bench import networks, rivals

KERNELS = ("bicubic", "lanczos3")


def enlargers(scale: int, entries: Sequence[str] = ()) -> list[rivals.Method]:
    """All there is for a scale; `entries` as `vidsr.bench.networks.found` takes them."""
    found = [
        rivals.ours(
            f"resize({scale}, kernel={kernel!r})", lambda kernel=kernel: vidsr.resize(scale, kernel=kernel)
        )
        for kernel in KERNELS
    ]
    found.append(rivals.ffmpeg(f"scale=iw*{scale}:ih*{scale}:flags=lanczos", scale=scale))
    found += [network(name) for name in networks.found("super_resolve", scale, entries)]
    return [*found, rivals.anime_video()] if scale == 4 else found


def network(name: str, *, ensemble: bool = False) -> rivals.Method:
    """An enlarging network, by zoo id or folder; with `ensemble` as the mean over eight turns."""
    return rivals.ours(
        name + ", ensemble=True" * ensemble,
        lambda: vidsr.super_resolve(hub.load(name).scale, model=name, ensemble=ensemble),
        lambda: models.count(hub.load(name).params),
    )
