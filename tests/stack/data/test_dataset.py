"""A dataset is made once per content, whole or not at all, and copied into each run.

Most tests use a stand-in with the real shop's commands: what is tested is who runs them and what
becomes of the result, not what they do. One takes the real shop's small size, as other tests
do: who comes first makes it.
"""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from waiting import PATIENCE, until

from brownout import store
from brownout.model import BrownoutError, MachineError
from brownout.stack.data import dataset
from brownout.stack.data.dataset import prepare
from brownout.stack.data.recipe import Recipe, Size
from brownout.stack.data.room import need_disk, need_memory
from brownout.stack.processes.account import Account
from brownout.stack.processes.ports import free_ports
from brownout.stack.processes.supervisor import Supervisor
from brownout.stack.services.postgres import Postgres

pytestmark = pytest.mark.stack

SHOP = {
    "data/generate.py": """
        import argparse, pathlib

        parser = argparse.ArgumentParser()
        for name in ("--out", "--seed", "--size"):
            parser.add_argument(name)
        options = parser.parse_args()
        out = pathlib.Path(options.out)
        out.mkdir()
        (out / "books.csv").write_text("1,Dune\\n2,Emma\\n")
        (out / "options").write_text(f"{options.seed} {options.size}")
    """,
    "backend/manage.py": """
        import os, pathlib, sys, psycopg

        with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
            if sys.argv[1] == "migrate":
                connection.execute("CREATE TABLE books (id int PRIMARY KEY, title text)")
                connection.execute("CREATE TABLE moods (book_id int REFERENCES books, mood text)")
            elif sys.argv[1] == "load":
                for path in pathlib.Path(sys.argv[3]).glob("*.csv"):
                    with connection.cursor().copy(f"COPY {path.stem} FROM STDIN CSV") as copy:
                        copy.write(path.read_bytes())
    """,
    "ai/train.py": """
        import pathlib, sys

        data, out = sys.argv[2], sys.argv[4]
        pathlib.Path(out).mkdir()
        pathlib.Path(out, "model").write_text(pathlib.Path(data, "options").read_text())
        learned = pathlib.Path(data, "learned")
        learned.mkdir()
        (learned / "moods.csv").write_text("1,dry\\n2,fond\\n")
    """,
    "backend/catalog/models.py": "",
    "backend/catalog/views.py": "",
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    for name, code in SHOP.items():
        path = tmp_path / "shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(code))
    return tmp_path / "shop"


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    with Supervisor(f"test-{uuid.uuid4()}", lambda notice: None) as supervisor:
        yield supervisor


def kept(cache: Path) -> list[str]:
    """What is in the cache's folder of datasets, without the locks."""
    names = (path.name for path in (cache / "datasets").iterdir())
    return sorted(name for name in names if not name.endswith(".lock"))


def test_made_once_and_served_from_a_copy(
    shop: Path, supervisor: Supervisor, tmp_path: Path
) -> None:
    steps: list[str] = []
    recipe = Recipe(shop, seed=3, size="small")
    first = prepare(recipe, tmp_path / "cache", steps.append)
    assert "training the models" in steps
    assert (first.models / "model").read_text() == "3 small"
    assert (first.data / "books.csv").exists()
    steps.clear()
    second = prepare(recipe, tmp_path / "cache", steps.append)
    assert (second.folder, steps) == (first.folder, [])
    assert kept(tmp_path / "cache") == [recipe.key()]

    run = tmp_path / "run"
    run.mkdir()
    folder = second.place(run, supervisor)
    assert folder == run / "postgres"
    postgres = Postgres(supervisor.run_id, run, folder, free_ports(1)[0], second.password)
    supervisor.start(postgres.command(), postgres.ready, timeout=PATIENCE)
    with psycopg.connect(postgres.url) as connection:
        query = "SELECT title, mood FROM books JOIN moods ON book_id = id ORDER BY id"
        rows = connection.execute(query).fetchall()
    assert rows == [("Dune", "dry"), ("Emma", "fond")]
    with psycopg.connect(postgres.admin_url) as connection:
        query = "SELECT count(*) FROM pg_stat_statements WHERE query LIKE 'COPY%'"
        assert connection.execute(query).fetchone() == (0,)
        query = "SELECT n_tup_ins, relallvisible FROM pg_stat_user_tables JOIN pg_class c USING"
        query += " (relname) WHERE relname = 'books'"
        assert connection.execute(query).fetchone() == (0, 1)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
def test_nobody_gets_its_copy_where_it_may_be(
    shop: Path, supervisor: Supervisor, tmp_path: Path
) -> None:
    made = prepare(Recipe(shop), tmp_path / "cache", lambda step: None)
    run = tmp_path / "run"
    run.mkdir(mode=0o700)
    nobody = Account("nobody")
    folder = made.place(run, supervisor, nobody)
    assert not folder.is_relative_to(run)
    port = free_ports(1)[0]
    postgres = Postgres(supervisor.run_id, run, folder, port, made.password, account=nobody)
    supervisor.start(postgres.command(), postgres.ready, timeout=PATIENCE)
    supervisor.close()
    assert not folder.parent.exists()


def test_the_key_follows_what_decides_the_data(shop: Path) -> None:
    key = Recipe(shop).key()
    (shop / "backend/catalog/views.py").write_text("# a change that touches no data")
    (shop / "data/__pycache__").mkdir()
    (shop / "data/__pycache__/generate.pyc").touch()
    assert Recipe(shop).key() == key
    keys = {key, Recipe(shop, seed=8).key(), Recipe(shop, size="small").key()}
    for name in ("data/generate.py", "ai/train.py", "backend/catalog/models.py"):
        with (shop / name).open("a") as file:
            file.write("# changed\n")
        keys.add(Recipe(shop).key())
    assert len(keys) == 6


def test_a_failing_command_is_told_and_leaves_nothing(shop: Path, tmp_path: Path) -> None:
    (shop / "data/generate.py").write_text("raise SystemExit('no such size: huge')")
    with pytest.raises(BrownoutError, match="generate exited with code 1") as error:
        prepare(Recipe(shop), tmp_path / "cache", lambda step: None)
    assert "no such size: huge" in str(error.value)
    log = tmp_path / "cache" / "datasets" / f"{Recipe(shop).key()}.work" / "logs" / "generate.log"
    assert str(log) in str(error.value)
    assert log.exists()
    assert kept(tmp_path / "cache") == [f"{Recipe(shop).key()}.work"]


def test_two_builders_share_one_build(shop: Path, tmp_path: Path) -> None:
    steps: list[str] = []
    found: list[Path] = []

    def build() -> None:
        found.append(prepare(Recipe(shop), tmp_path / "cache", steps.append).folder)

    threads = [threading.Thread(target=build) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] == found[1]
    assert steps.count("training the models") == 1
    assert steps.count("waiting for another brownout that makes the same data") == 1


def test_a_killed_builder_leaves_nothing_half(shop: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    train = shop / "ai/train.py"
    works = train.read_text()
    train.write_text(f"open({str(tmp_path / 'sign')!r}, 'w'); import time; time.sleep(600)")
    code = f"""
        from pathlib import Path
        from brownout.stack.data.dataset import prepare
        from brownout.stack.data.recipe import Recipe
        prepare(Recipe(Path({str(shop)!r})), Path({str(cache)!r}), print)
    """
    builder = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.DEVNULL
    )
    until(lambda: (tmp_path / "sign").exists() or builder.poll() is not None)
    # The reaper and the training, and the database once it serves beside them.
    until(lambda: len(psutil.Process(builder.pid).children(recursive=True)) > 5)
    family = psutil.Process(builder.pid).children(recursive=True)
    os.kill(builder.pid, signal.SIGKILL)
    builder.wait()
    psutil.wait_procs(family, timeout=PATIENCE)
    until(lambda: kept(cache) == [f"{Recipe(shop).key()}.work"])
    train.write_text(works)
    assert prepare(Recipe(shop), cache, lambda step: None).models.is_dir()


def test_the_real_shop(supervisor: Supervisor, tmp_path: Path) -> None:
    shop = Path(__file__).parents[3] / "shop"
    made = prepare(Recipe(shop, size="small"), store.cache_folder(), lambda step: None)
    folder = made.place(tmp_path, supervisor)
    port = free_ports(1)[0]
    postgres = Postgres(supervisor.run_id, tmp_path, folder, port, made.password)
    supervisor.start(postgres.command(), postgres.ready, timeout=PATIENCE)
    with psycopg.connect(postgres.admin_url) as connection:
        query = "SELECT relname, reltuples::int FROM pg_class WHERE relkind = 'r' AND reltuples > 0"
        rows = dict(connection.execute(query).fetchall())
    assert any(name.endswith("_book") and count == 2_000 for name, count in rows.items())
    assert any(name.endswith("_review") and count > 10_000 for name, count in rows.items())
    assert any(made.models.iterdir())


@pytest.mark.parametrize("damage", ['{"seed":', "[]", "{}"])
def test_a_damaged_one_is_made_anew(shop: Path, tmp_path: Path, damage: str) -> None:
    folder = prepare(Recipe(shop), tmp_path, lambda step: None).folder
    (folder / "dataset.json").write_text(damage)
    steps: list[str] = []
    again = prepare(Recipe(shop), tmp_path, steps.append)
    assert again.folder == folder
    assert "training the models" in steps
    assert again.password


def test_the_longest_unused_go_first(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset, "KEPT", 2)
    claimed = prepare(Recipe(shop, seed=1), tmp_path, lambda step: None)
    old = prepare(Recipe(shop, seed=2), tmp_path, lambda step: None).folder
    newer = tmp_path / "datasets" / "newer"
    shutil.copytree(old, newer)
    for number, folder in enumerate([claimed.folder, old, newer]):
        os.utime(folder / "dataset.json", (number, number))
    last = prepare(Recipe(shop, seed=3), tmp_path, lambda step: None).folder
    assert kept(tmp_path) == sorted(path.name for path in (claimed.folder, newer, last))


def test_a_size_that_does_not_fit_is_not_begun(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(dataset.SIZES, "large", Size(disk=1e15, memory=0, step=1))
    with pytest.raises(MachineError, match=r"1000000\.0 GB are needed to make .* size large"):
        prepare(Recipe(shop, size="large"), tmp_path, lambda step: None)
    assert kept(tmp_path) == []


def test_too_little_room_is_said_in_numbers(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match=r"GB free, and 1000000\.0 GB are needed to test"):
        need_disk(tmp_path, 1e15, "to test")
    with pytest.raises(MachineError, match=r"and 1000000\.0 GB are needed to test"):
        need_memory(1e15, "to test")
