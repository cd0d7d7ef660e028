"""A Sphinx extension: what the names in docstrings and signatures link to.

Docstrings name things as their readers know them: ``Peer``, ``close``, ``Peer.user_id``. Annotations name
classes where they are defined, which is not where they are imported from. Both are looked up here. Names of
Python and Twisted become links to their documentation, whose addresses follow from the names: so no list of
them has to be fetched when the book is made.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode

from tools.book.public import PUBLIC_MODULES

__all__ = ["setup"]

_PYTHON: Final = "https://docs.python.org/3/library"
_TWISTED: Final = "https://docs.twisted.org/en/stable/api"

#: Modules of Python's library that annotations name.
_LIBRARY: Final = {"collections.abc", "enum", "logging", "os", "pathlib", "types", "typing"}

#: Names that are left as they are: outside ones whose documentation has no address that follows from the
#: name, private ones, and parts of the network in memory that no program has to do with.
_PLAIN: Final = re.compile(
    r"(prometheus_client|zope\.interface)\.[\w.]+|(pyzmtp\.[\w.]*\.)?(_\w+|MemoryEnd|MemoryPort)"
)

#: How Sphinx writes an alias of ``autodoc_type_aliases`` within something else, such as
#: ``Deferred[Message]``, and an interface.
_WRAPPED: Final = re.compile(r"TypeAliasForwardRef\('([\w.]+)'\)|<InterfaceClass ([\w.]+)>")


def setup(app: Sphinx) -> dict[str, bool]:
    """Join the build."""
    app.connect("autodoc-process-signature", _unwrap_names)
    app.connect("autodoc-process-bases", _skip_inner_bases)
    app.connect("missing-reference", _resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _unwrap_names(
    app: Sphinx,
    what: str,
    name: str,
    obj: object,
    options: Any,
    signature: str | None,
    returned: str | None,
) -> tuple[str | None, str | None]:
    return _unwrapped(signature), _unwrapped(returned)


def _unwrapped(text: str | None) -> str | None:
    return None if text is None else _WRAPPED.sub(lambda found: found[1] or found[2], text)


def _skip_inner_bases(
    app: Sphinx, name: str, obj: type, options: Any, bases: list[type | Any]
) -> None:
    """Name, in the place of a base that nobody imports, the bases of that."""
    shown: dict[Any, None] = {}
    while bases:
        base = bases.pop(0)
        home = f"{getattr(base, '__module__', '')}.{getattr(base, '__qualname__', '')}"
        if home.startswith("pyzmtp.") and home not in _PUBLIC_NAMES and "[" not in str(base):
            bases[:0] = base.__bases__
        elif base is not object:
            shown[base] = None
    bases += shown


def _resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement
) -> nodes.Element | None:
    """What a name means that Sphinx does not know; ``None``: nothing, and that is a warning."""
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"]
    objects = env.domains.python_domain.objects
    inner = [name for name in objects if name.endswith(f".{target}")]
    names = _meanings(target, node.get("py:module"), node.get("py:class"))
    for name in (*names, *(inner if len(inner) == 1 else ())):
        if name in objects:
            found = objects[name]
            return make_refnode(
                app.builder, node["refdoc"], found.docname, found.node_id, content, name
            )
    address = _outside(target)
    if address is not None:
        return nodes.reference("", "", content, internal=False, refuri=address, reftitle=target)
    return content if _PLAIN.fullmatch(target) else None


def _meanings(target: str, module: str | None, owner: str | None) -> Iterator[str]:
    """The documented names that ``target`` may stand for, in a docstring of ``owner`` in ``module``."""
    yield _PUBLIC_NAMES.get(target, target)
    yield from (f"{public}.{target}" for public in PUBLIC_MODULES)
    first, _, attribute = target.rpartition(".")
    for public in (module, *PUBLIC_MODULES):
        named = _find(public, first or owner)
        for base in getattr(named, "__mro__", ()):
            home = f"{base.__module__}.{base.__qualname__}"
            home = _PUBLIC_NAMES.get(home, home)
            if attribute in vars(base):
                yield f"{home}.{attribute}"
            if attribute in vars(base).get("__annotations__", ()):
                yield home  # a field, which the text of its class describes


def _find(module: str | None, name: str | None) -> object:
    """What is called ``name`` in a public module; ``None``: nothing."""
    return getattr(import_module(module), name, None) if module and name else None


def _outside(target: str) -> str | None:
    """The address of the documentation of a name of Python's or Twisted's."""
    module, _, name = target.rpartition(".")
    if target.startswith("twisted."):
        return f"{_TWISTED}/{target}.html"
    if module in _LIBRARY:
        return f"{_PYTHON}/{module}.html#{target}"
    known = getattr(builtins, name, None) if not module else None
    if isinstance(known, type):
        page = "exceptions" if issubclass(known, BaseException) else "stdtypes"
        return f"{_PYTHON}/{page}.html#{name}"
    return None


def _public_names() -> dict[str, str]:
    """The public name of each class and function, by the name of where it is defined."""
    names = {}
    for public in reversed(PUBLIC_MODULES):  # the first that has a name is whose it is
        module = import_module(public)
        for name in module.__all__:
            home = getattr(getattr(module, name), "__module__", public)
            names[f"{home}.{name}"] = f"{public}.{name}"
    return names


_PUBLIC_NAMES: Final = _public_names()
