"""Published weights in our networks: the numbers of the publisher's modules, layer by layer, and every key accounted for."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import vidsr
from vidsr import hub, models
from vidsr.adapters import published
from vidsr.errors import RecipeError

torch = pytest.importorskip("torch", reason="torch is not installed: pip install 'vidsr-toolkit[torch]'")

SAME = 1e-5  # of the largest value
ACTIVATIONS = {"prelu": None, "relu": 0.0, "leakyrelu": 0.1}
UPS = {"x4": (4, None), "x2": (2, None), "x1": (1, None), "x2 folded": (4, 2), "x1 folded": (4, 4)}
NEW = (
    (r"model\.1\.sub\.(\d+)\.RDB(\d)\.conv(\d)\.0\.", r"body.\1.rdb\2.conv\3."),
    (r"model\.1\.sub\.\d+\.(?=weight|bias)", "conv_body."),
    (r"model\.0\.", "conv_first."),
    (r"model\.3\.", "conv_up1."),
    (r"model\.6\.", "conv_up2."),
    (r"model\.8\.", "conv_hr."),
    (r"model\.10\.", "conv_last."),
)
BSR = {
    "conv_body": "trunk_conv",
    "body.": "RRDB_trunk.",
    "rdb": "RDB",
    "conv_up": "upconv",
    "conv_hr": "HRconv",
}


def loud(module):
    """Weights large enough for every layer to matter, slopes and biases away from what they start as."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for leaf in module.parameters():
            leaf += (0.3 if leaf.ndim == 1 else 0.02) * torch.randn(leaf.shape, generator=generator)
    return module.eval()


def arrays(module):
    return {key: value.numpy() for key, value in module.state_dict().items()}


def compact(spandrel, scale=4, act_type="prelu"):
    from spandrel.architectures.Compact import Compact

    return loud(Compact(num_feat=8, num_conv=3, upscale=scale, act_type=act_type))


def esrgan(spandrel, form="x4", blocks=1):
    from spandrel.architectures.ESRGAN import ESRGAN

    scale, shuffle = UPS[form]
    inputs = 3 * (shuffle or 1) ** 2
    return loud(ESRGAN(in_nc=inputs, num_filters=8, num_blocks=blocks, scale=scale, shuffle_factor=shuffle))


def renamed(table, naming="new"):
    """Keys of an x4 network as Real-ESRGAN, or BSRGAN, calls them."""
    for old, new in NEW:
        table = {re.sub("^" + old, new, key): value for key, value in table.items()}
    if naming == "bsrgan":
        for old, new in BSR.items():
            table = {key.replace(old, new): value for key, value in table.items()}
    return table


def channels_last(x):
    return x.detach().permute(0, 2, 3, 1).numpy()


def check(ours, theirs):
    np.testing.assert_allclose(np.asarray(ours), theirs, rtol=0, atol=SAME * abs(theirs).max())


def both(module, ported, height=13, width=9):
    x = np.random.default_rng(1).random((2, height, width, 3), np.float32)
    graphdef = models.template(ported.model, **ported.args)[0]
    with torch.no_grad():
        theirs = module(torch.from_numpy(x).permute(0, 3, 1, 2))
    run = jax.jit(models.apply, static_argnums=0)
    return run(graphdef, ported.params, x), channels_last(theirs)


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
@pytest.mark.parametrize("act_type", ACTIVATIONS)
def test_srvgg_gives_the_publishers_numbers(spandrel, act_type, scale):
    module = compact(spandrel, scale, act_type)
    ported = published.port(arrays(module), "file", slope=ACTIVATIONS[act_type])
    assert ported.args == {"channels": 3, "width": 8, "depth": 3, "scale": scale}
    check(*both(module, ported))


@pytest.mark.parametrize("form", UPS)
def test_rrdb_gives_the_publishers_numbers(spandrel, form):
    module = esrgan(spandrel, form)
    ported = published.port(arrays(module), "file")
    scale, shuffle = UPS[form]
    fold = shuffle or 1
    assert ported.args == {"width": 8, "growth": 32, "depth": 1, "scale": scale // fold, "fold": fold}
    check(*both(module, ported, 3 * fold, 2 * fold + 2 * fold))


@pytest.mark.parametrize("naming", ["new", "bsrgan"])
def test_rrdb_by_every_name(spandrel, naming):
    table = arrays(esrgan(spandrel, blocks=2))
    wanted = published.port(table, "file")
    found = published.port(renamed(table, naming), "file")
    assert found.args == wanted.args == {"width": 8, "growth": 32, "depth": 2, "scale": 4, "fold": 1}
    jax.tree.map(np.testing.assert_array_equal, found.params, wanted.params)


def test_block_by_block(spandrel):
    """Each block of ours, given what the publisher's got, gives what the publisher's gave."""
    from flax import nnx

    module = esrgan(spandrel, blocks=2)
    ported = published.port(arrays(module), "file")
    graphdef = models.template("rrdb", **ported.args)[0]
    ours = nnx.merge(graphdef, nnx.State(ported.params))
    seen = {}

    def listen(name):
        return lambda _, inputs, out: seen.update({name: (inputs[0].clone(), out.clone())})

    parts = {"head": module.model[0], "body": module.model[1].sub[2], "tail": module.model[10]}
    for index in range(2):
        block = module.model[1].sub[index]
        parts |= {
            f"block{index}": block,
            **{f"block{index}.dense{j}": getattr(block, f"RDB{j}") for j in (1, 2, 3)},
        }
    for name, part in parts.items():
        part.register_forward_hook(listen(name))
    with torch.no_grad():
        module(torch.rand(1, 3, 7, 6))
    assert set(seen) == set(parts)
    for name, (given, gave) in seen.items():
        part = ours
        for step in name.split("."):
            part = getattr(part, step)
        check(part(jnp.asarray(channels_last(given))), channels_last(gave))


def test_srvgg_layer_by_layer(spandrel):
    from flax import nnx

    module = compact(spandrel)
    ported = published.port(arrays(module), "file")
    ours = nnx.merge(models.template("compact", **ported.args)[0], nnx.State(ported.params))
    x = torch.rand(1, 3, 7, 6)
    for place, name in enumerate(["head", "body0", "body1", "body2", "tail"]):
        with torch.no_grad():
            y = module.body[2 * place](x)
            y = module.body[2 * place + 1](y) if name != "tail" else y
        check(getattr(ours, name)(jnp.asarray(channels_last(x))), channels_last(y))
        x = y


@pytest.mark.parametrize("name", ["compact", "x2 folded"])
def test_a_checkpoint_as_a_step_is_the_publishers_module(spandrel, name, tmp_path):
    """Saved as its authors save it; sides that are no multiples, too."""
    module = compact(spandrel, 2) if name == "compact" else esrgan(spandrel, name)
    table = module.state_dict() if name == "compact" else renamed(module.state_dict())
    torch.save({"params_ema": table}, tmp_path / "net.pth")
    net = hub.convert(tmp_path / "net.pth", tmp_path / "entry", licence="BSD-3-Clause")
    frames = np.random.default_rng(0).random((2, 21, 17, 3), np.float32)
    with torch.no_grad():
        theirs = channels_last(module(torch.from_numpy(frames).permute(0, 3, 1, 2)))
    check(vidsr.super_resolve(2, model=net.folder)(vidsr.stack(frames, fps=25)).values, theirs)


@pytest.mark.parametrize("wrap", ["params_ema", "params", "state_dict"])
def test_wrappers_prefixes_and_half_precision(spandrel, wrap):
    table = arrays(compact(spandrel))
    half = {f"module.{key}": value.astype(np.float16) for key, value in table.items()}
    found = published.port({wrap: half, "epoch": 3}, "file").params
    for leaf, wanted in zip(
        jax.tree.leaves(found), jax.tree.leaves(published.port(table, "file").params), strict=True
    ):
        assert leaf.dtype == np.float32
        np.testing.assert_allclose(leaf, wanted, atol=1e-3)


def test_every_missing_and_extra_key_is_named(spandrel):
    for table, gone, name in (
        (arrays(compact(spandrel)), ("body.2.bias", "body.8.weight"), "SRVGGNetCompact"),
        (renamed(arrays(esrgan(spandrel))), ("conv_first.weight", "body.0.rdb2.conv3.bias"), "RRDBNet"),
        (arrays(esrgan(spandrel)), ("model.1.sub.0.RDB1.conv1.0.weight", "model.8.bias"), "RRDBNet"),
    ):
        spoilt = {k: v for k, v in table.items() if k not in gone} | {"odd.weight": np.zeros(1), "iter": 5}
        with pytest.raises(RecipeError) as said:
            published.port(spoilt, "my.pth")
        text = str(said.value)
        assert "my.pth do not fit the " + name in text and "extra: iter, odd.weight" in text
        assert all(key in text.split("missing: ")[1].split(";")[0].split(", ") for key in gone)


def test_a_wrong_shape_is_named(spandrel):
    table = arrays(compact(spandrel)) | {
        "body.4.weight": np.zeros((8, 8, 5, 5), np.float32),
        "body.6.bias": np.zeros(9),
    }
    with pytest.raises(
        RecipeError,
        match=r"body\.4\.weight is \(8, 8, 5, 5\) and must be \(8, 8, 3, 3\); body\.6\.bias is \(9,\) and must be \(8,\)",
    ):
        published.port(table, "file")
    table = renamed(arrays(esrgan(spandrel)))
    table["conv_hr.weight"] = table["conv_hr.weight"][:, :4]
    with pytest.raises(RecipeError, match=r"conv_hr\.weight is \(8, 4, 3, 3\) and must be \(8, 8, 3, 3\)"):
        published.port(table, "file")


def test_what_cannot_be_carried_over(spandrel):
    table = arrays(compact(spandrel))
    for spoilt, slope, says in (
        (arrays(compact(spandrel, act_type="relu")), None, r"no slopes of PReLU.*slope=0\.0\) for ReLU, slope=0\.1"),
        (table, 0.1, r"has slopes of its own \(body\.1\.weight\)\. Leave slope=0\.1 out"),
        (arrays(esrgan(spandrel)), 0.1, r"is an RRDBNet, whose LeakyReLU has slope 0\.2"),
        ({"layers.0.weight": np.zeros(3)}, None, r"neither.*1 keys, layers\.0\.weight\. Other networks.*vidsr\.torch\.load\('file'\)"),
        ({}, None, r"neither.*0 keys"),
        (table | {"body.0.weight": np.zeros((8, 1, 3, 3))}, None, r"this one takes 1.*vidsr\.torch\.load"),
        (table | {"body.8.weight": np.zeros((40, 8, 3, 3))}, None, r"body\.8\.weight gives 40"),
        (table | {"body.2.bias": np.full(8, np.nan)}, None, r"not finite: body\.2\.bias"),
    ):  # fmt: skip
        with pytest.raises(RecipeError, match=says):
            published.port(spoilt, "file", slope=slope)


def test_any_table_ends_in_a_network_or_one_clear_error(spandrel):
    """Keys lost, doubled, renamed; arrays of any shape: never anything but our own error."""
    rng = np.random.default_rng(0)
    tables = [arrays(compact(spandrel)), arrays(esrgan(spandrel)), renamed(arrays(esrgan(spandrel)))]
    for number in range(150):
        table = dict(tables[number % 3])
        for _ in range(int(rng.integers(1, 12))):
            key = list(table)[int(rng.integers(len(table)))]
            kind = int(rng.integers(5))
            if kind < 2 and len(table) > 1:
                table.pop(key)
            elif kind == 2:
                table[key] = np.zeros(tuple(rng.integers(0, 4, int(rng.integers(0, 6)))), np.float32)
            elif kind == 3:
                table[key.replace("0", "7")] = table[key]
            else:
                table[key] = (None, "text", {}, 3)[int(rng.integers(4))]
        try:
            published.port(table, "file")
        except RecipeError as error:
            assert "file" in str(error)
