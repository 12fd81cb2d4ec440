"""``brownout``: the command line. Results on stdout, progress on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from keyword import iskeyword
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import typer

from brownout import store
from brownout.app.discovery import Command, Folder
from brownout.model import BrownoutError, MachineError
from brownout.site import typed

SECTIONS = (*("Fly", "Look", "Respond", "Afterwards", "Your own project", "This machine"),)
"""Headings of `brownout --help`; each command names its own."""

# typer names only the leaves of its click's exceptions.
USAGE_ERROR: Any = typer.BadParameter.__mro__[1]


def build(name: str, module: ModuleType) -> Command:
    """The command of a module: its function of that name, or the ``group`` that it makes."""
    if hasattr(module, "group"):
        return cast(Command, module.group())
    own = name.replace("-", "_")
    function = getattr(module, f"{own}_" if iskeyword(own) else own)
    one = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    one.command(
        name,
        epilog=f"Example{'s' * ('; brownout ' in module.EXAMPLE)}: {module.EXAMPLE}",
        context_settings=getattr(module, "SETTINGS", None),
    )(function)
    return cast(Command, typer.main.get_command(one))


def app() -> Folder:
    """All commands: the files of ``commands/``."""
    return Folder(
        "brownout.app.commands",
        build,
        SECTIONS,
        name="brownout",
        help="A flight simulator for performance regressions.",
        epilog="Start with: brownout drill",
        no_args_is_help=True,
    )


def keep_machine_code(modules: Path) -> None:
    """Where numba cannot keep machine code beside ``modules``, let it be in our own cache.

    The compiling takes longer than most scans. To be called before anything imports numba.
    """
    beside = modules / "__pycache__"
    if not os.access(beside if beside.exists() else modules, os.W_OK):
        os.environ.setdefault("NUMBA_CACHE_DIR", str(store.cache_folder() / "numba"))


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and exit: 0 good, 1 the answer is no, 2 bad input, 3 the machine cannot."""
    typed.announce(sys.argv[1:] if argv is None else argv)
    sys.exit(run(argv))


def run(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    keep_machine_code(Path(__file__).parents[1] / "stats")
    try:
        result = app().main(args=argv, prog_name="brownout", standalone_mode=False)
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
