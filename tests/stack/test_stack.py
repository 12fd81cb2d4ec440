"""One real stack of the small shop: deployments under load, failures of releases and processes."""

from __future__ import annotations

import http.client
import json
import queue
import re
import shutil
import subprocess
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import psycopg
import pytest
from scraping import prometheus
from waiting import PATIENCE, until

from brownout import store
from brownout.catalogue import scenarios
from brownout.collector.client import Client
from brownout.model import BrownoutError
from brownout.site import validation
from brownout.site.trial import players
from brownout.stack.processes.ports import free_ports
from brownout.stack.processes.readiness import answers
from brownout.stack.processes.supervisor import Notice
from brownout.stack.releases.releases import Releases
from brownout.stack.stack import Places, Stack

pytestmark = pytest.mark.stack

INDEX = "SELECT count(*) FROM pg_indexes WHERE indexname = 'review_book_newest'"


class Running:
    """The stack, with the release v2.8.0 of missing-index to deploy."""

    def __init__(self, run: Path) -> None:
        self.notices: queue.Queue[Notice] = queue.Queue()
        shop = store.assets() / "shop"
        places = Places(run, uuid.uuid4().hex, shop, store.cache_folder(), "small")
        self.run = run
        self.stack = Stack(places, lambda text: None, self.notices.put)
        self.stack.start(self._add)

    @staticmethod
    def _add(releases: Releases, tag: str) -> None:
        scenario = scenarios.load(store.assets() / "scenarios", "missing-index")
        releases.add("v2.8.0", tag, scenario.patches("release"))

    def get(self, path: str) -> tuple[int, str]:
        """(status, body), on a connection of its own; status 0 without an answer."""
        address = urlsplit(self.stack.web.url)
        connection = http.client.HTTPConnection(
            address.hostname or "", address.port, timeout=PATIENCE
        )
        try:
            connection.request("GET", path, headers={"Connection": "close"})
            response = connection.getresponse()
            return response.status, response.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()

    def release(self) -> str:
        return str(json.loads(self.get("/healthz")[1])["release"])

    def whole(self) -> bool:
        """Do the shop, its AI service and the collector answer?"""
        status, page = self.get("/api/books/7/")
        collector = answers(f"{self.stack.collector_url}/healthz")
        return status == 200 and json.loads(page)["delivery"] is not None and collector()

    def order(self, trace: str) -> int:
        """Put a book into a cart and check out, as the trace of that id; the status."""
        cookies = {"visitor": str(uuid.uuid4())}
        url = self.stack.web.url
        with httpx.Client(
            base_url=url, cookies=cookies, timeout=PATIENCE, trust_env=False
        ) as browser:
            browser.post("/api/cart/items/", json={"book": 7}).raise_for_status()
            address = {"name": "T", "email": "t@example.com", "city": "Brenn"}
            headers = {"traceparent": f"00-{trace}-{trace[:16]}-01"}
            return browser.post("/api/checkout/", json=address, headers=headers).status_code

    def assets(self) -> list[str]:
        page = self.get("/")[1]
        return [part.split('"')[0] for part in page.replace('href="', 'src="').split('src="')[1:]
                if part.startswith("/assets/")]  # fmt: skip

    @contextmanager
    def users(self, clients: int = 3, *more: str) -> Iterator[Counter[tuple[str, int]]]:
        """Clients that ask without pause, for ``more`` too; (path, status) -> answers."""
        seen: Counter[tuple[str, int]] = Counter()
        ended, lock = threading.Event(), threading.Lock()

        def ask() -> None:
            while not ended.is_set():
                for path in ("/", *self.assets(), "/api/books/", "/api/books/7/", *more):
                    status = self.get(path)[0]
                    with lock:
                        seen[path, status] += 1

        threads = [threading.Thread(target=ask) for _ in range(clients)]
        for thread in threads:
            thread.start()
        try:
            yield seen
        finally:
            ended.set()
            for thread in threads:
                thread.join()

    def has_index(self) -> bool:
        with psycopg.connect(self.stack.postgres.url) as connection:
            return connection.execute(INDEX).fetchone() == (1,)

    def commit(self, file: str, text: str, base: str = "v2.7.0") -> str:
        """A commit of the player's: ``text`` added to a file of ``base``; its id."""
        checkout = self.run / "checkout"
        subprocess.run(["git", "reset", "-q", "--hard", base], cwd=checkout, check=True)
        path = checkout / file
        path.write_text(path.read_text() + text)
        subprocess.run(["git", "commit", "-qam", "Mine"], cwd=checkout, check=True)
        return "work"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    made = Running(tmp_path_factory.mktemp("run"))
    try:
        yield made
    finally:
        made.stack.stop()


def test_every_service_runs_and_the_shop_answers(running: Running) -> None:
    services = running.stack.services()
    assert set(services) == {"collector", "postgres", "valkey", "ai", "web", "worker"}
    assert running.release() == "v2.7.0"
    for path in ("/", "/api/home/", "/api/books/", "/api/books/7/", "/api/search/?q=river"):
        assert running.get(path)[0] == 200, path
    assert len(running.assets()) >= 2


def test_a_prometheus_finds_the_running_shop_by_our_own_files(
    running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With deploy/ as it is: the target, its figures as we serve them, and every rule works."""
    shutil.copytree(store.assets() / "deploy", tmp_path / "deploy")
    monkeypatch.chdir(tmp_path)
    folder = store.RunFolder()
    folder.scraped(running.stack.collector_url)
    try:
        with prometheus(tmp_path / "deploy" / "prometheus.yml", tmp_path / "data") as asked:
            until(lambda: [t["health"] for t in asked.targets()] == ["up"])
            for _ in range(3):
                running.get("/api/genres/")
            until(lambda: _served(running) >= 3)
            count = 'brownout_work_duration_seconds_count{{run="{}",route="GET /api/genres/"}}'
            until(lambda: asked.value(count.format(folder.id)) == _served(running))
            rules = [r for g in asked.ask("rules")["groups"] for r in g["rules"]]
            written = (tmp_path / "deploy" / "rules.yml").read_text()
            assert len(rules) == written.count("- alert: ") > 20
            until(lambda: {r["health"] for g in asked.ask("rules")["groups"]
                           for r in g["rules"]} == {"ok"})  # fmt: skip
            folder.close()
            until(lambda: asked.targets() == [])
    finally:
        folder.close()


def _served(running: Running) -> float:
    """Requests for the genres, as /metrics tells."""
    page = httpx.get(f"{running.stack.collector_url}/metrics", timeout=PATIENCE).text
    line = r'^brownout_work_duration_seconds_count\{.*route="GET /api/genres/"\} (\S+)$'
    return sum(map(float, re.findall(line, page, re.MULTILINE)))


def test_a_deployment_under_load_loses_no_request(running: Running) -> None:
    old = running.assets()
    running.stack.build("v2.8.0")
    files = (running.run / "assets").iterdir()
    published = {f"/assets/{file.name}" for file in files if file.suffix not in (".gz", ".br")}
    # Whoever serves, while both do: an asset of either page is answered.
    with running.users(3, *sorted(published)) as seen:
        until(lambda: sum(seen.values()) > 100)
        value = running.stack.deploy("v2.8.0")
        after = sum(seen.values())
        until(lambda: sum(seen.values()) > after + 100)
    assert (value["ref"], value["previous"]) == ("v2.8.0", "v2.7.0")
    assert value["serving_at"] <= value["drained_at"]
    assert running.release() == "v2.8.0"
    assert {status for _, status in seen} == {200}, seen
    new = running.assets()
    assert set(new) - set(old)
    assert {*old, *new} <= published <= {path for path, _ in seen}
    assert running.get("/assets/nothing.js")[0] == 404


def test_code_goes_back_and_a_migration_stays_unless_asked(running: Running) -> None:
    running.stack.deploy("v2.8.0")
    assert not running.has_index()
    assert running.stack.rollback("", with_migrations=False)["ref"] == "v2.7.0"
    assert not running.has_index()
    # What the database has is undone, though the release that brought it serves no more.
    value = running.stack.migrate("v2.7.0")
    assert (value["ref"], value["previous"]) == ("v2.7.0", "v2.8.0")
    assert running.has_index()
    running.stack.migrate("v2.8.0")
    assert not running.has_index()
    running.stack.rollback("v2.7.0", with_migrations=True)
    assert running.has_index()
    with pytest.raises(BrownoutError, match=r"there is no release before v2\.0\.0"):
        running.stack.before("v2.0.0")


def test_an_older_release_is_as_deployable_as_it_was(running: Running) -> None:
    """Those since the shop became whole serve again; one of before is refused, with the reason."""
    for tag in ("v2.5.0", "v2.6.0"):
        assert running.stack.deploy(tag)["ref"] == running.release() == tag
        for path in ("/", *running.assets(), "/api/home/", "/api/books/7/", "/api/cart/"):
            assert running.get(path)[0] == 200, (tag, path)
    with pytest.raises(BrownoutError, match=r"the front end:\n(.|\n)*Could not resolve"):
        running.stack.deploy("v2.4.0")
    assert running.release() == "v2.6.0"
    assert running.stack.rollback("v2.7.0", with_migrations=True)["previous"] == "v2.6.0"


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("backend/catalog/views.py", "\ndef broken(:\n", "SyntaxError: invalid syntax"),
        ("backend/catalog/serializers.py", "\nBookCard.to_representation = None\n", "/ gives 500"),
        ("frontend/src/app/App.tsx", "\nconst broken: = 1;\n", "npm run failed for the front end"),
    ],
)
def test_a_release_that_is_not_fit_meets_no_user(
    running: Running, file: str, text: str, words: str
) -> None:
    serving = running.release()
    ref = running.commit(file, text)
    with running.users(2) as seen:
        until(lambda: sum(seen.values()) > 20)
        with pytest.raises(BrownoutError, match=words):
            running.stack.deploy(ref)
        after = sum(seen.values())
        until(lambda: sum(seen.values()) > after + 20)
    assert {status for _, status in seen} == {200}, seen
    assert running.release() == serving
    assert "rehearsal" not in running.stack.services()


def test_a_commit_of_the_players_is_deployed(running: Running) -> None:
    """On top of a release that was passed over, whose migration comes with it."""
    assert running.has_index()
    ref = running.commit("backend/shop/pages.py", "\nFIXED = True\n", base="v2.8.0")
    value = running.stack.deploy(ref)
    assert value["ref"] == running.release()
    assert running.stack.releases.commit_of("work").startswith(value["ref"])
    assert not running.has_index()
    running.stack.rollback("v2.7.0", with_migrations=True)
    assert running.has_index()


def test_a_release_on_trial_meets_no_user_and_leaves_no_trace(running: Running) -> None:
    """The checkout as it is, an uncommitted file included, with tests and users of its own."""
    checkout, stack = running.run / "checkout", running.stack
    running.commit("backend/shop/__init__.py", "MINE = 1\n")
    more = checkout / "backend" / "shop" / "more.py"
    more.write_text("MORE = 1\n")
    said: list[str] = []
    with stack.stage("work", said.append) as stage:
        answer = httpx.get(f"{stage.url}/healthz", timeout=PATIENCE, trust_env=False)
        assert answer.json()["release"] == stage.tag != running.release()
        assert (stack.releases.worktree(stage.tag) / "backend" / "shop" / "more.py").exists()
        users = stage.supervisor.start(players(stage, 7, 20))
        own = Client(stage.collector, stage.token)
        asked = "SELECT count(*) FROM requests JOIN work USING (trace_id) WHERE release = $1"
        until(lambda: own.query(asked, [stage.tag])[0][0] > 20)
        stage.supervisor.stop(users)
        live = Client(stack.collector_url, stack.token)
        assert live.query("SELECT count(*) FROM work WHERE release = $1", [stage.tag]) == [(0,)]
    assert said == ["building it, and starting it beside the live release"]
    assert "trial" not in stack.services()
    assert list(running.run.glob("trial-*")) == []
    more.unlink()


def test_what_cannot_be_tried_is_told(running: Running) -> None:
    stack = running.stack
    with pytest.raises(BrownoutError, match=r"brings migrations \(reviews 0\d+_\w+\), which"):
        stack.stage("v2.8.0", lambda step: None)
    broken = running.commit("backend/shop/urls.py", "\nraise RuntimeError('no')\n")
    with (
        pytest.raises(BrownoutError, match="exited with code 1 before it was ready"),
        stack.stage(broken, lambda step: None),
    ):
        pass
    assert "trial" not in stack.services()
    assert running.whole()


def test_a_model_is_switched_without_a_restart(running: Running) -> None:
    pids = running.stack.services()["ai"][1]
    value = running.stack.set_model("delivery", "2026-11")
    assert (value["ref"], value["previous"]) == ("delivery=2026-11", "delivery=2026-09")
    page = json.loads(running.get("/api/books/7/")[1])
    assert page["delivery"]["version"] == "2026-11"
    running.stack.set_model("delivery", "2026-09")
    assert running.stack.services()["ai"][1] == pids
    with pytest.raises(BrownoutError, match="no model 'deliver'; known: delivery, embedding, rec"):
        running.stack.set_model("deliver", "2026-09")
    with pytest.raises(
        BrownoutError, match="no version 'x' of delivery; known: 2026-09, 2026-10, 2026-11"
    ):
        running.stack.set_model("delivery", "x")


def test_sql_reads_and_writes_only_when_asked(running: Running) -> None:
    found = running.stack.sql("SELECT 1 AS one", write=False)
    assert (found["columns"], found["rows"]) == (["one"], [[1]])
    create = "CREATE INDEX CONCURRENTLY IF NOT EXISTS tried ON reviews_review (rating)"
    with pytest.raises(
        BrownoutError, match=r"read-only transaction \(allow changes with --write\)"
    ):
        running.stack.sql(create, write=False)
    assert running.stack.sql(create, write=True)["kind"] == "sql"
    running.stack.sql("DROP INDEX tried", write=True)
    with pytest.raises(BrownoutError, match="syntax error"):
        running.stack.sql("SELEKT 1", write=False)


def kill(running: Running, service: str) -> list[Notice]:
    """SIGKILL a service; the two notices that come of it."""
    while not running.notices.empty():
        running.notices.get()
    [child] = [c for c in running.stack.supervisor.children() if c.command.service == service]
    psutil.Process(child.pid).kill()
    return [running.notices.get(timeout=PATIENCE) for _ in range(2)]


SERVICES = ["valkey", "worker", "collector", "postgres", "ai", "web"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_process_that_dies_is_told_and_comes_back(running: Running, service: str) -> None:
    told = kill(running, service)
    assert [(n.service, n.kind) for n in told] == [(service, "exited"), (service, "restarted")]
    assert told[0].code == -9
    until(running.whole)
    assert running.notices.empty()


@pytest.mark.parametrize("service", ["valkey", "worker"])
def test_orders_are_confirmed_though_the_queue_or_its_worker_died(
    running: Running, service: str
) -> None:
    """And the recording tells it: the request by its trace, and the task."""
    kill(running, service)
    trace, began = uuid.uuid4().hex, time.time_ns()
    assert running.order(trace) == 201
    recording = Client(running.stack.collector_url, running.stack.token)

    def told() -> list[tuple[Any, ...]]:
        sql = (
            "SELECT service, route, status, release FROM work WHERE trace_id = ? "
            "OR start > ? AND route = 'orders.tasks.confirm' ORDER BY service"
        )
        rows = recording.query(sql, [trace, began])
        return rows if len(rows) == 2 else []

    assert until(told) == [
        ("web", "POST /api/checkout/", 201, "v2.7.0"),
        ("worker", "orders.tasks.confirm", 0, "v2.7.0"),
    ]


def test_the_choice_of_a_model_outlives_its_service(running: Running) -> None:
    running.stack.set_model("delivery", "2026-11")
    kill(running, "ai")

    # The book page does without, until it is back.
    def delivery() -> Any:
        status, body = running.get("/api/books/7/")
        assert status == 200
        return json.loads(body)["delivery"]

    assert until(delivery)["version"] == "2026-11"
    running.stack.set_model("delivery", "2026-09")


def ground(running: Running) -> validation.Ground:
    return validation.Ground(
        recording=None,  # type: ignore[arg-type]  # no promise is judged here
        slos=(),
        shop=store.assets() / "shop",
        shop_url=running.stack.web.url,
        ai_url=running.stack.ai_url,
        models=running.stack.models,
        set_load=lambda profile: None,
        stopped=threading.Event(),
    )


def test_the_shops_own_tests_pass(running: Running) -> None:
    functional = validation.functional_tests(ground(running))
    assert functional == {"passed": True, "total": functional["total"], "failures": []}
    assert functional["total"] >= 15


def test_a_release_that_answers_with_less_fails_them(running: Running) -> None:
    """Every page is there and fast, and the tests are not the release's own."""
    text = "\nLATEST = 3\n"
    running.stack.deploy(running.commit("backend/reviews/queries.py", text))
    functional = validation.functional_tests(ground(running))
    running.stack.rollback("v2.7.0", with_migrations=False)
    assert not functional["passed"]
    [failure] = functional["failures"]
    name, _, why = failure.partition(": ")
    assert name == (
        "test_reviews_are_newest_first_complete_and_named "
        "(tests.test_catalogue.CatalogueTest.test_reviews_are_newest_first_complete_and_named)"
    )
    assert why.startswith("AssertionError: ")


@pytest.mark.parametrize("version", ["2026-09", "2026-11"])
def test_each_model_in_store_keeps_its_golden_set(running: Running, version: str) -> None:
    running.stack.set_model("delivery", version)
    golden = validation.golden_sets(ground(running))
    running.stack.set_model("delivery", "2026-09")
    assert golden["passed"], golden
    names = {m["name"] for m in golden["metrics"]}
    assert {"recommender ndcg@10", "delivery mean absolute error", "shop search ndcg@10"} <= names


def test_a_model_that_is_worse_than_promised_fails_its_golden_set(running: Running) -> None:
    running.stack.set_model("recommender", "2026-10")
    found = validation.golden_sets(ground(running))
    running.stack.set_model("recommender", "2026-09")
    assert not found["passed"]
    assert [m["name"] for m in found["metrics"] if not m["ok"]] == ["recommender ndcg@10"]


def test_without_a_shop_or_an_ai_service_nothing_passes(running: Running) -> None:
    nowhere = f"http://127.0.0.1:{free_ports(1)[0]}"
    away = replace(ground(running), shop_url=nowhere, ai_url=nowhere)
    functional, golden = validation.functional_tests(away), validation.golden_sets(away)
    assert not functional["passed"]
    assert len(functional["failures"]) == functional["total"]
    assert (golden["passed"], golden["metrics"]) == (False, [])
    assert "Connection refused" in golden["reason"]
