"""How many a second, side by side with the bare route, in interleaved rounds."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TypeAlias

from benchmarks import members as m
from benchmarks import servers
from benchmarks.contest import Contender, Sample, fight, figure, of_itself, repeated, sampled
from benchmarks.load.channel import HttpChannel, Lines, Script
from benchmarks.load.driver import Driver, Round, play
from benchmarks.load.process import cpu_seconds
from benchmarks.load.tabs import TabChannel
from benchmarks.members import Comings, Member
from benchmarks.options import Options
from benchmarks.results import Figure, at_least
from benchmarks.servers import Target
from benchmarks.tabs import open_tabs, show_their_names
from tests.support.tab import HOME_STATE, LOGIN_STATE, SESSION_STATE

CONNECTIONS = 16
LEAVING_A_SECOND = 4000
"""So many sign in beforehand for each second of signing out."""
TICKETS_A_SECOND = 500
"""So many tickets are got ready for each second of a round; they live for half a minute."""
BY_SERVER = b"Serverserver-man"
"""The name that the event handler of the home page's button sets."""
TICKET = "ticket_rx_state_"
IDLE = b'"pending_rx_state_":false'


def measure(options: Options) -> Iterator[Figure]:
    """Measure some contenders against the bare route.

    Args:
        options: How; `only` names some of `CONTENDERS`.

    Yields:
        The figures.
    """
    with ExitStack() as stack:
        host = stack.enter_context(servers.bare(options.folder / "bare"))
        bare = Contender("Bare route", repeated(host, _for_each(m.asks_bare, host)))
        wanted = {key: CONTENDERS[key] for key in CONTENDERS if key in options.only}
        targets = {
            start: stack.enter_context(start(options.folder / start.__name__))
            for start in dict.fromkeys(start for start, _ in wanted.values())
        }
        contenders = [make(targets[start]) for start, make in wanted.values()]
        duels = fight(bare, contenders, rounds=options.rounds, seconds=options.seconds)
    yield of_itself(bare, [duel.bare for own in duels for duel in own])
    yield from map(figure, contenders, duels)


def passing_the_framework(target: Target) -> Contender:
    """Ask for the bare route in a Reflex app, behind the framework's own layers."""
    lines = _for_each(m.asks_bare, target)
    return Contender("The bare route, in a Reflex app", repeated(target, lines))


def reading(target: Target) -> Contender:
    """Read sessions, verified, with revocation checked."""
    lines = map(m.reads, m.members(target.server, CONNECTIONS))
    return Contender("Session read", repeated(target, lines), at_least(0.75), (646, 756))


def updating(target: Target) -> Contender:
    """Update sessions, validated and durable."""
    lines = map(m.updates, m.members(target.server, CONNECTIONS))
    return Contender("Update", repeated(target, lines), at_least(0.30), (638, 753))


def updating_with_tabs(target: Target) -> Contender:
    """Update sessions while each is open in a tab, which gets the update."""
    own = m.members(target.server, CONNECTIONS)
    scripts = [Script(m.updates(member)) for member in own]

    def play_and_watch(seconds: float) -> Sample:
        with open_tabs(target, own) as (driver, tabs):
            channels = [HttpChannel(target.address, script) for script in scripts]
            for channel in channels:
                driver.add(channel)
            sample = sampled(target, lambda: Round.of(channels, driver.run(seconds)))
            driver.until(lambda: show_their_names(tabs, own))
        return sample

    return Contender("Update, pushed to an open tab", play_and_watch, at_least(0.30))


def loading_home(target: Target) -> Contender:
    """Load the home page signed in, with the session in its HTML."""
    lines = map(m.loads_home, m.members(target.server, CONNECTIONS))
    return Contender(
        "Signed-in `/`, name in the HTML", repeated(target, lines), at_least(0.60), (233, 253)
    )


def turning_away(target: Target) -> Contender:
    """Send anonymous visitors of the home page to the login."""
    lines = _for_each(m.is_sent_to_login, target)
    return Contender(
        "Anonymous redirect of `/`", repeated(target, lines), at_least(0.80), (2140, 2208)
    )


def updating_by_event(target: Target) -> Contender:
    """Press the button whose event handler updates the session, until the tab knows.

    The button always sets the same name, so another one is set between; only the
    events are timed.
    """
    own = m.members(target.server, CONNECTIONS)

    def press_again_and_again(seconds: float) -> Sample:
        spent = cpu = 0.0
        with open_tabs(target, own) as (driver, tabs):
            while spent < seconds:
                play(target.address, [Script(m.updates(each, m.names(1))) for each in own])
                driver.until(lambda: show_their_names(tabs, own))
                before = cpu_seconds(target.workers)
                spent += press(driver, tabs)
                cpu += cpu_seconds(target.workers) - before
            return Sample.of(Round.of(tabs, spent), cpu)

    return Contender("Socket event that updates, until its delta", press_again_and_again)


def signing_in(target: Target) -> Contender:
    """Sign in; hashing the password is not part of it."""
    comings = Comings(m.anonymous(target.server))
    lines = (comings.sign_in(m.users()) for _ in range(CONNECTIONS))
    return Contender("Sign-in, without hashing", repeated(target, lines))


def signing_out(target: Target) -> Contender:
    """Sign out those who signed in beforehand."""
    comings = Comings(m.anonymous(target.server))

    def leave(seconds: float) -> Sample:
        each = round(LEAVING_A_SECOND * seconds / CONNECTIONS)
        ways = [comings.sign_in(m.users(each)) for _ in range(CONNECTIONS)]
        play(target.address, list(map(Script, ways)))
        ways = [comings.sign_out() for _ in range(CONNECTIONS)]
        return sampled(target, lambda: play(target.address, list(map(Script, ways)), seconds))

    return Contender("Sign-out", leave)


def redeeming(target: Target) -> Contender:
    """Exchange the tickets of sign-ins over sockets for sessions."""
    comings = Comings(m.anonymous(target.server))

    def redeem(seconds: float) -> Sample:
        waiting = tickets(target, comings.visitor, round(TICKETS_A_SECOND * seconds))
        ways = [comings.redeem(waiting) for _ in range(CONNECTIONS)]
        return sampled(target, lambda: play(target.address, list(map(Script, ways)), seconds))

    return Contender("Ticket exchange", redeem)


Start: TypeAlias = Callable[[Path], AbstractContextManager[Target]]

CONTENDERS: dict[str, tuple[Start, Callable[[Target], Contender]]] = {
    "framed": (servers.framed, passing_the_framework),
    "read": (servers.real, reading),
    "update": (servers.real, updating),
    "update-tab": (servers.real, updating_with_tabs),
    "home": (servers.real, loading_home),
    "anonymous": (servers.real, turning_away),
    "event": (servers.real, updating_by_event),
    "sign-in": (servers.quick, signing_in),
    "sign-out": (servers.quick, signing_out),
    "ticket": (servers.quick, redeeming),
}
"""What can be measured, and where, by its name on the command line."""


def press(driver: Driver, tabs: Sequence[TabChannel]) -> float:
    """Press the button in all tabs at once; return how many seconds it took."""
    for tab in tabs:
        tab.ask(f"{HOME_STATE}.server_update", expects=BY_SERVER)
    return driver.run()


def tickets(target: Target, visitor: Member, count: int) -> deque[str]:
    """Sign a visitor in over sockets, again and again, without redeeming the tickets.

    Args:
        target: The server.
        visitor: The visitor; the tabs are this one's.
        count: How many tickets to get, at least.

    Returns:
        The tickets.
    """
    found: deque[str] = deque()
    with open_tabs(target, [visitor] * CONNECTIONS, "/login") as (driver, tabs):
        while len(found) < count:
            for tab in tabs:
                tab.ask(f"{LOGIN_STATE}.explain", expects=IDLE)  # as when the page is opened
            driver.run()
            for tab, user in zip(tabs, m.users(), strict=False):
                form = {"id": user, "password": m.ANY}
                tab.ask(f"{LOGIN_STATE}.log_in", expects=TICKET.encode(), form=form)
            driver.run()
            found.extend(tab.delta()[SESSION_STATE][TICKET] for tab in tabs)
    return found


def _for_each(lines: Callable[[str], Lines], target: Target) -> Iterator[Lines]:
    return (lines(target.server.host) for _ in range(CONNECTIONS))
