"""``brownout``: the command line. Results on stdout, progress on stderr."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import typer

from brownout.app import archive, calibrate, catalogue, flying, load_worker, ops, quality
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
for module in (flying, ops, quality, archive, catalogue, calibrate, load_worker):
    module.register(app)


# typer carries a click of its own and names only the leaves of its exceptions.
USAGE_ERROR: Any = typer.BadParameter.__mro__[1]


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and exit: 0 good, 1 the answer is no, 2 bad input, 3 the machine cannot."""
    sys.exit(run(argv))


def run(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
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
