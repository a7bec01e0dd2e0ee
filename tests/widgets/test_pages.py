"""The comparison outside notebooks: one file that fetches nothing, and a server of this machine."""

import base64
import json
import re
import urllib.error
import urllib.request
from urllib.parse import urljoin

import numpy as np
import pytest

import vidsr
from tests.widgets.views import codes, picture, textured
from vidsr.errors import MediaError
from vidsr.media.preview import PLAYERS
from vidsr.widgets.state import SCRIPT


@pytest.fixture
def comparer():
    a = textured(8)
    c = vidsr.compare(a, textured(8, seed=4), names=["a </script> b", "c"])
    yield c
    c.close()


@pytest.fixture
def served(comparer):
    with_it = comparer.serve()
    yield with_it
    with_it.close()


def fetched(url: str, body: dict | None = None) -> bytes:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data=data), timeout=30) as answer:
        return answer.read()


def test_the_page_holds_everything_and_fetches_nothing(comparer, tmp_path):
    path = comparer.to_html(tmp_path / "page.html", frames=[2, 5, 99])
    text = path.read_text()
    assert not re.findall(r"https?://(?!www\.w3\.org/)", text)
    assert not re.findall(r"<(?:link(?! rel=\"icon\" href=\"data:,)|iframe|script[^>]+src)", text)
    held = dict(re.findall(r'<script id="([\w-]+)" type="[^"]+">(.*?)</script>', text, re.DOTALL))
    values, messages = json.loads(held["values"]), json.loads(held["messages"])
    assert values["names"] == ["a </script> b", "c"] and values["still_frames"] == [2, 5, 7]
    assert None not in values["metric"] and "poster" not in values
    film, *stills = messages
    assert film["content"]["type"] == "video" and film["content"]["frames"] == 8
    assert [s["content"]["frame"] for s in stills] == [2, 5, 7]
    first = picture(base64.b64decode(held[stills[0]["buffers"][0]]))
    np.testing.assert_array_equal(first, codes(textured(8).values[2]))
    assert SCRIPT.read_text() in text and text.count("</script>") == len(held) + 1


def test_a_page_that_cannot_be_written_is_refused(comparer, tmp_path):
    with pytest.raises(MediaError, match="existing folder"):
        comparer.to_html(tmp_path / "nowhere" / "page.html")


def test_the_server_shows_takes_and_tells(comparer, served):
    url = served.url
    assert b"compare.js" in fetched(url) and fetched(url + "compare.js") == SCRIPT.read_bytes()
    start = json.loads(fetched(url + "values"))
    assert start["values"]["n"] == 8 and fetched(url + "poster") == comparer.poster
    fetched(url + "values?view=one", {"frame": 99, "wipe": 0.25})
    assert (comparer.frame, comparer.wipe) == (7, 0.25)
    items = json.loads(fetched(f"{url}news?after={start['last']}&view=one"))["items"]
    assert {"name": "frame", "value": 7} in items and not [i for i in items if i.get("name") == "wipe"]
    items = json.loads(fetched(f"{url}news?after={start['last']}&view=two"))["items"]
    assert {"name": "wipe", "value": 0.25} in items
    fetched(url + "send", {"type": "still", "id": "x:1", "frame": 3, "pair": [0, 1]})
    about, files = until(url, start["last"], "still")
    np.testing.assert_array_equal(picture(fetched(urljoin(url, files[0]))), codes(textured(8).values[3]))
    fetched(url + "send", {"type": "hello", "codecs": [PLAYERS[0].mime], "dpr": 1})
    assert until(url, start["last"], "video")[0]["frames"] == 8


def until(url: str, last: int, kind: str) -> tuple[dict, list[str]]:
    for _ in range(100):
        news = json.loads(fetched(f"{url}news?after={last}&view=one"))
        last = news["last"]
        for item in news["items"]:
            if item.get("content", {}).get("type") == kind:
                return item["content"], item["buffers"]
    raise AssertionError(f"no {kind}")


def test_without_the_secret_nothing_is_shown(served):
    root = served.url.rsplit("/", 2)[0]
    for path in ("/", "/values", "/x/values"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            fetched(root + path)
    assert served.url.startswith("http://127.0.0.1:")


def test_when_it_closes_nobody_waits(comparer):
    served = comparer.serve()
    served.close()
    served.wait()
    with pytest.raises(urllib.error.URLError):
        fetched(served.url)
    comparer.frame = 3
