"""``brownout``: the command line. Results on stdout, progress on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from brownout import store
from brownout.app import (
    archive,
    calibrate,
    catalogue,
    flying,
    load_worker,
    measure,
    ops,
    probe,
    quality,
    scan,
)
from brownout.app import run as run_command
from brownout.model import BrownoutError, MachineError

app = typer.Typer(
    name="brownout",
    help="A flight simulator for performance regressions.",
    epilog="Start with: brownout drill",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
COMMANDS = (
    flying, ops, measure, quality, archive, catalogue, calibrate, load_worker, probe, run_command,
    scan,
)  # fmt: skip
for module in COMMANDS:
    module.register(app)


# typer carries a click of its own and names only the leaves of its exceptions.
USAGE_ERROR: Any = typer.BadParameter.__mro__[1]


def keep_machine_code(modules: Path) -> None:
    """Where numba cannot keep machine code beside ``modules``, let it be in our own cache.

    The compiling takes longer than most scans. To be called before anything imports numba.
    """
    beside = modules / "__pycache__"
    if not os.access(beside if beside.exists() else modules, os.W_OK):
        os.environ.setdefault("NUMBA_CACHE_DIR", str(store.cache_folder() / "numba"))


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and exit: 0 good, 1 the answer is no, 2 bad input, 3 the machine cannot."""
    sys.exit(run(argv))


def run(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    keep_machine_code(Path(__file__).parents[1] / "stats")
    try:
        result = app(args=argv, standalone_mode=False)
    except BrownoutError as error:
        print(f"brownout: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:  # a full disk, a part of the stack that is away
        print(f"brownout: {error}", file=sys.stderr)
        return MachineError.exit_code
    except typer.Exit as leave:
        return leave.exit_code
    except (typer.Abort, KeyboardInterrupt):
        print("brownout: interrupted", file=sys.stderr)
        return 130
    except USAGE_ERROR as error:
        error.show(sys.stderr)
        return int(error.exit_code)
    return result if isinstance(result, int) else 0


if __name__ == "__main__":
    main()
