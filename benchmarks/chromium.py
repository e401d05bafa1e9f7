"""What a person at a browser waits for."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from statistics import median

from playwright.sync_api import Browser, BrowserContext, Page, expect
from redis import Redis as Client

from benchmarks import in_page, servers
from benchmarks import members as m
from benchmarks.options import Options
from benchmarks.results import Figure, at_most
from benchmarks.servers import Target
from tests.browser import launched, new_context
from tests.e2e.visitor import is_connected
from tests.support.redis import Redis
from tests.support.weight import Scales

CLICKS = 30
NAVIGATIONS = 15
FIRST_LOADS = 5
MOST_TABS = 20
MOST_BYTES = 150.0
BY_CLIENT = ("Client Side Update", "Server-Man")
BY_SERVER = ("Server Side Update", "Serverserver-man")
"""The buttons of the home page, and the names that they set."""

NAMES = ("click", "click-worker", "navigation", "first-load")


def measure(options: Options) -> Iterator[Figure]:
    """Measure what a browser shows.

    Args:
        options: How; `only` names some of `NAMES`.

    Yields:
        The figures.
    """
    with launched() as chromium:
        if options.only & {"click", "navigation", "first-load"}:
            with servers.real(options.folder / "chromium") as target:
                if "click" in options.only:
                    yield from clicks(chromium, target)
                if "navigation" in options.only:
                    yield from navigations(chromium, target)
                if "first-load" in options.only:
                    yield from first_loads(chromium, target)
        if "click-worker" in options.only:
            yield from clicks_across_workers(chromium, options)


def clicks(chromium: Browser, target: Target) -> Iterator[Figure]:
    """Click on the home page's buttons, with another tab open."""
    with signed_in(chromium, target) as context:
        own, other = open_live(context, target, "/"), open_live(context, target, "/client")
        by_client, by_server = click_in_turn(own, other)
    for how, times in (("client update", by_client), ("server update", by_server)):
        rival = (20.0, 20.0) if times is by_client else None
        yield _click(f"Click to changed text, {how}: own tab", times.own, 10, rival)
        rival = (52.0, 52.0) if times is by_client else None
        yield _click(f"Click to changed text, {how}: another tab", times.other, 12, rival)


def clicks_across_workers(chromium: Browser, options: Options) -> Iterator[Figure]:
    """Click in a tab of one worker, and look at a tab of another."""
    folder = options.folder / "click-worker"
    folder.mkdir()
    environ = {"WORKERS": "2"}
    with (
        Redis(folder) as redis,
        servers.real(folder, REFLEX_REDIS_URL=redis.url, **environ) as target,
        signed_in(chromium, target) as context,
    ):
        own = open_live(context, target, "/")
        other = open_elsewhere(context, target, redis, instance(own, redis))
        by_client, by_server = click_in_turn(own, other)
    for how, times in (("client update", by_client), ("server update", by_server)):
        yield _click(f"Click to changed text, {how}: a tab on another worker", times.other, 25)


def navigations(chromium: Browser, target: Target) -> Iterator[Figure]:
    """Navigate to pages that the browser has in its cache."""
    for path, most, rival in (("/", 60, (69.0, 69.0)), ("/client", 100, (189.0, 227.0))):
        with signed_in(chromium, target) as context:
            tab = open_live(context, target, path)
            shown = [navigate(tab, target, path) for _ in range(NAVIGATIONS)]
        yield Figure(
            f"Name on screen after navigation to `{path}`, warm",
            median(each.name or 0 for each in shown),
            "ms",
            at_most(most),
            next_auth=rival,
            detail=_how_painted(shown),
        )


def first_loads(chromium: Browser, target: Target) -> Iterator[Figure]:
    """Load pages in browsers that have seen nothing yet."""
    for path in ("/login", "/", "/client"):
        loads = [first_load(chromium, target, path) for _ in range(FIRST_LOADS)]
        weight = median(weight for weight, _ in loads) / 1000
        shown = [showing for _, showing in loads]
        rival = (146.0, 146.0) if path == "/" else None
        yield Figure(f"First load of `{path}`", weight, "KB", at_most(MOST_BYTES), next_auth=rival)
        what = "anything" if path == "/login" else "the name"
        yield Figure(
            f"First load of `{path}`: {what} on screen",
            median(each.first_paint if each.name is None else each.name for each in shown),
            "ms",
            detail=_how_painted(shown),
        )


@dataclass
class Times:
    """Milliseconds from clicks to the changed text.

    Attributes:
        own: In the tab that was clicked in.
        other: In another one.
    """

    own: list[float] = field(default_factory=list)
    other: list[float] = field(default_factory=list)


def click_in_turn(own: Page, other: Page) -> tuple[Times, Times]:
    """Click on the client's and the server's button in turn, as each sets a name of its own.

    Args:
        own: The tab with the buttons.
        other: Another tab of the session.

    Returns:
        The times of both; the first click on each is dropped.
    """
    times = {BY_CLIENT: Times(), BY_SERVER: Times()}
    for way in islice(cycle(times), 2 * (CLICKS + 1)):
        label, name = way
        button = own.get_by_role("button", name=label, exact=True)
        expect(button).to_be_enabled()
        other.evaluate(in_page.EXPECT, name)
        clicked, changed = button.evaluate(in_page.CLICK, name)
        times[way].own.append(changed - clicked)
        times[way].other.append(in_page.changed_at(other) - clicked)
    for each in times.values():
        del each.own[0], each.other[0]
    return times[BY_CLIENT], times[BY_SERVER]


def navigate(tab: Page, target: Target, path: str) -> in_page.Showing:
    """Go to a page from another one of the app; tell when it showed the name."""
    tab.goto(target.server.url + ("/client" if path == "/" else "/"))
    is_connected(tab)
    tab.wait_for_load_state("networkidle")
    tab.goto(target.server.url + path)
    return in_page.showing(tab)


def first_load(chromium: Browser, target: Target, path: str) -> tuple[int, in_page.Showing]:
    """Load a page in a new browser; tell how many bytes came, and when it showed something."""
    is_login = path == "/login"
    with noting_names(chromium) if is_login else signed_in(chromium, target) as context:
        tab = context.new_page()
        scales = Scales(tab)
        tab.goto(target.server.url + path)
        shown = in_page.showing(tab, has_name=not is_login)
        is_connected(tab)
        scales.settle()
        return scales.total, shown


@contextmanager
def noting_names(chromium: Browser) -> Iterator[BrowserContext]:
    """Open a browser profile whose pages note when a name appears."""
    with new_context(chromium) as context:
        context.add_init_script(in_page.NOTE_NAME)
        yield context


@contextmanager
def signed_in(chromium: Browser, target: Target) -> Iterator[BrowserContext]:
    """Open a browser profile with a signed-in user."""
    (member,) = m.members(target.server, 1)
    with noting_names(chromium) as context:
        for pair in member.cookies.split("; "):
            name, _, value = pair.partition("=")
            context.add_cookies([{"name": name, "value": value, "url": target.server.url}])
        yield context


def open_live(context: BrowserContext, target: Target, path: str) -> Page:
    """Open a page, and wait until it hears from the server."""
    tab = context.new_page()
    tab.goto(target.server.url + path)
    is_connected(tab)
    expect(tab.get_by_role("button", name="Client Side Update", exact=True)).to_be_enabled()
    return tab


def open_elsewhere(context: BrowserContext, target: Target, redis: Redis, taken: str) -> Page:
    """Open tabs until one is on another worker."""
    for _ in range(MOST_TABS):
        tab = open_live(context, target, "/client")
        if instance(tab, redis) != taken:
            return tab
        tab.close()
    raise AssertionError("the workers don't share the tabs")


def instance(tab: Page, redis: Redis) -> str:
    """Name the worker that holds a tab's socket: Reflex's workers tell each other by Redis."""
    token = tab.evaluate("sessionStorage.getItem('token')")
    with Client.from_url(redis.url) as client:
        record = client.get(f"token_manager_socket_record_{token}")
    assert isinstance(record, bytes)
    return str(pickle.loads(record).instance_id)  # noqa: S301 - our own server wrote it


def _click(
    what: str, times: list[float], most: float, rival: tuple[float, float] | None = None
) -> Figure:
    detail = f"median of {len(times)}, longest {max(times):.0f} ms"
    return Figure(what, median(times), "ms", at_most(most), next_auth=rival, detail=detail)


def _how_painted(shown: list[in_page.Showing]) -> str:
    paint = median(each.first_paint for each in shown)
    with_it = sum(each.is_in_html for each in shown)
    return f"first paint {paint:.0f} ms, the name in it {with_it} of {len(shown)} times"
