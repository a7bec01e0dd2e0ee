"""The frame store: bounded, each frame made once, the longest unused go first, stacks in memory are never copied."""

import threading

import dask.array as da
import numpy as np
import pytest

from vidsr.frames import cache
from vidsr.frames.cache import FrameStore, frame, size, token
from vidsr.frames.schema import stack


def lazy_clip(seen: list, frames: int = 6):
    a = stack(np.random.default_rng(1).random((frames, 8, 12, 3), np.float32), fps=25)

    def look(block, block_info=None):
        seen.append(block_info[0]["chunk-location"][0])
        return block

    meta = np.empty((0,) * 4, np.float32)
    return a, a.copy(data=da.map_blocks(look, a.chunk(time=1).data, dtype=np.float32, meta=meta))


def test_it_never_holds_more_than_its_limit_and_forgets_the_longest_unused():
    store = FrameStore(1000)
    for key in "abcd":
        store.get(key, lambda: np.zeros(300, np.uint8))
        store.get("a", lambda: np.zeros(300, np.uint8))
        assert store.nbytes <= 1000
    assert "a" in store and "d" in store and "b" not in store and len(store) == 3


def test_what_is_larger_than_the_store_is_handed_out_all_the_same():
    store = FrameStore(100)
    assert len(store.get("a", lambda: b"x" * 200)) == 200
    assert store.nbytes == 0 and "a" not in store


def test_each_is_made_once_however_many_ask():
    store, made, ready = FrameStore(1000), [], threading.Barrier(8, timeout=10)

    def ask():
        ready.wait()
        store.get("a", lambda: made.append(1) or b"x")

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(10)
    assert made == [1] and store.nbytes == 1


def test_an_error_is_raised_and_not_kept():
    store = FrameStore(1000)
    with pytest.raises(ZeroDivisionError):
        store.get("a", lambda: 1 / 0)
    assert store.get("a", lambda: b"x") == b"x"
    store.forget("a")
    assert store.nbytes == 0 and "a" not in store


def test_a_lazy_frame_is_computed_alone_and_once():
    seen: list = []
    a, lazy = lazy_clip(seen)
    for _ in range(3):
        np.testing.assert_array_equal(frame(lazy, 4), a.values[4])
    assert seen == [4] and (token(lazy), 4) in cache.STORE


def test_equal_pipelines_share_their_frames(tmp_path):
    import vidsr

    clip = stack(np.random.default_rng(0).random((3, 16, 16, 3), np.float32), fps=25).chunk(time=1)
    assert token(vidsr.resize(0.5)(clip)) == token(vidsr.resize(0.5)(clip)) != token(vidsr.resize(2)(clip))


def test_a_stack_in_memory_is_looked_at_not_kept():
    a = stack(np.zeros((2, 8, 8, 3), np.float32), fps=25)
    held = len(cache.STORE)
    picture = frame(a, 1)
    a[1] += 1
    assert token(a) is None and len(cache.STORE) == held and picture.max() == 1
    with pytest.raises(ValueError):
        picture[:] = 0


def test_sizes_of_tuples_add_up():
    assert size((b"abc", np.zeros(4, np.float32))) == 19
