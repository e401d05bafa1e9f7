"""What runs in the pages to measure them, so that no messenger's time is counted."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page

from authdemo.testing import wait_until

_FIELD = "[data-testid] [data-field=name]"

_WATCH = f"""
const absolute = () => performance.timeOrigin + performance.now();
const whenNameIs = (name, act) => {{
  const field = document.querySelector("{_FIELD}");
  const observer = new MutationObserver(() => {{
    if (field.textContent === name) {{
      observer.disconnect();
      act(absolute());
    }}
  }});
  observer.observe(field, {{ childList: true, characterData: true, subtree: true }});
}};
"""

CLICK = f"""(button, name) => new Promise((resolve) => {{
  {_WATCH}
  whenNameIs(name, (changed) => resolve([clicked, changed]));
  const clicked = absolute();
  button.click();
}})"""
"""Clicks a button; tells when, and when the page showed the name, in milliseconds."""

EXPECT = f"""(name) => {{
  {_WATCH}
  window.changedAt = null;
  whenNameIs(name, (changed) => {{ window.changedAt = changed; }});
}}"""
"""Notes when the page will show the name."""

NOTE_NAME = f"""
new MutationObserver((_, observer) => {{
  if (!document.querySelector("{_FIELD}")?.textContent) return;
  observer.disconnect();
  const inPage = performance.now();
  requestAnimationFrame(() => setTimeout(() => {{
    window.nameAt = {{ inPage, painted: performance.now() }};
  }}));
}}).observe(document, {{ childList: true, characterData: true, subtree: true }});
"""
"""Notes, from the very beginning of a page, when the name is in it and then painted."""

_TIMES = """() => {
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  return paint && { first: paint.startTime, ...window.nameAt };
}"""


@dataclass(frozen=True)
class Showing:
    """When a page showed something, in milliseconds from the beginning of the navigation.

    Attributes:
        first_paint: When it showed anything (first contentful paint).
        name: When it showed the name; None if there is none.
        is_in_html: Whether the name was there at the first paint.
    """

    first_paint: float
    name: float | None
    is_in_html: bool


def showing(tab: Page, *, has_name: bool = True) -> Showing:
    """Find out when a page that began with `NOTE_NAME` showed what it has.

    Args:
        tab: The tab.
        has_name: Whether the page shows a name.

    Returns:
        The times. A name that is in the page before the first paint is painted with it.
    """
    times: dict[str, float] = {}

    def are_there() -> bool:
        times.update(tab.evaluate(_TIMES) or {})
        return "first" in times and ("painted" in times or not has_name)

    wait_until(are_there, timeout=20)
    first = times["first"]
    if not has_name:
        return Showing(first, None, is_in_html=False)
    is_in_html = times["inPage"] <= first
    return Showing(first, first if is_in_html else times["painted"], is_in_html=is_in_html)


def changed_at(tab: Page) -> float:
    """Wait until a page that `EXPECT`s a name shows it.

    Args:
        tab: The tab.

    Returns:
        When that was, in milliseconds since 1970.
    """
    wait_until(lambda: tab.evaluate("window.changedAt") is not None)
    return float(tab.evaluate("window.changedAt"))
