"""From nothing to the first drill: a fresh clone, an empty cache, python3 and git alone.

    python3 benchmarks/fresh.py

Prints the seconds of the set-up, and from the command to the first user's answer of the first drill
(data generated, models trained, front end built) and of the second one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

FIRST_USER = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1], read_only=True)
sql = "SELECT min(intended + latency) FROM requests WHERE status BETWEEN 1 AND 399"
print(connection.execute(sql).fetchone()[0])
"""


def main() -> int:
    folder = Path(tempfile.mkdtemp(prefix="brownout-fresh-"))
    clone = folder / "clone"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
    environment = {**os.environ, "BROWNOUT_CACHE": str(folder / "cache")}
    began = time.monotonic()
    subprocess.run(["make", "-s", "setup"], cwd=clone, env=environment, check=True)
    print(f"set-up                          {time.monotonic() - began:.0f} s", flush=True)
    for which in ("first", "second"):
        run = folder / which
        arguments = f"healthy --responder none --pace quick --minutes 0.1 --out {run}"
        start = time.time_ns()
        command = ["make", "-s", "drill", f"ARGS={arguments}"]
        quiet = subprocess.DEVNULL
        subprocess.run(command, cwd=clone, env=environment, stdout=quiet, stderr=quiet, check=False)
        argv = [str(clone / ".venv/bin/python"), "-c", FIRST_USER, str(run / "telemetry.duckdb")]
        answered = int(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)
        seconds = (answered - start) / 1e9
        print(f"{which + ' drill, first user':31} {seconds:.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
