"""Every kernel of these files lowers for cpu, cuda and tpu. That is all it proves: nothing is run there."""

import jax
import jax.numpy as jnp
import pytest
from jax import export

from vidsr.functional import (
    blur,
    colour,
    draws,
    fading,
    jpeg,
    noise,
    psf,
    resample,
    scratches,
    sensor,
    tonemap,
    transfer,
)

PICTURE = jax.ShapeDtypeStruct((2, 48, 64, 3), jnp.float32)
PLACE = jax.ShapeDtypeStruct((), jnp.int32)
KEY = jax.ShapeDtypeStruct((2,), jnp.uint32)
LINE = jax.ShapeDtypeStruct((16,), jnp.int32)
ROWS, COLUMNS = (jax.ShapeDtypeStruct((n,), jnp.int32) for n in (48, 64))
CURVES = [f"{n}_{w}" for n in ("bt709", "bt1886", "srgb", "pq", "hlg") for w in ("encode", "decode")]


def window(num, den, axis):
    def run(x, first_in, first_out):
        return resample.resize_axis(
            x, axis, num=num, den=den, first_in=first_in, first_out=first_out, n_out=4
        )

    return run, (PICTURE, PLACE, PLACE)


KERNELS = {
    **{name: (getattr(transfer, name), (PICTURE,)) for name in CURVES},
    **{f"resize {n}/{d} {a}": window(n, d, a) for n, d in ((1, 4), (4, 1), (17, 16)) for a in (1, 2)},
    "imresize": (lambda x: resample.imresize(x, num=1, den=2), (PICTURE,)),
    "hlg_ootf": (transfer.hlg_ootf, (PICTURE,)),
    "hlg_inverse_ootf": (transfer.hlg_inverse_ootf, (PICTURE,)),
    "rgb_to_ycbcr": (colour.rgb_to_ycbcr, (PICTURE,)),
    "ycbcr_to_rgb": (colour.ycbcr_to_rgb, (PICTURE,)),
    "to_codes": (colour.to_codes, (PICTURE,)),
    "convert_primaries": (lambda x: colour.convert_primaries(x, "bt709", "bt2020"), (PICTURE,)),
    "lift": (tonemap.lift, (PICTURE,)),
    "lower": (tonemap.lower, (PICTURE,)),
    "gaussian": (lambda x, s: blur.gaussian(x, s, 3), (PICTURE, jax.ShapeDtypeStruct((), jnp.float32))),
    "poisson_gaussian": (
        lambda x, n: noise.poisson_gaussian(x, n, gain=0.01, sigma=0.01),
        (PICTURE, PICTURE),
    ),
    "convolve": (psf.convolve, (PICTURE, jax.ShapeDtypeStruct((5, 7), jnp.float32))),
    "bayer": (sensor.bayer, (PICTURE, ROWS, COLUMNS)),
    "demosaic": (lambda x, r, c: sensor.demosaic(x[..., :1], r, c), (PICTURE, ROWS, COLUMNS)),
    "quantise": (lambda x: sensor.quantise(x, 10), (PICTURE,)),
    "fade": (fading.fade, (PICTURE, *(jax.ShapeDtypeStruct((3,), jnp.float32),) * 3)),
    "scratches": (
        lambda k, f, y, x: scratches.scratches(k, jnp.float32(2), f, y, x),
        (KEY, LINE, LINE, LINE),
    ),
    "jpeg": (jpeg.jpeg, (PICTURE, jax.ShapeDtypeStruct((), jnp.float32))),
    "normal": (lambda k, f, y, x: draws.normal(k, f, y, x, 3), (KEY, LINE, LINE, LINE)),
    "uniform": (lambda k, f, y, x: draws.uniform(k, f, y, x, 3), (KEY, LINE, LINE, LINE)),
    "frame_normal": (lambda k, f: draws.frame_normal(k, f, 3), (KEY, LINE)),
}


@pytest.mark.parametrize("name", KERNELS)
def test_lowers_everywhere(name):
    kernel, arguments = KERNELS[name]
    exported = export.export(jax.jit(kernel), platforms=("cpu", "cuda", "tpu"))(*arguments)
    assert exported.platforms == ("cpu", "cuda", "tpu") and exported.out_avals
