from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authdemo.sessions.core.errors import CallbackFailed, ConfigurationError, StoreUnavailable
from authdemo.sessions.core.rules import MEMBERS, PageRules, Rule, Verdict
from authdemo.sessions.core.schema import User
from authdemo.sessions.core.session import Session

NOW = 1_000_000.0
ADMINS = Rule(roles=frozenset({"admin"}))


class Officer(User):
    role: str = "user"


class Hydra(User):
    roles: tuple[str, ...] = ()


def session(user: User | None = None, *, proved: float = NOW, level: int = 1) -> Session:
    moment = datetime.fromtimestamp(proved, UTC)
    user = user or Officer(id="ada")
    return Session(
        id="one",
        user=user,
        expires=moment,
        rev=1,
        claims={},
        authenticated_at=moment,
        level=level,
    )


async def judge(rule: Rule, visitor: Session | None) -> Verdict:
    return await rule.judge(visitor, lambda: NOW)


async def test_nobody_is_asked_to_sign_in():
    for rule in (MEMBERS, ADMINS, Rule(fresh=1), Rule(check=lambda _: True)):
        assert await judge(rule, None) is Verdict.SIGN_IN
        assert not rule.allows(None, lambda: NOW)


@pytest.mark.parametrize(
    ("user", "verdict"),
    [
        (Officer(id="a", role="admin"), Verdict.GRANTED),
        (Officer(id="a", role="user"), Verdict.DENIED),
        (Officer(id="a", role=""), Verdict.DENIED),
        (Hydra(id="a", roles=("user", "admin")), Verdict.GRANTED),
        (Hydra(id="a"), Verdict.DENIED),
        (User(id="admin", name="admin"), Verdict.DENIED),
    ],
)
async def test_one_of_the_roles_is_needed(user, verdict):
    assert await judge(ADMINS, session(user)) is verdict
    assert ADMINS.allows(session(user), lambda: NOW) is (verdict is Verdict.GRANTED)


@pytest.mark.parametrize("answer", [False, None, 0, ""])
async def test_a_check_that_does_not_say_yes_says_no(answer):
    rule = Rule(check=lambda _: answer)
    assert await judge(rule, session()) is Verdict.DENIED
    assert not rule.allows(session(), lambda: NOW)


@pytest.mark.parametrize("answer", [True, 1, "yes"])
async def test_what_counts_as_yes_is_the_same_for_a_page_and_for_a_var(answer):
    rule = Rule(check=lambda _: answer)
    assert await judge(rule, session()) is Verdict.GRANTED
    assert rule.allows(session(), lambda: NOW)


@pytest.mark.parametrize(
    ("raised", "told"),
    [(LookupError("no table"), CallbackFailed), (StoreUnavailable(), StoreUnavailable)],
)
async def test_a_check_that_fails_lets_nobody_in(raised, told):
    def check(_):
        raise raised

    rule = Rule(check=check)
    with pytest.raises(told):
        await judge(rule, session())
    assert await rule.decide(session(), lambda: NOW) is Verdict.DENIED
    assert not rule.allows(session(), lambda: NOW)


@pytest.mark.parametrize(("level", "verdict"), [(1, Verdict.CONFIRM), (2, Verdict.GRANTED)])
async def test_rule_of_level_two_asks_session_of_level_one_for_proof(level, verdict):
    rule = Rule(level=2)
    assert await judge(rule, session(level=level)) is verdict
    assert rule.allows(session(level=level), lambda: NOW) is (level == 2)
    assert not rule.allows_all_members


async def test_role_is_decided_before_a_proof_is_asked_for():
    assert await judge(Rule(roles=frozenset({"admin"}), level=2), session()) is Verdict.DENIED


async def test_an_async_check_is_awaited_and_never_believed_unawaited():
    async def check(visitor):
        return visitor.user.id == "grace"

    rule = Rule(check=check)
    assert rule.has_async_check
    assert await judge(rule, session()) is Verdict.DENIED
    assert await judge(rule, session(Officer(id="grace"))) is Verdict.GRANTED


async def test_a_check_that_would_have_to_wait_is_not_waited_for():
    async def check(_):
        await asyncio.sleep(0)
        return True

    rule = Rule(check=partial(check))
    assert await judge(rule, session()) is Verdict.GRANTED
    assert not rule.allows(session(), lambda: NOW)


async def test_member_without_the_role_is_not_asked_for_the_password():
    assert await judge(Rule(roles=frozenset({"admin"}), fresh=1), session(proved=0)) is (
        Verdict.DENIED
    )


@given(age=st.floats(0, 10_000), fresh=st.floats(0, 10_000))
def test_a_proof_counts_as_long_as_the_rule_says(age, fresh):
    visitor = session(proved=NOW - age)
    apart = NOW - visitor.authenticated_at.timestamp()
    assert Rule(fresh=fresh).allows(visitor, lambda: NOW) is (apart <= fresh)


RULES = PageRules(
    {
        "/": MEMBERS,
        "posts/[slug]": ADMINS,
        "/posts/new": None,
        "/files/[[...splat]]": MEMBERS,
        "/shop/[[page]]": ADMINS,
    }
)


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("/", MEMBERS),
        ("/posts/hello", ADMINS),
        ("/POSTS/Hello", ADMINS),
        ("/posts/new", None),
        ("/posts", None),
        ("/posts/a/b", None),
        ("/posts/[slug]", ADMINS),
        ("/files", MEMBERS),
        ("/files/a/b/c", MEMBERS),
        ("/filesystem", None),
        ("/shop", ADMINS),
        ("/shop/2", ADMINS),
        ("/shop/2/3", None),
        ("/elsewhere", None),
    ],
)
def test_a_path_has_the_rule_of_its_route(path, rule):
    assert RULES.of(path) is rule


ROUTES = ["index", "about", "posts", "posts/[slug]", "posts/[slug]/edit", "[[...splat]]"]
IN_EITHER_ORDER = pytest.mark.parametrize("routes", [ROUTES, ROUTES[::-1]], ids=["", "reversed"])


@IN_EITHER_ORDER
@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/", "index"),
        ("/about", "about"),
        ("/about/us", "[[...splat]]"),
        ("/posts", "posts"),
        ("/posts/x", "posts/[slug]"),
        ("/posts/x/edit", "posts/[slug]/edit"),
        ("/posts/x/edit/y", "[[...splat]]"),
        ("/elsewhere", "[[...splat]]"),
    ],
)
def test_the_most_specific_page_takes_a_path(routes, path, route):
    own = {each: Rule(roles=frozenset({each})) for each in routes}
    assert PageRules(own, routes).of(path) is own[route]


@IN_EITHER_ORDER
def test_a_public_page_of_all_paths_opens_no_other(routes):
    marked = {each: None if each == "[[...splat]]" else MEMBERS for each in routes}
    rules = PageRules(marked, routes)
    assert rules.of("/posts/x") is rules.of("/about") is MEMBERS
    assert rules.of("/elsewhere") is None


@IN_EITHER_ORDER
@pytest.mark.parametrize("otherwise", [None, ADMINS])
def test_a_protected_page_of_all_paths_closes_no_other(routes, otherwise):
    rules = PageRules({"[[...splat]]": MEMBERS}, routes, otherwise=otherwise)
    for path in ("/", "/about", "/posts/x", "/posts/[slug]"):
        assert rules.of(path) is otherwise
    assert rules.of("/elsewhere") is MEMBERS


@pytest.mark.parametrize("routes", [["[a]/new", "posts/[b]"], ["posts/[b]", "[a]/new"]])
def test_where_two_pages_are_equally_specific_the_protected_one_decides(routes):
    rules = PageRules({"posts/[b]": MEMBERS, "[a]/new": None}, routes)
    assert rules.of("/posts/new") is MEMBERS


@pytest.mark.parametrize("literal", ["/[[...splat]]", "/[x]", "/[X]", "/404"])
def test_path_that_reads_like_a_route_is_a_path(literal):
    rules = PageRules({"[[...splat]]": None, "[x]": MEMBERS}, ["[[...splat]]", "[x]"])
    assert rules.of(literal) is MEMBERS
    assert rules.of_route("[[...splat]]") is None


def test_the_other_pages_have_the_rule_for_all():
    rules = PageRules({"/about": None}, otherwise=MEMBERS)
    assert (rules.of("/about"), rules.of("/anything")) == (None, MEMBERS)


def test_a_rule_for_a_page_that_does_not_exist_is_refused():
    rules = {"/": MEMBERS, "posts/[slug]": ADMINS, "/posts/new": None}
    PageRules(rules, ["index", "Posts/[slug]", "posts/new"]).check()
    with pytest.raises(ConfigurationError, match="posts/new"):
        PageRules(rules, ["index", "posts/[slug]"]).check()
