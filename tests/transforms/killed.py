"""Renders that are killed: run by test_kill.py in a process of its own, which forks one child a render.

    python -m tests.transforms.killed full in.mkv out.mkv '{"after": "000001.mkv", "wait": 0.05}' '{}' ...

`full` or `quick` names a pipeline. Every argument after `out` is a plan for one render of the same film to the same
place, in order; an empty plan lets it end:
  after    wait for a new file of this pattern in `<out>.part`
  at       wait until this was said
  wait     then, so many seconds
  signal   then send this signal, 9 unless given
  second   or then, instead of a signal, halt it and start a second render to the same place
  replace  the render kills itself before its n-th file is put under its name
Prints one line of JSON a render: status, seconds, what it said, the files it left in `<out>.part`.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

import jax

import vidsr
import vidsr.transforms.denoise
import vidsr.transforms.regrain
import vidsr.transforms.render
import vidsr.transforms.stabilise  # noqa: F401  (imported once, for all children)
from vidsr.media import joiner
from vidsr.transforms import segment

SEGMENT = 16  # frames
PACKET = 0.004  # seconds the join rests at every packet, so that there is a moment to kill it in


def pipeline(name: str) -> vidsr.Pipeline:
    """A causal and a random step; `full` has a two-pass step before them."""
    steps = [vidsr.denoise(causal=True), vidsr.regrain(0.02)]
    return vidsr.pipeline(*([vidsr.stabilise()] if name == "full" else []), *steps)


def render(name: str, given: Path, out: Path, plan: dict) -> None:
    """In the child: the render itself, in short segments, with a slow join."""
    segment.LENGTH = SEGMENT
    film_packets, replace = joiner._film_packets, os.replace
    count = [0]

    def slow(*args):
        for packet in film_packets(*args):
            time.sleep(PACKET)
            yield packet

    def counted(*args, **options):
        count[0] += 1
        if count[0] == plan.get("replace"):
            os.kill(os.getpid(), signal.SIGKILL)
        replace(*args, **options)

    joiner._film_packets, os.replace = slow, counted
    pipeline(name).render(given, out, seed=3)


def forked(name: str, given: Path, out: Path, plan: dict, said: Path) -> int:
    """Start a child that renders; its number."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        render(name, given, out, plan)
        status = 0
    except KeyboardInterrupt:
        status = 130
    except BaseException as error:
        print(repr(error), file=sys.stderr, flush=True)
    finally:
        os._exit(status)


def run(name: str, given: Path, out: Path, plan: dict, number: int) -> dict:
    """In the parent: start, watch, act, report."""
    part = out.with_name(out.name + ".part")
    said = out.with_suffix(f".said{number}")
    before = set(part.glob("*"))
    begun, status, report = time.monotonic(), None, {}
    child = forked(name, given, out, plan, said)
    waits = bool({"after", "at", "wait"} & set(plan))
    while status is None:
        if waits and due(plan, part, said, before):
            waits = False
            time.sleep(plan.get("wait", 0))
            if plan.get("second"):
                os.kill(child, signal.SIGSTOP)  # it holds still, and the place
                report["second"] = run(name, given, out, {}, number + 1000)
                os.kill(child, signal.SIGCONT)
            else:
                os.kill(child, plan.get("signal", signal.SIGKILL))
        pid, state = os.waitpid(child, os.WNOHANG)
        status = state if pid else None
        time.sleep(0.0005)
    left = sorted(p.name for p in part.glob("*"))
    seconds = time.monotonic() - begun
    return report | {
        "status": os.waitstatus_to_exitcode(status), "seconds": seconds, "said": said.read_text(), "left": left,
    }  # fmt: skip


def due(plan: dict, part: Path, said: Path, before: set) -> bool:
    """Whether the moment has come to start waiting."""
    if "after" in plan:
        return bool(set(part.glob(plan["after"])) - before)
    return "at" not in plan or (said.is_file() and plan["at"] in said.read_text())


if __name__ == "__main__":
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    name, given, out, *plans = sys.argv[1:]
    for number, plan in enumerate(plans):
        print(json.dumps(run(name, Path(given), Path(out), json.loads(plan), number)), flush=True)
