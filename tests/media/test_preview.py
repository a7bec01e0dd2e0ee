"""The stacked film: colours, order and tags come back, and it stops when told."""

import io
from fractions import Fraction

import av
import numpy as np
import pytest

from vidsr.errors import MediaError
from vidsr.media.preview import GAP, KEY, PLAYERS, encode_pairs, player_for

SIDE = 48  # pixels of a patch
COLOURS = np.array(
    [[0, 0, 255], [0, 255, 0], [255, 0, 0], [255, 255, 0], [0, 255, 255], [255, 0, 255], [0, 0, 0], [255, 255, 255],
     [128, 128, 128], [16, 16, 16], [235, 235, 235], [200, 40, 90]], np.uint8)  # fmt: skip


def patches() -> np.ndarray:
    return COLOURS.reshape(3, 4, 3).repeat(SIDE, 0).repeat(SIDE, 1)


def decoded(data: bytes) -> list[np.ndarray]:
    """R'G'B' by the BT.709 full-range matrix itself, float64."""
    out = []
    with av.open(io.BytesIO(data)) as film:
        for frame in film.decode(video=0):
            planes = frame.to_ndarray(format="yuv420p").astype(float)
            height, width = frame.height, frame.width
            y, chroma = planes[:height], planes[height:].reshape(2, height // 2, width // 2) - 128
            cb, cr = chroma.repeat(2, 1).repeat(2, 2)
            out.append(np.stack([y + 1.5748 * cr, y - 0.18732 * cb - 0.46812 * cr, y + 1.8556 * cb], -1))
    return out


@pytest.mark.parametrize("player", PLAYERS, ids=lambda p: p.encoder)
def test_flat_colours_come_back_within_three_levels(player):
    a, b = patches(), patches()[::-1]
    films = decoded(encode_pairs([(a, b)] * 3, fps=25, player=player))
    assert len(films) == 3
    for film in films:
        for picture, top in ((a, 0), (b, len(a) + GAP)):
            seen = film[top : top + len(a)].clip(0, 255)
            cells = [
                p.reshape(3, SIDE, 4, SIDE, 3)[:, 12:-12, :, 12:-12].mean((1, 3)) for p in (seen, picture)
            ]
            assert np.abs(cells[0] - cells[1]).max() <= 3


@pytest.mark.parametrize("player", PLAYERS, ids=lambda p: p.encoder)
def test_it_is_tagged_and_seeks_shortly(player):
    data = encode_pairs([(patches(), patches())] * 30, fps=24000 / 1001, player=player)
    with av.open(io.BytesIO(data)) as film:
        stream = film.streams.video[0]
        context = stream.codec_context
        tags = context.colorspace, context.color_range, context.color_primaries, context.color_trc
        assert tags == (1, 2, 1, 1) and stream.average_rate == Fraction(24000, 1001)
        packets = [p for p in film.demux(stream) if p.size]
        keys = [i for i, p in enumerate(packets) if p.is_keyframe]
        assert keys == list(range(0, 30, KEY)) and [p.pts for p in packets] == sorted(p.pts for p in packets)


def test_the_pictures_come_in_order():
    greys = [np.full((32, 32, 3), 8 * i, np.uint8) for i in range(30)]
    film = decoded(encode_pairs(zip(greys, greys[::-1], strict=True), fps=25))
    assert [round(f[8:24].mean() / 8) for f in film] == list(range(30))
    assert [round(f[-24:-8].mean() / 8) for f in film] == list(range(29, -1, -1))


def test_it_tells_how_far_it_is_and_stops_when_told():
    said: list = []

    def told(done):
        said.append(done)
        if done == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        encode_pairs(((patches(), patches()) for _ in range(1000)), fps=25, told=told)
    assert said == [1, 2, 3]


def test_nothing_is_refused_and_the_browser_chooses():
    with pytest.raises(MediaError, match="vidsr.show"):
        encode_pairs([], fps=25)
    h264, vp9 = PLAYERS
    assert player_for([vp9.mime, h264.mime]) is h264 and player_for([vp9.mime]) is vp9
    assert player_for(["video/av1"]) is None
