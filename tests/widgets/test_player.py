"""The player: one clip through the comparer's views, in a film of its own size and with no figures."""

import io

import av
import numpy as np
import pytest

import vidsr
from tests.widgets.views import View, codes, picture, textured
from vidsr.errors import RecipeError, StackError
from vidsr.media.preview import GAP


@pytest.fixture
def played():
    clip = textured(6)
    player = vidsr.player(clip, name="clip", frame=2)
    yield clip, player, View(player)
    player.close()


def test_the_film_holds_the_clip_once_and_the_still_is_exact(played):
    clip, player, view = played
    assert player.mode == "a" and player.names == ["clip"] and player.pair == [0, 0]
    view.hello()
    told, (film,) = view.answer("video")
    with av.open(io.BytesIO(film)) as opened:
        frames = [frame.to_ndarray(format="rgb24") for frame in opened.decode(video=0)]
    width, height = player.preview["pane"]
    assert len(frames) == told["frames"] == 6 and frames[0].shape == (height + GAP, width, 3)
    message, files = view.asked("still", id="v:1", frame=4, pair=[0, 0])
    assert message["frame"] == 4 and len(files) == 1
    np.testing.assert_array_equal(picture(files[0]), codes(clip.values[4]))


def test_nothing_is_measured_where_there_is_nothing_to_measure_against(played, tmp_path):
    _, player, view = played
    view.hello()
    view.answer("video")
    assert player.metric == player.metric_a == [] and player.worst() == 2
    player.roi = [0, 0, 8, 8]
    assert "clip" in player.to_html(tmp_path / "clip.html").read_text()
    assert player.still().data[:2] == b"\xff\xd8"
    view.ask(type="save", id="v:2", frame=1, pair=[0, 0], what="pair")
    message, _ = view.answer("file")
    assert message["name"] == "clip-000001.png"


def test_what_is_no_clip_or_no_frame_of_it_is_refused():
    with pytest.raises(StackError):
        vidsr.player(np.zeros((2, 8, 8, 3)))
    with pytest.raises(RecipeError, match="frame=5"):
        vidsr.player(vidsr.stack(np.zeros((2, 8, 8, 3), np.float32), fps=25), frame=7 - 2)
