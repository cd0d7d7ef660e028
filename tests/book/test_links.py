"""Links between the pages, and from them to files here, lead somewhere: on GitHub as in the book.

The book's own build sees to those in docstrings.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

_ROOT: Final = Path(__file__).parent.parent.parent
_DOCS: Final = _ROOT / "docs"
_PAGES: Final = sorted([_ROOT / "README.md", _ROOT / "CONTRIBUTING.md", *_DOCS.glob("*.md")])

_FENCED: Final = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_LINK: Final = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING: Final = re.compile(r"^#+ (.+)$", re.MULTILINE)
_INCLUDED: Final = re.compile(r"^```\{include\} (\S+)", re.MULTILINE)
_TREE: Final = re.compile(r"^```\{toctree\}\n(.*?)^```", re.DOTALL | re.MULTILINE)


def _text(page: Path) -> str:
    """What stands on a page, or on the one that it is made of."""
    text = page.read_text()
    included = _INCLUDED.search(text)
    return _text(page.parent / included[1]) if included else text


def _anchors(page: Path) -> set[str]:
    """The names of a page's headings, as GitHub makes them."""
    headings = _HEADING.findall(_FENCED.sub("", _text(page)))
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _links(page: Path) -> list[str]:
    links = _LINK.findall(_FENCED.sub("", page.read_text()))
    return [link for link in links if "://" not in link]


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in _links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_relative_to(_ROOT), link
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target), link


@pytest.mark.parametrize(
    "page", [page for page in _PAGES if page.parent == _DOCS], ids=lambda page: page.name
)
def test_the_book_has_a_place_for_every_page(page: Path) -> None:
    trees = _TREE.findall((_DOCS / "index.md").read_text())
    named = [line for tree in trees for line in tree.split() if not line.startswith(":")]
    assert page.stem == "index" or named.count(page.stem) == 1


def test_links_are_found() -> None:
    assert len(_links(_DOCS / "patterns.md")) > 10
    assert "what-is-counted" in _anchors(_DOCS / "reliability.md")
