"""A recording that cannot be written ends ``brownout run`` with a sentence."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path


def test_a_disk_without_room_is_told(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "brownout.app.cli", "run", "--out", "r.duckdb", "--", "true"]
    done = subprocess.run(
        argv,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        # No file may be larger than this: to a program, as a full disk is.
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)),
    )
    assert "Traceback" not in done.stderr
    assert (done.returncode, "cannot be written" in done.stderr) == (3, True), done.stderr
