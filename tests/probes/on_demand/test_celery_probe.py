"""The celery probe on a real broker with a real worker."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import celery
import duckdb
import pytest
import redis
from collecting import TOKEN, Collector
from waiting import PATIENCE, until

from brownout.meter.concurrency import tasks as tasks_of_the_meter
from brownout.model import BrownoutError, MachineError
from brownout.probes.on_demand import celery as probe
from brownout.probes.terms import Found, Site
from brownout.probes.valkey import broker, queues
from brownout.stack.processes.ports import free_ports
from brownout.stack.processes.supervisor import Supervisor
from brownout.stack.services.valkey import Valkey

APPLICATION = """
import os, celery
app = celery.Celery("shop", broker=os.environ["BROKER"])
app.conf.update(task_ignore_result=True, worker_hijack_root_logger=False,
                task_send_sent_event=True, task_routes={"mail": {"queue": "letters"}})

@app.task(name="mail")
def mail():
    return 1

@app.task(name="fail")
def fail():
    raise ValueError("no")

@app.task(name="again", bind=True, max_retries=1)
def again(self):
    raise self.retry(countdown=0)
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    run = tmp_path_factory.mktemp("run")
    (run / "application.py").write_text(APPLICATION)
    with Supervisor(f"test-{uuid.uuid4()}", lambda notice: None) as supervisor:
        made = Valkey(supervisor.run_id, run, free_ports(1)[0])
        supervisor.start(made.command(), made.ready, timeout=PATIENCE)
        yield made.url(1)


@pytest.fixture(scope="module")
def tasks(url: str) -> celery.Celery:
    app = celery.Celery(broker=url, set_as_current=False)
    app.conf.update(task_send_sent_event=True, task_routes={"mail": {"queue": "letters"}})
    return app


@pytest.fixture
def worker(url: str, tmp_path: Path) -> Iterator[None]:
    (tmp_path / "application.py").write_text(APPLICATION)
    argv = [sys.executable, "-m", "celery", "-A", "application", "worker", "--pool", "solo"]
    argv += ["-E", "-Q", "celery,letters", "--without-gossip", "--without-mingle", "-l", "INFO"]
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(argv, cwd=tmp_path, env={**os.environ, "BROKER": url},
                                   stdout=out, stderr=out)  # fmt: skip
        try:
            until(lambda: " ready." in log.read_text())
            yield
        finally:
            process.kill()
            process.wait()


def rows(found: Found, title: str) -> dict[Any, dict[str, Any]]:
    [one] = [t for t in found.tables if t.title.startswith(title)]
    names = [name for name, _ in one.columns]
    return {row[0]: dict(zip(names, row, strict=True)) for row in one.rows}


@pytest.mark.stack
def test_what_waits_is_seen_without_a_worker(
    url: str, tasks: celery.Celery, tmp_path: Path
) -> None:
    for _ in range(3):
        tasks.send_task("mail", headers={broker.PUBLISHED: 1})
    tasks.send_task("fail", priority=6)
    found = probe.probe(Site(), tmp_path, seconds=0, broker=url, queues="letters,nobody")
    queues = rows(found, "queues")
    letters = queues["letters"]
    assert (letters["now"], letters["what waits"]) == (3, "mail 3")
    assert letters["oldest waits"] > 1e9  # published in 1970
    assert (queues["celery"]["now"], queues["nobody"]["now"]) == (1, 0)
    assert queues["celery"]["oldest waits"] is None
    assert any(note.startswith("no worker answered") for note in found.notes)
    with redis.Redis.from_url(url) as client:
        client.flushdb()


@pytest.mark.stack
def test_a_worker_is_seen_with_its_tasks(
    url: str, tasks: celery.Celery, worker: None, tmp_path: Path
) -> None:
    stop = threading.Event()

    def send() -> None:
        while not stop.wait(0.05):
            for name in ("mail", "fail", "again"):
                tasks.send_task(name)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        found = probe.probe(Site(), tmp_path, seconds=3, broker=url)
    finally:
        stop.set()
        thread.join()
    [one] = rows(found, "workers").values()
    assert (one["pool"], one["at once"], one["queues"]) == ("TaskPool", 1, "celery, letters")
    assert one["accepted"] > 3
    ran = rows(found, "tasks (from the workers' events)")
    assert ran["mail"]["queue"] == "letters"
    assert ran["mail"]["ended"] > 1 and ran["mail"]["failed"] == 0
    assert 0 <= ran["mail"]["wait p50"] <= ran["mail"]["wait p95"] < 10_000
    assert ran["mail"]["run p50"] >= 0
    assert ran["fail"]["failed"] > 1
    assert ran["again"]["retried"] > 1
    assert set(rows(found, "queues")) >= {"celery", "letters"}

    def left() -> set[bytes]:
        with redis.Redis.from_url(url) as client:
            return {key for key in client.scan_iter() if b"reply" in key or b"receiver" in key}

    until(lambda: not left())


@pytest.mark.stack
def test_with_a_recording_the_meters_events_are_told(
    url: str, collector: Collector, tmp_path: Path
) -> None:
    site = Site(broker=url, collector=collector.url, token=TOKEN)
    found = probe.probe(site, tmp_path, seconds=0)
    assert rows(found, "tasks (from the recording)") == {}


def test_waits_and_runs_are_read_from_wide_events() -> None:
    work = duckdb.connect()
    work.execute(
        """CREATE TABLE work (route TEXT, kind TEXT, status INTEGER, exception TEXT, start BIGINT,
        duration BIGINT, wait BIGINT, queued STRUCT(task TEXT, queue TEXT, count INTEGER)[])"""
    )
    assert work.execute(probe.KNOWN).fetchall() == [(2,)]
    task = "('mail', 'task', {}, '{}', {}, {}, {}, NULL)".format
    rows = [
        "('GET /', 'request', 200, '', 5, 9, NULL, "
        "[{'task': 'mail', 'queue': 'slow', 'count': 2}])",
        task(0, "", 10, 2_000_000, 4_000_000),
        task(1, "ValueError", 11, 4_000_000, 6_000_000),
        task(1, "", 12, 6_000_000, 8_000_000),  # to be tried again
        task(0, "", 3, 900_000, 0),  # ended before the window
        task(0, "", 3, 900_000_000, 0),  # and after it
    ]
    work.execute(f"INSERT INTO work VALUES {', '.join(rows)}")
    found = work.execute(probe.RAN, [1_000_000, 7_000_000]).fetchall()
    assert found == [("mail", "slow", 3, 6.0, 7.8, 4.0, 5.8, 1, 1)]


def test_the_header_is_the_meters() -> None:
    told = getattr(tasks_of_the_meter, "PUBLISHED", broker.PUBLISHED)
    assert told == broker.PUBLISHED


@pytest.mark.stack
@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        ("", BrownoutError, "name it with --broker"),
        ("http://x", BrownoutError, "not a broker's URL"),
        ("redis://127.0.0.1:{free}/0", MachineError, "is it running"),
        ("amqp://127.0.0.1:{free}//", MachineError, "is it running"),
    ],
)
def test_a_broker_that_is_not_there(
    tmp_path: Path, given: str, kind: type[BrownoutError], words: str
) -> None:
    with pytest.raises(BrownoutError, match=words) as refused:
        probe.probe(Site(), tmp_path, seconds=0, broker=given.format(free=free_ports(1)[0]))
    assert type(refused.value) is kind


def test_depths_are_sampled_and_an_absent_broker_gives_none(url: str, tasks: celery.Celery) -> None:
    sampling = queues.QueueProbe(url)
    before = {r["attributes"]["queue"]: r["value"] for r in sampling.sample()}
    for _ in range(3):
        tasks.send_task("mail")
    tasks.send_task("mail", priority=9)
    after = {r["attributes"]["queue"]: r["value"] for r in sampling.sample()}
    assert after["letters"] == before.get("letters", 0) + 4
    with redis.Redis.from_url(url) as client:
        client.delete(*(f"letters{step}" for step in queues.PRIORITIES))
    sampling.close()
    assert queues.QueueProbe(f"redis://127.0.0.1:{free_ports(1)[0]}/1").sample() == []
