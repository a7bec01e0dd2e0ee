"""A render on the workers of a cluster: who may take part, which segment goes where, what is done again.

The process that renders settles the steps, runs the analyses, joins the segments and keeps `<out>.part`. Workers open the source
themselves, read across the borders of their segments, and write them in the final codec.
"""

import copy
import os
import time as clock
import uuid
from collections import Counter, deque
from pathlib import Path
from typing import Any

import cloudpickle

from vidsr.errors import MediaError, RecipeError, StackError
from vidsr.run.view import View
from vidsr.transforms import crew as crews
from vidsr.transforms import fitness, forecast

WAIT = 10.0  # seconds without any worker, after which there are none
PATIENCE = 30.0  # seconds to wait for the answer of a worker that is busy, once others have answered
RETRIES = 3  # times that a segment is done again
LARGEST = 256e6  # bytes of a job that is sent to every worker
_KINDS = {fitness.RECIPE: RecipeError, fitness.MEDIA: MediaError}


class Cluster:
    """The workers of a client, for one render.

    Raises:
      RecipeError: dask.distributed is not installed, or `client` is no client to wait for.
    """

    def __init__(self, client: Any):
        self.crew = crews.Crew(client)
        self.fit: dict[str, bool] = {}  # worker -> whether it sees the render's folder
        self.unfit: set[str] = set()
        self.token, self.mark = uuid.uuid4().hex, uuid.uuid4().hex
        self.failures: Counter = Counter()  # of segments

    def check(self, job: Any) -> None:
        """Ask every worker whether it would make the same frames.

        Raises:
          RecipeError: no workers; one has other versions, or cannot load the pipeline; the pipeline cannot be sent. MediaError: a
            worker does not see the source.
        """
        self._await_workers()
        view, part = job.view, job.part
        chain = pickled((view.array, [step.bare() for step in view.steps], view.extra_sources), view)
        part.write(fitness.TOKEN, self.token)
        wanted = fitness.asked(view, job.encoding.codec, job.path)
        held = self.crew.hold(chain)
        self.question = (held, wanted, str(part.folder.resolve()), self.token)
        self.processor, self.say = fitness.processor(), job.say
        self._ask()
        begun = clock.monotonic()
        try:
            while self.crew.calls and not (self.fit and clock.monotonic() - begun > PATIENCE):
                ended = self.crew.next()
                if ended is not None:
                    self._answered(ended, must=True)
        except BaseException:
            self.crew.stop()
            raise
        if not self.fit:
            raise RecipeError(
                f"no worker of {crews.address(self.crew.client)} is left. {_start(self.crew.client)}"
            )

    def render(self, job: Any) -> None:
        """Have the workers make the segments that are missing."""
        sent = copy.copy(job.view)
        sent.steps = [step.bare() for step in sent.steps]
        held = self.crew.hold(pickled((sent, job.encoding), sent))
        done = set(job.part.finished())
        missing = deque(number for number in range(len(job.ends)) if number not in done)
        chained = bool(job.view.graph().causal())
        waiting = deque([missing[0]]) if chained else missing
        names = [type(step).__name__ for step in job.view.steps if step.kind == "scan"]
        self.say(
            f"{len(self.fit)} worker(s)"
            + f"; {', '.join(names)} hands its state from segment to segment, so they go one by one" * chained
        )
        self._work(job, held, waiting, chained)

    def _work(self, job: Any, held: Any, waiting: deque, chained: bool) -> None:
        begun, at_first, total = clock.monotonic(), job.kept(), job.view.shape[0]
        seen = begun
        try:
            while waiting or any(isinstance(what, int) for what, _ in self.crew.calls.values()):
                for where in self.crew.idle():
                    if waiting and where in self.fit:
                        self._give(job, held, waiting.popleft(), where)
                ended = self.crew.next()
                self._ask()
                if self.fit or self.crew.calls:
                    seen = clock.monotonic()
                elif clock.monotonic() - seen > WAIT:
                    raise MediaError(
                        f"no worker of {crews.address(self.crew.client)} is left. Start some, then the same command: it continues."
                    )
                if ended is None:
                    continue
                if not isinstance(ended.what, int):
                    self._answered(ended, must=False)
                elif ended.error is not None:
                    self._failed(job, ended)
                    waiting.appendleft(ended.what)
                else:
                    self._take(job, ended)
                    if chained and ended.what + 1 < len(job.ends):
                        waiting.append(ended.what + 1)
                    kept = job.kept()
                    left = (clock.monotonic() - begun) / (kept - at_first) * (total - kept)
                    job.say(f"{kept}/{total} frames, {forecast.duration(left)} left")
        finally:
            self.crew.stop()

    def _give(self, job: Any, held: Any, number: int, where: str) -> None:
        start, stop = job.span(number)
        name = f"unfinished-{number:06d}-{uuid.uuid4().hex[:8]}{job.part.out.suffix}"
        to = str(job.part.folder.resolve() / name) if self.fit[where] else name
        self.crew.give(
            number,
            where,
            "worker",
            "make",
            held,
            self.mark,
            (start, stop),
            job.time[start:stop],
            job.part.states(number),
            to,
        )

    def _take(self, job: Any, ended: crews.Ended) -> None:
        """Give a segment its name."""
        made, number = ended.result, ended.what
        written = job.part / Path(made["to"]).name
        with job.part.writing():
            if made["data"] is not None:
                written.write_bytes(made["data"])
            size = os.stat(written).st_size
        if size != made["size"]:
            raise MediaError(
                f"{written} has {size} bytes here, and {ended.address} wrote {made['size']}. Look whether the disk is whole: df -h {job.part.folder}"
            )
        job.part.take(number, written, made["states"])

    def _failed(self, job: Any, ended: crews.Ended) -> None:
        """Say that a segment is done again, or raise what is the same on every worker, or that it was done often enough."""
        number, error = ended.what, ended.error
        start, stop = job.span(number)
        what = f"frames {start} to {stop - 1}"
        how = "ended without an answer" if isinstance(error, crews.Lost) else f"failed: {fitness.said(error)}"
        self.failures[number] += 1
        if isinstance(error, RecipeError | StackError):
            raise error
        if self.failures[number] > RETRIES:
            raise MediaError(
                f"{what} were given up after {RETRIES + 1} workers: the last, {ended.address}, {how}. Workers that end without an answer mostly "
                "lack memory; start them with more: dask worker ADDRESS --nthreads 1 --memory-limit 8GB. The same command continues."
            ) from error
        job.say(f"worker {ended.address} {how}; {what} are done again ({self.failures[number]} of {RETRIES})")

    def _await_workers(self) -> None:
        begun = clock.monotonic()
        self.crew.look()
        while not self.crew.alive:
            if clock.monotonic() - begun > WAIT:
                raise RecipeError(
                    f"{crews.address(self.crew.client)} has no workers, {WAIT:.0f} s after it was asked. {_start(self.crew.client)}"
                )
            clock.sleep(0.2)
            self.crew.look()

    def _ask(self) -> None:
        """Ask workers that are new; those that are gone are forgotten."""
        self.fit = {where: sees for where, sees in self.fit.items() if where in self.crew.alive}
        for where in self.crew.idle():
            if where not in self.fit and where not in self.unfit:
                self.crew.give("check", where, "fitness", "check", *self.question)

    def _answered(self, ended: crews.Ended, *, must: bool) -> None:
        """A worker's answer: it takes part, or it is refused: as an error if it `must`, else in a line."""
        if isinstance(ended.error, crews.Lost):
            return
        kind, said = fitness.RECIPE, ""
        if ended.error is not None:
            said = f"worker {ended.address} cannot run this version of vidsr ({fitness.said(ended.error)}). Install it there: {crews.INSTALL}."
        elif ended.result["refusal"] is not None:
            kind, why = ended.result["refusal"]
            said = f"worker {ended.address} on {ended.result['host']}: {why}."
        if not said:
            self.fit[ended.address] = ended.result["sees"]
            if ended.result["processor"] != self.processor:
                self.say(
                    f"worker {ended.address} has another processor ({ended.result['processor']}) than this process ({self.processor}): its frames "
                    "agree to 1e-5, not to the bit"
                )
            return
        if must:
            raise _KINDS[kind](said)
        self.unfit.add(ended.address)
        self.say(f"left out: {said}")


def pickled(item: Any, view: View) -> bytes:
    """What is sent to every worker.

    Raises:
      RecipeError: a step or the source cannot be sent, or is too large to be.
    """
    try:
        data = cloudpickle.dumps(item)
    except Exception as error:
        raise RecipeError(_unsendable(view, error)) from error
    if len(data) > LARGEST:
        raise RecipeError(
            f"the pipeline and its source are {len(data) / 1e6:.0f} MB to send to every worker, most likely because a stack is in memory; "
            f"at most {LARGEST / 1e6:.0f} are sent. Save it and render the file: vidsr.save(stack, 'clip.mkv', codec='ffv1')."
        )
    return data


def _unsendable(view: View, error: Exception) -> str:
    """Which step it is that cannot be sent."""
    for number, step in enumerate(view.steps, 1):
        try:
            cloudpickle.dumps(step.bare())
        except Exception as why:
            return (
                f"step {number}, {type(step).__name__}, cannot be sent to workers ({fitness.said(why)}). Build it from what pickles: functions and "
                "classes of a module, no open files, locks or threads; or render here, without client=."
            )
    return f"the source cannot be sent to workers ({fitness.said(error)}). Render a file: pipeline.render('clip.mkv', out, client=client)."


def _start(client: Any) -> str:
    return f"Start some: dask worker {crews.address(client)} --nthreads 1."
