"""MaxCLL and MaxFALL: the check frame, and that blocks do not matter."""

import numpy as np

from vidsr.metrics import hdr


def test_a_frame_with_a_tenth_at_1000_nits_and_the_rest_at_50():
    light = np.full((1, 10, 20, 3), 50.0, np.float32)
    light[0, 0, :, 1] = 1000
    assert hdr.light_levels([light]) == (1000.0, 145.0)


def test_the_maxima_run_over_frames_whatever_the_blocks():
    light = np.random.default_rng(0).uniform(0, 4000, (7, 12, 10, 3)).astype(np.float32)
    whole = hdr.light_levels([light])
    assert hdr.light_levels([light[:3], light[3:4], light[4:]]) == whole
    assert whole.max_cll == light.max()
    np.testing.assert_allclose(whole.max_fall, light.max(3).mean((1, 2), dtype=np.float64).max())
