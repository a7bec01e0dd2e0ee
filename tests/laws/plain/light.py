"""BT.2446 method A with its curves: BT.1886, PQ (ST 2084) and HLG (BT.2100), as the papers print them."""

import numpy as np

XY = {
    "bt709": ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06)),
    "bt2020": ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
}
LUMA = np.array([0.2627, 0.6780, 0.0593])


def to_xyz(primaries):
    xyz = np.array([(x / y, 1, (1 - x - y) / y) for x, y in XY[primaries]]).T
    return xyz * (np.linalg.inv(xyz) @ np.array([0.3127 / 0.3290, 1, (1 - 0.3127 - 0.3290) / 0.3290]))


def hdr(signal, target, primaries="bt709"):
    light = np.sign(signal) * abs(signal) ** 2.4
    light = light @ (np.linalg.inv(to_xyz("bt2020")) @ to_xyz(primaries)).T
    nits = method_a(np.clip(np.sign(light) * abs(light) ** (1 / 2.4), 0, 1))
    return pq(nits) if target == "pq" else hlg(nits / 1000)


def method_a(rgb):
    y = rgb @ np.array([0.2627, 1 - 0.2627 - 0.0593, 0.0593])
    cb, cr = (rgb[..., 2] - y) / (2 * (1 - 0.0593)), (rgb[..., 0] - y) / (2 * (1 - 0.2627))
    level = 255 * y
    power = np.where(
        level <= 70,
        1.8712e-5 * level**2 - 2.7334e-3 * level + 1.3141,
        2.8305e-6 * level**2 - 7.4622e-4 * level + 1.2528,
    )
    up = level**power
    gain = np.divide(1.075 * up, y, out=np.ones_like(y), where=y > 0)
    cb, cr = gain * cb, gain * cr
    out = np.stack([up + 1.4746 * cr, up - 0.16455 * cb - 0.57135 * cr, up + 1.8814 * cb], -1)
    return 1000 * np.clip(out / 1000, 0, 1) ** 2.4


def pq(nits):
    share = (nits / 10000) ** (2610 / 16384)
    return ((3424 / 4096 + 2413 / 128 * share) / (1 + 2392 / 128 * share)) ** (2523 / 32)


def hlg(light):
    """Display light of a 1000-nit display, 1 = peak."""
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
    luma = np.maximum(light @ LUMA, 1e-12)[..., None]
    scene = luma ** ((1 - 1.2) / 1.2) * light
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), a * np.log(np.maximum(12 * scene, 1) - b) + c)
