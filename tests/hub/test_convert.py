"""Other people's weights as an entry: it runs as a step, in tiles as whole, from its record; and it says what it was made from."""

import dataclasses
import hashlib
import json
import shutil

import jax
import numpy as np
import pytest
from safetensors.numpy import save, save_file

import vidsr
from vidsr import hub, models
from vidsr.errors import MediaError, RecipeError, StackError
from vidsr.frames import provenance
from vidsr.transforms import apply

LICENCE = "BSD-3-Clause"


def noise(rng, *shape):
    return (rng.normal(size=shape) * (0.25 if len(shape) == 4 else 0.1)).astype(np.float32)


def srvgg(width=6, depth=2, scale=4):
    """A table of weights as Real-ESRGAN's authors name them."""
    rng, table, inputs = np.random.default_rng(0), {}, 3
    for place in range(depth + 2):
        last = place == depth + 1
        outputs = 3 * scale**2 if last else width
        table |= {
            f"body.{2 * place}.weight": noise(rng, outputs, inputs, 3, 3),
            f"body.{2 * place}.bias": noise(rng, outputs),
        }
        if not last:
            table[f"body.{2 * place + 1}.weight"] = noise(rng, width)
        inputs = width
    return table


def rrdb(width=4, growth=2, fold=1):
    rng, table = np.random.default_rng(0), {}
    layers = {"conv_first": (3 * fold**2, width)}
    for j in (1, 2, 3):
        layers |= {
            f"body.0.rdb{j}.conv{k}": (width + (k - 1) * growth, growth if k < 5 else width)
            for k in range(1, 6)
        }
    layers |= dict.fromkeys(("conv_body", "conv_up1", "conv_up2", "conv_hr"), (width, width)) | {
        "conv_last": (width, 3)
    }
    for name, (inputs, outputs) in layers.items():
        table |= {f"{name}.weight": noise(rng, outputs, inputs, 3, 3), f"{name}.bias": noise(rng, outputs)}
    return table


TABLES = {"srvgg x4": srvgg(), "rrdb x2": rrdb(fold=2)}
SCALES = {"srvgg x4": 4, "rrdb x2": 2}


@pytest.fixture(params=TABLES)
def entry(request, tmp_path):
    """The folder of a converted entry, its scale and the file it was made from."""
    path = tmp_path / "weights.safetensors"
    save_file(TABLES[request.param], path)
    hub.convert(path, tmp_path / "entry", licence=LICENCE)
    return tmp_path / "entry", SCALES[request.param], path


def film(frames=3, height=21, width=26):
    values = np.random.default_rng(0).random((frames, height, width, 3), np.float32)
    return vidsr.stack(values, fps=25)


def test_it_says_what_it_is(entry):
    folder, scale, path = entry
    net, about = hub.load(folder), hub.info(folder)
    assert (net.id, net.scale, net.fidelity, net.licence) == ("entry", scale, "generative", LICENCE)
    assert about["origin"]["files"] == {path.name: hashlib.sha256(path.read_bytes()).hexdigest()}
    assert sorted(file.name for file in folder.iterdir()) == ["config.json", "model.safetensors"]
    assert about["origin"]["architecture"] in ("SRVGGNetCompact", "RRDBNet")
    step = vidsr.super_resolve(scale, model=folder)
    assert step.fidelity == vidsr.pipeline(step).fidelity == "generative"
    with pytest.raises(RecipeError, match=r"SuperResolve is generative, above the 'faithful'"):
        vidsr.pipeline(step, fidelity="faithful")


def test_tiles_chunks_and_whole_are_the_network(entry):
    """No bound is put on it; frames whose sides are no multiples are mirrored at the far edge."""
    folder, scale, _ = entry
    net, clip = hub.load(folder), film()
    step = vidsr.super_resolve(scale, model=folder)
    whole = step(clip).values
    up = -clip.shape[1] % net.align, -clip.shape[2] % net.align
    padded = np.pad(clip.values, ((0, 0), (0, up[0]), (0, up[1]), (0, 0)), "reflect")
    bare = jax.jit(models.apply, static_argnums=0)(net.graphdef, net.params, padded)
    largest = max(1, abs(whole).max())
    np.testing.assert_allclose(
        whole, bare[:, : whole.shape[1], : whole.shape[2]], rtol=0, atol=1e-5 * largest
    )
    lazy = step(clip.chunk(time=1))
    np.testing.assert_allclose(lazy.values, whole, rtol=0, atol=1e-5 * largest)
    place = (slice(1, 2), slice(5 * scale, 5 * scale + 7), slice(3, 11))
    np.testing.assert_allclose(lazy[place].values, whole[place], rtol=0, atol=1e-5 * largest)


def test_consistency_needs_sides_that_are_multiples(tmp_path):
    save_file(rrdb(fold=2), tmp_path / "w.safetensors")
    hub.convert(tmp_path / "w.safetensors", tmp_path / "entry", licence=LICENCE)
    step = vidsr.super_resolve(2, model=tmp_path / "entry", consistency=True)
    with pytest.raises(StackError, match=r"multiples of 2.*Crop 26 x 21 first: vidsr\.crop\(0, 0, 20, 26\)"):
        step(film(1).chunk(time=1))
    assert step(film(1)[:, :20].chunk(time=1)).shape == (1, 40, 52, 3)


def test_a_window_of_a_large_frame_reads_no_more_than_the_halo(tmp_path):
    save_file(rrdb(), tmp_path / "w.safetensors")
    net = hub.convert(tmp_path / "w.safetensors", tmp_path / "entry", licence=LICENCE)
    assert net.halo == 19
    clip, step = film(1, 120, 150), vidsr.super_resolve(4, model=tmp_path / "entry")
    whole, place = step(clip).values, (slice(0, 1), slice(200, 264), slice(240, 304))
    part = step(clip.chunk(time=1))[place].values
    np.testing.assert_allclose(part, whole[place], rtol=0, atol=1e-5 * max(1, abs(whole).max()))


def test_a_network_that_sees_far_takes_frames_whole(tmp_path):
    """The published 23 blocks read 349 pixels around a tile, 1396 of the result."""
    save_file(rrdb(), tmp_path / "w.safetensors")
    hub.convert(tmp_path / "w.safetensors", tmp_path / "entry", licence=LICENCE)
    step, frame = vidsr.super_resolve(4, model=tmp_path / "entry"), (1, 4320, 7680)
    clip = vidsr.stack(np.zeros((1, 1080, 1920, 3), np.float32), fps=25)
    for halo, wanted in ((256, (1, 1440, 1920)), (257, frame), (349, frame)):
        view = apply.view_of(vidsr.pipeline(dataclasses.replace(step, halo=halo)), clip)
        assert view.blocks.shape(frame) == wanted


def test_it_runs_again_from_its_record(entry, monkeypatch):
    """From another folder too: the record holds where the entry lies in full."""
    folder, scale, _ = entry
    monkeypatch.chdir(folder.parent)
    clip = film(1)
    out = vidsr.super_resolve(scale, model="entry")(clip)
    assert out.vid.fidelity == "generative"
    monkeypatch.chdir("/")
    again = vidsr.Pipeline.from_provenance(out)
    assert again.steps[0].fidelity == "generative"
    np.testing.assert_array_equal(again(clip).values, out.values)
    assert provenance.read(out)["steps"][0]["sha256"] == hub.load(folder).sha256


def test_a_folder_that_is_gone_is_made_again_from_its_file(entry):
    folder, scale, path = entry
    out = vidsr.super_resolve(scale, model=folder)(film(1))
    before = (folder / "model.safetensors").read_bytes()
    shutil.rmtree(folder)
    with pytest.raises(
        RecipeError, match=r"there is no network in .*entry\. .*vidsr\.hub\.convert\(path, '.*entry'"
    ):
        vidsr.Pipeline.from_provenance(out)
    hub.convert(path, folder, licence=LICENCE)
    assert (folder / "model.safetensors").read_bytes() == before
    np.testing.assert_array_equal(vidsr.Pipeline.from_provenance(out)(film(1)).values, out.values)


def test_half_precision_is_widened(tmp_path):
    for name in ("float16", "bfloat16"):
        save_file({k: v.astype(name) for k, v in srvgg().items()}, tmp_path / "half.safetensors")
        net = hub.convert(tmp_path / "half.safetensors", tmp_path / name, licence=LICENCE)
        assert {leaf.dtype for leaf in jax.tree.leaves(net.params)} == {np.dtype(np.float32)}
        bias = srvgg()["body.0.bias"].astype(name).astype(np.float32)
        np.testing.assert_array_equal(net.params["head"]["bias"], bias)


def test_activations_without_slopes_are_said(tmp_path):
    bare = {k: v for k, v in srvgg().items() if v.ndim == 4 or k.endswith("bias")}
    save_file(bare, tmp_path / "relu.safetensors")
    with pytest.raises(RecipeError, match=r"slope=0\.0\) for ReLU"):
        hub.convert(tmp_path / "relu.safetensors", tmp_path / "entry", licence=LICENCE)
    net = hub.convert(tmp_path / "relu.safetensors", tmp_path / "entry", licence=LICENCE, slope=0.1)
    assert set(net.params["body1"]["slope"]) == {np.float32(0.1)}


def test_nothing_is_written_of_what_does_not_fit(tmp_path):
    table = srvgg()
    del table["body.2.weight"]
    save_file(table, tmp_path / "short.safetensors")
    (tmp_path / "broken.safetensors").write_bytes(b"no")
    (tmp_path / "weights.onnx").write_bytes(b"")
    save_file(srvgg(), tmp_path / "fine.safetensors")
    for name, licence, kind, says in (
        ("short.safetensors", LICENCE, RecipeError, r"short\.safetensors do not fit the SRVGGNetCompact.*missing: body\.2\.weight\. Download"),
        ("broken.safetensors", LICENCE, MediaError, r"broken\.safetensors is damaged"),
        ("weights.onnx", LICENCE, RecipeError, r"no file of weights by its name.*\.param\. For example"),
        ("gone.safetensors", LICENCE, MediaError, r"gone\.safetensors cannot be read: No such file"),
        ("gone.param", LICENCE, MediaError, r"gone\.param cannot be read: No such file"),
        ("fine.safetensors", " ", RecipeError, r"licence is empty.*licence='BSD-3-Clause'"),
    ):  # fmt: skip
        with pytest.raises(kind, match=says):
            hub.convert(tmp_path / name, tmp_path / "entry", licence=licence)
    assert not (tmp_path / "entry").exists()


def test_mutated_files_end_in_one_clear_error(tmp_path):
    data, rng = save(srvgg()), np.random.default_rng(0)
    for number in range(80):
        spoilt = bytearray(data)
        for place in rng.integers(0, len(data) if number % 2 else 900, int(rng.integers(1, 20))):
            spoilt[place] = int(rng.integers(256))
        if number % 4 == 0:
            spoilt = spoilt[: int(rng.integers(1, len(data)))]
        (tmp_path / "w.safetensors").write_bytes(spoilt)
        try:
            hub.convert(tmp_path / "w.safetensors", tmp_path / str(number), licence=LICENCE)
        except (RecipeError, MediaError) as error:
            assert "w.safetensors" in str(error)


def test_an_entry_is_not_written_over(tmp_path):
    save_file(srvgg(), tmp_path / "w.safetensors")
    hub.convert(tmp_path / "w.safetensors", tmp_path / "entry", licence=LICENCE)
    before = json.loads((tmp_path / "entry" / "config.json").read_text())
    with pytest.raises(RecipeError, match=r"holds an entry already.*shutil\.rmtree"):
        hub.convert(tmp_path / "w.safetensors", tmp_path / "entry", licence="MIT")
    assert json.loads((tmp_path / "entry" / "config.json").read_text()) == before


def test_the_scale_is_the_networks(tmp_path):
    save_file(srvgg(scale=3), tmp_path / "w.safetensors")
    hub.convert(tmp_path / "w.safetensors", tmp_path / "entry", licence=LICENCE)
    with pytest.raises(RecipeError, match=r"enlarges x3, not x4\. Say vidsr\.super_resolve\(3, model="):
        vidsr.super_resolve(4, model=tmp_path / "entry")
    assert vidsr.super_resolve(3, model=tmp_path / "entry")(film(1)).shape == (1, 63, 78, 3)


def test_a_pth_file_and_a_bomb(tmp_path):
    torch = pytest.importorskip("torch", reason="torch is not installed: pip install 'vidsr-toolkit[torch]'")
    table = {k: torch.from_numpy(v).half() for k, v in srvgg().items()}
    torch.save({"params_ema": table, "iter": 3}, tmp_path / "w.pth")
    net = hub.convert(tmp_path / "w.pth", tmp_path / "entry", licence=LICENCE)
    np.testing.assert_array_equal(
        net.params["head"]["kernel"], table["body.0.weight"].float().permute(2, 3, 1, 0).numpy()
    )

    class Bomb:
        def __reduce__(self):
            return (tmp_path / "went off").mkdir, ()

    torch.save({"params": Bomb()}, tmp_path / "bomb.pth")
    with pytest.raises(RecipeError, match=r"holds more than tensors.*is refused"):
        hub.convert(tmp_path / "bomb.pth", tmp_path / "other", licence=LICENCE)
    assert not (tmp_path / "went off").exists()
