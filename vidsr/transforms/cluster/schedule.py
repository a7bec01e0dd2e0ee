"""A render on the workers of a cluster: what goes to whom, and what is done again.

The process that renders settles the steps, solves the analyses, joins the segments and keeps `<out>.part`. Workers open the source
themselves, read across the borders of their segments, measure rows of analyses, and write segments in the final codec.
"""

import dataclasses
import os
import time as clock
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from vidsr.errors import MediaError, RecipeError, StackError
from vidsr.media.light import Light
from vidsr.run.view import View
from vidsr.transforms import forecast
from vidsr.transforms.cluster import fitness, parcel
from vidsr.transforms.cluster.crew import Crew, Ended, Lost
from vidsr.transforms.cluster.roster import QUESTION, Roster

RETRIES = 3  # times that a span of frames is done again
GONE = 60.0  # seconds without any worker on the way, after which none will come
Call = tuple[str, tuple]  # function of `worker`, and what it is given after the work and the span


class Cluster:
    """The workers of a client, for one render.

    Raises:
      RecipeError: dask.distributed is not installed, or `client` is no client to wait for.
    """

    def __init__(self, client: Any):
        self.crew = Crew(client)
        self.roster = Roster(self.crew)

    def check(self, job: Any) -> None:
        """Ask every worker whether it would make the same frames; see `fitness`.

        Raises:
          RecipeError: no workers; one has other versions, or cannot load the pipeline; the pipeline cannot be sent. MediaError: a
            worker does not see the source.
        """
        wanted = fitness.asked(job.view, job.encoding.codec, job.path)
        try:
            self.roster.begin(parcel.chain(job.view), wanted, job)
        except BaseException:
            self.crew.stop()
            raise

    def analyse(self, job: Any) -> None:
        """Have the rows of whole-clip analyses measured, and solve them here; but for those behind a causal step."""
        for number, step in enumerate(job.view.steps):
            if step.kind == "scan":
                return
            if step.kind == "analysis" and step.reach is None and number not in job.view.solved:
                self._analyse(job, number)

    def light(self, job: Any) -> Light:
        """Light levels of the result."""
        found: list[Light] = []

        def take(ended: Ended) -> Iterable[int]:
            found.append(ended.result)
            return ()

        self._go(job, job.view, lambda *_: ("light", ()), take, range(len(job.ends)))
        highest = {name: max(getattr(f, name) for f in found) for name in ("max_cll", "max_fall", "peak")}
        return dataclasses.replace(found[0], **highest)

    def render(self, job: Any) -> None:
        """Have the segments made that are missing."""
        chained = [type(step).__name__ for step in job.view.steps if step.kind == "scan"]
        done = set(job.part.finished())
        missing = [number for number in range(len(job.ends)) if number not in done]
        if chained:
            job.say(
                f"{', '.join(chained)} hands its state from segment to segment: they go one after another"
            )
            missing = missing[:1]
        begun, at_first, total = clock.monotonic(), job.kept(), job.view.shape[0]
        kept = at_first
        job.view.warn((0, total))

        def take(ended: Ended) -> Iterable[int]:
            _take(job, ended)
            nonlocal kept
            start, stop = job.span(ended.what)
            kept += stop - start
            left = (clock.monotonic() - begun) / (kept - at_first) * (total - kept)
            job.say(f"{kept}/{total} frames, {forecast.duration(left)} left")
            return [ended.what + 1] if chained and ended.what + 1 < len(job.ends) else []

        def call(number: int, where: str) -> Call:
            return "make", (
                job.time[slice(*job.span(number))],
                job.part.states(number),
                self._place(job, number, where),
            )

        self._go(job, job.view, call, take, missing)

    def _analyse(self, job: Any, number: int) -> None:
        view = job.view
        part = View(
            view.array, view.source_spec, view.steps[: number + 1], view.numbers, view.blocks, view.extra_sources[: number + 1]
        )  # fmt: skip
        part.solved = dict(view.solved)
        part.graph()
        view.steps[: number + 1] = part.steps
        rows: dict[int, np.ndarray] = {}

        def take(ended: Ended) -> Iterable[int]:
            rows[ended.what] = ended.result
            done, total = sum(map(len, rows.values())), view.shape[0]
            job.say(f"analysing for step {number + 1}: {done}/{total} frames")
            return ()

        self._go(job, part, lambda *_: ("measure", ()), take, range(len(job.ends)))
        _, table = part.graph().tables[-1]
        table.whole = np.concatenate([rows[k] for k in range(len(job.ends))])
        table.solve()
        view.solved[number] = table.solved

    def _go(
        self,
        job: Any,
        view: View,
        call: Callable[[int, str], Call],
        take: Callable[[Ended], Iterable[int]],
        numbers: Iterable[int],
    ) -> None:
        """Have a function of `worker` run over segments, by number, of a view; `take` gives numbers that may follow on one."""
        waiting, failures = deque(numbers), Counter[int]()
        held, mark = self.crew.hold(parcel.work(view, job.encoding)), uuid.uuid4().hex
        at_work, seen = 0, clock.monotonic()
        try:
            while waiting or at_work:
                self.roster.ask()
                for where in self.crew.idle():
                    if waiting and where in self.roster.fit:
                        number = waiting.popleft()
                        name, given = call(number, where)
                        self.crew.give(number, where, "worker", name, held, mark, job.span(number), *given)
                        at_work += 1
                ended = self.crew.next()
                seen = self._anybody(seen)
                if ended is None:
                    continue
                if ended.what == QUESTION:
                    self.roster.answered(ended)
                    continue
                at_work -= 1
                if ended.error is None:
                    waiting.extend(take(ended))
                else:
                    failures[ended.what] += 1
                    _failed(job, ended, failures[ended.what])
                    waiting.appendleft(ended.what)
        finally:
            self.crew.stop()
            self.crew.tell(list(self.roster.fit), "worker", "forget", mark)

    def _anybody(self, seen: float) -> float:
        """When somebody was last there to work, or raise if that is long ago."""
        if self.crew.calls or set(self.roster.fit) - self.crew.paused:
            return clock.monotonic()
        if clock.monotonic() - seen > GONE:
            full = len(self.crew.paused)
            paused = f" ({full} are paused, because their memory is full)" if full else ""
            raise MediaError(
                f"no worker of {self.crew.address} is left{paused}. {self.crew.remedy}. The same command then continues."
            )
        return seen

    def _place(self, job: Any, number: int, where: str) -> str:
        """Where a worker writes a segment: in the folder, under a name that no other attempt has, or beside itself."""
        name = f"unfinished-{number:06d}-{uuid.uuid4().hex[:8]}{job.part.out.suffix}"
        return str(job.part.folder.resolve() / name) if self.roster.fit[where] else name


def _take(job: Any, ended: Ended) -> None:
    """Give a segment its name."""
    made = ended.result
    written = job.part / Path(made["to"]).name
    with job.part.writing():
        if made["data"] is not None:
            written.write_bytes(made["data"])
        size = os.stat(written).st_size
    if size != made["size"]:
        raise MediaError(
            f"{written} has {size} bytes here, and {ended.address} wrote {made['size']}. Look at the disk: df -h {job.part.folder}"
        )
    job.part.take(ended.what, written, made["states"])


def _failed(job: Any, ended: Ended, times: int) -> None:
    """Say that frames are done again; or raise what any worker would meet, or that it was enough."""
    if isinstance(ended.error, RecipeError | StackError):
        raise ended.error
    start, stop = job.span(ended.what)
    is_lost = isinstance(ended.error, Lost)
    how = "is gone" if is_lost else f"failed ({fitness.said(ended.error)})"
    if times > RETRIES:
        why = (
            "Workers that go while they work mostly lack memory; start them with more: dask worker ADDRESS --nthreads 1 --memory-limit 8GB"
            if is_lost
            else "Look at its log: client.get_worker_logs()"
        )
        raise MediaError(
            f"frames {start} to {stop - 1} were given up after {times} workers; the last, {ended.address}, {how}. {why}"
        ) from ended.error
    job.say(
        f"worker {ended.address} {how}; frames {start} to {stop - 1} are done again ({times} of {RETRIES})"
    )
