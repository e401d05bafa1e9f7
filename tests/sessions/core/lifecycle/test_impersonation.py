"""Administrators act as users: who may, for how long, and how they come back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest

from authdemo.sessions.core.audit import AuditEvent, AuditTrail
from authdemo.sessions.core.bearer import BearerTokens
from authdemo.sessions.core.callbacks import Callbacks
from authdemo.sessions.core.errors import (
    AuthError,
    ConfigurationError,
    ImpersonationRejected,
    NotAuthenticated,
    SignInOutdated,
    TicketRejected,
)
from authdemo.sessions.core.impersonation import MAX_REASON, ActorReturn, Impersonations
from authdemo.sessions.core.one_time import LoginTicket, OneTimeStore
from authdemo.sessions.core.options import SessionOptions
from authdemo.sessions.core.record import Device, SessionRecord
from authdemo.sessions.core.rules import Rule, Verdict
from authdemo.sessions.core.schema import User
from authdemo.sessions.core.users import UserService
from authdemo.sessions.core.utils import public_id
from authdemo.sessions.engine import Engine
from tests.support.house import ADA, GRACE, HOUR, OPTIONS, House, Person

WHY = "Ticket 4711"
HEDY = Person(id="hedy", name="Hedy Lamarr", email="hedy@example.org", role="admin")


def may(*, actor: Person, user: Person) -> bool:
    return actor.role == "admin" and user.role != "admin"


@dataclass
class Desk:
    """A support desk: Grace is an administrator, and Ada a user."""

    house: House
    users: dict[str, User]
    trail: list[AuditEvent]
    service: Impersonations = field(init=False)

    def __post_init__(self) -> None:
        returns = OneTimeStore(ActorReturn, self.house.store, clock=self.house.clock)
        self.service = Impersonations(UserService(self.house.sessions, self.users.get), returns)

    async def check(self, record: SessionRecord, user_id: str = "ada", reason: object = WHY) -> Any:
        return await self.service.check(record, user_id, reason)

    def ticket(self, actor: SessionRecord, user: User = ADA, **more: Any) -> LoginTicket:
        given: dict[str, Any] = {
            "user": self.house.sessions.schema.adopt(user, {}),
            "started_at": self.house.clock(),
            "account": {},
            "callback_url": "/",
            "reason": WHY,
            "actor_sid": actor.id,
        }
        return LoginTicket(**given | more)

    async def begin(self, actor: SessionRecord) -> tuple[SessionRecord, str]:
        return await self.service.begin(actor, self.ticket(actor), Device())

    async def is_active(self, record: SessionRecord) -> bool:
        return await self.house.sessions.find(record.id) is not None


OpenDesk = Callable[..., Coroutine[Any, Any, Desk]]


@pytest.fixture
def open_desk(open_house: Callable[..., Coroutine[Any, Any, House]]) -> OpenDesk:
    async def open_desk(callback: Any = may, **choices: Any) -> Desk:
        entries: list[AuditEvent] = []
        house = await open_house(
            callbacks=Callbacks(impersonate=callback), trail=AuditTrail(entries.append), **choices
        )
        return Desk(house, {each.id: each for each in (ADA, GRACE, HEDY)}, entries)

    return open_desk


@pytest.fixture
def desk(open_desk: OpenDesk) -> Desk:
    return asyncio.run(open_desk())


async def test_session_names_the_actor_the_reason_and_the_end(desk: Desk) -> None:
    grace = await desk.house.sign_in(GRACE)
    record, _ = await desk.begin(grace)
    assert record.user_id == "ada"
    assert record.actor is not None
    assert (record.actor.id, record.actor.name) == ("grace", "Grace Hopper")
    assert record.actor.reason == WHY
    assert record.actor.until == record.expires_at == desk.house.clock() + HOUR
    public = await desk.house.sessions.serializers.to_public(record)
    assert public["actor"]["id"] == "grace"
    assert set(public["actor"]) == {"id", "name", "reason", "since", "until"}
    assert grace.id not in str(public)
    assert "actor" not in await desk.house.sessions.serializers.to_public(grace)


async def test_updates_and_audit_entries_name_both(desk: Desk) -> None:
    record, _ = await desk.begin(await desk.house.sign_in(GRACE))
    renamed = await desk.house.rename(record, "Countess")
    assert renamed.last_change.actor == "grace"
    await desk.house.sessions.trail.flush()
    seen = [(each.kind, each.user, each.actor, each.detail) for each in desk.trail[1:]]
    assert seen == [("impersonated", "ada", "grace", WHY), ("update", "ada", "grace", "")]


async def test_nobody_may_by_default(open_desk: OpenDesk) -> None:
    desk = await open_desk(None)
    grace = await desk.house.sign_in(GRACE)
    with pytest.raises(ImpersonationRejected) as raised:
        await desk.check(grace)
    assert raised.value.reason == "denied"


async def test_failing_callback_denies(open_desk: OpenDesk) -> None:
    def fail(*, actor: Person, user: Person) -> bool:
        raise RuntimeError

    desk = await open_desk(fail)
    with pytest.raises(ImpersonationRejected):
        await desk.check(await desk.house.sign_in(GRACE))


async def test_callback_that_returns_something_true_denies(open_desk: OpenDesk) -> None:
    desk = await open_desk(lambda **_: "yes")
    with pytest.raises(ImpersonationRejected):
        await desk.check(await desk.house.sign_in(GRACE))


@pytest.mark.parametrize(
    "reason", ["", "   ", "\u200b", "x" * (MAX_REASON + 1), "two\nlines", None, 7, ["why"]]
)
async def test_missing_or_huge_reason_is_rejected(desk: Desk, reason: object) -> None:
    with pytest.raises(ImpersonationRejected) as raised:
        await desk.check(await desk.house.sign_in(GRACE), reason=reason)
    assert (raised.value.reason, raised.value.field) == ("reason", "reason")


@pytest.mark.parametrize(
    ("user_id", "reason"), [("hedy", "denied"), ("grace", "self"), ("nobody", "unknown")]
)
async def test_administrator_oneself_and_unknown_user_are_rejected(
    desk: Desk, user_id: str, reason: str
) -> None:
    with pytest.raises(ImpersonationRejected) as raised:
        await desk.check(await desk.house.sign_in(GRACE), user_id)
    assert raised.value.reason == reason


async def test_user_without_the_right_is_rejected(desk: Desk) -> None:
    with pytest.raises(ImpersonationRejected):
        await desk.check(await desk.house.sign_in(ADA), "hedy")


async def test_nested_impersonation_is_rejected(open_desk: OpenDesk) -> None:
    desk = await open_desk(lambda **_: True)
    record, _ = await desk.begin(await desk.house.sign_in(GRACE))
    with pytest.raises(ImpersonationRejected) as raised:
        await desk.check(record, "hedy")
    assert raised.value.reason == "nested"


async def test_bearer_token_of_an_administrator_is_rejected(desk: Desk) -> None:
    tokens = BearerTokens(desk.house.sessions)
    token = await tokens.issue(GRACE, name="Robot", scopes=(), max_age=HOUR, device=None)
    with pytest.raises(ImpersonationRejected) as raised:
        await desk.check(await tokens.verify(token))
    assert raised.value.reason == "denied"


async def test_administrator_who_acts_as_a_user_names_none_of_their_sessions(desk: Desk) -> None:
    ada = await desk.house.sign_in(ADA)
    record, _ = await desk.begin(await desk.house.sign_in(GRACE))
    with pytest.raises(ImpersonationRejected):
        await desk.service.users.rename_session(record, public_id(ada.id), "Phone", device=Device())


async def test_find_user_is_required(desk: Desk) -> None:
    service = Impersonations(UserService(desk.house.sessions), desk.service.returns)
    with pytest.raises(ConfigurationError, match="find_user"):
        await service.check(await desk.house.sign_in(GRACE), "ada", WHY)


async def test_ticket_of_another_session_is_rejected(desk: Desk) -> None:
    grace, other = await desk.house.sign_in(GRACE), await desk.house.sign_in(GRACE)
    for record in (other, None):
        with pytest.raises(TicketRejected):
            await desk.service.begin(record, desk.ticket(grace), Device())
    assert await desk.house.sessions.list_by_user("ada") == []


async def test_ticket_for_a_user_who_became_an_administrator_is_rejected(desk: Desk) -> None:
    grace = await desk.house.sign_in(GRACE)
    ticket = desk.ticket(grace)
    desk.users["ada"] = ADA.model_copy(update={"role": "admin"})
    with pytest.raises(ImpersonationRejected):
        await desk.service.begin(grace, ticket, Device())


async def test_ticket_from_before_a_revocation_of_the_user_is_rejected(desk: Desk) -> None:
    grace = await desk.house.sign_in(GRACE)
    ticket = desk.ticket(grace)
    desk.house.clock.advance(1)
    await desk.house.sessions.end_all("ada")
    with pytest.raises(SignInOutdated):
        await desk.service.begin(grace, ticket, Device())


async def test_session_ends_after_an_hour_however_much_it_is_used(desk: Desk) -> None:
    record, _ = await desk.begin(await desk.house.sign_in(GRACE))
    for _ in range(3):
        desk.house.clock.advance(HOUR / 4)
        record = await desk.house.rename(record, f"Ada {desk.house.clock()}")
        assert await desk.house.sessions.renew(record)
    desk.house.clock.advance(HOUR / 4 - 1)
    assert await desk.is_active(record)
    desk.house.clock.advance(1)
    assert not await desk.is_active(record)


async def test_session_ends_no_later_than_the_administrators_own(open_desk: OpenDesk) -> None:
    desk = await open_desk(options=SessionOptions(max_age=HOUR // 2, absolute_age=HOUR // 2))
    record, _ = await desk.begin(await desk.house.sign_in(GRACE))
    assert record.expires_at == desk.house.clock() + HOUR // 2


async def end(desk: Desk, grace: SessionRecord) -> None:
    await desk.house.sessions.end(grace.id, "revoked")


async def drop(desk: Desk, grace: SessionRecord) -> None:
    await desk.house.store.delete(grace.id)


async def demote(desk: Desk, _: SessionRecord) -> None:
    await desk.house.sessions.refresh(GRACE.model_copy(update={"role": "user"}))


async def promote_user(desk: Desk, _: SessionRecord) -> None:
    await desk.house.sessions.refresh(ADA.model_copy(update={"role": "admin"}))


@pytest.mark.parametrize("change", [end, drop, demote, promote_user])
async def test_session_ends_when_the_administrator_loses_the_right(desk: Desk, change: Any) -> None:
    grace = await desk.house.sign_in(GRACE)
    record, _ = await desk.begin(grace)
    await change(desk, grace)
    assert not await desk.is_active(record)


@pytest.mark.parametrize("change", [end, demote, promote_user])
async def test_session_ends_before_anyone_looks_for_it(desk: Desk, change: Any) -> None:
    grace = await desk.house.sign_in(GRACE)
    record, _ = await desk.begin(grace)
    await change(desk, grace)
    assert await desk.house.store.get(record.id) is None


async def test_user_who_ends_all_sessions_ends_it_and_not_the_administrators(desk: Desk) -> None:
    grace = await desk.house.sign_in(GRACE)
    record, _ = await desk.begin(grace)
    await desk.house.sessions.end_all("ada")
    assert not await desk.is_active(record)
    assert await desk.is_active(grace)


@pytest.mark.parametrize("reason", ["signed-out", "replaced"])
async def test_sign_out_as_the_user_ends_the_administrators_session_too(
    desk: Desk, reason: Any
) -> None:
    grace = await desk.house.sign_in(GRACE)
    record, _ = await desk.begin(grace)
    await desk.house.sessions.end(record.id, reason)
    assert not await desk.is_active(grace)


async def test_second_impersonation_from_one_session_ends_the_first(desk: Desk) -> None:
    desk.users["eva"] = Person(id="eva", name="Eva", email="eva@example.org")
    grace = await desk.house.sign_in(GRACE)
    first, _ = await desk.begin(grace)
    second, _ = await desk.service.begin(grace, desk.ticket(grace, desk.users["eva"]), Device())
    assert not await desk.is_active(first)
    assert await desk.is_active(second)
    assert await desk.is_active(grace)


async def test_way_back_leads_to_the_administrators_session_once(desk: Desk) -> None:
    grace = await desk.house.sign_in(GRACE)
    record, key = await desk.begin(grace)
    await desk.house.sessions.end(record.id, "stopped")
    found = await desk.service.resume(key)
    assert found is not None
    assert found.id == grace.id
    assert await desk.service.resume(key) is None


async def test_way_back_is_closed_while_the_impersonation_runs(desk: Desk) -> None:
    _, key = await desk.begin(await desk.house.sign_in(GRACE))
    assert await desk.service.resume(key) is None


async def test_way_back_is_closed_after_the_administrators_session_ended(desk: Desk) -> None:
    grace = await desk.house.sign_in(GRACE)
    _, key = await desk.begin(grace)
    await desk.house.sessions.end(grace.id, "signed-out")
    assert await desk.service.resume(key) is None


async def test_way_back_of_an_earlier_impersonation_is_closed(desk: Desk) -> None:
    grace = await desk.house.sign_in(GRACE)
    _, key = await desk.begin(grace)
    await desk.begin(grace)
    assert await desk.service.resume(key) is None


async def test_administrators_session_that_ends_meanwhile_leaves_none_behind(desk: Desk) -> None:
    grace = await desk.house.sign_in(GRACE)
    amend = desk.house.sessions.amend

    async def end_first(sid: str, change: Any) -> SessionRecord:
        await desk.house.sessions.end(sid, "revoked")
        return await amend(sid, change)

    object.__setattr__(desk.house.sessions, "amend", end_first)
    with pytest.raises(NotAuthenticated):
        await desk.begin(grace)
    assert await desk.house.store.of_user("ada") == []


async def test_proof_of_the_user_can_not_be_given(desk: Desk) -> None:
    record, _ = await desk.begin(await desk.house.sign_in(GRACE))
    with pytest.raises(AuthError) as raised:
        await desk.house.sessions.reauthenticate(record.id)
    assert (raised.value.code, raised.value.reason) == ("ImpersonationRejected", "closed")


async def test_rule_for_a_fresh_proof_denies(desk: Desk) -> None:
    record, _ = await desk.begin(await desk.house.sign_in(GRACE))
    session = Engine.session(desk.house, record)  # type: ignore[arg-type]
    assert session.authenticated_at.timestamp() == 0
    assert await Rule(fresh=1e12).judge(session, desk.house.clock) is Verdict.DENIED
    assert await Rule(roles=frozenset({"user"})).judge(session, desk.house.clock) is Verdict.GRANTED


async def test_limit_of_sessions_leaves_impersonations_alone(open_desk: OpenDesk) -> None:
    desk = await open_desk(options=SessionOptions(max_sessions_per_user=1, max_age=OPTIONS.max_age))
    own, grace = await desk.house.sign_in(ADA), await desk.house.sign_in(GRACE)
    record, _ = await desk.begin(grace)
    assert await desk.is_active(own)
    newer = await desk.house.sign_in(ADA)
    assert [await desk.is_active(each) for each in (own, record, newer)] == [False, True, True]
