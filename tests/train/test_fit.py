"""The trainer: exact resume, both engines alike, the loss falls, wrong settings are refused."""

import os
import subprocess
import sys

import jax
import numpy as np
import pytest

from vidsr import models
from vidsr.errors import MediaError, RecipeError
from vidsr.train import Pairs, Settings, fit, losses, validator

ARGS = {"channels": 3, "width": 4, "depth": 0, "scale": 2}


@pytest.fixture(scope="module")
def network():
    return models.build("compact", seed=0, **ARGS)


@pytest.fixture(scope="module")
def pictures():
    """Two smooth pictures and their exact halves."""
    from vidsr.train.patches import reduce_bicubic

    y, x = np.mgrid[:48, :56]
    high = [
        np.stack(
            [127 + 120 * np.sin(0.3 * y * (c + 1) + k) * np.cos(0.2 * x + c) for c in range(3)], -1
        ).astype(np.uint8)
        for k in range(2)
    ]
    return Pairs(scale=2, low=tuple(reduce_bicubic(h, 2) for h in high), high=tuple(high), names=("a", "b"))


def run(network, pictures, folder, *, stop=None, args=ARGS, **settings):
    chosen = Settings(**{"steps": 8, "batch": 2, "patch": 8, "rate": 3e-3, "engine": "jax", **settings})
    return fit(
        "compact",
        args,
        network[1],
        pictures,
        chosen,
        folder=folder,
        evaluate=lambda params: {},
        every=2,
        stop=stop,
        say=lambda line: None,
    )


def same(a, b):
    return jax.tree.all(jax.tree.map(np.array_equal, a, b))


@pytest.mark.parametrize("engine", ["jax", "torch"])
def test_a_resumed_run_ends_as_the_uninterrupted_one(network, pictures, tmp_path, engine):
    if engine == "torch":
        pytest.importorskip("torch")
    whole = run(network, pictures, tmp_path / "whole", engine=engine)
    run(network, pictures, tmp_path / "parts", engine=engine, stop=4)
    parts = run(network, pictures, tmp_path / "parts", engine=engine)
    assert parts.steps == whole.steps == 8 and parts.history == whole.history
    assert same(whole.params, parts.params) and not same(whole.params, network[1])


@pytest.mark.parametrize("stop", [5, 7])
def test_the_last_quarter_may_have_a_loss_of_its_own(network, pictures, tmp_path, stop):
    plain = run(network, pictures, tmp_path / "plain")
    whole = run(network, pictures, tmp_path / "whole", last="l2")
    run(network, pictures, tmp_path / "parts", last="l2", stop=stop)
    parts = run(network, pictures, tmp_path / "parts", last="l2")
    assert same(whole.params, parts.params) and not same(whole.params, plain.params)
    assert whole.history[:3] == plain.history[:3]
    assert whole.history[3]["loss"] < plain.history[3]["loss"] / 2  # squares of what is far below one


NETWORKS = {
    "compact": {"channels": 3, "width": 4, "depth": 1, "scale": 2},
    "luma": {"width": 4, "depth": 1, "scale": 2},
    "naf": {"width": 4, "depth": 1, "scale": 2, "fold": 2, "inputs": 4},
}


@pytest.mark.parametrize("model", NETWORKS)
def test_the_twin_has_the_gradient_of_the_network(model):
    """Only the gradient is asked to agree: SOAP turns rounding into steps where a gradient vanishes."""
    pytest.importorskip("torch")
    from vidsr.adapters import twin

    args = NETWORKS[model]
    graphdef, params = models.build(model, seed=0, **args)
    x = jax.random.uniform(jax.random.key(0), (2, 6, 8, args.get("inputs", 3)))
    y = jax.random.uniform(jax.random.key(1), (2, 12, 16, 3))
    wanted = jax.value_and_grad(lambda p: losses.l1(models.apply(graphdef, p, x), y))(params)
    found = twin.gradient(model, args=args, loss=losses.l1)(params, np.asarray(x), np.asarray(y))
    assert abs(found[0] - float(wanted[0])) < 1e-6
    assert jax.tree.structure(found[1]) == jax.tree.structure(wanted[1])
    for a, b in zip(jax.tree.leaves(found[1]), jax.tree.leaves(wanted[1]), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-6)


def test_the_engines_learn_alike(network, pictures, tmp_path):
    pytest.importorskip("torch")
    ours, twin = (run(network, pictures, tmp_path / engine, engine=engine) for engine in ("jax", "torch"))
    np.testing.assert_allclose(
        [r["loss"] for r in ours.history], [r["loss"] for r in twin.history], rtol=3e-2
    )


def test_the_loss_falls_and_validation_is_reported(network, pictures, tmp_path):
    settings = Settings(steps=40, batch=2, patch=8, rate=5e-3)
    lines = []
    fitted = fit(
        "compact",
        ARGS,
        network[1],
        pictures,
        settings,
        folder=tmp_path,
        evaluate=validator(network[0], pictures),
        every=20,
        say=lines.append,
    )
    first, last = fitted.history
    assert last["loss"] < first["loss"] and last["validation"] > 10
    assert len(lines) == 2 and "left" in lines[0]
    assert fitted.high_pixels == 40 * 2 * 16 * 16


def test_another_run_in_the_folder_is_refused(network, pictures, tmp_path):
    run(network, pictures, tmp_path, stop=2)
    with pytest.raises(RecipeError, match=r"rate.*--out"):
        run(network, pictures, tmp_path, rate=1e-4)


def test_another_network_in_the_folder_is_refused(network, pictures, tmp_path):
    run(network, pictures, tmp_path, stop=2)
    with pytest.raises(RecipeError, match=r"network.*--out"):
        wider = {**ARGS, "width": 5}
        run(models.build("compact", seed=0, **wider), pictures, tmp_path, args=wider)


def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_checkpoint(network, pictures, tmp_path):
    whole = run(network, pictures, tmp_path / "whole", stop=2)
    run(network, pictures, tmp_path / "run", stop=2)
    broken = Pairs(scale=2, low=(), high=(), names=())
    object.__setattr__(broken, "batch", lambda **_: tuple(np.full((2, n, n, 3), np.nan) for n in (8, 16)))
    with pytest.raises(RecipeError, match=r"no longer a number.*intact.*rate="):
        run(network, broken, tmp_path / "run")
    kept = run(network, pictures, tmp_path / "run", stop=2)
    assert kept.steps == 2 and same(kept.params, whole.params)


def test_a_full_disk_leaves_the_checkpoint_before(network, pictures, tmp_path, monkeypatch):
    import orbax.checkpoint as ocp

    before = run(network, pictures, tmp_path, stop=2)
    with monkeypatch.context() as patch, pytest.raises(MediaError, match=r"Step 2 is intact: make room"):
        patch.setattr(ocp.CheckpointManager, "save", raising(OSError(28, "No space left on device")))
        run(network, pictures, tmp_path, stop=4)
    assert same(run(network, pictures, tmp_path, stop=2).params, before.params)


def raising(error):
    def save(*_, **__):
        raise error

    return save


def test_a_damaged_checkpoint_is_named(network, pictures, tmp_path):
    run(network, pictures, tmp_path, stop=2)
    for path in (tmp_path / "2" / "state").rglob("*"):
        if path.is_file():
            path.write_bytes(b"")
    with pytest.raises(MediaError, match=r"checkpoint 2 cannot be read.*Delete"):
        run(network, pictures, tmp_path)


def test_bfloat16_learns_nearly_alike(network, pictures, tmp_path):
    whole, half = (run(network, pictures, tmp_path / p, stop=4, precision=p).history for p in ("f32", "bf16"))
    np.testing.assert_allclose([r["loss"] for r in half], [r["loss"] for r in whole], rtol=0.1)
    with pytest.raises(RecipeError, match="precision='f32'"):
        Settings(steps=1, precision="bf16", engine="torch")


def test_two_devices_share_a_batch(tmp_path):
    """In a process of its own, where jax counts two devices: the loss of the first steps is that of one device."""
    losses_of = []
    for count in (1, 2):
        flags = f"--xla_force_host_platform_device_count={count}"
        done = subprocess.run(
            [sys.executable, "-c", SHARED, str(count)],
            env={
                **os.environ,
                "XLA_FLAGS": flags,
                "JAX_PLATFORMS": "cpu",
                "NPROC": "4",
            },  # devices that wait for each other need a thread each
            capture_output=True,
            text=True,
            check=True,
            timeout=240,
        )
        losses_of.append([float(word) for word in done.stdout.split()])
    assert len(losses_of[0]) == 3
    np.testing.assert_allclose(losses_of[1], losses_of[0], rtol=2e-3)


SHARED = """
import sys
import jax, numpy as np
from vidsr import models
from vidsr.train import Settings, step
assert len(jax.devices()) == int(sys.argv[1])
graphdef, params = models.build("compact", seed=0, channels=3, width=4, depth=0, scale=2)
engine = step.jax_engine(graphdef, Settings(steps=100))
rng = np.random.default_rng(0)
low, high = (rng.integers(0, 256, (3, 4, n, n, 3), dtype=np.uint8) for n in (8, 16))
print(*engine(step.fresh(params), low, high)[1])
"""


@pytest.mark.parametrize(
    "wrong", [{"engine": "tf"}, {"loss": "gan"}, {"last": "gan"}, {"steps": 0}, {"rate": -1.0}]
)
def test_nonsense_settings_are_refused_before_work(wrong):
    with pytest.raises(RecipeError):
        Settings(**{"steps": 8, **wrong})
