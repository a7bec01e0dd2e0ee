"""Our networks in torch: the same numbers as in JAX, in both precisions and both directions, for every entry of the zoo."""

from types import SimpleNamespace

import jax
import numpy as np
import pytest

import vidsr
from vidsr import hub, models
from vidsr.errors import RecipeError

torch = pytest.importorskip("torch", reason="torch is not installed: pip install 'vidsr-toolkit[torch]'")

PRECISIONS = {"float32": 1e-4, "float64": 1e-5}


def frames(net, dtype):
    """Two frames of all the channels the network takes, sides odd multiples of its fold."""
    channels = hub.info(net.id)["args"].get("inputs", 3)
    fold = hub.info(net.id)["args"].get("fold", 1)
    return np.random.default_rng(0).random((2, 9 * fold, 7 * fold, channels)).astype(dtype)


def in_jax(net, params, x):
    with jax.enable_x64(x.dtype == np.float64):
        params = jax.tree.map(lambda leaf: np.asarray(leaf, x.dtype), params)
        out = jax.jit(models.apply, static_argnums=0)(net.graphdef, params, x)
        assert out.dtype == x.dtype
        return np.asarray(out)


def in_torch(module, x):
    with torch.no_grad():
        return module(torch.from_numpy(x).permute(0, 3, 1, 2)).permute(0, 2, 3, 1).numpy()


@pytest.mark.parametrize(("dtype", "tolerance"), PRECISIONS.items())
@pytest.mark.parametrize("name", hub.IDS)
def test_torch_gives_the_numbers_of_jax_and_back(name, dtype, tolerance):
    net = hub.load(name)
    module, x = vidsr.torch.export(name).to(getattr(torch, dtype)), frames(net, dtype)
    wanted = in_jax(net, net.params, x)
    np.testing.assert_allclose(in_torch(module, x), wanted, rtol=0, atol=tolerance)
    with torch.no_grad():  # as if trained on
        for leaf in module.parameters():
            leaf += 0.01 * torch.randn(
                leaf.shape, generator=torch.Generator().manual_seed(1), dtype=leaf.dtype
            )
    back = vidsr.torch.params(module)
    assert jax.tree.structure(back) == jax.tree.structure(net.params)
    moved = in_torch(module, x)
    assert abs(moved - wanted).max() > 1e-2
    np.testing.assert_allclose(in_jax(net, back, x), moved, rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", hub.IDS)
def test_there_and_back_are_the_same_bits(name):
    net, module = hub.load(name), vidsr.torch.export(name)
    back = vidsr.torch.params(module)
    jax.tree.map(np.testing.assert_array_equal, back, net.params)
    with torch.no_grad():
        next(module.parameters()).zero_()
    jax.tree.map(np.testing.assert_array_equal, back, net.params)  # a copy


@pytest.mark.parametrize(("scale", "fold"), [(4, 1), (2, 2)])
def test_a_converted_network_has_its_twin_too(scale, fold):
    from vidsr.adapters import exported

    args = {"width": 6, "growth": 3, "depth": 1, "scale": scale, "fold": fold}
    graphdef, shapes, _ = models.template("rrdb", **args)
    rng = np.random.default_rng(0)
    params = jax.tree.map(lambda leaf: (0.2 * rng.normal(size=leaf.shape)).astype(np.float32), shapes)
    module = exported.exported("rrdb", args, params)
    jax.tree.map(np.testing.assert_array_equal, exported.params(module), params)
    x = rng.random((2, 3 * fold, 2 * fold, 3), np.float32)
    wanted = in_jax(SimpleNamespace(graphdef=graphdef), params, x)
    np.testing.assert_allclose(in_torch(module, x), wanted, rtol=0, atol=1e-5 * max(1, abs(wanted).max()))


def test_it_is_a_plain_module(tmp_path):
    """It can be saved, loaded, trained and compiled like any other; names are those of the entry's file."""
    from safetensors.numpy import load_file

    module = vidsr.torch.export("sr-tiny-x4")
    names = set(load_file(hub.folder_of("sr-tiny-x4") / "model.safetensors"))
    assert set(module.state_dict()) == names
    torch.save(module.state_dict(), tmp_path / "weights.pth")
    other = vidsr.torch.export("sr-tiny-x4")
    with torch.no_grad():
        next(other.parameters()).zero_()
    other.load_state_dict(torch.load(tmp_path / "weights.pth", weights_only=True))
    x = torch.rand(1, 3, 8, 9)
    assert torch.equal(module(x), other(x)) and not module.training
    module(x).mean().backward()
    assert all(leaf.grad is not None for leaf in module.parameters())
    program = torch.export.export(module, (x,)).module()
    torch.testing.assert_close(program(x), module(x), rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", ["sr-tiny-x4", "sr-small-x4"])
def test_the_halo_of_a_trained_network_is_measured_to_the_pixel(name):
    """Its config states it; and as a step it gives what the network gives in JAX, tiled."""
    net = hub.load(name)
    step = vidsr.torch.wrap(vidsr.torch.export(name), scale=net.scale, tile=24, fidelity=net.fidelity)
    assert step.halo == net.halo
    x = frames(net, "float32").repeat(6, 1).repeat(6, 2)
    out = step(vidsr.stack(x, fps=25))
    np.testing.assert_allclose(out.values, in_jax(net, net.params, x), rtol=0, atol=1e-5)


def test_a_folder_is_exported_too(tmp_path):
    args = {"channels": 3, "width": 4, "depth": 1, "scale": 2}
    about = {
        "name": "mine",
        "verb": "super_resolve",
        "model": "compact",
        "args": args,
        "domain": {},
        "licence": "CC0-1.0",
    }
    params = models.build("compact", seed=3, **args)[1]
    hub.save(tmp_path, params=params, entry=type("Entry", (), about))
    jax.tree.map(np.testing.assert_array_equal, vidsr.torch.params(vidsr.torch.export(tmp_path)), params)


def test_what_is_no_network_of_ours():
    with pytest.raises(RecipeError, match=r"Linear is no network of vidsr's.*vidsr\.torch\.export"):
        vidsr.torch.params(torch.nn.Linear(2, 2))
    with pytest.raises(RecipeError, match="no model 'sr-tiny-x5'"):
        vidsr.torch.export("sr-tiny-x5")
