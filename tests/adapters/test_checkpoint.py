"""Other people's checkpoints: random weights of their architectures, saved as they save them, load and obey the law."""

import dataclasses
import os
import pickle

import numpy as np
import pytest

import vidsr
from vidsr.errors import MediaError, RecipeError, StackError
from vidsr.frames import provenance

torch = pytest.importorskip("torch", reason="torch is not installed: pip install 'vidsr-toolkit[torch]'")

TILE = 24  # input pixels: many tiles of a small frame


def span(spandrel):
    from spandrel.architectures.SPAN import SPAN

    return SPAN(num_in_ch=3, num_out_ch=3, feature_channels=12, upscale=4)


def safmn(spandrel):
    from spandrel.architectures.SAFMN import SAFMN

    return SAFMN(dim=12, n_blocks=2, upscaling_factor=4)


def realesrgan(spandrel):
    from spandrel.architectures.ESRGAN import ESRGAN

    return ESRGAN(num_filters=8, num_blocks=1, scale=4)


def compact(spandrel):
    from spandrel.architectures.Compact import Compact

    return Compact(num_in_ch=3, num_out_ch=3, num_feat=8, num_conv=3, upscale=4)


MAKERS = {"SPAN": span, "SAFMN": safmn, "RealESRGAN": realesrgan, "compact": compact}


def film(frames=2, height=45, width=67):
    values = np.random.default_rng(0).random((frames, height, width, 3), np.float32)
    return vidsr.stack(values, fps=25).vid.assign(transfer="bt709")


@pytest.fixture(scope="module")
def saved(spandrel, tmp_path_factory):
    """Paths by architecture; weights lie under "params_ema", as BasicSR writes them."""
    folder, found = tmp_path_factory.mktemp("checkpoints"), {}
    for name, make in MAKERS.items():
        torch.manual_seed(0)
        found[name] = folder / f"{name}.pth"
        torch.save({"params_ema": make(spandrel).state_dict()}, found[name])
    return found


@pytest.fixture(scope="module")
def loaded(saved):
    return {name: vidsr.torch.load(path, tile=TILE) for name, path in saved.items()}


@pytest.mark.parametrize("name", MAKERS)
def test_tiled_equals_untiled(name, loaded, saved, spandrel):
    """And both are what the network gives; spandrel's own call, but for its clipping, is the same."""
    step, clip = loaded[name], film()
    whole = dataclasses.replace(step, tile=512)(clip).values
    np.testing.assert_allclose(step(clip).values, whole, rtol=0, atol=1e-5 * max(1, abs(whole).max()))
    assert step.found == "measured" and (step.halo is not None or step.whole)
    found = spandrel.ModelLoader().load_from_state_dict(torch.load(saved[name], weights_only=True))
    assert (step.scale, step.multiple_of) == (found.scale, found.size_requirements.multiple_of)
    theirs = found.eval()(torch.from_numpy(clip.values[:1]).permute(0, 3, 1, 2))[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(np.clip(whole[0], 0, 1), theirs, rtol=0, atol=1e-5 * max(1, abs(whole).max()))


def test_halos(loaded):
    """What a convolution reads is known, so the measured ones can be held against it."""
    assert loaded["compact"].halo == 5
    assert loaded["SPAN"].halo <= 1 + 6 * 3 + 2
    assert loaded["SAFMN"].multiple_of == 8


@pytest.mark.parametrize("name", MAKERS)
def test_the_record_finds_the_checkpoint_again(name, loaded):
    clip = film(1)
    out = loaded[name](clip)
    entry = provenance.read(out)["steps"][0]
    assert os.path.isabs(entry["path"]) and len(entry["sha256"]) == 64
    assert set(provenance.read(out)["versions"]) >= {"torch", "spandrel"}
    np.testing.assert_array_equal(vidsr.Pipeline.from_provenance(out)(clip).values, out.values)


def test_a_checkpoint_that_moved_or_changed(saved, tmp_path):
    path = tmp_path / "mine.pth"
    path.write_bytes(saved["compact"].read_bytes())
    out = vidsr.torch.load(path)(film(1))
    path.rename(tmp_path / "elsewhere.pth")
    with pytest.raises(RecipeError, match=r"checkpoint .*mine\.pth is gone.*extras=\{'module': module\}"):
        vidsr.Pipeline.from_provenance(out)
    again = vidsr.Pipeline.from_provenance(out, extras={"module": tmp_path / "elsewhere.pth"})
    np.testing.assert_array_equal(again(film(1)).values, out.values)
    table = torch.load(tmp_path / "elsewhere.pth", weights_only=True)
    table["params_ema"]["body.0.weight"] += 1
    torch.save(table, path)
    with pytest.raises(RecipeError, match=r"made with weights .*mine\.pth now holds"):
        vidsr.Pipeline.from_provenance(out)


def test_safetensors_load_too(saved, tmp_path):
    from safetensors.torch import save_file

    table = torch.load(saved["compact"], weights_only=True)["params_ema"]
    save_file(table, tmp_path / "compact.safetensors")
    step, other = (
        vidsr.torch.load(tmp_path / "compact.safetensors", halo=5),
        vidsr.torch.load(saved["compact"], halo=5),
    )
    assert step.sha256 == other.sha256
    np.testing.assert_array_equal(step(film(1)).values, other(film(1)).values)


def test_half_weights_are_widened(saved, tmp_path):
    """A published half-precision file runs in float32."""
    table = torch.load(saved["compact"], weights_only=True)["params_ema"]
    torch.save({k: v.half() for k, v in table.items()}, tmp_path / "half.pth")
    step = vidsr.torch.load(tmp_path / "half.pth", halo=5)
    assert abs(step(film(1)).values - vidsr.torch.load(saved["compact"], halo=5)(film(1)).values).max() < 1e-2


def test_missing_and_extra_keys_are_all_named(saved, tmp_path):
    table = torch.load(saved["compact"], weights_only=True)["params_ema"]
    del table["body.2.bias"], table["body.4.bias"]
    table |= {"head.odd": torch.zeros(1), "head.even": torch.zeros(1)}
    torch.save(table, tmp_path / "keys.pth")
    with pytest.raises(
        RecipeError, match=r"missing: body\.2\.bias, body\.4\.bias; extra: head\.odd, head\.even\. Download"
    ) as said:
        vidsr.torch.load(tmp_path / "keys.pth")
    assert "keys.pth do not fit" in str(said.value)


def test_weights_of_another_size_are_named(saved, tmp_path):
    table = torch.load(saved["compact"], weights_only=True)["params_ema"]
    table["body.2.weight"] = torch.zeros(8, 8, 5, 5)
    torch.save(table, tmp_path / "size.pth")
    with pytest.raises(RecipeError, match=r"size mismatch for body\.2\.weight"):
        vidsr.torch.load(tmp_path / "size.pth")


class Bomb:
    """Pickled, it writes a file when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("form", ["archive", "bare pickle", "inside"])
def test_a_pickle_bomb_is_refused(form, tmp_path):
    path, trace = tmp_path / "bomb.pth", tmp_path / "it went off"
    if form == "archive":
        torch.save(Bomb(trace), path)
    elif form == "inside":
        torch.save({"params": {"weight": torch.zeros(3)}, "epoch": Bomb(trace)}, path)
    else:
        path.write_bytes(pickle.dumps({"params": Bomb(trace)}))
    with pytest.raises(
        RecipeError, match=r"holds more than tensors.*is refused.*torch\.save\(module\.state_dict\(\)"
    ):
        vidsr.torch.load(path)
    assert not trace.exists()


def test_files_that_are_no_checkpoint(tmp_path, spandrel):
    (tmp_path / "text.pth").write_text("not weights")
    (tmp_path / "empty.safetensors").write_bytes(b"")
    torch.save([1, 2], tmp_path / "list.pth")
    torch.save(
        {"layers.0.weight": torch.zeros(2), "layers.1.weight": torch.zeros(2)}, tmp_path / "unknown.pth"
    )
    for name, kind, says in (
        ("missing.pth", MediaError, r"there is no checkpoint .*missing\.pth"),
        ("text.pth", (MediaError, RecipeError), r"text\.pth (cannot be read|holds more)"),
        ("empty.safetensors", MediaError, r"empty\.safetensors cannot be read"),
        ("list.pth", RecipeError, r"holds a list, not a table"),
        ("unknown.pth", RecipeError, r"no architecture is known for .*2 keys, layers\.0\.weight, layers\.1\.weight\..*vidsr\.torch\.wrap"),
    ):  # fmt: skip
        with pytest.raises(kind, match=says):
            vidsr.torch.load(tmp_path / name)
    (tmp_path / "weights.bin").write_bytes(b"")
    with pytest.raises(RecipeError, match=r"no checkpoint by its name.*torch\.save"):
        vidsr.torch.load(tmp_path / "weights.bin")


@pytest.mark.parametrize("form", ["pth", "safetensors"])
def test_mutated_files_end_in_one_clear_error(form, saved, tmp_path):
    """Bytes turned at random: whatever comes of it, nothing but an error of ours, or a network."""
    from safetensors.torch import save

    table = torch.load(saved["compact"], weights_only=True)["params_ema"]
    data = bytearray(saved["compact"].read_bytes() if form == "pth" else save(table))
    rng = np.random.default_rng(0)
    for number in range(40):
        spoilt = bytearray(data)
        for place in rng.integers(0, len(data), int(rng.integers(1, 30))):
            spoilt[place] = int(rng.integers(256))
        if number % 4 == 0:
            spoilt = spoilt[: int(rng.integers(1, len(data)))]
        (tmp_path / f"spoilt.{form}").write_bytes(spoilt)
        try:
            vidsr.torch.load(tmp_path / f"spoilt.{form}", halo=5)
        except (RecipeError, MediaError) as error:
            assert len(str(error)) < 1500


def test_it_was_trained_on_whole_frames_of_sdr(loaded):
    with pytest.raises(StackError, match=r"transfer='pq'.*assign\(transfer='bt709'\)"):
        loaded["compact"](film(1).vid.assign(transfer="pq"))
    with pytest.raises(StackError, match=r"two moments"):
        loaded["compact"](film(1).vid.assign(fields="tff"))
