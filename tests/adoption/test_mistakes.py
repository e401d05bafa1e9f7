"""Set up wrongly, an app doesn't start, and one line says what to do."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from authdemo.sessions import Auth, Credentials, Settings
from authdemo.sessions.core.keys import KeyRing
from authdemo.sessions.errors import ConnectionLost
from tests.docs.markdown import GUIDES
from tests.support import apps
from tests.support.server import SECRET
from tests.support.starting import started

PLACE = "my_app.my_app:auth"
SECOND_PLUGIN = f"\n\nconfig.plugins.append(SessionsPlugin('{PLACE}'))\n"
MEMBER = """\
from typing import Literal


class Member(User):
    role: Literal["user", "admin"] = "user"


auth = Auth(user=Member, """


EXPLAINED = [
    re.compile(re.escape(shown).replace("…", ".*"))
    for shown in re.findall(r"(?m)^- `(.+?)`", (GUIDES / "troubleshooting.md").read_text())
]
"""The messages in the guide, which has `…` for what differs."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    apps.write_minimal(tmp_path / "app")
    return tmp_path / "app"


@pytest.fixture
def app(folder: Path) -> Path:
    return folder / "my_app" / "my_app.py"


@pytest.fixture
def config(folder: Path) -> Path:
    return folder / "rxconfig.py"


@pytest.fixture
def auth(tmp_path: Path) -> Auth:
    settings = Settings(keys=KeyRing([SECRET]), data_dir=tmp_path)
    return Auth(providers=[Credentials(authorize=lambda _: None)], settings=settings)


def start(folder: Path, **environ: str | None) -> str:
    """Start the app, which must fail before its pages are built, with one line."""
    ended = started(folder, {"ADAS_PASSWORD": "tutorial", **environ})
    assert ended.code == 1, ended.lines
    assert len(ended.lines) == 1, ended.lines
    message = ended.lines[0].removeprefix("error: ")
    assert any(pattern.match(message) for pattern in EXPLAINED), "the guide doesn't explain it"
    return message


def amend(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def line_of(file: Path, code: str) -> int:
    return next(n for n, line in enumerate(file.read_text().splitlines(), 1) if code in line)


def test_app_without_mistakes_starts_silently(folder: Path) -> None:
    ended = started(folder, {"ADAS_PASSWORD": "tutorial"})
    assert (ended.code, ended.lines) == (0, [])


def test_unknown_variable_gets_one_warning_with_the_nearest(folder: Path) -> None:
    variables = {"AUTH_SESSION_MAXAGE": "60", "AUTH_GITLAB_ID": "id"}
    ended = started(folder, {"ADAS_PASSWORD": "tutorial", **variables})
    warning = "Nothing reads the environment variable AUTH_SESSION_MAXAGE."
    assert ended.lines == [f"{warning} Did you mean 'AUTH_SESSION_MAX_AGE'?"]
    assert ended.code == 0


def test_production_without_a_secret_stops_and_leaves_nothing(folder: Path) -> None:
    assert start(folder, AUTH_SECRET=None) == (
        "AUTH_SECRET is not set, and production needs one. "
        "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
    )
    assert not (folder / ".data").exists()


def test_public_origin_without_https_names_the_variable(folder: Path) -> None:
    error = start(folder, AUTH_URL="http://shop.example.com")
    assert error.startswith("AUTH_URL takes https for a public host like 'shop.example.com'")


def test_second_plugin_is_named(folder: Path, config: Path) -> None:
    config.write_text(config.read_text() + SECOND_PLUGIN)
    assert start(folder) == "SessionsPlugin is in rxconfig.py twice. Leave one out."


def test_transport_without_sockets_is_named(folder: Path, config: Path) -> None:
    amend(config, 'app_name="my_app",', 'app_name="my_app", transport="polling",')
    assert start(folder) == (
        "Reflex's transport is 'polling', and sessions need WebSockets: a tab gets its"
        " owner when its socket opens. Leave `transport` out of rxconfig.py."
    )


def test_app_below_a_path_is_rejected(folder: Path, config: Path) -> None:
    amend(config, 'app_name="my_app",', 'app_name="my_app", frontend_path="/sub",')
    assert start(folder).startswith("Reflex's frontend_path is '/sub', and sessions need an app at")


def test_unreadable_database_is_named(folder: Path) -> None:
    (folder / ".data").mkdir()
    (folder / ".data" / "sessions.db").write_text("garbage\n")
    assert start(folder).startswith("The session database .data/sessions.db can't be used")


def test_missing_module_names_the_nearest(folder: Path, config: Path) -> None:
    amend(config, PLACE, "my_app.my_ap:auth")
    assert start(folder) == (
        "rxconfig.py: SessionsPlugin('my_app.my_ap:auth'): there is no module 'my_app.my_ap'. "
        'Did you mean "my_app.my_app:auth"?'
    )


def test_missing_attribute_names_the_nearest_auth(folder: Path, config: Path) -> None:
    amend(config, PLACE, "my_app.my_app:atuh")
    assert start(folder) == (
        "rxconfig.py: SessionsPlugin('my_app.my_app:atuh'): 'my_app.my_app' has no 'atuh'. "
        'Did you mean "my_app.my_app:auth"?'
    )


def test_attribute_of_another_type_is_named(folder: Path, config: Path) -> None:
    amend(config, PLACE, "my_app.my_app:app")
    assert start(folder) == (
        "rxconfig.py: SessionsPlugin('my_app.my_app:app'): 'app' in 'my_app.my_app' is an instance "
        'of App, and no Auth. Did you mean "my_app.my_app:auth"?'
    )


def test_second_auth_is_named(folder: Path, app: Path) -> None:
    app.write_text(app.read_text() + "\n\nother = Auth(providers=list(auth.providers.values()))\n")
    assert start(folder) == (
        "The app has two Auth objects: SessionsPlugin uses 'my_app.my_app:auth', and "
        "my_app.my_app:other is another one. Make one, and import it where you need it."
    )


def test_protected_path_without_a_page_names_the_nearest(folder: Path, app: Path) -> None:
    amend(app, "import Auth, Credentials", "import Auth, Pages, Credentials")
    amend(app, "authorize)])", 'authorize)], pages=Pages(protected=frozenset({"/dashbord"})))')
    amend(app, "add_page(index)", 'add_page(index, route="/dashboard")')
    assert start(folder) == (
        "Pages(protected=...) names '/dashbord', and the app has no such page. "
        "Did you mean '/dashboard'?"
    )


def test_role_without_a_field_for_it_is_rejected(folder: Path, app: Path) -> None:
    amend(app, "    @protected\n", '    @protected(roles="admin")\n')
    assert start(folder) == (
        "protected(roles='admin') lets nobody in: User has neither `role` nor `roles`. Add one to "
        "the user model, and pass the model as Auth(user=...)."
    )


@pytest.mark.parametrize("marked", ["    @protected\n", "\n@protected\n"])
def test_role_that_no_user_can_have_names_the_nearest(folder: Path, app: Path, marked: str) -> None:
    amend(app, "auth = Auth(", MEMBER)
    amend(app, marked, marked.replace("protected", 'protected(roles="amdin")'))
    assert start(folder) == (
        "protected(roles='amdin') names a role that no Member can have. Did you mean 'admin'?"
    )


@pytest.mark.parametrize(
    ("call", "shown"),
    [
        ("session.update(nickname='Ada')", "session.update(nickname=...)"),
        ("use_profile('nickname').submit", "use_profile('nickname')"),
    ],
)
def test_update_of_a_fixed_field_names_its_line_and_the_open_fields(
    folder: Path, app: Path, call: str, shown: str
) -> None:
    amend(app, "use_session\n", "use_profile, use_session\n")
    amend(app, 'session.update(name="Countess")', call)
    assert start(folder) == (
        f"{app}, line {line_of(app, call)}: {shown} names no field that clients may change. "
        "These are: image, name. Add it to the model of Auth(update=...), or change it on the "
        "server by auth.update."
    )


def test_text_of_a_missing_field_names_its_line_and_the_fields(folder: Path, app: Path) -> None:
    call = 'session_text("user.nmae")'
    amend(app, "use_session\n", "session_text, use_session\n")
    amend(app, "session.user.name", call)
    assert start(folder) == (
        f"{app}, line {line_of(app, call)}: session_text('user.nmae') names no field of User. "
        "These are: email, id, image, name."
    )


def test_async_check_of_a_var_is_rejected(folder: Path, app: Path) -> None:
    amend(
        app,
        "class Home(rx.State):\n",
        "async def ask(session):\n    return True\n\n\nclass Home(rx.State):\n"
        "    secret: rx.Field[str] = protected(rx.field(''), check=ask)\n\n",
    )
    assert start(folder) == "Home.secret is protected by an async check, and a var can't wait."


def test_button_for_a_missing_provider_is_named(folder: Path, app: Path) -> None:
    amend(app, "import os\n", "import os\nfrom authdemo.sessions.components import sign_in_with\n")
    amend(app, "on_click=Home.log_out", "on_click=sign_in_with('gogle')")
    assert start(folder) == (
        "sign_in_with('gogle') names no provider of this app. It has: credentials."
    )


def test_server_update_in_a_component_names_the_client_update(folder: Path, app: Path) -> None:
    amend(app, 'session.update(name="Countess")', 'auth.update(name="Countess")')
    ended = started(folder, {"ADAS_PASSWORD": "tutorial"})
    assert f'File "{app}", line {line_of(app, "auth.update")}, in index' in "\n".join(ended.lines)
    assert ended.lines[-2] == (
        "TypeError: Auth.update() missing 1 required positional argument: 'caller'. In an event "
        "handler, write `await auth.update(self, ...)`. In a component, use use_session(), as in "
        "`on_click=use_session().update(name=...)`."
    )


@pytest.mark.parametrize("use", [bool, lambda session: session.user, lambda session: not session])
def test_forgotten_await_raises_and_is_named(auth: Auth, use: Callable[[Any], object]) -> None:
    state: Any = None
    with pytest.raises(TypeError, match=r"`auth\(self\)` is not awaited. Write `await auth"):
        use(auth(state))
    with pytest.raises(TypeError, match=r"Write `await auth.update\(self, ...\)`"):
        use(auth.update(state, name="Ada"))


async def test_pending_call_runs_as_a_task_and_shows_itself(auth: Auth) -> None:
    state: Any = None
    task = asyncio.create_task(auth.session_token(state))
    assert "session_token" in repr(task)
    with pytest.raises(ConnectionLost):
        await task
