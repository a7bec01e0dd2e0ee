"""Checkpoints of others: the licence is told, the first hash is kept, and another file is never used."""

import logging

import pytest

from tests.hub.server import TOKEN
from vidsr import hub
from vidsr.errors import MediaError, RecipeError

LINK = "{}/plain/you/net/x4.pth"


@pytest.fixture
def weights(online):
    online.add("you/net", {"x4.pth": b"weights", "x4.safetensors": b"others"})
    return online


def commit(weights, data):
    weights.repositories["you/net"].commit({"x4.pth": data, "x4.safetensors": data})


@pytest.mark.parametrize("source", [LINK, "hf://you/net/x4.pth", "hf://you/net@main/x4.pth"])
def test_the_first_fetch_tells_the_licence_and_notes_the_hash(weights, source, caplog):
    source = source.format(weights.address)
    noted = hub.register("x4", source, licence="BSD-3-Clause")
    assert (noted.sha256, noted.licence) == (None, "BSD-3-Clause") and weights.asked == []
    with caplog.at_level(logging.WARNING, "vidsr"):
        path = hub.download("x4")
    assert path.read_bytes() == b"weights" and path.name == "x4.pth"
    assert f"fetching x4 from {source}; licence of the weights: BSD-3-Clause" in caplog.text
    known = hub.registered()["x4"]
    assert len(known.sha256) == 64 and hub.info("x4")["sha256"] == known.sha256
    asked = len(weights.asked)
    assert hub.download("x4") == path and len(weights.asked) == asked
    assert hub.register("x4", source, licence="BSD-3-Clause") == known
    with pytest.raises(RecipeError, match="its revision is part of"):
        hub.download("x4", "main")


@pytest.mark.parametrize("source", [LINK, "hf://you/net/x4.pth"])
def test_another_file_later_is_not_used(weights, source):
    source = source.format(weights.address)
    hub.register("x4", source, licence="MIT")
    path = hub.download("x4")
    path.unlink()
    commit(weights, b"replaced")
    with pytest.raises(RecipeError, match=r"nothing in it was used. It came from .*vidsr.hub.forget\('x4'\)"):
        hub.download("x4")
    assert not path.exists() and list(path.parent.iterdir()) == []
    path.write_bytes(b"damaged")
    with pytest.raises(RecipeError, match="nothing in it was used. Delete it, and it is fetched again"):
        hub.download("x4")
    hub.forget("x4")
    hub.register("x4", source, licence="MIT")
    assert hub.download("x4").read_bytes() == b"replaced"


def test_a_published_hash_holds_for_the_first_fetch_too(weights):
    hub.register("x4", LINK.format(weights.address), licence="MIT", sha256="0" * 64)
    with pytest.raises(RecipeError, match="000000000000... is meant"):
        hub.download("x4")


def test_troubles_of_the_source_are_said(weights, monkeypatch):
    from huggingface_hub import constants

    hub.register("gone", f"{weights.address}/nothing.pth", licence="MIT")
    with pytest.raises(MediaError, match="answers 404. Look up where its authors have it now"):
        hub.download("gone")
    hub.register("secret", "hf://you/secret/x4.pth", licence="MIT")
    with pytest.raises(MediaError, match="shows no repository you/secret"):
        hub.download("secret")
    hub.register("lost", "hf://you/net/lost.pth", licence="MIT")
    with pytest.raises(MediaError, match="Entry Not Found|404"):
        hub.download("lost")
    weights.add("you/secret", {"x4.pth": b"w"}, closed="private")
    assert hub.download("secret", token=TOKEN).read_bytes() == b"w"
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert hub.download("secret").read_bytes() == b"w"
    with pytest.raises(MediaError, match="gone is not on this machine, and HF_HUB_OFFLINE"):
        hub.download("gone")


GOOD = {"name": "x4", "source": "https://example.org/x4.pth", "licence": "MIT"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "sr-tiny-x4"}, "cannot be called"),
        ({"name": "../x"}, "cannot be called"),
        ({"source": "file:///etc/passwd.pth"}, "neither a link nor hf://"),
        ({"source": "https://example.org/x4.zip"}, "no checkpoint by its name"),
        ({"licence": " "}, "needs its licence"),
        ({"sha256": "12"}, "64 hexadecimal digits"),
    ],
)
def test_what_makes_no_sense_is_not_noted(cache, change, said):
    with pytest.raises(RecipeError, match=said):
        hub.register(**{**GOOD, **change})
    assert hub.registered() == {}


def test_a_taken_name_and_a_damaged_register(cache):
    hub.register(**GOOD)
    with pytest.raises(RecipeError, match=r"is registered as .*MIT.* vidsr.hub.forget\('x4'\)"):
        hub.register(**{**GOOD, "licence": "GPL-3.0"})
    hub.forget("x4")
    with pytest.raises(RecipeError, match="no checkpoint is registered as 'x4'; there are none"):
        hub.forget("x4")
    (cache / "vidsr" / "registered.json").write_text('{"x4": 3}')
    with pytest.raises(RecipeError, match="registered.json cannot be read.* Delete it"):
        hub.registered()


def test_torch_loads_one_by_its_name(online):
    """The reader gets the file that the register holds; what is no name goes to it as it is."""
    pytest.importorskip("torch")
    import vidsr

    online.add("you/net", {"x4.pth": b"no checkpoint"})
    hub.register("x4", "hf://you/net/x4.pth", licence="MIT")
    with pytest.raises(vidsr.VidsrError, match="vidsr/checkpoints/x4.pth"):
        vidsr.torch.load("x4")
    with pytest.raises(MediaError, match="no checkpoint nothing"):
        vidsr.torch.load("nothing")
