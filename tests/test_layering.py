"""Imports go down only, and a few things are imported nowhere (DESIGN.md, section 2)."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from attrs import frozen

import pyzmtp

_ROOT: Final = Path(pyzmtp.__file__).parent

#: Every module below pyzmtp, by the first part of its name, and the layer that it is in.
_LAYERS: Final[dict[int, set[str]]] = {
    0: {"_speedups", "errors", "constants", "validators", "options", "peer", "authentication"},
    1: {"wire"},
    3: {"mechanisms", "patterns"},
    4: {"engine", "security"},
    5: {"net"},
    6: {
        "__init__",
        "monitor",
        "sockets",
        "requester",
        "service",
        "proxy",
        "zap",
        "zap_server",
        "authenticator",
        "callbacks",
        "certificates",
        "codecs",
        "logs",
        "metrics",
        "policy_files",
    },
    7: {"tap", "testing", "txzmq"},
    8: {"cli", "__main__"},
}

_TWISTED_FROM: Final = 5
_TWISTED: Final = {"twisted", "zope"}

#: Third parties that only one part of the package may need.
_ONLY_IN: Final = {
    "click": "cli",
    "dpkt": "cli",
    "prometheus_client": "metrics",
    "pytest": "testing",
    "rich": "cli",
}

#: What makes a reactor need file descriptors, so that memory, IOCP and GUI reactors would not do.
_FORBIDDEN_NAMES: Final = {
    "addReader",
    "addWriter",
    "removeReader",
    "removeWriter",
    "IReactorFDSet",
    "IReadDescriptor",
    "IWriteDescriptor",
    "IReadWriteDescriptor",
}

_MOST_LINES: Final = 420


@frozen
class Import:
    """One name that a module imports: ``from package import name``, or ``import package``."""

    package: str
    name: str | None
    only_for_types: bool

    def within(self, package: str) -> bool:
        """Whether ``package``, or something below it, is imported."""
        return f"{self.full_name}.".startswith(f"{package}.")

    @property
    def full_name(self) -> str:
        """What is imported, by its whole name."""
        return self.package if self.name is None else f"{self.package}.{self.name}"


@frozen
class Module:
    """A source file of the package."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def part(self) -> str:
        """The part of the package that it belongs to: what the layers are made of."""
        _, _, below = self.name.partition(".")
        return below.partition(".")[0] or "__init__"

    @property
    def layer(self) -> int:
        """Its layer."""
        return _layer_of(self.part)

    def imports(self) -> list[Import]:
        """All that it imports, wherever in the file."""
        return list(_imports(self.tree, False))


def _modules() -> Iterator[Module]:
    for path in sorted(_ROOT.rglob("*.py")):
        parts = path.relative_to(_ROOT.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        text = path.read_text("utf-8")
        yield Module(name, path, text, ast.parse(text))


def _imports(node: ast.AST, only_for_types: bool) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(alias.name, None, only_for_types)
    elif isinstance(node, ast.ImportFrom):
        assert not node.level, "all imports are absolute: a compiled module would start elsewhere"
        assert node.module is not None
        for alias in node.names:
            yield Import(node.module, alias.name, only_for_types)
    elif isinstance(node, ast.If) and _is_type_checking(node.test):
        for statement in node.body:
            yield from _imports(statement, True)
        for statement in node.orelse:
            yield from _imports(statement, only_for_types)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _imports(child, only_for_types)


def _is_type_checking(test: ast.expr) -> bool:
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


def _layer_of(part: str) -> int:
    [layer] = [layer for layer, parts in _LAYERS.items() if part in parts]
    return layer


def _part_of(imported: Import) -> str:
    """The part of the package that an import of ours is about."""
    below = imported.full_name.split(".")[1:]
    return below[0] if below and _is_part(below[0]) else "__init__"


def _is_part(name: str) -> bool:
    return (_ROOT / name).is_dir() or (_ROOT / f"{name}.py").is_file()


_MODULES: Final = list(_modules())
_EACH = pytest.mark.parametrize("module", _MODULES, ids=lambda module: module.name)


def test_every_part_of_the_package_is_in_one_layer() -> None:
    for module in _MODULES:
        layers = [layer for layer, parts in _LAYERS.items() if module.part in parts]
        assert len(layers) == 1, module.name


@_EACH
def test_imports_go_down_only(module: Module) -> None:
    for imported in module.imports():
        if imported.within("pyzmtp"):
            assert _layer_of(_part_of(imported)) <= module.layer, imported


@_EACH
def test_the_compiled_forms_are_imported_where_they_are_chosen(module: Module) -> None:
    """Each package takes its own, under the names of the pure ones, and all others take it from there."""
    compiled = {
        (imported.package.removeprefix("pyzmtp._speedups."), imported.name)
        for imported in module.imports()
        if imported.within("pyzmtp._speedups") and imported.package != "pyzmtp._speedups"
    }
    if module.name.rpartition(".")[2] != "hot":
        assert not compiled
        return
    package = f"pyzmtp.{module.part}."
    pure = {
        (imported.package.removeprefix(package), imported.name)
        for imported in module.imports()
        if imported.within(package.rstrip("."))
    }
    assert compiled == pure
    assert {name for _, name in pure} == set(importlib.import_module(module.name).__all__)


@_EACH
def test_twisted_is_imported_from_the_net_layer_up(module: Module) -> None:
    if module.layer < _TWISTED_FROM:
        packages = {imported.package.partition(".")[0] for imported in module.imports()}
        assert not packages & _TWISTED


@_EACH
def test_the_global_reactor_is_imported_nowhere(module: Module) -> None:
    imports = [
        imported
        for imported in module.imports()
        if imported.within("twisted.internet.reactor") and not imported.only_for_types
    ]
    assert not imports
    strings = [node.value for node in ast.walk(module.tree) if isinstance(node, ast.Constant)]
    assert "twisted.internet.reactor" not in strings  # import_module()


def test_to_import_the_package_installs_no_reactor() -> None:
    names = [module.name for module in _MODULES if module.layer <= 7]
    code = f"import sys, {', '.join(names)}; print('twisted.internet.reactor' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "False\n"


_CONVERSATION: Final = """
import sys
sys.modules["twisted.internet.reactor"] = None  # to import it is an error now
from pyzmtp import RepSocket, ReqSocket
from pyzmtp.testing import FailureLog
from tests.sockets.world import World

world = World(FailureLog())
rep, req = world.make(RepSocket), world.make(ReqSocket)
rep.serve(lambda request: request)
world.run(req.connect(world.run(rep.bind("{where}"))))
print(world.run(req.request(b"request", timeout=1)))
world.close()
"""


@pytest.mark.parametrize("where", ["tcp://localhost:*", "ipc://*", "ws://127.0.0.1:*"])
def test_the_global_reactor_is_needed_nowhere(where: str) -> None:
    """Much of Twisted takes it where it is given no other."""
    code = _CONVERSATION.format(where=where)
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == "[b'request']\n"


def test_to_import_the_package_imports_nothing_for_tests() -> None:
    code = "import sys, pyzmtp; print(any('testing' in name or name == 'pytest' for name in sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "False\n"


@_EACH
def test_no_file_descriptor_is_given_to_a_reactor(module: Module) -> None:
    used = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute):
            used.add(node.attr)
        elif isinstance(node, ast.Name):
            used.add(node.id)
        elif isinstance(node, ast.alias):
            used.add(node.name.rpartition(".")[2])
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            used.add(node.name)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            used.add(node.value)  # getattr(reactor, "addReader")
    assert not used & _FORBIDDEN_NAMES


@_EACH
def test_what_one_part_needs_is_needed_nowhere_else(module: Module) -> None:
    for imported in module.imports():
        owner = _ONLY_IN.get(imported.package.partition(".")[0])
        assert owner in (None, module.part), imported


@_EACH
def test_a_file_is_one_noun_and_not_long(module: Module) -> None:
    assert len(module.text.splitlines()) <= _MOST_LINES
