"""How the book's pictures are drawn: boxes on a grid, arrows between them, frames around them; as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import hypot
from typing import Final
from xml.sax.saxutils import escape

from attrs import evolve, frozen

__all__ = ["Arrow", "Box", "Frame", "Picture", "draw"]

#: Sizes and distances, in pixels.
_WIDTH: Final = 140
_HEIGHT: Final = 52
_COLUMN: Final = 224
_ROW: Final = 84
_MARGIN: Final = 24
_FRAME: Final = 16
#: What a frame needs for its text, above its boxes.
_FRAME_TEXT: Final = 14
#: How far two arrows between the same boxes are apart.
_APART: Final = 18

#: A panel of its own makes a picture legible on any page; its colours follow the reader's system.
_STYLE: Final = """\
text { font: 13px system-ui, sans-serif; fill: var(--ink); text-anchor: middle }
.kind { font-weight: 600 }
.small { font-size: 12px; fill: var(--quiet) }
.label { paint-order: stroke; stroke: var(--panel); stroke-width: 6px; stroke-linejoin: round }
.panel { fill: var(--panel); stroke: var(--line) }
.frame { fill: none; stroke: var(--quiet); stroke-dasharray: 2 4 }
.socket rect { fill: var(--box); stroke: var(--blue); stroke-width: 1.5 }
.other rect { fill: var(--box); stroke: var(--line); stroke-width: 1.5 }
.arrow { fill: none; stroke-width: 1.75 }
.message { stroke: var(--blue) }
.told { stroke: var(--amber); stroke-dasharray: 6 4 }
.refused { stroke: var(--red); stroke-dasharray: 3 4 }
.head.message { fill: var(--blue) }
.head.told { fill: var(--amber) }
.head.refused { fill: var(--red) }
.head { stroke: none }
svg { --panel: #fafbfc; --box: #ffffff; --line: #c4cbd3; --ink: #1f2328; --quiet: #57606a;
      --blue: #1f6fd0; --amber: #9a6200; --red: #c9302c }
@media (prefers-color-scheme: dark) {
svg { --panel: #1c2128; --box: #0f1319; --line: #444c56; --ink: #e6edf3; --quiet: #a3adb8;
      --blue: #5ea5ff; --amber: #e0a63a; --red: #ff7b72 }
}"""


@frozen
class Box:
    """A box, at ``column`` and ``row`` of the grid.

    :ivar title: the first line: of a socket, its type.
    :ivar text: the second line.
    :ivar look: ``socket`` or ``other``.
    """

    column: float
    row: float
    title: str
    text: str = ""
    look: str = "socket"


@frozen
class Arrow:
    """An arrow from one box to another.

    :ivar look: ``message``, ``told`` for what is not a message, ``refused`` for what is not to be.
    :ivar both: whether it has two heads.
    :ivar at: where its text stands: 0 at its start, 1 at its end.
    """

    start: str
    end: str
    text: str = ""
    look: str = "message"
    both: bool = False
    at: float = 0.5


@frozen
class Frame:
    """A dotted line around boxes that belong together."""

    boxes: Sequence[str]
    text: str


@frozen
class Picture:
    """A picture; ``about`` says what it shows to who cannot see it."""

    about: str
    boxes: Mapping[str, Box]
    arrows: Sequence[Arrow]
    frames: Sequence[Frame] = ()


@frozen
class _Point:
    x: float
    y: float

    def towards(self, other: _Point, distance: float) -> _Point:
        """The point that lies ``distance`` from here on the way to ``other``."""
        share = distance / (hypot(other.x - self.x, other.y - self.y) or 1)
        return _Point(self.x + (other.x - self.x) * share, self.y + (other.y - self.y) * share)

    def moved(self, x: float, y: float) -> _Point:
        """The point beside this."""
        return _Point(self.x + x, self.y + y)


@frozen
class _Area:
    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def around(cls, centres: Sequence[_Point], beyond: float = 0) -> _Area:
        """The area of the boxes that have these centres, and a little more on each side."""
        xs, ys = [point.x for point in centres], [point.y for point in centres]
        x, y = _WIDTH / 2 + beyond, _HEIGHT / 2 + beyond
        return cls(min(xs) - x, min(ys) - y, max(xs) + x, max(ys) + y)

    @classmethod
    def of_frame(cls, centres: Sequence[_Point]) -> _Area:
        """The area of a frame around these boxes."""
        area = cls.around(centres, _FRAME)
        return evolve(area, top=area.top - _FRAME_TEXT)


def draw(picture: Picture) -> str:
    """The picture as an SVG file."""
    boxes = picture.boxes
    centres = {name: _Point(box.column * _COLUMN, box.row * _ROW) for name, box in boxes.items()}
    areas = [_Area.around([centre]) for centre in centres.values()]
    areas += [_Area.of_frame([centres[name] for name in frame.boxes]) for frame in picture.frames]
    left, top = min(area.left for area in areas), min(area.top for area in areas)
    shift = (_MARGIN - left, _MARGIN - top)
    centres = {name: centre.moved(*shift) for name, centre in centres.items()}
    width = max(area.right for area in areas) - left + 2 * _MARGIN
    height = max(area.bottom for area in areas) - top + 2 * _MARGIN
    ways = {(arrow.start, arrow.end) for arrow in picture.arrows}
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" role="img">',
        f"<title>{escape(picture.about)}</title>",
        f"<style>{_STYLE}</style>",
        f'<rect class="panel" x="0.5" y="0.5" width="{width - 1:g}" height="{height - 1:g}" rx="8"/>',
    ]
    lines += [_frame(frame, [centres[name] for name in frame.boxes]) for frame in picture.frames]
    for arrow in picture.arrows:
        apart = _APART / 2 if (arrow.end, arrow.start) in ways and arrow.start != arrow.end else 0
        lines.append(_arrow(arrow, centres[arrow.start], centres[arrow.end], apart))
    lines += [_box(box, centres[name]) for name, box in boxes.items()]
    # Above all lines, so that none crosses a text.
    for arrow in picture.arrows:
        apart = _APART / 2 if (arrow.end, arrow.start) in ways and arrow.start != arrow.end else 0
        lines.append(_label(arrow, centres[arrow.start], centres[arrow.end], apart))
    return "\n".join([*filter(None, lines), "</svg>", ""])


def _box(box: Box, at: _Point) -> str:
    x, y = at.x - _WIDTH / 2, at.y - _HEIGHT / 2
    rows = [(box.title, "kind"), (box.text, "small")] if box.text else [(box.title, "kind")]
    texts = [
        _text(text, at.moved(0, 4.5 + 17 * (index - (len(rows) - 1) / 2)), kind)
        for index, (text, kind) in enumerate(rows)
    ]
    shape = f'<rect x="{x:g}" y="{y:g}" width="{_WIDTH}" height="{_HEIGHT}" rx="6"/>'
    return f'<g class="{box.look}">{shape}{"".join(texts)}</g>'


def _frame(frame: Frame, centres: Sequence[_Point]) -> str:
    area = _Area.of_frame(centres)
    shape = (
        f'<rect class="frame" x="{area.left:g}" y="{area.top:g}" '
        f'width="{area.right - area.left:g}" height="{area.bottom - area.top:g}" rx="8"/>'
    )
    return shape + _text(frame.text, _Point((area.left + area.right) / 2, area.top + 18), "small")


def _arrow(arrow: Arrow, start: _Point, end: _Point, apart: float) -> str:
    if arrow.start == arrow.end:
        return _loop(arrow, start)
    first, last = _ends(start, end, apart)
    heads = [_head(arrow, first, last)] + ([_head(arrow, last, first)] if arrow.both else [])
    tip, tail = last.towards(first, 8), first.towards(last, 8 if arrow.both else 0)
    line = f"M {tail.x:.1f} {tail.y:.1f} L {tip.x:.1f} {tip.y:.1f}"
    return f'<path class="arrow {arrow.look}" d="{line}"/>{"".join(heads)}'


def _loop(arrow: Arrow, at: _Point) -> str:
    """An arrow from a box to itself, at its right side."""
    edge = at.moved(_WIDTH / 2, 0)
    curve = (
        f"M {edge.x:.1f} {edge.y - 14:.1f} C {edge.x + 50:.1f} {edge.y - 28:.1f} "
        f"{edge.x + 50:.1f} {edge.y + 28:.1f} {edge.x + 8:.1f} {edge.y + 15:.1f}"
    )
    head = _head(arrow, edge.moved(40, 26), edge.moved(0, 12))
    return f'<path class="arrow {arrow.look}" d="{curve}"/>{head}'


def _head(arrow: Arrow, behind: _Point, tip: _Point) -> str:
    base = tip.towards(behind, 10)
    x, y = (tip.y - base.y) * 0.45, (base.x - tip.x) * 0.45
    points = [tip, base.moved(x, y), base.moved(-x, -y)]
    joined = " ".join(f"{point.x:.1f},{point.y:.1f}" for point in points)
    return f'<polygon class="head {arrow.look}" points="{joined}"/>'


def _label(arrow: Arrow, start: _Point, end: _Point, apart: float) -> str:
    if not arrow.text:
        return ""
    if arrow.start == arrow.end:
        return _text(arrow.text, start.moved(_WIDTH / 2 + 66, 4), "small label")
    first, last = _ends(start, end, apart)
    distance = hypot(last.x - first.x, last.y - first.y)
    at = first.towards(last, distance * arrow.at)
    # Of two arrows side by side, each has its text on its own side.
    side = 0 if not apart else (-11 if last.x > first.x else 11)
    return _text(arrow.text, at.moved(0, 4 + side), "small label")


def _ends(start: _Point, end: _Point, apart: float) -> tuple[_Point, _Point]:
    """Where an arrow leaves one box and meets the other."""
    length = hypot(end.x - start.x, end.y - start.y)
    x, y = (end.y - start.y) / length * apart, (start.x - end.x) / length * apart
    start, end = start.moved(x, y), end.moved(x, y)
    return _edge(start, end), _edge(end, start)


def _edge(inside: _Point, outside: _Point) -> _Point:
    """Where the way from a box's middle to another point leaves the box, and a little further."""
    x, y = abs(outside.x - inside.x), abs(outside.y - inside.y)
    share = min(_WIDTH / 2 / x if x else 9, _HEIGHT / 2 / y if y else 9)
    return inside.towards(outside, share * hypot(x, y) + 3)


def _text(text: str, at: _Point, kind: str) -> str:
    return f'<text class="{kind}" x="{at.x:.1f}" y="{at.y:.1f}">{escape(text)}</text>'
