"""What it costs to start, and to be there: of two installations in turn.

    .venv/bin/python benchmarks/startup.py [--than OTHER/.venv/bin/brownout] [--rounds 7]

CPU seconds of short commands (user and system, children included), and the memory (MB, PSS) of all
processes that ``brownout run`` has beside an application that was just started. Told is the median
of the rounds; the ratio is of two medians of one run. Without ``--than`` this installation is told
alone.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import psutil

COMMANDS = {
    "--help": ["--help"],
    "drill --help": ["drill", "--help"],
    "run -- true": ["run", "--", "true"],
    "status (no drill)": ["status"],
    "runs": ["runs"],
}
APPLICATION = "print(flush=True); input()"


def cpu(program: str, argv: list[str], folder: Path) -> float:
    """CPU seconds of one command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([program, *argv], cwd=folder, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def memory(program: str, folder: Path) -> float:
    """MB of the processes beside the application, once it has started."""
    argv = [program, "run", "--", sys.executable, "-c", APPLICATION]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(argv, cwd=folder, **pipes) as process:
        process.stdout.readline()
        control = psutil.Process(process.pid)
        children = control.children(recursive=True)
        others = [control, *(p for p in children if p.cmdline()[-1] != APPLICATION)]
        total = sum(p.memory_full_info().pss for p in others) / 1e6
        process.communicate(b"\n")
    return total


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--than", help="the program of another installation")
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    own = str(Path(sys.executable).with_name("brownout"))
    programs = [own, *([os.path.abspath(args.than)] if args.than else [])]
    print(f"{'':28}{'this':>8}" + ("   other   ratio" if args.than else ""))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures = {f"{told}, CPU s": partial(cpu, argv=argv) for told, argv in COMMANDS.items()}
        for told, measure in (figures | {"run, MB": memory}).items():
            rounds = [[measure(p, folder=folder) for p in programs] for _ in range(args.rounds)]
            middle = [statistics.median(seen) for seen in zip(*rounds, strict=True)]
            ratio = f"{middle[1]:8.2f}{middle[0] / middle[1]:8.2f}" if args.than else ""
            print(f"{told:28}{middle[0]:8.2f}{ratio}", flush=True)


if __name__ == "__main__":
    main()
