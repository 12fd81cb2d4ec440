"""What the meter does when the collector is away, slow or full: the requests do not notice."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from metering import Project, Receiver, hear, tell
from waiting import PATIENCE, until

from brownout.meter.event.sender import BATCH, EVERY
from brownout.stack.processes.ports import free_ports

REQUESTS, ROOM = 1500, 700

MANY = f"""
sender.BUFFER = {ROOM}
began = time.monotonic()
mine = sender._of_this_process()
statuses = {{client.get("/ping/").status_code for _ in range({REQUESTS})}}
say(statuses=sorted(statuses), seconds=time.monotonic() - began, waiting=len(mine._buffer))
hear()
mine.flush()
say(dropped=mine.dropped, waiting=len(mine._buffer))
hear()
"""


def test_nobody_there_costs_events_and_no_request(receiver: Receiver, tmp_path: Path) -> None:
    project = Project(tmp_path, f"http://127.0.0.1:{free_ports(1)[0]}", receiver.url)
    with project.start(MANY) as child:
        found = hear(child)
        assert found["statuses"] == [200]
        assert found["waiting"] <= ROOM + BATCH
        tell(child)
        found = hear(child)
        # Every event is accounted for, and memory is bounded.
        assert found["waiting"] == ROOM
        assert found["dropped"] == REQUESTS - ROOM
        tell(child)
        assert child.wait(timeout=PATIENCE) == 0


def test_a_receiver_that_never_answers_holds_up_no_request(
    receiver: Receiver, tmp_path: Path
) -> None:
    receiver.open.clear()
    with Project(tmp_path, receiver.url, receiver.url).start(MANY) as child:
        # It says this after the last request; nobody has been answered by then.
        found = hear(child)
        assert found["statuses"] == [200]
        assert found["waiting"] <= ROOM + BATCH
        until(lambda: receiver.posts)
        assert receiver.rows == []
        receiver.open.set()
        tell(child)
        hear(child)
        tell(child)
        assert child.wait(timeout=PATIENCE) == 0


def test_a_full_receiver_is_not_asked_again_at_once(receiver: Receiver, tmp_path: Path) -> None:
    """Each try writes a batch as JSON, in the process that serves the requests."""
    receiver.status = 503
    script = """
sender.BATCH, sender.BUFFER = 10, 10**6
told = threading.Event()
threading.Thread(target=lambda: (hear(), told.set()), daemon=True).start()
while not told.is_set():
    client.get("/ping/")
"""
    with Project(tmp_path, receiver.url, receiver.url).start(script):
        until(lambda: len(receiver.posts) > 3)
    times = [at for _, at in receiver.posts]
    assert min(b - a for a, b in pairwise(times)) > 0.8 * EVERY


def test_what_waited_is_sent_and_drops_are_reported_when_it_is_back(
    receiver: Receiver, tmp_path: Path
) -> None:
    receiver.status = 503
    with Project(tmp_path, receiver.url, receiver.url).start(MANY) as child:
        hear(child)
        receiver.status = 200
        tell(child)
        found = hear(child)
        assert found["waiting"] == 0
        assert found["dropped"] > 0
        until(receiver.dropped)
        assert receiver.dropped()[-1] == found["dropped"]
        work = receiver.work()
        assert len(work) + found["dropped"] == REQUESTS
        assert len({row["trace_id"] for row in work}) == len(work)
        tell(child)
        assert child.wait(timeout=PATIENCE) == 0


def test_what_comes_while_a_batch_is_sent_waits_for_the_next(
    receiver: Receiver, tmp_path: Path
) -> None:
    """Else a busy process would send without end, a few events each time."""
    script = """
sender.EVERY = 3600
mine = sender._of_this_process()
post = mine._post
def meanwhile(*args):
    client.get("/old/1999/")
    return post(*args)
mine._post = meanwhile
client.get("/ping/")
mine.flush()
say(waiting=len(mine._finished) + len(mine._buffer))
hear()
"""
    with Project(tmp_path, receiver.url, receiver.url).start(script) as child:
        assert hear(child) == {"waiting": 1}
        assert [row["route"] for row in receiver.work()] == ["GET /ping/"]
        assert len(receiver.posts) == 1


def test_what_is_refused_is_dropped_and_reported(receiver: Receiver, tmp_path: Path) -> None:
    receiver.status = 400
    script = """
for _ in range(3): client.get("/ping/")
mine = sender._of_this_process()
mine.flush()
say(dropped=mine.dropped, waiting=len(mine._buffer))
hear()
"""
    with Project(tmp_path, receiver.url, receiver.url).start(script) as child:
        assert hear(child) == {"dropped": 3, "waiting": 0}
        receiver.status = 200
        until(receiver.dropped)
        assert receiver.dropped() == [3]
        tell(child)
        assert child.wait(timeout=PATIENCE) == 0


def test_without_an_endpoint_nothing_is_kept(receiver: Receiver, tmp_path: Path) -> None:
    script = """
client.get("/ping/")
mine = sender._of_this_process()
say(waiting=len(mine._finished) + len(mine._buffer))
"""
    assert Project(tmp_path, "", receiver.url).run(script) == [{"waiting": 0}]


def test_a_fork_sends_its_own_events_and_none_twice(receiver: Receiver, tmp_path: Path) -> None:
    script = """
import os
client.get("/ping/")
child = os.fork()
client.get("/old/1999/" if child else "/old/2000/")
sender._of_this_process().flush()
if child:
    _, code = os.waitpid(child, 0)
    say(code=code, pids=sorted([os.getpid(), child]))
else:
    os._exit(0)
"""
    [found] = Project(tmp_path, receiver.url, receiver.url).run(script)
    assert found["code"] == 0
    assert len(receiver.work("GET /ping/")) == 1
    assert sorted(row["pid"] for row in receiver.work("GET /old/{year}/")) == found["pids"]


def test_a_busy_minute_goes_in_batches(receiver: Receiver, tmp_path: Path) -> None:
    count = 4 * BATCH + 50
    script = f"for _ in range({count}): client.get('/ping/')"
    Project(tmp_path, receiver.url, receiver.url).run(script)
    assert len(receiver.work()) == count
    assert len(receiver.posts) >= 3
    assert receiver.dropped() == []


def test_threads_lose_none_and_what_cannot_be_written_is_counted(
    receiver: Receiver, tmp_path: Path
) -> None:
    script = """
from brownout.meter.event.work import Work
span = sender.span
def written(work, kind, route, *more):
    if route == "GET /odd/":
        raise ValueError("no event")
    return span(work, kind, route, *more)
sender.span = written
def finish():
    for number in range(1000):
        sender.send(Work(), "request", "GET /odd/" if number % 100 == 99 else "GET /", 200, 1)
threads = [threading.Thread(target=finish) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
mine, waiting = sender._of_this_process(), True
while waiting:
    mine.flush()
    with mine._sending:  # nothing is on its way
        waiting = len(mine._finished) + len(mine._buffer)
say(dropped=mine.dropped, length=mine._length)
"""
    [found] = Project(tmp_path, receiver.url, receiver.url).run(script)
    assert found == {"dropped": 40, "length": 0}
    work = receiver.work()
    assert len(work) == len({row["trace_id"] for row in work}) == 4 * 990


def test_no_more_than_so_many_bytes_wait(receiver: Receiver, tmp_path: Path) -> None:
    receiver.status = 503
    script = """
sender.BYTES = 40_000
mine = sender._of_this_process()
for _ in range(200): client.get("/api/books/3/")
with mine._sending:  # nothing is on its way
    mine._write()
    say(length=mine._length, largest=max(map(len, mine._buffer)), dropped=mine.dropped,
        waiting=len(mine._buffer))
hear()
"""
    with Project(tmp_path, receiver.url, receiver.url).start(script) as child:
        found = hear(child)
    assert found["length"] <= 40_000 + 16 * found["largest"]
    assert found["dropped"] == 200 - found["waiting"] > 0
