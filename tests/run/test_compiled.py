"""Compiled programs are kept in a folder of the user's alone, taken up again, and left off when somebody said so."""

import os
import stat

import jax
import numpy as np
import pytest
from jax.experimental.compilation_cache import compilation_cache

from tests.run.events import times
from vidsr.run import compiled

NAMES = ("dir", "max_size")
SETTINGS = [*(f"jax_compilation_cache_{n}" for n in NAMES), "jax_persistent_cache_min_compile_time_secs",
            "jax_persistent_cache_min_entry_size_bytes", "jax_enable_compilation_cache"]  # fmt: skip


@pytest.fixture(autouse=True)
def as_before():
    held = {name: getattr(jax.config, name) for name in SETTINGS}
    yield
    for name, value in held.items():
        jax.config.update(name, value)
    compilation_cache.reset_cache()


def keep():
    compiled.keep.__wrapped__()


def kept(folder):
    return sorted(p.name for p in folder.rglob("*-cache"))


def hits(work):
    return times("/jax/compilation_cache/cache_hits", work)


def program():
    """A new function with the program of any other that this gives."""
    return jax.jit(lambda x: x * np.float32(3) + np.float32(1))


def test_a_program_is_kept_and_taken_up_again(tmp_path, monkeypatch):
    monkeypatch.setenv(compiled.VARIABLE, str(tmp_path / "programs"))
    x = np.arange(5, dtype=np.float32)
    program()(x)  # JAX has looked for a cache by now
    keep()
    assert hits(lambda: program()(x)) == 0
    assert len(kept(tmp_path / "programs")) == 1
    jax.clear_caches()
    assert hits(lambda: np.testing.assert_array_equal(program()(x), 3 * x + 1)) == 1


def test_the_folder_is_the_users_alone(tmp_path, monkeypatch):
    monkeypatch.delenv(compiled.VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(compiled.sys, "platform", "linux")
    mask = os.umask(0)
    try:
        keep()
    finally:
        os.umask(mask)
    made = tmp_path / "vidsr" / "compiled"
    assert jax.config.jax_compilation_cache_dir == str(compiled.wanted())
    for folder in (made, *made.iterdir()):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("wrong", ["open to others", "a link", "a file", "cannot be made"])
def test_without_such_a_folder_nothing_is_kept_and_nothing_said(tmp_path, monkeypatch, wrong, recwarn):
    folder = tmp_path / "programs"
    if wrong == "open to others":
        folder.mkdir()
        folder.chmod(0o770)
    elif wrong == "a link":
        (tmp_path / "theirs").mkdir(mode=0o700)
        folder.symlink_to(tmp_path / "theirs")
    elif wrong == "a file":
        folder.write_bytes(b"")
    else:
        (tmp_path / "file").write_bytes(b"")
        folder = tmp_path / "file" / "programs"
    monkeypatch.setenv(compiled.VARIABLE, str(folder))
    keep()
    assert jax.config.jax_compilation_cache_dir is None and not list(recwarn)


@pytest.mark.parametrize("said", ["folder", "off", "nothing"])
def test_what_the_user_said_stays(tmp_path, monkeypatch, said):
    monkeypatch.setenv(compiled.VARIABLE, "" if said == "nothing" else str(tmp_path / "ours"))
    if said == "folder":
        jax.config.update("jax_compilation_cache_dir", str(tmp_path / "theirs"))
    if said == "off":
        jax.config.update("jax_enable_compilation_cache", False)
    before = [getattr(jax.config, name) for name in SETTINGS]
    keep()
    assert [getattr(jax.config, name) for name in SETTINGS] == before
    assert not (tmp_path / "ours").exists()
