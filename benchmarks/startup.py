"""What it costs to start: CPU of short commands, of two installations in turn.

    .venv/bin/python benchmarks/startup.py [--than OTHER/.venv/bin/brownout] [--rounds 7]

CPU seconds (user and system, children included), the median of the rounds; the ratio is of two
medians of one run. Without ``--than`` this installation is told alone.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

COMMANDS = {
    "--help": ["--help"],
    "drill --help": ["drill", "--help"],
    "run -- true": ["run", "--", "true"],
    "status (no drill)": ["status"],
    "runs": ["runs"],
}


def cpu(program: str, argv: list[str], folder: Path) -> float:
    """CPU seconds of one command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([program, *argv], cwd=folder, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--than", help="the program of another installation")
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    own = str(Path(sys.executable).with_name("brownout"))
    programs = [own, *([os.path.abspath(args.than)] if args.than else [])]
    print(f"{'command':20}{'CPU s':>8}" + ("   other   ratio" if args.than else ""))
    with tempfile.TemporaryDirectory() as name:
        for told, argv in COMMANDS.items():
            rounds = [[cpu(p, argv, Path(name)) for p in programs] for _ in range(args.rounds)]
            middle = [statistics.median(seen) for seen in zip(*rounds, strict=True)]
            ratio = f"{middle[1]:8.2f}{middle[0] / middle[1]:8.2f}" if args.than else ""
            print(f"{told:20}{middle[0]:8.2f}{ratio}", flush=True)


if __name__ == "__main__":
    main()
