"""A watched network gives what it always gives, and its extremes are those of what its convolutions are fed."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.adapters import onnx_reader
from tests.adapters.test_onnx_file import KINDS, drawn, inputs
from vidsr import models
from vidsr.adapters import onnx_file
from vidsr.adapters.activations import Watch
from vidsr.errors import StackError


@pytest.mark.parametrize("kind", KINDS)
def test_what_it_gives_and_what_its_convolutions_are_fed(kind):
    graphdef, params = drawn(kind)
    watch = Watch(graphdef, params)
    x = np.random.default_rng(0).random((2, 8, 12, inputs(KINDS[kind])), np.float32)
    x[1] *= 0.5
    data = onnx_file.written(*models.named(graphdef, params), params)
    convolutions = [ins for op, ins, _ in onnx_reader.nodes(data) if op == "Conv" and len(ins) == 3]
    fed = []
    for picture in x:
        held = onnx_reader.everything(data, picture[None])
        np.testing.assert_allclose(watch(picture[None]), held["result"], rtol=0, atol=1e-5)
        fed.append([(held[ins[0]].min(), held[ins[0]].max()) for ins in convolutions])
    want = np.stack([np.min(fed, 0)[:, 0], np.max(fed, 0)[:, 1]], 1)
    got = np.array(list(watch.extremes.values()))
    assert len(got) == len(want)
    order = [np.lexsort(found.round(4).T) for found in (got, want)]
    np.testing.assert_allclose(got[order[0]], want[order[1]], rtol=0, atol=1e-5)


def test_what_is_no_number_is_refused():
    watch = Watch(*drawn("luma"))
    x = np.full((1, 70, 70, 3), 0.5, np.float32)
    watch(x)
    x[0, 33, 33] = np.nan
    with pytest.raises(StackError, match=r"numpy\.isfinite"):
        watch(x)


def test_threads_lose_no_extreme():
    """Two blocks are in flight in a run; one may read the extremes while another still waits for its own."""

    class Slow(float):
        def __float__(self):
            time.sleep(0.05)
            return float.__add__(self, 0.0)

    watch = Watch(*drawn("luma"))
    watch._run = lambda x: (x, {"head": (Slow(-x.max()), Slow(x.max()))})
    frames = [np.full((1, 2, 2, 3), value, np.float32) for value in (5, 1, 4, 2)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(watch, frames))
    assert watch.extremes["head"] == (-5, 5)
