"""One thread for all comparers: in order, the newest of a kind, let go when not wanted."""

import threading

import pytest

from vidsr.widgets.desk import Desk

PATIENCE = 10


@pytest.fixture
def busy():
    """A desk whose thread is held until `gate` is set."""
    desk, gate, started = Desk("test"), threading.Event(), threading.Event()

    def hold(ticket):
        started.set()
        gate.wait(PATIENCE)
        ticket.check()

    desk.submit(None, "hold", hold)
    assert started.wait(PATIENCE)
    yield desk, gate
    gate.set()


def test_jobs_come_in_order_and_the_newest_of_a_kind_replaces_the_one_before(busy):
    desk, gate = busy
    done, one, two = [], object(), object()
    first = desk.submit(one, "still", lambda t: done.append("old"))
    desk.submit(two, "still", lambda t: done.append("two"))
    desk.submit(one, "still", lambda t: done.append("new"))
    last = desk.submit(one, "pixel", lambda t: done.append("pixel"))
    assert first.is_cancelled and first.wait(0)
    gate.set()
    assert last.wait(PATIENCE) and done == ["two", "new", "pixel"]


def test_dropping_an_owner_leaves_the_others(busy):
    desk, gate = busy
    done, one, two = [], object(), object()
    gone = desk.submit(one, "film", lambda t: done.append("one"))
    kept = desk.submit(two, "film", lambda t: done.append("two"))
    desk.drop(one)
    gate.set()
    assert kept.wait(PATIENCE) and gone.is_cancelled and done == ["two"]


def test_a_running_job_stops_at_its_next_check():
    desk, owner, seen, ready = Desk("test"), object(), [], threading.Event()

    def job(ticket):
        ready.set()
        for k in range(1000):
            ticket.check()
            seen.append(k)
            threading.Event().wait(0.01)

    ticket = desk.submit(owner, "film", job)
    assert ready.wait(PATIENCE)
    desk.drop(owner)
    assert ticket.wait(PATIENCE) and len(seen) < 900


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_job_that_fails_does_not_end_the_thread(monkeypatch):
    told, desk = [], Desk("test")
    monkeypatch.setattr(threading, "excepthook", lambda args: told.append(args.exc_type))
    assert desk.submit(1, "a", lambda t: 1 / 0).wait(PATIENCE)
    assert desk.submit(1, "b", lambda t: None).wait(PATIENCE) and told == [ZeroDivisionError]
