"""Of many requests only the newest is done; nothing is lost, and nothing waits where no loop runs."""

import asyncio
import threading
import time

from vidsr.widgets.newest import Newest

PATIENCE = 10


def test_at_once_without_a_loop():
    done = []
    newest = Newest(lambda: done.append(1))
    for n in range(1, 4):
        newest.ask()
        assert len(done) == n


def test_in_a_loop_only_the_last_of_a_burst():
    done = []

    async def burst():
        newest = Newest(lambda: done.append(threading.current_thread().name), wait=0.05)
        for _ in range(50):
            newest.ask()
        assert done == []
        until = time.monotonic() + PATIENCE
        while (not done or newest._thread) and time.monotonic() < until:
            await asyncio.sleep(0.01)
        assert newest._thread is None
        newest.ask()
        newest.finish()

    asyncio.run(asyncio.wait_for(burst(), PATIENCE))
    assert done == ["vidsr-newest", threading.current_thread().name]


def test_what_is_old_may_give_up_and_the_newest_is_done():
    tries = []

    def act():
        tries.append(1)
        if len(tries) == 1:
            newest._asked += 1  # as another thread's request would
            assert newest.is_old()

    newest = Newest(act)
    newest.ask()
    assert tries == [1, 1] and not newest.is_old()
