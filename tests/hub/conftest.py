"""A Hub on this machine, and a cache of its own for each test that asks for one."""

import logging

import pytest

from tests.hub.server import TOKEN, served


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache of the Hub and of vidsr, and a user who has not logged in; offline, as all tests are."""
    from huggingface_hub import constants

    home = tmp_path / "cache"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(home / "token"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    return home


@pytest.fixture
def online(cache, monkeypatch):
    """The Hub on this machine, asked in place of the real one."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with served() as hub:
        monkeypatch.setattr(constants, "ENDPOINT", hub.address)
        template = hub.address + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        yield hub


@pytest.fixture
def owner(monkeypatch):
    """The user has logged in."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
