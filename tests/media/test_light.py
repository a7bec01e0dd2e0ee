"""HDR10 levels, with the worked figures of CTA-861.3's definition."""

import numpy as np
import pytest

from vidsr.media.light import Light, measure, pq_nits


@pytest.mark.parametrize(
    ("signal", "nits"), [(0.0, 0.0), (0.508078, 100.0), (0.751827, 1000.0), (1.0, 10_000.0)]
)
def test_the_curve(signal, nits):
    assert pq_nits(np.array(signal)) == pytest.approx(nits, rel=2e-5, abs=1e-9)


def test_a_tenth_at_1000_nits_the_rest_at_50():
    bright, dark = 0.751827, 0.440282  # PQ of 1000 and 50 nits
    frame = np.full((1, 10, 20, 3), dark, np.float32)
    dimmer = frame.copy()
    frame[0, :1, :, 1] = bright
    found = measure([dimmer, frame])
    assert (found.max_cll, found.max_fall, found.peak) == (1000, 145, 1000.0)


def test_parameters_for_the_encoder():
    assert Light(1000, 203, 1000.0, "p3").x265() == (
        "hdr10=1:master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):max-cll=1000,203"
    )
