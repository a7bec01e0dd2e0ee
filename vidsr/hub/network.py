"""The network behind the Hub: whether it is there, in under a second, and its refusals in plain words."""

import logging
import queue
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from vidsr.errors import MediaError, VidsrError

TELL = logging.getLogger("vidsr")
PATIENCE = 0.7  # seconds until a connection stands; a network that is there needs a tenth of it
ANSWER = 10.0  # seconds until a server that was reached says something
_PORTS = {"http": 80, "https": 443}


def reach(url: str, what: str) -> None:
    """Raise at once where nothing answers: `huggingface_hub` alone would try again for half a minute.

    Args:
      url: of the server; a proxy that the environment names is asked in its place.
      what: is wanted of it, for the error.

    Raises:
      MediaError: `HF_HUB_OFFLINE` is set, or no connection within `PATIENCE` seconds.
    """
    from huggingface_hub import is_offline_mode

    if is_offline_mode():
        raise MediaError(
            f"{what} is not on this machine, and HF_HUB_OFFLINE keeps it from the network. Unset it."
        )
    asked = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(asked.scheme) or proxies.get("all")
    if proxy and not proxy_bypass(asked.hostname or ""):
        asked = urlsplit(proxy if "//" in proxy else f"http://{proxy}")
    address = (asked.hostname, asked.port or _PORTS.get(asked.scheme, 443))
    trouble = _knocked(address)
    if trouble is not None:
        raise MediaError(
            f"{what} is not on this machine, and {address[0]}:{address[1]} cannot be reached: {trouble}. Try again with a network; what was "
            "fetched once, and all of vidsr.hub.list(), needs none."
        ) from trouble


def _knocked(address: tuple[str | None, int]) -> Exception | None:
    """Why there is no connection, if there is none; a name that nobody resolves may block, so it is asked for aside."""
    said: queue.SimpleQueue = queue.SimpleQueue()

    def knock() -> None:
        try:
            socket.create_connection(address, timeout=PATIENCE).close()
            said.put(None)
        except (OSError, ValueError) as error:
            said.put(error)

    Thread(target=knock, daemon=True).start()
    try:
        return said.get(timeout=PATIENCE)
    except queue.Empty:
        return TimeoutError(f"no answer within {PATIENCE} s")


@contextmanager
def plain_errors(repo: str, revision: str | None, endpoint: str) -> Iterator[None]:
    """Turns every way the Hub says no into one MediaError that says what to do."""
    from huggingface_hub import errors

    try:
        yield
    except VidsrError:
        raise
    except errors.GatedRepoError as error:
        raise MediaError(
            f"{repo} is gated: its owners let in who accepts their terms. Accept them at {endpoint}/{repo}, then log in: hf auth login"
        ) from error
    except errors.RevisionNotFoundError as error:
        raise MediaError(
            f"{repo} has no revision {revision!r}. Name a branch, a tag or a commit of 40 digits, or leave it out: {repo!r}."
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise MediaError(
            f"{endpoint} shows no repository {repo} ({error.response.status_code}): the name is wrong, or it is private and "
            "not for this user. Check the name, then log in: hf auth login (or set HF_TOKEN)"
        ) from error
    except errors.HfHubHTTPError as error:
        raise MediaError(_refused(repo, endpoint, error.response.status_code)) from error
    except (errors.HTTPError, OSError, ValueError, RuntimeError) as error:
        said = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        raise MediaError(f"{endpoint} and {repo}: {said}. Try again.") from error


def _refused(repo: str, endpoint: str, status: int) -> str:
    if status in (401, 403):
        return (
            f"{endpoint} refuses {repo} to this token ({status}): it is invalid, or not allowed to do this. "
            "Log in with another: hf auth login (or set HF_TOKEN)"
        )
    return f"{endpoint} answers {status} when asked for {repo}. Try again later."
