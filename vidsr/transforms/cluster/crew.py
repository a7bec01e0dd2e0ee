"""The workers of a cluster: who is there, one call at a time each, and which calls were lost because a worker went away."""

import queue
import time
from concurrent.futures import CancelledError
from typing import Any, NamedTuple

import dask

from vidsr.errors import MediaError, RecipeError
from vidsr.transforms.cluster import errand

ANSWER = 10.0  # seconds that a scheduler has to answer in
LOOK = 1.0  # seconds between looks at who is there
INSTALL = "pip install 'vidsr-toolkit[cluster]'"


class Lost(Exception):
    """The worker went away while it worked."""


class Ended(NamedTuple):
    """A call that has ended."""

    what: Any  # as given
    address: str
    result: Any
    error: BaseException | None


class Crew:
    """Workers of a client. A call is bound to its worker: the scheduler never moves it, `next` says when it is lost.

    Raises:
      RecipeError: no `distributed.Client`, or not one that calls wait for.
    """

    def __init__(self, client: Any):
        self.client = checked(client)
        self.alive: set[str] = set()
        self.paused: set[str] = set()  # of those, for lack of memory
        self.calls: dict[Any, tuple[Any, str]] = {}  # future -> (what, address)
        self._ended: queue.Queue = queue.Queue()
        self._looked = float("-inf")

    @property
    def address(self) -> str:
        """Of the scheduler."""
        return getattr(self.client.scheduler, "address", "the scheduler")

    @property
    def remedy(self) -> str:
        """What to type where there are no workers."""
        return f"Start some: dask worker {self.address} --nthreads 1"

    def look(self) -> None:
        """See who is there; calls of workers that are gone end as lost."""
        self._looked = time.monotonic()
        try:
            self.alive = set(self.client.nthreads())
            about = self.client.scheduler_info(n_workers=-1)["workers"]
        except (OSError, RuntimeError) as error:
            raise MediaError(
                f"the scheduler at {self.address} no longer answers ({type(error).__name__}). Start the cluster again, then the same "
                "command: it continues."
            ) from error
        self.paused = {where for where, said in about.items() if said.get("status") == "paused"} & self.alive
        for future, (_, where) in list(self.calls.items()):
            if where not in self.alive:
                self._ended.put((future, None, Lost()))

    def idle(self) -> list[str]:
        """Workers that could begin a call, in a fixed order."""
        busy = {where for _, where in self.calls.values()}
        return sorted(self.alive - self.paused - busy)

    def hold(self, data: bytes) -> Any:
        """Data for many calls, as something to give to them; where they are lost, the scheduler sends them again."""
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "10 GB"}):
            return self.client.submit(bytes, data, pure=False, priority=1)

    def give(self, what: Any, where: str, module: str, name: str, *args: Any) -> None:
        """Have a worker call a function of `vidsr.transforms.cluster.<module>`; `next` gives the answer with `what`."""
        future = self.client.submit(
            errand.run, module, name, *args, workers=[where], allow_other_workers=False, pure=False, key=f"vidsr-{name}-{time.time_ns()}"
        )  # fmt: skip
        self.calls[future] = (what, where)
        future.add_done_callback(self._take)

    def next(self) -> Ended | None:
        """A call that has ended, or None after a moment without one."""
        if time.monotonic() - self._looked > LOOK:
            self.look()
        try:
            future, result, error = self._ended.get(timeout=LOOK)
        except queue.Empty:
            return None
        if future not in self.calls:  # it was lost and is known to be
            return None
        what, where = self.calls.pop(future)
        if error is not None:
            future.cancel()
        return Ended(what, where, result, error)

    def stop(self) -> None:
        """Take back all calls; workers notice before their next block."""
        futures, self.calls = list(self.calls), {}
        try:
            self.client.cancel(futures)
        except (OSError, RuntimeError):  # the scheduler is gone, and the calls with it
            pass

    def tell(self, workers: list[str], module: str, name: str, *args: Any) -> None:
        """Have workers call a function when they come to it; nobody waits."""
        for where in workers:
            try:
                future = self.client.submit(
                    errand.run, module, name, *args, workers=[where], allow_other_workers=True, pure=False
                )
                _distributed().fire_and_forget(future)
            except (OSError, RuntimeError):
                return

    def _take(self, future: Any) -> None:
        """In a thread of the client: fetch what came out."""
        try:
            self._ended.put((future, future.result(), None))
        except BaseException as error:
            self._ended.put((future, None, Lost() if _is_death(error) else error))


def checked(client: Any) -> Any:
    """The client, if it is one that can be waited for."""
    distributed = _distributed()
    if not isinstance(client, distributed.Client):
        raise RecipeError(
            f"client={client!r} is no distributed.Client. Make one: distributed.Client('tcp://scheduler:8786'), or for the cores here "
            "distributed.Client(n_workers=2, threads_per_worker=1)."
        )
    if client.asynchronous:
        raise RecipeError(
            "client= is an asynchronous Client, which render cannot wait for. Make another: distributed.Client(address)."
        )
    if client.status != "running":
        raise RecipeError(f"client= is {client.status}. Make another: distributed.Client(address).")
    return client


def connected(address: str) -> Any:
    """A client of the scheduler at an address such as "tcp://host:8786"; to be closed, as by `with`.

    Raises:
      RecipeError: dask.distributed is not installed, or this is no address. MediaError: no scheduler answers there.
    """
    distributed = _distributed()
    try:
        return distributed.Client(address, timeout=ANSWER, set_as_default=False)
    except ValueError as error:
        raise RecipeError(f"{address!r} is no address ({error}). For example tcp://host:8786.") from error
    except OSError as error:
        raise MediaError(
            f"no scheduler answers at {address}. Start one there, dask scheduler, and workers: dask worker {address}"
        ) from error


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise RecipeError(
            f"client= needs dask.distributed. Install the extra `cluster`: {INSTALL}"
        ) from error
    return distributed


def _is_death(error: BaseException) -> bool:
    """Whether an error of a call means that its worker ended, or was restarted, and not the call."""
    distributed = _distributed()
    return isinstance(error, distributed.KilledWorker | distributed.CancelledError | CancelledError)
