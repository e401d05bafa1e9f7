"""*Attacks*: altered requests to this very server, and how it answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import reflex as rx

from authdemo.forgery import RealToken
from authdemo.sessions import Auth, AuthError, NotAuthenticated
from authdemo.sessions.locales import explain, live_text, t, verbatim

from .attack_runner import AttackRunner
from .attacks import ATTACKS


async def runner_for(state: rx.State) -> AttackRunner:
    """Prepare attacks on the session of the running event."""
    auth = Auth.installed()

    async def stored() -> str:
        session = await auth(state)
        if session is None:
            raise NotAuthenticated
        listed = await auth.sessions_of(session.user.id, history=True)
        return str((session.user, session.claims, [each.history for each in listed]))

    origin = auth.origin(state)
    names = auth.engine.installation.cookie_names(origin)
    return AttackRunner(
        app=auth.engine.installation.stack,
        origin=origin,
        session_cookie=names.session,
        csrf_cookie=names.csrf,
        device=auth.device(state),
        token=RealToken(await auth.session_token(state), auth.engine.settings.keys.signer),
        verify=auth.verify_token,
        stored=stored,
    )


class AttacksState(rx.State):
    """The outcomes of a tab's attacks; no credential is among them."""

    outcomes: rx.Field[dict[str, dict[str, Any]]] = rx.field(default_factory=dict)
    pending: bool = False
    tried: int = 0
    passed: int = 0
    error: rx.Field[dict[str, Any]] = rx.field(default_factory=dict)

    @rx.event
    async def run(self, key: str) -> AsyncIterator[None]:
        """Run one attack."""
        async for _ in self._run_each(key):
            yield

    @rx.event
    async def run_all(self) -> AsyncIterator[None]:
        """Run all attacks, one after the other."""
        async for _ in self._run_each(*ATTACKS):
            yield

    async def _run_each(self, *keys: str) -> AsyncIterator[None]:
        self.pending, self.error, self.tried, self.passed = True, {}, 0, 0
        yield
        try:
            for key in keys:
                runner = await runner_for(self)
                self.outcomes[key] = outcome = await runner.run(key)
                self.tried += 1
                self.passed += outcome["passed"]
                yield
        except AuthError as error:
            self.error = error.to_dict()
        finally:
            self.pending = False


def attacks() -> rx.Component:
    """List the attacks, each with a button that tries it on this very server."""
    return rx.el.section(
        rx.el.h2(t("attacks.title")),
        rx.el.p(t("attacks.lead"), class_name="caption"),
        rx.el.div(
            _button(t("attacks.try_all"), AttacksState.run_all),
            rx.el.p(live_text(_summary()), role="status", class_name="caption"),
            class_name="attacks-all",
        ),
        rx.el.p(live_text(explain(AttacksState.error)), role="alert", class_name="refusal"),
        rx.el.ul(*map(_attack, ATTACKS), class_name="attacks"),
        class_name="card",
        custom_attrs={"data-testid": "attacks"},
    )


def _summary() -> Any:
    done = t("attacks.summary", passed=AttacksState.passed, tried=AttacksState.tried)
    summary = rx.cond(AttacksState.tried > 0, done, "")
    return rx.cond(AttacksState.pending, t("attacks.pending"), summary)


def _attack(key: str) -> rx.Component:
    state: Any = AttacksState
    return rx.el.li(
        rx.el.div(
            rx.el.h3(t(f"attacks.{key}.title"), id=f"attack-{key}"),
            _button(t("attacks.try"), state.run(key), quiet=True, aria_describedby=f"attack-{key}"),
            class_name="attacks-head",
        ),
        rx.el.p(t(f"attacks.{key}.what")),
        rx.cond(state.outcomes.contains(key), _outcome(key, state.outcomes[key])),
        custom_attrs={"data-attack": key},
    )


def _outcome(key: str, outcome: Any) -> rx.Component:
    passed = outcome["passed"].to(bool)
    return rx.el.div(
        rx.el.p(
            rx.el.strong(
                live_text(rx.cond(passed, t("attacks.passed"), t("attacks.failed"))),
                class_name=rx.cond(passed, "badge passed", "badge failed"),
            ),
            _code(outcome["request"].to(str)),
        ),
        rx.el.ul(rx.foreach(outcome["altered"].to(list[dict[str, str]]), _altered)),
        rx.el.p(
            live_text(t("attacks.answer", status=outcome["status"].to(int))),
            " ",
            _code(outcome["body"].to(str)),
        ),
        rx.el.p(t(f"attacks.{key}.rule")),
        rx.el.p(
            live_text(explain(outcome["reason"].to(dict[str, Any]))), class_name="attacks-reason"
        ),
        class_name="attacks-outcome",
    )


def _altered(altered: Any) -> rx.Component:
    return rx.el.li(
        _code(altered["name"]), ": ", _code(altered["before"]), " → ", _code(altered["after"])
    )


def _code(text: Any) -> rx.Component:
    code: rx.Component = rx.el.code(text, custom_attrs=verbatim())
    return code


def _button(label: Any, on_click: Any, *, quiet: bool = False, **more: Any) -> rx.Component:
    """Make a button that keeps the focus while it works: the server runs one attack at a time."""
    return rx.el.button(
        label,
        type="button",
        on_click=on_click,
        disabled=~rx.State.is_hydrated,
        aria_busy=AttacksState.pending,
        class_name="button quiet" if quiet else "button",
        **more,
    )
