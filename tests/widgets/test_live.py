"""The live player: on a fake clock what is computed and what is dropped; and from a stack to a view."""

import threading

import dask.array as da
import numpy as np
import pytest

import vidsr
from tests.widgets.views import PATIENCE, View, codes, picture, textured
from vidsr.widgets.live import Live, Pace
from vidsr.widgets.serve import KEPT, News


def played(seconds, rate=24, start=0, frames=None):
    """Places shown and when, by a worker whose frames take `seconds` one after the other; and its pace."""
    pace, now, shown = Pace(start, rate), 0.0, []
    for took in seconds:
        place = pace.next(now)
        now += took
        early = pace.ready(now)
        now += early or 0
        if early is not None:
            shown.append((place, now))
    return pace, shown


def test_a_quick_worker_shows_every_frame_when_it_is_due():
    pace, shown = played([0.5] + [0.01] * 47, start=3)  # the first compiles
    assert [place for place, _ in shown] == list(range(3, 51))
    assert [now for _, now in shown] == pytest.approx([0.5 + k / 24 for k in range(48)])
    assert (pace.shown, pace.dropped) == (48, 0)
    assert pace.words(0.5 + 47 / 24) == "live: 24.0 of 24 frames/s, 0 dropped"


@pytest.mark.parametrize(("took", "share"), [(0.05, 20 / 24), (0.1, 10 / 24), (0.5, 2 / 24)])
def test_a_slow_worker_keeps_real_time_and_drops(took, share):
    pace, shown = played([took] * 200)
    last, end = shown[-1]
    assert pace.shown + pace.dropped == pace.place + 1
    assert pace.shown / (pace.place + 1) == pytest.approx(share, abs=0.03)
    assert all(-1e-6 <= now - shown[0][1] - place / 24 <= 1 / 24 + 1e-6 for place, now in shown)


def test_one_slow_frame_is_dropped_with_those_it_held_up():
    pace, shown = played([0.01] * 10 + [0.2] + [0.01] * 20)  # 0.2 s are 4.8 frame times
    places = [place for place, _ in shown]
    assert 10 not in places and places[:10] == list(range(10)) and pace.dropped <= 5
    assert all(b == a + 1 for a, b in zip(places[-15:], places[-14:], strict=False))


@pytest.fixture
def lazy():
    """A clip whose frames are computed when they are looked at, and the numbers of those that were."""
    clip, looked = textured(12), []

    def compute(block, block_info=None):
        looked.append(block_info[None]["array-location"][0][0])
        return block

    return (
        clip.copy(
            data=da.from_array(clip.values, chunks=(1, -1, -1, -1)).map_blocks(compute, meta=clip.values[:0])
        ),
        clip,
        looked,
    )


@pytest.fixture
def live(lazy):
    player = vidsr.player(lazy[0], name="clip", live=True)
    yield player, View(player)
    player.close()


def settled(player):
    """Wait until it stopped by itself."""
    over = threading.Event()
    player.observe(lambda change: over.set(), "playing")
    assert not player.playing or over.wait(PATIENCE)


def test_frames_pass_while_they_are_computed_and_the_line_says_how_fast(live, lazy):
    player, view = live
    assert isinstance(player, Live) and player.live and player.loop
    view.hello()
    view.put(loop=False, playing=True)
    settled(player)
    passed = [(message, files) for message, files in view.told if message["type"] == "live"]
    places = [message["frame"] for message, _ in passed]
    assert places[0] == 0 and places == sorted(set(places)) and set(places) <= set(range(12))
    for message, files in passed:
        far = [np.abs(picture(files[0]) - codes(frame).astype(float)).mean() for frame in lazy[1].values]
        assert np.argmin(far) == message["frame"]
    assert player.status.startswith("live: ") and player.status.endswith(" dropped")
    assert "video" not in [message["type"] for message, _ in view.told]


def test_nothing_is_computed_before_it_is_played_or_once_no_view_is_left(live, lazy):
    player, view = live
    looked = len(lazy[2])
    view.hello()
    player.playing = True
    view.answer("live")
    view.ask(type="gone", view="v")
    assert player._playing is None and player.playing and looked <= 1  # the poster
    view.hello()  # a page that was loaded again goes on
    view.answer("live", len([m for m in view.told if m[0]["type"] == "live"]) + 1)
    player.playing = False
    assert player._playing is None


def test_what_goes_wrong_on_the_way_is_told():
    def broken(block):
        if block.size:
            raise RuntimeError("no more frames")
        return block

    clip = textured(4)
    first = da.from_array(clip.values[:1], chunks=(1, -1, -1, -1))
    rest = da.from_array(clip.values[1:], chunks=(1, -1, -1, -1)).map_blocks(broken, meta=clip.values[:0])
    player = vidsr.player(clip.copy(data=da.concatenate([first, rest])), live=True)
    try:
        view = View(player)
        view.hello()
        player.playing = True
        assert "no more frames" in view.answer("error")[0]["text"]
        settled(player)
    finally:
        player.close()


def test_the_exact_picture_comes_on_pause_and_a_page_has_a_film(live, lazy, tmp_path):
    player, view = live
    message, files = view.asked("still", id="v:1", frame=4, pair=[0, 0])
    np.testing.assert_array_equal(picture(files[0]), codes(lazy[1].values[4]))
    assert 'type": "video"' in player.to_html(tmp_path / "clip.html").read_text()


def test_a_served_view_that_is_behind_gets_the_newest_picture_alone(live):
    news = News(live[0])
    for k in range(3 * KEPT["live"]):
        news.message({"type": "live", "frame": k}, [bytes([k])])
        news.message({"type": "hello"}, [])
    told = news.after(0, "v")["items"]
    passed = [item["content"]["frame"] for item in told if item["content"]["type"] == "live"]
    assert passed == [3 * KEPT["live"] - 1]
    numbers = [item["number"] for item in news._items if item["content"]["type"] == "live"]
    assert len(numbers) == KEPT["live"] and all(news.data(number, 0) for number in numbers)
    news.end()
