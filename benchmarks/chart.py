"""`results.svg`: this app beside NextAuth, readable on light and on dark pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape

from benchmarks.report import rival
from benchmarks.results import Figure, shown

WIDTH = 880
_LABELS = 350
_BARS = 390
_ROW = 46
_HEAD = 62
_BAR = 14

_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.title { font-weight: 600; font-size: 15px; }
.quiet { fill: #59636e; }
.own { fill: #0969da; }
.other { fill: #afb8c1; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; }
  .quiet { fill: #9198a1; }
  .own { fill: #4493f8; }
  .other { fill: #656c76; }
}
"""


@dataclass(frozen=True)
class Pair:
    """Two bars.

    Attributes:
        what: What they compare.
        own: How much this app does or takes.
        other: How much NextAuth does or takes, where it is best.
        own_label: What stands beside this app's bar.
        other_label: What stands beside NextAuth's.
    """

    what: str
    own: float
    other: float
    own_label: str
    other_label: str


def chart(figures: Iterable[Figure]) -> str:
    """Draw the figures that NextAuth's are known for.

    Args:
        figures: The figures.

    Returns:
        An SVG document; each pair of bars has a scale of its own.
    """
    known = [each for each in figures if each.next_auth is not None]
    more = [_pair(each) for each in known if each.rate is not None]
    less = [_pair(each) for each in known if each.rate is None]
    y, parts = 0, []
    for title, pairs in (
        ("Requests a second: longer is better", more),
        ("Shorter is better", less),
    ):
        if pairs:
            parts += [*_section(title, pairs, y)]
            y += _HEAD + _ROW * len(pairs)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" role="img" '
        f'aria-label="authdemo beside NextAuth">\n<style>{_STYLE}</style>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _pair(figure: Figure) -> Pair:
    assert figure.next_auth is not None
    if figure.rate is not None:
        own, other, label = figure.rate, max(figure.next_auth), f"{figure.rate:,.0f}/s"
    else:
        own, other = figure.value, min(figure.next_auth)
        label = f"{shown(figure.value)} {figure.unit}"
    return Pair(figure.what.replace("`", ""), own, other, label, rival(figure))


def _section(title: str, pairs: list[Pair], y: int) -> Iterator[str]:
    yield _text(0, y + 24, title, "title")
    yield from _key(y + 44)
    for number, pair in enumerate(pairs):
        yield from _bars(pair, y + _HEAD + number * _ROW)


def _key(y: int) -> Iterator[str]:
    for x, kind, name in ((0, "own", "authdemo"), (100, "other", "NextAuth")):
        yield f'<rect class="{kind}" x="{x}" y="{y - 10}" width="12" height="12" rx="2"/>'
        yield _text(x + 18, y, name, "quiet")


def _bars(pair: Pair, y: int) -> Iterator[str]:
    longest = max(pair.own, pair.other)
    yield _text(0, y + 22, pair.what)
    both = (("own", pair.own, pair.own_label), ("other", pair.other, pair.other_label))
    for row, (kind, value, label) in enumerate(both):
        top, width = y + 3 + row * (_BAR + 3), max(2.0, _BARS * value / longest)
        yield (
            f'<rect class="{kind}" x="{_LABELS}" y="{top}" '
            f'width="{width:.0f}" height="{_BAR}" rx="2"/>'
        )
        yield _text(_LABELS + round(width) + 8, top + _BAR - 3, label, "quiet")


def _text(x: int, y: int, text: str, kind: str = "") -> str:
    marked = f' class="{kind}"' if kind else ""
    return f'<text{marked} x="{x}" y="{y}">{escape(text)}</text>'
