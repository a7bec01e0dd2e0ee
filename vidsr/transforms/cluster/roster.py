"""Which workers of a cluster take part in a render: each is asked once whether it would make the same frames."""

import time as clock
import uuid
from typing import Any

from vidsr.errors import MediaError, RecipeError
from vidsr.run import processor
from vidsr.transforms.cluster import fitness
from vidsr.transforms.cluster.crew import INSTALL, Crew, Ended, Lost

WAIT = 10.0  # seconds without any worker, after which there are none
PATIENCE = 30.0  # seconds for the answer of a worker that is busy, once another has answered
QUESTION = "question"  # what a call is for
_KINDS = {fitness.RECIPE: RecipeError, fitness.MEDIA: MediaError}


class Roster:
    """Workers that were found fit, and those that were refused."""

    def __init__(self, crew: Crew):
        self.crew = crew
        self.fit: dict[str, bool] = {}  # worker -> whether it sees the render's folder
        self.unfit: set[str] = set()

    def begin(self, chain: bytes, wanted: dict[str, Any], job: Any) -> None:
        """Ask all that are there, and wait for their answers.

        Raises:
          RecipeError, MediaError: one was refused. RecipeError: there are none.
        """
        token = uuid.uuid4().hex
        job.part.write(fitness.TOKEN, token)
        self.question = (self.crew.hold(chain), wanted, str(job.part.folder.resolve()), token)
        self.say, self.processor = job.say, processor.model()
        self._await()
        self.ask()
        begun = clock.monotonic()
        while self.crew.calls and not (self.fit and clock.monotonic() - begun > PATIENCE):
            ended = self.crew.next()
            if ended is not None:
                said, kind = self._take(ended)
                if said:
                    raise kind(said)
        if not self.fit:
            raise RecipeError(f"no worker of {self.crew.address} is left. {self.crew.remedy}.")

    def ask(self) -> None:
        """Ask those that are new; those that are gone are forgotten."""
        self.fit = {where: sees for where, sees in self.fit.items() if where in self.crew.alive}
        for where in self.crew.idle():
            if where not in self.fit and where not in self.unfit:
                self.crew.give(QUESTION, where, "fitness", "check", *self.question)

    def answered(self, ended: Ended) -> None:
        """One that came later takes part, or does not, which is said."""
        said, _ = self._take(ended)
        if said:
            self.say(f"left out: {said}")

    def _await(self) -> None:
        begun = clock.monotonic()
        self.crew.look()
        while not self.crew.alive:
            if clock.monotonic() - begun > WAIT:
                raise RecipeError(
                    f"{self.crew.address} has had no workers for {WAIT:.0f} s. {self.crew.remedy}."
                )
            clock.sleep(0.2)
            self.crew.look()

    def _take(self, ended: Ended) -> tuple[str, type[Exception]]:
        """What is wrong with a worker, in words, and as which error; nothing if it takes part, or is gone."""
        if isinstance(ended.error, Lost):
            return "", RecipeError
        if ended.error is not None:
            self.unfit.add(ended.address)
            return (
                f"worker {ended.address} cannot run this version of vidsr ({fitness.said(ended.error)}). Install it there: {INSTALL}",
                RecipeError,
            )
        answer = ended.result
        if answer["refusal"] is not None:
            self.unfit.add(ended.address)
            kind, why = answer["refusal"]
            return f"worker {ended.address} on {answer['host']}: {why}", _KINDS[kind]
        self.fit[ended.address] = answer["sees"]
        if answer["processor"] != self.processor:
            self.say(
                f"worker {ended.address} has another processor ({answer['processor']}) than this process ({self.processor}): its frames "
                "agree to a hundredth of an 8-bit level, not to the bit"
            )
        return "", RecipeError
