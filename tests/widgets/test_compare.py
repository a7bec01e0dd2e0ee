"""The comparer without a browser: exact stills, a film, figures, values brought into range, errors told in the widget."""

import json
import threading

import numpy as np
import pytest

import vidsr
from tests.widgets.views import PATIENCE, View, codes, picture, textured
from vidsr.errors import RecipeError, StackError
from vidsr.widgets import stills
from vidsr.widgets.desk import FILMS


@pytest.fixture
def made():
    """Makes comparers that are closed when the test is over, with a view each."""
    kept = []

    def make(*stacks, **options):
        comparer = vidsr.compare(*stacks, **options)
        kept.append(comparer)
        return comparer, View(comparer)

    yield make
    for comparer in kept:
        comparer.close()


def pair(frames: int = 8, **options):
    a = textured(frames, **options)
    noise = np.random.default_rng(9).normal(0, 0.02, a.shape).astype(np.float32)
    b = a.copy(data=a.values + noise * np.linspace(0.5, 2, frames, dtype=np.float32)[:, None, None, None])
    return a, b


@pytest.mark.parametrize("channels", [1, 3])
def test_stills_are_the_originals_to_the_bit(made, channels):
    a, b = pair(channels=channels)
    _, view = made(a, b)
    about, files = view.asked(
        "still", id="v:7", frame=5, pair=[1, 0], difference=False, gain=1, luma=False, heat=False
    )
    assert about["id"] == "v:7" and about["pair"] == [1, 0] and about["legend"] is None and len(files) == 2
    np.testing.assert_array_equal(picture(files[0]), codes(b.values[5]))
    np.testing.assert_array_equal(picture(files[1]), codes(a.values[5]))


def test_hello_brings_a_film_and_the_figures(made):
    a, b = pair()
    c, view = made(a, b)
    assert c.metric == [None] * 8
    view.hello()
    about, (film,) = view.answer("video")
    assert view.answer("hello") and about["frames"] == 8 and about["pair"] == [0, 1] and len(film) > 1000
    wait_for(lambda: None not in c.metric)
    np.testing.assert_allclose(c.metric, vidsr.metrics.psnr(b, a).values, atol=1e-3)
    assert (c.status, c.progress, c.metric_name, c.metric_better) == ("", -1.0, "PSNR (dB)", "high")


def test_a_browser_with_no_codec_gets_stills_alone(made):
    c, view = made(*pair())
    view.ask(type="hello", codecs=[], dpr=1)
    assert "stills only" in c.status and view.asked("still", id=1, frame=0, pair=[0, 1])[1]


def test_a_swap_needs_no_new_film_another_pair_does_and_comes_back_at_once(made):
    a, b = pair()
    c, view = made(a, b, a)
    view.hello()
    view.answer("video")
    c.swap()
    assert c.pair == [1, 0]
    c.pair = [1, 2]
    about, _ = view.answer("video", 2)
    assert about["pair"] == [1, 2]
    c.pair = [0, 1]
    about, _ = view.answer("video", 3)
    assert set(about["pair"]) == {0, 1} and len([m for m in view.told if m[0]["type"] == "video"]) == 3


def test_with_a_reference_both_are_measured(made):
    a, b = pair()
    truth = a.copy(data=a.values * 0.9)
    c, view = made(a, b, reference=truth, names=["before", "after"], metric="psnr_y")
    assert c.names == ["before", "after", "reference"] and "against reference" in c.metric_name
    assert c.worst() in range(8)
    np.testing.assert_allclose(c.metric, vidsr.metrics.psnr(b, truth, space="luma").values, atol=1e-3)
    np.testing.assert_allclose(c.metric_a, vidsr.metrics.psnr(a, truth, space="luma").values, atol=1e-3)


def test_the_worst_frames_in_turn(made):
    a, b = pair()
    c, _ = made(a, b)
    assert [c.worst(), c.worst(2), c.frame] == [7, 6, 6]
    same, _ = made(a, a)
    assert same.worst() == 0 and same.metric == [None] * 8


def test_a_region_is_measured_and_read_back(made):
    a, b = pair()
    c, view = made(a, b)
    view.put(roi=[20, 30, 4, 10])
    assert c.roi == [4, 10, 20, 30]
    wait_for(lambda: c.roi_metric)
    y0, x0, y1, x1 = c.roi
    cut = dict(y=slice(y0, y1), x=slice(x0, x1))
    wanted = float(vidsr.metrics.psnr(b.isel(time=[0], **cut), a.isel(time=[0], **cut))[0])
    assert f"{wanted:.2f}" in c.roi_metric and "20 x 16" in c.roi_metric
    c.roi = []
    assert c.roi_metric == ""


@pytest.mark.parametrize(
    "name, sent, kept",
    [("frame", 99, 7), ("frame", -5, 0), ("wipe", 7.0, 1.0), ("zoom", 1e9, 64.0), ("mode", "upside", "wipe"), ("gain", -1, 0.25),
     ("roi", [1, 2], []), ("roi", [3, 3, 3, 9], []), ("pair", [0, 9], [0, 1]), ("rate", "fast", 1.0), ("offset", 99, 0),
     ("center", [-4, 1e9], [0.0, 36.0])],
)  # fmt: skip
def test_wrong_values_of_a_view_come_back_corrected(made, name, sent, kept):
    c, view = made(*pair())
    view.put(**{name: sent})
    assert getattr(c, name) == kept and name in view.states


def test_right_values_of_a_view_are_not_sent_back(made):
    c, view = made(*pair())
    view.put(frame=3, wipe=0.25, mode="triple")
    assert (c.frame, c.wipe, c.mode) == (3, 0.25, "triple") and view.states == []


def test_pixels_in_the_units_of_the_stacks(made):
    a, b = pair()
    _, view = made(a, b)
    about, _ = view.asked("pixel", id=3, frame=2, pair=[0, 1], x=11, y=5)
    np.testing.assert_allclose(about["values"]["a"], a.values[2, 5, 11], rtol=1e-6)
    np.testing.assert_allclose(
        about["values"]["difference"], b.values[2, 5, 11] - a.values[2, 5, 11], atol=1e-6
    )
    assert "of 255" in about["text"]["a"] and about["text"]["difference"]


def test_the_originals_are_saved_under_names_that_tell_the_frame(made):
    a, b = pair()
    _, view = made(a, b.isel(time=slice(2, None)), names=["the source", "ours/2"])
    view.ask(type="save", id=4, frame=1, pair=[0, 1], what="pair")
    files = [view.answer("file", k) for k in (1, 2)]
    assert [f[0]["name"] for f in files] == ["the-source-000003.png", "ours-2-000003.png"]
    np.testing.assert_array_equal(picture(files[0][1][0]), codes(a.values[3]))


def test_an_offset_moves_one_side_and_what_was_made_is_made_again(made):
    a = textured(8)
    c, view = made(a, a)
    view.hello()
    view.answer("video")
    c.offset = 2
    assert c.n == 6 and any("shifted by +2 frames" in n for n in c.notes)
    assert view.answer("video", 2)[0]["frames"] == 6
    _, files = view.asked("still", id=1, frame=0, pair=[0, 1])
    np.testing.assert_array_equal(picture(files[1]), codes(a.values[2]))


def test_a_file_that_vanished_is_told_in_the_widget(made, tmp_path):
    a = textured(4)
    for k in range(4):
        (tmp_path / f"scan_{k:03d}.png").write_bytes(stills.png(codes(a.values[k])))
    c, view = made(vidsr.open(tmp_path / "scan_%03d.png", fps=25), a)
    (tmp_path / "scan_003.png").unlink()
    view.ask(type="still", id=5, frame=3, pair=[0, 1])
    about, _ = view.answer("error")
    assert about["id"] == 5 and "scan_003.png" in about["text"]
    view.hello()
    about, _ = view.answer("error", 2)
    assert "id" not in about and "scan_003.png" in about["text"] and c.progress == -1.0 and c.status == ""


def test_closing_stops_the_film(made):
    gate, computed = threading.Event(), []

    def slow(block, block_info=None):
        computed.append(1)
        gate.wait(0.05)
        return block

    import dask.array as da

    a = textured(200, 8, 16)
    meta = np.empty((0,) * 4, np.float32)
    lazy = a.copy(data=da.map_blocks(slow, a.chunk(time=1).data, dtype=np.float32, meta=meta))
    c, view = made(a, lazy)
    view.hello()
    wait_for(lambda: len(computed) > 8)
    c.close()
    view.answer("bye")
    ended = FILMS.submit(c, "probe", lambda ticket: None)
    assert ended.wait(PATIENCE) and len(computed) < 150
    assert not [m for m in view.told if m[0]["type"] in ("video", "error")]


def test_a_film_that_takes_too_long_waits_until_it_is_asked_for(made, monkeypatch):
    monkeypatch.setattr("vidsr.widgets.filmed.PATIENCE", 0.0)
    monkeypatch.setattr("vidsr.widgets.film.Watch.AFTER", 0.0)
    a, b = pair()
    c, view = made(a, b.chunk(time=2))
    view.hello()
    wait_for(lambda: "press play" in c.status)
    view.ask(type="film", frame=0)
    assert view.answer("video") and c.status == ""


def held(stack, gate, computed):
    """The stack, lazy; each frame is computed once the gate is open."""
    import dask.array as da

    def slow(block, block_info=None):
        computed.append(block_info[0]["chunk-location"][0])
        assert gate.wait(PATIENCE)
        return block

    meta = np.empty((0,) * 4, np.float32)
    data = da.map_blocks(slow, stack.chunk(time=1).data, dtype=np.float32, meta=meta)
    return stack.copy(data=data)


@pytest.mark.parametrize("asks_again", [True, False])
def test_play_does_not_start_a_film_again_and_the_last_view_that_goes_ends_it(made, asks_again):
    a, gate, computed = textured(12), threading.Event(), []
    gate.set()
    c, view = made(a, held(a, gate, computed))
    gate.clear()
    view.hello()
    wait_for(lambda: len(computed) == 2)
    view.ask(type="film", frame=0) if asks_again else view.ask(type="gone", view="v")
    gate.set()
    if asks_again:
        assert view.answer("video")[0]["frames"] == 12 and max(computed.count(k) for k in range(1, 12)) == 1
    else:
        assert FILMS.submit(c, "probe", lambda ticket: None).wait(PATIENCE)
        assert not [m for m in view.told if m[0]["type"] == "video"] and c.progress == -1.0


def test_only_frames_looked_at_are_computed(made):
    import dask.array as da

    a, seen = textured(8), []

    def look(block, block_info=None):
        seen.append(block_info[0]["chunk-location"][0])
        return block

    meta = np.empty((0,) * 4, np.float32)
    lazy = a.copy(data=da.map_blocks(look, a.chunk(time=1).data, dtype=np.float32, meta=meta))
    c, view = made(a, lazy, frame=2)
    view.asked("still", id=1, frame=6, pair=[0, 1], difference=True, gain=4)
    view.asked("still", id=2, frame=6, pair=[0, 1], difference=True, gain=9)
    view.asked("pixel", id=3, frame=6, pair=[0, 1], x=0, y=0)
    assert seen == [2, 6]


def test_state_is_small_and_json(made):
    a, b = pair(250, height=18, width=32)
    c, view = made(a, b)
    c.worst()
    state = c.get_state()
    poster = state.pop("poster")
    assert len(poster) <= 40_000
    assert (
        len(json.dumps({k: v for k, v in state.items() if k != "layout"})) + 2 * len(poster) * 4 / 3 < 200_000
    )


def test_the_cell_shows_a_picture_and_then_the_widget(made, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, *, raw, metadata=None: shown.append(data))
    c, _ = made(*pair())
    c._ipython_display_()
    first, second = shown
    assert set(first) == {"image/jpeg", "text/plain"} and "A | B, frame 0 of 8" == first["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" in second and "image/jpeg" not in second


@pytest.mark.parametrize("mode", ["wipe", "side", "triple", "difference", "blink", "a", "b"])
def test_the_still_is_the_view(made, mode):
    a, b = pair()
    c, _ = made(a, b, mode=mode, wipe=0.25)
    drawn = c._composed(960)
    wide = 64 * {"side": 2, "triple": 3}.get(mode, 1)
    assert drawn.shape == (36, wide, 3) == picture(c.still().data).shape
    left, right = codes(a.values[0]), codes(b.values[0])
    if mode != "difference":
        np.testing.assert_array_equal(drawn[:, :14], (right if mode == "b" else left)[:, :14])
    if mode == "wipe":
        np.testing.assert_array_equal(drawn[:, 18:], right[:, 18:])
    if mode in ("side", "triple"):
        np.testing.assert_array_equal(drawn[:, 64:128], right)


def test_zoomed_still_is_the_part(made):
    a, b = pair()
    c, _ = made(a, b, mode="a")
    c.zoom, c.center = 4.0, [32.0, 18.0]
    assert picture(c.still().data).shape[:2] == (9, 16)


def test_it_says_what_is_wrong_before_work():
    a = textured(4)
    for call, line in [
        (lambda: vidsr.compare(a, a.values), "vidsr.stack"),
        (lambda: vidsr.compare(a, a.isel(channel=[0])), "channel=[0, 0, 0]"),
        (
            lambda: vidsr.compare(a, a.assign_coords(time=a.time + 9)),
            "b.assign_coords(time=a['time'].values)",
        ),
        (lambda: vidsr.compare(a, a, offset=9), "offset=0"),
        (lambda: vidsr.compare(a, a, names=["one"]), "names=['A', 'B']"),
        (lambda: vidsr.compare(a, a, mode="flip"), "mode='wipe'"),
        (lambda: vidsr.compare(a, a, metric="vmaf"), "metric='psnr'"),
        (lambda: vidsr.compare(a, a, preview_width=3), "preview_width=960"),
        (lambda: vidsr.compare(a, a, wipe=2.0), "wipe=0.5"),
        (lambda: vidsr.compare(a, a, frame=9), "frame=3"),
    ]:
        with pytest.raises((StackError, RecipeError)) as caught:
            call()
        assert line in str(caught.value)


def wait_for(true) -> None:
    """Until it is true, but not for ever."""
    over = threading.Event()
    for _ in range(int(PATIENCE / 0.02)):
        if true():
            return
        over.wait(0.02)
    raise AssertionError("waited in vain")
