"""Which other programs use the CPU, on real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
from waiting import until

from brownout.probes.others import Others, program


def test_the_biggest_is_named_by_its_script_and_not_by_its_secrets(tmp_path: Path) -> None:
    script = tmp_path / "burner.py"
    script.write_text("while True: pass")
    with subprocess.Popen([sys.executable, str(script), "--password", "x"]) as busy:
        others = Others()
        try:
            until(lambda: "burner.py" in program(psutil.Process(busy.pid)))
            assert others.look((os.getpid(),), 0.0) == ()
            assert others.look((os.getpid(),), 1.0) == ()  # there is nothing yet to compare with
            spent = sum(psutil.Process(busy.pid).cpu_times()[:2])
            until(lambda: sum(psutil.Process(busy.pid).cpu_times()[:2]) > spent + 0.3)
            found = others._compare((os.getpid(),), 0.3)
            ours = others._compare((os.getpid(), busy.pid), 0.3)
        finally:
            busy.kill()
    cores = {name: used for name, used in found if "burner.py" in name}
    assert len(cores) == 1 and "x" not in " ".join(cores).split()
    assert min(cores.values()) >= 0.9
    assert not any("burner.py" in name for name, _ in ours)


def test_one_that_came_since_the_look_before_counts_whole() -> None:
    others = Others()
    others._compare((), 1.0)
    code = "print('on', flush=True)\nwhile True: pass"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as busy:
        try:
            until(lambda: sum(psutil.Process(busy.pid).cpu_times()[:2]) > 0.3)
            mine = {p.pid for p in psutil.process_iter()} - {busy.pid}
            found = others._compare(mine, 0.3)
        finally:
            busy.kill()
    assert max(used for _, used in found) >= 0.9
