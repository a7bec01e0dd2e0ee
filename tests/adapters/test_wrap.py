"""Any torch module as a step: the numbers of the module itself however a clip is cut, and what is refused before work starts."""

import dataclasses
import pickle
import re

import numpy as np
import pytest

import vidsr
from vidsr.errors import RecipeError, StackError
from vidsr.frames import provenance

torch = pytest.importorskip("torch", reason="torch is not installed: pip install 'vidsr-toolkit[torch]'")
from torch import nn  # noqa: E402

from tests.adapters import modules  # noqa: E402
from vidsr.adapters import measure, module  # noqa: E402


@pytest.fixture(autouse=True)
def fixed_weights():
    torch.manual_seed(0)


def film(frames=3, height=41, width=54, channels=3):
    values = np.random.default_rng(0).random((frames, height, width, channels), np.float32)
    return vidsr.stack(values, fps=25)


def itself(net, stack):
    with torch.no_grad():
        return net.eval()(torch.from_numpy(stack.values).permute(0, 3, 1, 2)).permute(0, 2, 3, 1).numpy()


@pytest.mark.parametrize("tile", [16, 17, 40, 512])
def test_whole_tiles_chunks_and_peeks_are_the_module_itself(tile):
    net, clip = modules.Plain(), film()
    step = vidsr.torch.wrap(net, scale=2, tile=tile)
    wanted = itself(net, clip)
    np.testing.assert_allclose(step(clip).values, wanted, rtol=0, atol=1e-5)
    lazy = step(clip.chunk(time=1))
    np.testing.assert_allclose(lazy.isel(time=1, y=slice(9, 30)).values, wanted[1, 9:30], rtol=0, atol=1e-5)
    assert step(clip).x.values[1] - step(clip).x.values[0] == 0.5


def test_a_peek_runs_the_tiles_it_lies_in(monkeypatch):
    """And no more of each than its halo."""
    step, seen, call = vidsr.torch.wrap(modules.Plain(1, 1), tile=16), [], module.Held.__call__
    monkeypatch.setattr(module.Held, "__call__", lambda held, x: (seen.append(x.shape[:2]), call(held, x))[1])
    clip = film(3, 60, 80)
    part = step(clip.chunk(time=1)).isel(time=1, y=slice(20, 28), x=slice(18, 40)).values
    assert seen == [(15 + 6, 16 + 6), (15 + 6, 16 + 6)]
    np.testing.assert_allclose(part, itself(step.net.module, clip)[1, 20:28, 18:40], rtol=0, atol=1e-5)


@pytest.mark.parametrize("depth", [0, 2, 7, 12])
def test_the_halo_is_measured(depth):
    """One pixel a convolution."""
    net = modules.Plain(depth, scale=1)
    step = vidsr.torch.wrap(net, tile=48)
    assert step.found == "measured" and step.whole == ""
    assert step.halo == depth + 2
    clip = film(1, 70, 91)
    np.testing.assert_allclose(step(clip).values, itself(net, clip), rtol=0, atol=1e-5)


def test_a_halo_too_small_would_be_seen():
    """Or the tests above would show nothing."""
    net, clip = modules.Plain(), film(1)
    tight = vidsr.torch.wrap(net, scale=2, halo=1, tile=20)
    assert tight.found == "given" and tight.halo == 1
    assert abs(tight(clip).values - itself(net, clip)).max() > 1e-3


@pytest.mark.parametrize(
    ("net", "suspect"),
    [
        (modules.Squeezed(), "perhaps by pool"),
        (nn.Sequential(modules.convolution(3, 3), nn.InstanceNorm2d(3)), "perhaps by 1"),
        (modules.Doing(lambda x: x - x.mean((2, 3), keepdim=True)), "seen 128 pixels away"),
        (
            modules.Doing(lambda x: x / x.amax((1, 2, 3), keepdim=True)),
            "otherwise than the whole|pixels away",
        ),
    ],
    ids=["attention", "instance norm", "mean", "largest"],
)
def test_what_looks_at_the_whole_frame_is_never_cut(net, suspect):
    step, clip = vidsr.torch.wrap(net, tile=16), film()
    assert step.halo is None and step.found == "measured"
    text = str(step.explain())
    assert "whole" in text and re.search(suspect, text)
    np.testing.assert_allclose(step(clip).values, itself(net, clip), rtol=0, atol=1e-5)


def test_explain_reports_the_halo():
    text = str(vidsr.torch.wrap(modules.Plain(), scale=2).explain())
    assert "halo=5 input pixels, found=measured" in text and "5 rows, 5 columns either side" in text
    assert f"torch {torch.__version__}" in text


def test_places_within_a_square_matter():
    """Windows begin on multiples; a frame is extended by its mirror image and the result cropped."""
    net, clip = modules.Halved(), film(1, 41, 54)
    step = vidsr.torch.wrap(net, multiple_of=2, tile=16)
    padded = np.pad(clip.values, ((0, 0), (0, 1), (0, 0), (0, 0)), "reflect")
    wanted = itself(net, vidsr.stack(padded, fps=25))[:, :41]
    np.testing.assert_allclose(step(clip).values, wanted, rtol=0, atol=1e-5)


@pytest.mark.parametrize("edge", ["reflect", "symmetric", "edge", "constant"])
def test_an_edge_of_ours(edge):
    """The module sees the frame go on; what its own border does is cropped away."""
    net, clip = modules.Plain(), film(1)
    step = vidsr.torch.wrap(net, scale=2, edge=edge, tile=20)
    far = itself(net, vidsr.stack(np.pad(clip.values, ((0, 0), (9, 9), (9, 9), (0, 0)), edge), fps=25))
    np.testing.assert_allclose(step(clip).values, far[:, 18:-18, 18:-18], rtol=0, atol=1e-5)


def test_gray_and_colour():
    gray, clip = film(channels=1), film()
    colour = vidsr.torch.wrap(modules.Plain(1, 1))(gray)
    assert colour.sizes["channel"] == 1 and np.isfinite(colour).all()
    one = vidsr.torch.wrap(modules.Plain(1, 1, channels=1))
    assert one.channels == 1 and one(gray).sizes["channel"] == 1
    with pytest.raises(StackError, match=r"takes 1 channel\(s\) and the stack has 3.*isel"):
        one(clip)


def test_tiny_frames():
    step = vidsr.torch.wrap(modules.Plain(1), scale=2)
    for height, width in ((1, 1), (1, 30), (3, 2)):
        assert step(film(1, height, width)).shape == (
            1,
            2 * height,
            2 * width,
            3,
        )


def test_the_copy_is_its_own():
    """In evaluation mode, whatever becomes of the original; its hash is that of the weights."""
    net, clip = nn.Sequential(modules.Plain(1, 1), nn.Dropout(0.5), nn.BatchNorm2d(3)).train(), film(1)
    step = vidsr.torch.wrap(net)
    before = step(clip).values
    assert net.training and net[2].num_batches_tracked == 0
    with torch.no_grad():
        for leaf in net.parameters():
            leaf.zero_()
    np.testing.assert_array_equal(step(clip).values, before)
    assert vidsr.torch.wrap(net, halo=3).sha256 != step.sha256


def test_the_hash_knows_names_types_and_values():
    net = nn.Linear(2, 2)
    seen = {module.digest(net)}
    net.bias.data[0] += 1e-3
    seen.add(module.digest(net))
    seen.add(module.digest(nn.Sequential(net)))
    seen.add(module.digest(net.double()))
    assert len(seen) == 4 and module.digest(net) in seen


def test_the_record_makes_the_same_bits():
    net, clip = modules.Plain(), film()
    out = vidsr.pipeline(vidsr.resize(0.75), vidsr.torch.wrap(net, scale=2, tile=20))(clip)
    record = provenance.read(out)
    (entry,) = [step for step in record["steps"] if step["step"] == "TorchModule"]
    assert entry["sha256"] == module.digest(net) and entry["halo"] == 5 and entry["tile"] == 20
    assert record["versions"]["torch"] == torch.__version__ and record["fidelity"] == "generative"
    for given in (net, vidsr.torch.wrap(net, scale=2, halo=5)):
        again = vidsr.Pipeline.from_provenance(out, extras={"module": given})
        np.testing.assert_array_equal(again(clip).values, out.values)
    with pytest.raises(RecipeError, match=r"a record holds no code.*extras=\{'module': module\}"):
        vidsr.Pipeline.from_provenance(out)
    with pytest.raises(RecipeError, match=r"made with weights .* what is given has others"):
        vidsr.Pipeline.from_provenance(out, extras={"module": modules.Plain(1)})


def test_a_pickled_result_is_the_same():
    lazy = vidsr.torch.wrap(modules.Plain(), scale=2)(film().chunk(time=1))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(lazy)).values, lazy.values)


def test_it_renders(tmp_path):
    step = vidsr.torch.wrap(modules.Plain(), scale=2, fidelity="faithful")
    vidsr.save(film(5, 32, 48), tmp_path / "in.mkv", codec="ffv1")
    vidsr.pipeline(vidsr.resize(0.5), step, fidelity="faithful").render(
        tmp_path / "in.mkv", tmp_path / "out.mkv", progress=False
    )
    assert vidsr.open(tmp_path / "out.mkv").shape == (5, 32, 48, 3)


REFUSED = {
    "frames": (lambda x: x[:1], r"gives 1 frames for 2: a step gives one frame for every frame"),
    "more frames": (lambda x: torch.cat([x, x]), r"gives 4 frames for 2"),
    "nan": (lambda x: x * float("nan"), r"gives NaN or infinity for an ordinary picture.*named_parameters"),
    "channels": (lambda x: torch.cat([x, x[:, :1]], 1), r"gives 4 channels for 3.*torch\.nn\.Conv2d\(4, 3, 1\)"),
    "scale": (lambda x: x.repeat_interleave(2, 2).repeat_interleave(2, 3), r"scale=1 says.*Say vidsr\.torch\.wrap\(module, scale=2\)"),
    "valid": (lambda x: x[..., 1:-1, 1:-1], r"makes 47 x 46 of 49 x 48 pixels.*Pad inside|class Part"),
    "tuple": (lambda x: (x, x), r"gives a tuple where one of \(n, c, y, x\) is needed.*class Part"),
    "axes": (lambda x: x[0], r"gives a tensor of 3 axes"),
    "random": (lambda x: x + torch.rand_like(x), r"another picture each time.*fixed generator"),
    "failing": (lambda x: x @ torch.ones(5, 5), r"does not run on 2 frames of 3 or of 1 channels"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_step_must_not_do(name):
    work, says = REFUSED[name]
    with pytest.raises(RecipeError, match=says):
        vidsr.torch.wrap(modules.Doing(work))


@pytest.mark.parametrize("net", [modules.Halved(), modules.Cropped()], ids=["grows", "cropped"])
def test_a_multiple_that_was_not_said_is_named(net):
    with pytest.raises(RecipeError, match=r"multiples of 2.*vidsr\.torch\.wrap\(module, multiple_of=2\)"):
        vidsr.torch.wrap(net)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: vidsr.torch.wrap(modules.Plain(1, 1).half()), r"weights are float16.*module\.float\(\)"),
        (lambda: vidsr.torch.wrap(modules.Plain(1, 1).bfloat16()), r"weights are bfloat16.*device='cuda'"),
        (lambda: vidsr.torch.wrap(lambda x: x), r"is no torch module.*vidsr\.torch\.load"),
        (lambda: vidsr.torch.wrap(modules.Plain(1, 1), device="abacus"), r"device='abacus' cannot be used.*device='cpu'"),
        (lambda: vidsr.torch.wrap(modules.Plain(1, 1), edge="wrap"), r"edge='wrap' is none of 'own', 'reflect'"),
        (lambda: vidsr.torch.wrap(modules.Plain(1, 1), halo=-1), r"halo=-1 is outside 0 to 512"),
        (lambda: vidsr.torch.wrap(modules.Plain(1, 1), tile=3), r"tile=3 is outside 16"),
        (lambda: vidsr.torch.wrap(modules.Plain(1, 1), scale=0), r"scale=0 is outside 1"),
        (lambda: vidsr.torch.wrap(modules.Plain(1, 1), fidelity="true"), r"fidelity='true' is none of"),
        (lambda: vidsr.torch.wrap(modules.Squeezed(), edge="reflect"), r"edge='reflect' extends a frame by the halo.*edge='own'"),
    ],
)  # fmt: skip
def test_wrong_settings(make, says):
    with pytest.raises(RecipeError, match=says):
        make()


def test_nan_in_a_clip_is_not_the_modules_fault():
    step, clip = vidsr.torch.wrap(modules.Plain(1, 1)), film(3)
    holes = clip.chunk(time=1)
    holes = holes.where(holes["frame"] != 2).assign_attrs(clip.attrs)
    with pytest.raises(StackError, match=r"frame 2 holds NaN.*fillna"):
        step(holes).compute()
    divides = vidsr.torch.wrap(modules.Doing(lambda x: x / x.mean((1, 2, 3), keepdim=True)))
    with pytest.raises(StackError, match=r"gives NaN or infinity in frame 0"):
        divides(clip * 0)


def test_a_module_that_holds_to_float32():
    """Measured as it is, where it does not run in float64."""
    held = modules.Doing(lambda x: nn.functional.conv2d(x, torch.ones(3, 1, 3, 3) / 9, padding=1, groups=3))
    assert vidsr.torch.wrap(held).halo == 1


def test_every_place_is_looked_at():
    """The halo of a module whose reach depends on the place in a square."""
    shift = modules.Doing(
        lambda x: torch.nn.functional.pixel_shuffle(torch.nn.functional.pixel_unshuffle(x, 4).flip(1), 4)
    )
    step = vidsr.torch.wrap(shift, multiple_of=4, tile=16)
    clip = film(1, 40, 64)
    np.testing.assert_allclose(step(clip).values, itself(shift, clip), rtol=0, atol=1e-6)
    assert dataclasses.replace(step, halo=0).footprint().y.align == 4
    assert measure.SAME < 1e-5
