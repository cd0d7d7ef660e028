"""What each module, and the package as a whole, offers by name."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections import Counter
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Final

import pytest

import pyzmtp
from pyzmtp import errors
from pyzmtp.constants import SocketType
from pyzmtp.engine import events

_ROOT: Final = Path(pyzmtp.__file__).parent

#: A program that runs by itself, in a process without pyzmtp.
_SCRIPTS: Final = {"pyzmtp.__main__", "pyzmtp.cli.demo.libzmq_child"}

#: Names that DESIGN.md, section 1, shows to users, besides errors and events.
_PUBLIC: Final = {
    "IMPLEMENTATION",
    "DealerSocket",
    "PairSocket",
    "Peer",
    "PubSocket",
    "PullSocket",
    "PushSocket",
    "RepSocket",
    "ReqSocket",
    "Requester",
    "RouterSocket",
    "SocketOptions",
    "Stats",
    "SubSocket",
    "XPubSocket",
    "XSubSocket",
    "connectZMQ",
    "listenZMQ",
}


def _names() -> dict[str, Path]:
    """All modules by name, but for scripts."""
    names = {}
    for path in sorted(_ROOT.rglob("*.py")):
        parts = path.relative_to(_ROOT.parent).with_suffix("").parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return {name: path for name, path in names.items() if name not in _SCRIPTS}


_MODULES: Final = _names()
_EACH = pytest.mark.parametrize("name", _MODULES)


def _defined(path: Path) -> list[str]:
    """The names that a module defines at its top, not those that it imports."""
    names: list[str] = []
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            targets = [target for target in node.targets if isinstance(target, ast.Name)]
            names += [target.id for target in targets]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.append(node.target.id)
        elif isinstance(node, ast.If):  # a choice between two forms
            for branch in (node.body, node.orelse):
                for statement in branch:
                    if isinstance(statement, ast.AnnAssign) and isinstance(
                        statement.target, ast.Name
                    ):
                        names.append(statement.target.id)
    return names


def _imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


@_EACH
def test_a_module_names_what_it_offers(name: str) -> None:
    path = _MODULES[name]
    public = {defined for defined in _defined(path) if not defined.startswith("_")}
    if path.name == "__init__.py" and not public and not _imported(path) - {"annotations"}:
        return  # a package that holds nothing itself
    offered = importlib.import_module(name).__all__
    if path.name in ("__init__.py", "hot.py"):  # which pass on what others hold
        assert public <= set(offered) <= public | _imported(path)
    else:
        assert set(offered) == public


@_EACH
def test_what_a_module_offers_is_there_and_stands_once(name: str) -> None:
    module = importlib.import_module(name)
    offered = getattr(module, "__all__", [])
    assert [other for other, count in Counter(offered).items() if count > 1] == []
    assert [other for other in offered if not hasattr(module, other)] == []


def test_the_package_offers_all_errors_all_events_and_the_public_face() -> None:
    offered = set(pyzmtp.__all__)
    assert offered >= set(errors.__all__)
    assert offered >= set(events.__all__)
    assert offered >= _PUBLIC


def test_the_package_has_a_socket_of_every_type() -> None:
    sockets = [getattr(pyzmtp, name) for name in pyzmtp.__all__ if name.endswith("Socket")]
    types = [socket.socket_type for socket in sockets if hasattr(socket, "socket_type")]
    assert sorted(kind.value for kind in types) == sorted(kind.value for kind in SocketType)


def test_no_name_of_the_package_is_private_or_a_module() -> None:
    for name in pyzmtp.__all__:
        assert not name.startswith("_")
        assert f"pyzmtp.{name}" not in _MODULES


def test_a_name_of_the_package_means_the_same_wherever_it_is_offered() -> None:
    for name, path in _MODULES.items():
        if ".cli" not in name and path.name != "__init__.py":
            module = importlib.import_module(name)
            for offered in module.__all__:
                if offered in pyzmtp.__all__:
                    assert getattr(pyzmtp, offered) is getattr(module, offered), (name, offered)


def test_a_star_import_gives_what_is_offered_and_no_more() -> None:
    namespace: dict[str, object] = {}
    exec("from pyzmtp import *", namespace)
    assert set(namespace) - {"__builtins__"} == set(pyzmtp.__all__)


def test_the_package_imports_a_name_from_where_type_checkers_find_it() -> None:
    for_types = {
        alias.name: node.module
        for node in ast.walk(ast.parse(Path(pyzmtp.__file__).read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pyzmtp.")
        for alias in node.names
    }
    assert for_types.pop("IMPLEMENTATION") == "pyzmtp._speedups"
    assert for_types == pyzmtp._HOME_OF
    assert set(pyzmtp.__all__) == {*for_types, "IMPLEMENTATION"}
    assert set(dir(pyzmtp)) >= set(pyzmtp.__all__)


def test_to_import_the_package_alone_imports_hardly_anything() -> None:
    code = "import sys, pyzmtp; print(*sorted(name for name in sys.modules if 'pyzmtp' in name))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ours = [name for name in run.stdout.split() if not name.startswith("__editable__")]
    assert ours == ["pyzmtp", "pyzmtp._speedups"]


def test_the_package_knows_its_version_and_no_name_that_it_does_not_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.metadata.version", "{} 1.2.3".format)
    assert pyzmtp.__version__ == "pyzmtp 1.2.3"
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = pyzmtp.no_such_name
    assert pyzmtp.IMPLEMENTATION in ("cython", "python")


def test_a_package_that_is_not_installed_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.version", unknown)
    with pytest.raises(AttributeError, match="not installed"):
        _ = pyzmtp.__version__
