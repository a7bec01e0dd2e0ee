"""Repositories on the Hub: fetched once over real HTTP, then from the cache; each trouble has its own clear error."""

import hashlib
import json
import logging
import shutil
import time

import jax
import numpy as np
import pytest

import vidsr
from benchmarks.hub import closed
from tests.hub import server
from tests.hub.server import TOKEN
from vidsr import hub
from vidsr.errors import MediaError, RecipeError
from vidsr.hub import network

TINY = "sr-tiny-x4"


def files(**changed):
    """Those of an entry, as the Hub holds them; None takes one away."""
    folder = hub.folder_of(TINY)
    names = ("README.md", "config.json", "metrics.json", "model.safetensors", "recipe.py")
    held = {name: (folder / name).read_bytes() for name in names}
    held |= {name.replace("_", "."): data for name, data in changed.items()}
    return {name: data for name, data in held.items() if data is not None}


def same(a, b):
    return jax.tree.all(jax.tree.map(np.array_equal, a.params, b.params))


def test_a_repository_is_fetched_once_and_pinned(online, caplog):
    commit = online.add("me/tiny", files())
    with caplog.at_level(logging.WARNING, "vidsr"):
        net = hub.from_pretrained("me/tiny")
    assert net.name == f"me/tiny@{commit}" and same(net, hub.load(TINY))
    assert [record.message for record in caplog.records if record.name == "vidsr"] == [
        f"fetching me/tiny, commit {commit}, from {online.address}"
    ]
    assert not any("recipe.py" in asked for asked in online.asked)
    online.asked.clear()
    assert hub.load("me/tiny").name == hub.load(net.name).name == net.name
    assert hub.info("me/tiny")["metrics"]["id"] == TINY and online.asked == []


def test_a_branch_is_asked_anew_by_download_only(online):
    first = online.add("me/tiny", files())
    hub.load("me/tiny")
    second = online.repositories["me/tiny"].commit(files(README_md=b"---\nlicense: mit\n---\nnew"))
    assert hub.load("me/tiny").name.endswith(first)
    assert hub.download("me/tiny").name == second and hub.load("me/tiny").name.endswith(second)
    assert hub.load("me/tiny", revision=first).name == hub.load(f"me/tiny@{first}").name == f"me/tiny@{first}"


def test_a_record_holds_the_commit_and_runs_again_without_a_network(online, monkeypatch):
    from huggingface_hub import constants

    commit = online.add("me/tiny", files())
    clip = vidsr.stack(np.random.default_rng(0).random((2, 16, 16, 3), np.float32), fps=25)
    clip = clip.vid.assign(transfer="bt709")
    out = vidsr.super_resolve(4, model="me/tiny")(clip)
    assert f"me/tiny@{commit}" in out.attrs["provenance"]
    online.repositories["me/tiny"].commit(files(config_json=b"{}"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    again = vidsr.Pipeline.from_provenance(out)
    np.testing.assert_array_equal(again(clip).values, out.values)
    np.testing.assert_array_equal(vidsr.super_resolve(4, model=TINY)(clip).values, out.values)


@pytest.mark.parametrize(
    ("entry", "verb"),
    [("denoise-small", "denoise"), ("deblock-small", "deblock"), ("deblur-small", "deblur")],
)
def test_every_verb_takes_a_repository(online, entry, verb):
    folder = hub.folder_of(entry)
    online.add(
        "me/net", {name: (folder / name).read_bytes() for name in ("config.json", "model.safetensors")}
    )
    step = getattr(vidsr, verb)(model="me/net")
    assert step.record()["model"] == f"me/net@{online.repositories['me/net'].branches['main']}"
    with pytest.raises(RecipeError, match=f"me/net is a network for {verb}"):
        vidsr.super_resolve(4, model="me/net")


def test_it_is_exported_to_torch(online):
    torch = pytest.importorskip("torch")
    online.add("me/tiny", files())
    theirs, ours = vidsr.torch.export("me/tiny").state_dict(), vidsr.torch.export(TINY).state_dict()
    assert theirs.keys() == ours.keys() and all(torch.equal(theirs[k], ours[k]) for k in ours)


def test_a_private_one_needs_the_token(online, monkeypatch):
    online.add("me/secret", files(), closed="private")
    with pytest.raises(MediaError, match=r"shows no repository me/secret \(401\).*hf auth login"):
        hub.load("me/secret")
    assert hub.load("me/secret", token=TOKEN).scale == 4
    assert hub.load("me/secret").scale == 4  # cached
    online.add("me/other", files(), closed="private")
    monkeypatch.setenv("HF_TOKEN", "hf_stale")
    with pytest.raises(MediaError, match=r"refuses me/other to this token \(401\)"):
        hub.load("me/other")


WRONG = files(model_safetensors=b"x" * 60) if (hub.folder_of(TINY) / "model.safetensors").is_file() else {}
CASES = {
    "unknown": (None, "", MediaError, r"no repository me/it \(401\)"),
    "gated": (files(), "gated", MediaError, r"gated: .* Accept them at http://.*/me/it, then log in"),
    "no weights": (
        files(model_safetensors=None),
        "",
        MediaError,
        r"lacks model.safetensors; it holds README.md, config",
    ),
    "no config": (files(config_json=None), "", MediaError, r"lacks config.json; it holds"),
    "neither": (
        {"README.md": b"hi"},
        "",
        MediaError,
        r"lacks config.json and model.safetensors; it holds README.md",
    ),
    "wrong hash": (
        WRONG,
        "",
        RecipeError,
        r"has sha256 .* nothing in it was used. Delete .*models--me--it and load",
    ),
    "no JSON": (files(config_json=b"{"), "", RecipeError, r"is not JSON"),
    "a path": (
        files(config_json=files()["config.json"].replace(b'"model.safetensors"', b'"../../x.safetensors"')),
        "",
        RecipeError,
        r"weights.file is '../../x.safetensors', not the name of a .safetensors file beside it",
    ),
    "a pickle": (
        files(config_json=files()["config.json"].replace(b'"model.safetensors"', b'"model.pth"')),
        "",
        RecipeError,
        r"not the name of a .safetensors file",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_trouble_is_one_clear_error_soon(online, case):
    held, closed, kind, said = CASES[case]
    if held is not None:
        online.add("me/it", held, closed)
    begun = time.perf_counter()
    with pytest.raises(kind, match=said) as caught:
        hub.load("me/it")
    assert time.perf_counter() - begun < 3 and "\n" not in str(caught.value)


def test_unknown_revisions_and_servers_that_fail(online):
    online.add("me/tiny", files())
    with pytest.raises(MediaError, match="me/tiny has no revision 'v9'"):
        hub.load("me/tiny@v9")
    with pytest.raises(RecipeError, match="name two revisions"):
        hub.load("me/tiny@v9", revision="v8")
    with pytest.raises(RecipeError, match="only a repository on the Hub has revisions"):
        hub.load(TINY, revision="v9")
    online.down = True
    with pytest.raises(MediaError, match="answers 503"):
        hub.load("me/tiny")


def test_what_is_no_hub_is_said_to_be_none(online, monkeypatch):
    online.add("me/tiny", files())
    monkeypatch.setattr(
        server._Handler, "about", lambda self, *asked: self._send(200, b"<html>Log in to this WiFi")
    )
    monkeypatch.setattr(server, "ROUTES", [(".*", server._Handler.about)])
    with pytest.raises(MediaError, match=r"http://.* and me/tiny: .*Try again"):
        hub.load("me/tiny")


def test_a_proxy_is_asked_in_place_of_the_hub(online, monkeypatch):
    monkeypatch.setenv("http_proxy", closed())
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(MediaError, match=r"127.0.0.1:\d+ cannot be reached: .*refused"):
        network.reach("http://hub.invalid", "me/tiny")
    monkeypatch.setenv("http_proxy", online.address)
    network.reach("http://hub.invalid", "me/tiny")
    monkeypatch.setenv("no_proxy", "hub.invalid")
    with pytest.raises(MediaError, match="hub.invalid:80 cannot be reached"):
        network.reach("http://hub.invalid", "me/tiny")


def test_a_folder_of_that_name_comes_before_the_hub(online, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "me" / "tiny").mkdir(parents=True)
    with pytest.raises(RecipeError, match="has no config.json, it holds nothing"):
        hub.load("me/tiny")
    for name, data in files().items():
        (tmp_path / "me" / "tiny" / name).write_bytes(data)
    assert hub.load("me/tiny").name == str(tmp_path / "me" / "tiny") and online.asked == []


def snapshot(cache, commit="c" * 40, **changed):
    """A cache made by hand, as huggingface_hub lays it out."""
    repository = cache / "hub" / "models--me--tiny"
    folder = repository / "snapshots" / commit
    folder.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    for name, data in files(**changed).items():
        (folder / name).write_bytes(data)
    return folder


def test_what_is_cached_needs_no_network(cache):
    folder = snapshot(cache)
    assert hub.load("me/tiny").name == f"me/tiny@{'c' * 40}" and hub.download("me/tiny") == folder
    with pytest.raises(MediaError, match=r"me/tiny@v2 is not on this machine, and HF_HUB_OFFLINE"):
        hub.load("me/tiny@v2")


def test_what_is_half_cached_or_damaged_is_not_used(cache):
    folder = snapshot(cache, model_safetensors=None)
    with pytest.raises(MediaError, match="HF_HUB_OFFLINE"):
        hub.load("me/tiny")
    data = bytearray(files()["model.safetensors"])
    data[-1] ^= 1
    (folder / "model.safetensors").write_bytes(bytes(data))
    with pytest.raises(RecipeError, match="Delete .*models--me--tiny and load it again"):
        hub.load("me/tiny")


def test_mutated_weights_are_refused_or_load(tmp_path):
    """Though the config states their hash: bytes changed, cut off or put in, most of them in the header."""
    rng, whole = np.random.default_rng(1), files()["model.safetensors"]
    config, refused = json.loads(files()["config.json"]), 0
    for turn in range(100):
        data = bytearray(whole)
        place = int(rng.integers(2200 if turn % 4 else len(data)))
        if turn % 10 == 0:
            del data[place:]
        elif turn % 10 == 1:
            data[place:place] = b"{"
        else:
            data[place] = rng.integers(256)
        config["weights"]["sha256"] = hashlib.sha256(data).hexdigest()
        (tmp_path / "model.safetensors").write_bytes(bytes(data))
        (tmp_path / "config.json").write_text(json.dumps(config))
        try:
            assert hub.load(tmp_path).params
        except vidsr.VidsrError:
            refused += 1
    assert refused > 50


def test_what_may_invent_is_no_step_of_a_faithful_verb(tmp_path):
    shutil.copytree(hub.folder_of("denoise-small"), tmp_path / "inventive")
    config = tmp_path / "inventive" / "config.json"
    config.write_text(config.read_text().replace('"faithful"', '"generative"'))
    with pytest.raises(RecipeError, match="generative, and denoise promises .* fidelity='generative'"):
        vidsr.denoise(model=str(tmp_path / "inventive"))


def test_a_mutated_config_is_refused_or_loads(tmp_path):
    """Fields taken away, of other kinds, or changed by a byte: a VidsrError, or a network, and nothing else."""
    rng = np.random.default_rng(0)
    for name, data in files().items():
        (tmp_path / name).write_bytes(data)
    whole, odd = (
        json.loads(files()["config.json"]),
        [None, -1, 0, 1, 2.5, 10**9, "x", "", [], {}, True, [[]], float("nan")],
    )
    refused = 0
    for turn in range(150):
        config = json.loads(json.dumps(whole))
        inner = [
            config,
            *(part for part in config.values() if isinstance(part, dict)),
            config["domain"]["statistics"],
        ]
        part = inner[rng.integers(len(inner))]
        key = sorted(part)[rng.integers(len(part))]
        if rng.random() < 0.2:
            del part[key]
        else:
            part[key] = odd[rng.integers(len(odd))]
        text = bytearray(json.dumps(config).encode())
        if turn % 3 == 0:
            text[rng.integers(len(text))] = rng.integers(256)
        (tmp_path / "config.json").write_bytes(bytes(text))
        try:
            assert hub.load(tmp_path).params
        except vidsr.VidsrError as error:
            refused += str(error).rstrip().endswith((".", "`"))
    assert refused > 75
