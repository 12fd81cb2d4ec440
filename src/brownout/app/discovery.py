"""Commands that are the files of a folder: each is imported when it is asked for, and only then."""

from __future__ import annotations

import ast
import pkgutil
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from typer.core import TyperCommand, TyperGroup

Command = TyperCommand | TyperGroup


class Folder(TyperGroup):
    """A group of commands: the modules of ``package``, ``-`` for ``_`` in their names.

    ``build`` makes the command of a module. The list of commands imports none of them: it reads
    their sources, where the docstring of ``function`` (None: of the one that is named as its
    file) says what a command does, and ``SECTION`` under which heading of ``sections`` it stands.
    """

    def __init__(
        self,
        package: str,
        build: Callable[[str, ModuleType], Command],
        sections: Sequence[str] = (),
        function: str | None = None,
        **settings: Any,
    ) -> None:
        spec = find_spec(package)
        folders = list(spec.submodule_search_locations or ()) if spec else []
        self._package, self._build = package, build
        self._sections, self._function = sections, function
        self._files = {
            found.name.replace("_", "-"): Path(folder) / f"{found.name}.py"
            for folder in folders
            for found in pkgutil.iter_modules([folder])
        }
        # Their names are suggested to who mistypes one; get_command makes what is run.
        names = [TyperCommand(name) for name in self._files]
        super().__init__(commands=names, rich_markup_mode=None, **settings)

    def get_command(self, ctx: Any, cmd_name: str) -> Command | None:
        """The command of that name, imported."""
        if cmd_name not in self._files:
            return None
        module = import_module(f"{self._package}.{self._files[cmd_name].stem}")
        return self._build(cmd_name, module)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands, by section."""
        told = {name: self._read(path) for name, path in self._files.items()}
        width = max(len(name) for name in told)
        for section in self._sections or ("Commands",):
            rows = [
                (name.ljust(width), card.get_short_help_str(formatter.width - 6 - width))
                for name, (under, card) in told.items()
                if under == section or not self._sections
            ]
            with formatter.section(section):
                formatter.write_dl(rows)

    def _read(self, path: Path) -> tuple[str, Command]:
        """(the section that a module names, a command that has its help and nothing else)."""
        section, doc = "", None
        own = (self._function or path.stem, f"{path.stem}_")  # try is no name of a function
        for node in ast.parse(path.read_text()).body:
            match node:
                case ast.Assign(targets=[ast.Name("SECTION")], value=ast.Constant(str() as value)):
                    section = value
                case ast.FunctionDef(name=name) if name in own:
                    doc = ast.get_docstring(node)
        return section, TyperCommand(path.stem, help=doc, rich_markup_mode=None)
