"""LPIPS and DISTS: the figures of their authors' packages on shared random networks, and what any distance owes."""

import jax
import numpy as np
import pytest
from jax import enable_x64

from tests.metrics import peers
from vidsr.errors import RecipeError, StackError
from vidsr.metrics.perceptual import Backbone, dists, lpips
from vidsr.metrics.perceptual.weights import read

# python -m tests.metrics.peers, lpips 0.1.4, DISTS-pytorch 0.1, torch 2.13.0: values, and the sum of |gradient|
KEPT = {
    "alex": ([0.0022953, 0.0589292], 2.7730057),
    "vgg": ([0.0047953, 0.0950529], 1.2629595),
    "dists": ([0.0010809, 0.1548897], 2.1794422),
}


def judge(name):
    net = "vgg" if name == "dists" else name
    backbone = peers.random_backbone(net)
    return lambda x, y: (dists if name == "dists" else lpips)(x, y, backbone, peak=1.0)


def with_gradient(name, x, reference):
    values, back = jax.vjp(lambda v: judge(name)(v, reference), x)
    return np.asarray(values), np.asarray(back(np.ones_like(values))[0])


@pytest.mark.parametrize("name", KEPT)
def test_the_packages_figures_come_out(name):
    values, gradient = with_gradient(name, *peers.pictures())
    wanted, total = KEPT[name]
    np.testing.assert_allclose(values, wanted, atol=1e-6)
    assert np.abs(gradient).sum() == pytest.approx(total, rel=1e-3)


@pytest.mark.parametrize("name", KEPT)
def test_value_and_gradient_are_the_packages_where_it_is_installed(name):
    try:
        module = peers.dists() if name == "dists" else peers.lpips(name)
    except peers.PACKAGES as error:
        pytest.skip(f"pip install lpips DISTS-pytorch torchvision: {error}")
    x, reference = (v.astype(np.float64) for v in peers.pictures())
    options = {"require_grad": True} if name == "dists" else {"normalize": True}
    values, gradient = peers.judged(module.double(), x, reference, **options)
    with enable_x64(True):
        ours, slope = with_gradient(name, x, reference)
    np.testing.assert_allclose(ours, values, atol=1e-7)
    np.testing.assert_allclose(slope, gradient, atol=1e-6 * np.abs(gradient).max())


@pytest.mark.parametrize("name", KEPT)
def test_equal_frames_are_at_no_distance_and_the_two_may_change_places(name):
    x, reference = peers.pictures()
    np.testing.assert_allclose(judge(name)(x, x), 0, atol=1e-6)
    np.testing.assert_allclose(judge(name)(x, reference), judge(name)(reference, x), atol=1e-6)


@pytest.mark.parametrize("name", KEPT)
def test_the_gradient_is_finite_between_equal_and_flat_frames(name):
    x, reference = peers.pictures()
    black = np.zeros_like(x)
    for a, b in ((reference, reference), (black, black), (black, reference)):
        values, gradient = with_gradient(name, a, b)
        assert np.isfinite(values).all() and np.isfinite(gradient).all()


def test_grey_is_repeated_and_the_peak_scales():
    x, reference = (v[:1, ..., :1] for v in peers.pictures())
    one = judge("alex")(x, reference)
    np.testing.assert_allclose(judge("alex")(*(v.repeat(3, 3) for v in (x, reference))), one, rtol=1e-6)
    backbone = peers.random_backbone("alex")
    np.testing.assert_allclose(lpips(x * 255, reference * 255, backbone, peak=255.0), one, rtol=1e-4)


def test_the_weights_that_come_along_are_the_published_ones():
    """Sums as `lpips/weights/v0.1` and `DISTS_pytorch/weights.pt` have them; LPIPS adds, so none is negative."""
    for net, sizes in (("alex", (64, 192, 384, 256, 256)), ("vgg", (64, 128, 256, 512, 512))):
        stored = read(f"lpips_{net}")
        assert tuple(stored[f"layer{i}"].size for i in range(5)) == sizes
        assert all((layer >= 0).all() for layer in stored.values())
    assert {k: v.shape for k, v in read("dists").items()} == {"alpha": (1475,), "beta": (1475,)}


def test_another_network_and_small_pictures_are_refused():
    x, reference = peers.pictures(count=1)
    with pytest.raises(RecipeError, match=r"vidsr.hub.backbone\('vgg', path\)"):
        dists(x, reference, peers.random_backbone("alex"), peak=1.0)
    short = Backbone("alex", peers.random_backbone("alex").layers[:3])
    with pytest.raises(RecipeError, match="has 5: "):
        lpips(x, reference, short, peak=1.0)
    with pytest.raises(StackError, match="at least 31 x 31 pixels, got 48 x 30"):
        lpips(x[:, :30], reference[:, :30], peers.random_backbone("alex"), peak=1.0)
    lpips(x[:, :31, :31], reference[:, :31, :31], peers.random_backbone("alex"), peak=1.0)
