"""render(client=): workers make the bytes that one process makes, whoever of them dies, and unfit ones are refused before work."""

import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import dask
import numpy as np
import pytest

import vidsr
from tests.run import toys
from vidsr import cli
from vidsr.errors import MediaError, RecipeError, StackError
from vidsr.run import processor
from vidsr.run.states import StateTable
from vidsr.transforms import render as rendering
from vidsr.transforms import segment as segments
from vidsr.transforms.base import HostStep, option, transform
from vidsr.transforms.cluster import crew, fitness, parcel, roster, schedule

distributed = pytest.importorskip(
    "distributed", reason="dask.distributed is not installed: pip install 'vidsr-toolkit[cluster]'"
)
pytestmark = pytest.mark.timeout(120)
FRAMES, SEGMENT = 20, 8
PIPES = {
    "windows and draws": vidsr.pipeline(toys.Median(radius=2), toys.Box(), toys.Mark()),
    "two passes": vidsr.pipeline(toys.Median(), toys.Level(), toys.Gated()),
    "causal": vidsr.pipeline(toys.Recursive(), toys.Median(radius=2)),
    "groups on the host": vidsr.pipeline(toys.Grouped(), toys.Twice(), toys.Gain()),
}


@transform
class Fatal(HostStep):
    """Ends its process at a frame while a file lies there: one that says "once", or one that stays."""

    frame: int = option()
    flag: str = option()

    def apply(self, x, at, spec):
        flag = Path(self.flag)
        if self.frame in at.frame and flag.exists():
            if flag.read_text() == "once":
                flag.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return x


@transform
class Broken(HostStep):
    """Fails at a frame while a file lies there."""

    frame: int = option()
    flag: str = option()

    def apply(self, x, at, spec):
        if self.frame in at.frame and Path(self.flag).exists():
            raise ZeroDivisionError("of a worker alone")
        return x


@transform
class Slow(HostStep):
    """Rests at every frame."""

    seconds: float = option(0.2)

    def apply(self, x, at, spec):
        time.sleep(self.seconds)
        return x


@transform
class Nothing(HostStep):
    """Gives no numbers."""

    def apply(self, x, at, spec):
        return x * np.float32("nan")


@transform
class Unsendable(toys.Gain):
    lock: object = option(None)

    def record(self):
        return {"gain": self.gain}


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    values = np.random.default_rng(0).random((FRAMES, 16, 24, 3), np.float32)
    return vidsr.save(vidsr.stack(values, fps=25), tmp_path_factory.mktemp("in") / "in.mkv", codec="ffv1")


def client_of(**options):
    options = {"dashboard_address": ":0", "silence_logs": 50, "n_workers": 2} | options
    made = distributed.LocalCluster(**options)
    return made, distributed.Client(made, timeout=30)


@pytest.fixture(scope="module")
def processes():
    """Two processes of one thread."""
    made, client = client_of(threads_per_worker=1)
    yield client
    client.close(timeout=5)
    made.close(timeout=15)


@pytest.fixture(scope="module")
def threads():
    """Two workers of two threads in this process."""
    made, client = client_of(threads_per_worker=2, processes=False)
    yield client
    client.close(timeout=5)
    made.close(timeout=15)


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(segments, "LENGTH", SEGMENT)
    monkeypatch.setattr(roster, "WAIT", 0.5)
    monkeypatch.setattr(crew, "LOOK", 0.1)
    monkeypatch.setattr(crew, "ANSWER", 2.0)


def rendered(pipe, source, out, **options) -> bytes:
    options = {"codec": "ffv1", "bits": 16, "seed": 3, "progress": False} | options
    return pipe.render(source, out, **options).read_bytes()


@pytest.mark.parametrize("name", PIPES)
def test_workers_make_the_bytes_of_one_process(name, source, tmp_path, processes, capsys):
    """Frames, times and record: halos cross the borders, states go from segment to segment."""
    alone = rendered(PIPES[name], source, tmp_path / "alone.mkv")
    assert rendered(PIPES[name], source, tmp_path / "out.mkv", client=processes, progress=True) == alone
    said = capsys.readouterr().err
    assert "20/20 frames" in said
    assert ("one after another" in said) == (name == "causal")
    assert ("analysing for step 2: 20/20" in said) == (name == "two passes")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["alone.mkv", "out.mkv"]


def test_workers_measure_the_rows(source, tmp_path, processes, monkeypatch):
    """The process that renders solves them alone."""
    alone = rendered(PIPES["two passes"], source, tmp_path / "alone.mkv")
    monkeypatch.setattr(StateTable, "_measure", lambda *_: pytest.fail("it measured"))
    assert rendered(PIPES["two passes"], source, tmp_path / "out.mkv", client=processes) == alone


def test_a_worker_that_is_killed_costs_nothing_but_time(source, tmp_path, processes, capsys):
    pipe = vidsr.pipeline(toys.Median(), Fatal(frame=17, flag=str(tmp_path / "flag")), toys.Mark())
    alone = rendered(pipe, source, tmp_path / "alone.mkv")
    (tmp_path / "flag").write_text("once")
    assert rendered(pipe, source, tmp_path / "out.mkv", client=processes, progress=True) == alone
    assert "is gone; frames 16 to 19 are done again (1 of 3)" in capsys.readouterr().err


def test_frames_that_end_one_worker_after_the_other_are_given_up(tmp_path):
    """Said with what they lack; every time before that it is said that they are done again."""
    job = SimpleNamespace(span=lambda number: (16, 20), say=print)
    ended = crew.Ended(2, "tcp://10.0.0.1:1", None, crew.Lost())
    schedule._failed(job, ended, schedule.RETRIES)
    with pytest.raises(
        MediaError, match="frames 16 to 19 were given up after 4 workers.*is gone.*--memory-limit"
    ):
        schedule._failed(job, ended, schedule.RETRIES + 1)


@pytest.mark.slow
def test_frames_that_kill_every_worker_are_given_up(source, tmp_path, processes, monkeypatch, capsys):
    """What is finished is kept, and goes on without them."""
    monkeypatch.setattr(schedule, "RETRIES", 1)
    pipe = vidsr.pipeline(toys.Gain(), Fatal(frame=19, flag=str(tmp_path / "flag")))
    alone = rendered(pipe, source, tmp_path / "alone.mkv")
    (tmp_path / "flag").write_text("always")
    with pytest.raises(MediaError, match="frames 16 to 19 were given up after 2 workers.*--memory-limit"):
        rendered(pipe, source, tmp_path / "out.mkv", client=processes)
    assert "16 of 20 frames are kept" in capsys.readouterr().err
    (tmp_path / "flag").unlink()
    assert rendered(pipe, source, tmp_path / "out.mkv") == alone


def test_a_worker_that_does_not_see_the_folder_sends_bytes(source, tmp_path, threads, monkeypatch):
    """Threads of a worker do not get into each other's way."""
    for name in ("windows and draws", "causal"):
        alone = rendered(PIPES[name], source, tmp_path / f"{name}.mkv")
        for seen in (True, False):
            monkeypatch.setattr(fitness, "_sees", lambda *_, seen=seen: seen)
            out = tmp_path / f"{name}{seen}.mkv"
            assert rendered(PIPES[name], source, out, client=threads) == alone


def test_a_paused_worker_gets_no_work(source, tmp_path, threads, monkeypatch):
    """One of two is enough; with none it is said why."""
    alone = rendered(PIPES["windows and draws"], source, tmp_path / "alone.mkv")
    look, gave, give = crew.Crew.look, [], crew.Crew.give

    def paused(share):
        def found(self):
            look(self)
            self.paused = set(sorted(self.alive)[:share])

        return found

    def noted(self, what, where, module, name, *args):
        gave.append((name, where))
        give(self, what, where, module, name, *args)

    monkeypatch.setattr(crew.Crew, "give", noted)
    monkeypatch.setattr(crew.Crew, "look", paused(1))
    assert rendered(PIPES["windows and draws"], source, tmp_path / "out.mkv", client=threads) == alone
    assert len({where for name, where in gave if name == "make"}) == 1
    monkeypatch.setattr(schedule, "GONE", 0.5)
    begin = roster.Roster.begin

    def then_full(self, *args):
        begin(self, *args)
        monkeypatch.setattr(crew.Crew, "look", paused(2))
        self.crew.look()

    monkeypatch.setattr(roster.Roster, "begin", then_full)
    with pytest.raises(MediaError, match="no worker .* is left .2 are paused, because their memory is full"):
        rendered(PIPES["windows and draws"], source, tmp_path / "more.mkv", client=threads)


def test_light_levels_are_those_of_one_process(tmp_path, threads):
    values = np.random.default_rng(0).random((FRAMES, 64, 96, 3), np.float32) * 0.7
    stack = vidsr.stack(values, fps=25, transfer="pq", primaries="bt2020")
    options = {"codec": "hevc", "bits": 10}
    alone = rendered(vidsr.pipeline(toys.Gain()), stack, tmp_path / "alone.mp4", **options)
    assert (
        rendered(vidsr.pipeline(toys.Gain()), stack, tmp_path / "out.mp4", client=threads, **options) == alone
    )


@pytest.mark.parametrize("name", ["windows and draws", "causal"])
@pytest.mark.parametrize("again", ["alone", "by workers"])
def test_interrupted_and_continued_ends_the_same(name, again, source, tmp_path, threads, monkeypatch, capsys):
    """Also where segments were finished out of order."""
    alone = rendered(PIPES[name], source, tmp_path / "alone.mkv")
    took, take = [], schedule._take

    def one(job, ended):
        if name != "causal" and ended.what == 0:
            raise ConnectionError("as if segment 0 had been lost")
        take(job, ended)
        took.append(ended.what)
        raise KeyboardInterrupt

    monkeypatch.setattr(schedule, "_take", one)
    with pytest.raises((KeyboardInterrupt, ConnectionError)):
        rendered(PIPES[name], source, tmp_path / "out.mkv", client=threads)
    monkeypatch.setattr(schedule, "_take", take)
    part = tmp_path / "out.mkv.part"
    assert (part / "recipe.json").is_file()
    finished = len(list(part.glob("0*.mkv")))
    options = {"client": threads} if again == "by workers" else {}
    assert rendered(PIPES[name], source, tmp_path / "out.mkv", progress=True, **options) == alone
    assert f"after {finished} finished segments" in capsys.readouterr().err


def test_segments_beyond_a_gap_are_not_made_again(source, tmp_path, threads, monkeypatch):
    pipe = PIPES["windows and draws"]
    alone = rendered(pipe, source, tmp_path / "alone.mkv")
    monkeypatch.setattr(rendering.Job, "finish", lambda job: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        rendered(pipe, source, tmp_path / "out.mkv")
    monkeypatch.undo()
    monkeypatch.setattr(segments, "LENGTH", SEGMENT)
    (tmp_path / "out.mkv.part" / "000001.mkv").unlink()
    segment, made = rendering.Job._segment, []
    monkeypatch.setattr(
        rendering.Job, "_segment", lambda job, n, *span: (made.append(n), segment(job, n, *span))
    )
    assert rendered(pipe, source, tmp_path / "out.mkv") == alone
    assert made == [1]


def test_ctrl_c_stops_the_workers(source, tmp_path, threads, monkeypatch, capsys):
    """Before their next block, not at the end of the segment."""
    monkeypatch.setattr(segments, "LENGTH", FRAMES)
    monkeypatch.setattr(parcel, "LARGEST", 1e9)
    pipe = vidsr.Pipeline((Slow(),), blocks=(1, 512, 512))
    begun = time.monotonic()
    thread = threading.Timer(1.5, signal.raise_signal, [signal.SIGINT])
    thread.daemon = True
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        rendered(pipe, source, tmp_path / "out.mkv", client=threads)
    assert "stopped; 0 of 20 frames are kept" in capsys.readouterr().err
    while list((tmp_path / "out.mkv.part").glob("unfinished*")):
        assert time.monotonic() - begun < 3.5
        time.sleep(0.05)


def test_what_fails_on_one_worker_is_done_again_and_said(source, tmp_path, threads, monkeypatch, capsys):
    monkeypatch.setattr(schedule, "RETRIES", 1)
    pipe = vidsr.pipeline(Broken(frame=17, flag=str(tmp_path / "flag")))
    alone = rendered(pipe, source, tmp_path / "alone.mkv")
    (tmp_path / "flag").touch()
    with pytest.raises(MediaError, match="given up after 2 workers.*of a worker alone.*get_worker_logs"):
        rendered(pipe, source, tmp_path / "out.mkv", client=threads, progress=True)
    said = capsys.readouterr().err
    assert "failed (ZeroDivisionError: of a worker alone); frames 16 to 19 are done again (1 of 1)" in said
    (tmp_path / "flag").unlink()
    assert rendered(pipe, source, tmp_path / "out.mkv", client=threads) == alone


def test_what_every_worker_would_meet_is_raised_at_once(source, tmp_path, threads):
    with pytest.raises(StackError, match="NaN or infinity"):
        rendered(vidsr.pipeline(Nothing()), source, tmp_path / "out.mkv", client=threads)


@pytest.mark.parametrize("client", ["tcp://10.0.0.1:8786", object()])
def test_what_is_no_client_is_refused(client, source, tmp_path):
    with pytest.raises(RecipeError, match=r"no distributed.Client.*distributed.Client\("):
        rendered(PIPES["causal"], source, tmp_path / "out.mkv", client=client)


def test_without_distributed_the_line_to_type_is_said(source, tmp_path, threads, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(RecipeError, match=r"pip install 'vidsr-toolkit\[cluster\]'"):
        rendered(PIPES["causal"], source, tmp_path / "out.mkv", client=threads)


def test_a_closed_client_and_a_cluster_without_workers_are_refused(source, tmp_path):
    made, client = client_of(n_workers=0, processes=False)
    try:
        with pytest.raises(RecipeError, match="has had no workers for.*dask worker inproc"):
            rendered(PIPES["causal"], source, tmp_path / "out.mkv", client=client)
        client.close(timeout=5)
        with pytest.raises(RecipeError, match="client= is closed"):
            rendered(PIPES["causal"], source, tmp_path / "out.mkv", client=client)
    finally:
        made.close(timeout=15)
    assert list(tmp_path.iterdir()) == []


def other(**changes):
    """`fitness.asked` of a process in which something is otherwise."""
    asked = fitness.asked

    def found(*args):
        return {k: v | changes[k] if k in changes else v for k, v in asked(*args).items()}

    return found


def elsewhere(**changes):
    asked = fitness.asked

    def found(*args):
        wanted = asked(*args)
        file, mark = wanted["file"]
        return wanted | {"file": (file | changes, mark)}

    return found


@pytest.mark.parametrize(
    ("asked", "kind", "says"),
    [
        (other(versions={"jax": "0.0.1"}), RecipeError, "jax is .* there and 0.0.1 here.*retire_workers"),
        (other(versions={"source code of vidsr": "f00"}), RecipeError, "source code of vidsr is .* there and f00 here"),
        (other(libraries={"openvino": "1.0"}), RecipeError, "openvino is missing there and 1.0 here"),
        (elsewhere(path="/nowhere/in.mkv"), MediaError, "/nowhere/in.mkv cannot be read there.*share under one path"),
        (elsewhere(size=7), MediaError, "is another file there .* bytes there and 7 here"),
        (elsewhere(ends_sha256="0"), MediaError, "is another file there .other contents."),
    ],
)  # fmt: skip
def test_a_worker_that_would_make_other_frames_is_refused_before_work(
    asked, kind, says, source, tmp_path, threads, monkeypatch
):
    """With its address and host."""
    monkeypatch.setattr(fitness, "asked", asked)
    monkeypatch.setattr(rendering.Job, "begin", lambda *_: pytest.fail("it began"))
    with pytest.raises(kind, match=rf"worker inproc://\S+ on \S+: .*{says}"):
        rendered(PIPES["causal"], source, tmp_path / "out.mkv", client=threads)
    assert list(tmp_path.iterdir()) == []


def test_a_worker_that_lacks_an_engine_is_refused(source, tmp_path, threads, monkeypatch):
    """Asked on the worker, whose answer differs from what was settled here."""
    step, here = vidsr.super_resolve(2), threading.current_thread()
    engaged = type(step).engaged

    def lacking(self):
        if threading.current_thread() is here:
            return engaged(self)
        raise RecipeError("engine='openvino' is not installed. Install it with the extra `fast`.")

    monkeypatch.setattr(type(step), "engaged", lacking)
    with pytest.raises(RecipeError, match=r"worker inproc://\S+ on \S+: engine='openvino' is not installed"):
        rendered(vidsr.pipeline(step), source, tmp_path / "out.mkv", client=threads)


def test_a_pipeline_that_cannot_be_sent_is_refused_with_the_step(source, tmp_path, threads):
    pipe = vidsr.pipeline(toys.Gain(), Unsendable(lock=threading.Lock()))
    with pytest.raises(RecipeError, match="step 2, Unsendable, cannot be sent to workers .*lock"):
        rendered(pipe, source, tmp_path / "out.mkv", client=threads)
    assert list(tmp_path.iterdir()) == []


def test_a_pipeline_that_a_worker_cannot_load_is_refused(source, tmp_path, threads, monkeypatch):
    chain = parcel.chain
    monkeypatch.setattr(
        parcel, "chain", lambda view: chain(view).replace(b"tests.run.toys", b"tests.run.gone")
    )
    with pytest.raises(RecipeError, match="cannot be loaded there .ModuleNotFoundError.*upload_file"):
        rendered(PIPES["causal"], source, tmp_path / "out.mkv", client=threads)


def test_a_stack_in_memory_is_sent_if_it_is_small(tmp_path, threads, monkeypatch):
    stack = vidsr.stack(np.random.default_rng(1).random((FRAMES, 16, 24, 3), np.float32), fps=25)
    alone = rendered(PIPES["two passes"], stack, tmp_path / "alone.mkv")
    assert rendered(PIPES["two passes"], stack, tmp_path / "out.mkv", client=threads) == alone
    monkeypatch.setattr(parcel, "LARGEST", 50_000)
    with pytest.raises(RecipeError, match=r"MB to send to every worker.*vidsr.save\(stack"):
        rendered(PIPES["two passes"], stack, tmp_path / "more.mkv", client=threads)


def test_a_copy_of_the_file_with_another_date_is_the_file(source, tmp_path, threads):
    from vidsr.media import source as files

    film = tmp_path / "in.mkv"
    film.write_bytes(source.read_bytes())
    mark = files.identity(film)
    os.utime(film, (1, 1))
    assert not files.is_same(film, mark)
    files.accept_copy(film, mark)
    assert files.is_same(film, mark)
    film.write_bytes(b"another")
    assert not files.is_same(film, mark)


def test_a_worker_that_joins_late_and_is_unfit_is_left_out(source, tmp_path, threads, monkeypatch, capsys):
    """Those that are fit do the work."""
    alone = rendered(PIPES["windows and draws"], source, tmp_path / "alone.mkv")
    begin, check = roster.Roster.begin, fitness.check

    def then_another(self, *args):
        begin(self, *args)
        late = sorted(self.fit)[0]
        del self.fit[late]  # asked again, as one that is new
        monkeypatch.setattr(
            fitness, "check", lambda *args: check(*args) | {"refusal": ("RecipeError", "too late")}
        )

    monkeypatch.setattr(roster.Roster, "begin", then_another)
    assert (
        rendered(PIPES["windows and draws"], source, tmp_path / "out.mkv", client=threads, progress=True)
        == alone
    )
    assert "left out: worker inproc" in capsys.readouterr().err


def test_another_processor_is_said(source, tmp_path, threads, monkeypatch, capsys):
    here = threading.current_thread()
    monkeypatch.setattr(
        processor, "model", lambda: "abacus" if threading.current_thread() is here else "slide rule"
    )
    rendered(PIPES["windows and draws"], source, tmp_path / "out.mkv", client=threads, progress=True)
    said = capsys.readouterr().err
    assert (
        "has another processor (slide rule) than this process (abacus): its frames agree to a hundredth"
        in said
    )


def test_the_command_line_renders_on_a_cluster(source, tmp_path, threads, capsys):
    steps = ["restore", str(source), str(tmp_path / "out.mp4"), "--steps", "resize(2)", "--cluster"]
    assert cli.main([*steps, threads.scheduler.address]) == 0
    vidsr.resize(2).render(source, tmp_path / "alone.mp4", progress=False)
    assert (tmp_path / "out.mp4").read_bytes() == (tmp_path / "alone.mp4").read_bytes()
    with dask.config.set(scheduler="threads"):
        for address, says in (("nowhere:x", "no address"), ("tcp://127.0.0.1:9", "no scheduler answers at")):
            assert cli.main([*steps, address, "--overwrite"]) == 1
            assert says in capsys.readouterr().err
            assert dask.config.get("scheduler") == "threads"  # whatever else is computed here stays here


def test_explain_says_that_segments_go_one_after_another():
    assert "one after another: Recursive hands its state on" in str(PIPES["causal"].explain())
    assert "on a cluster" not in str(PIPES["windows and draws"].explain())


def test_a_worker_without_eight_bits_is_refused():
    """What would run a network there is held against what runs it here, precision included."""
    here = SimpleNamespace(engine="openvino", precision="int8", ranges=(("head", 0.0, 1.0),))
    here.engaged = lambda: SimpleNamespace(engine="openvino", precision="f32")
    kind, why = fitness._engine_refusal([here])
    assert kind == fitness.RECIPE and "openvino in f32 there, and runs by openvino in int8 here" in why
    here.engaged = lambda: here
    assert fitness._engine_refusal([here]) is None
