"""One line in `rxconfig.py` that wires sessions into a Reflex app."""

from __future__ import annotations

import importlib
import logging
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import reflex as rx
from reflex.plugins import Plugin

from ..core.arguments import shown
from ..core.errors import ConfigurationError
from ..core.rules import check_roles
from ..core.settings import Settings, warn_of_unknown_variables
from ..http.pages.policy import Policy
from ..http.pages.render import localize_files
from ..stores import check_store
from . import development
from .auth import Auth
from .compat import (
    CompileContext,
    RegistrationContext,
    build_folder,
    check_names,
    check_withholding,
    environment,
    filter_output,
    get_config,
    is_prod_mode,
)
from .components.i18n import MODULE, locales_module
from .components.session import add_effects, check_named
from .installed import computing, others_serve_pages, remember, withheld
from .lint import warn_of_open_texts
from .protected import (
    InstallsSessions,
    hide_from_sitemap,
    page_rules,
    protected,
    routes_of,
    separate_pages,
)
from .tabs.computed_vars import follow_session
from .tabs.push import REFUSED

logger = logging.getLogger("authdemo.sessions")

_OTHERS_SERVE = (
    "Another server serves the pages: it sends the HTML and the scripts of protected pages to "
    "everyone, without our security headers. Event handlers, vars and routes stay protected."
)
_STYLE_SHEET = Path(__file__).parent / "components" / "auth.css"
_PLACE = re.compile(r"\w+(?:\.\w+)*:\w+")
_ADVICE = 'Pass "module:attribute", for example "my_app.auth:auth".'


class SessionsPlugin(Plugin, InstallsSessions):
    """Adds `/api/auth`, live sessions, guards and a sign-in page to an app."""

    def __init__(
        self,
        auth: str,
        *,
        csp: Mapping[str, Collection[str]] | None = None,
        coop: str = "same-origin",
        allow_eval: bool = False,
        keep_secret: bool = False,
        devtools: bool | Collection[str] | None = None,
    ) -> None:
        """Name the app's `Auth`.

        Args:
            auth: Its place, like `"my_app.auth:auth"`. It is imported with the app, not with the
                configuration.
            csp: Sources that the Content-Security-Policy allows beside its own, for each directive,
                like `{"font-src": ["https://fonts.gstatic.com"]}`.
            coop: The pages' `Cross-Origin-Opener-Policy`. Sign-in by a popup of another site needs
                `"same-origin-allow-popups"`.
            allow_eval: Whether the Content-Security-Policy lets scripts use `eval`. Event handlers
                that return `rx.call_script` need it; `rx.toast` and other helpers don't.
            keep_secret: Whether production may sign with a secret that was generated at the first
                start and is kept in the data folder. Otherwise it needs `AUTH_SECRET`.
            devtools: Whether each page has the Session DevTools: by default in development, for
                everybody. In production they are for users with one of these roles, or with
                `True` for `"admin"`.
        """
        self.keep_secret = keep_secret
        self._devtools = devtools
        self._where = auth
        with _in_one_line():
            if not (isinstance(auth, str) and _PLACE.fullmatch(auth)):
                raise ConfigurationError(f"SessionsPlugin can't use {shown(auth)}. {_ADVICE}")
            Settings.from_environ(keep_secret=False)
            self.policy = Policy(csp or {}, coop, allow_eval=allow_eval)
            self.policy.warn()
            check_names()
            _check_devtools(devtools)
        filter_output(withheld, computing)

    def register_route(self, **context: Any) -> None:
        """Put effects on every page, and add the pages that the app doesn't have."""
        from .components.forms import (
            access_denied_page,
            code_page,
            confirm_page,
            not_found_page,
            sign_in_page,
        )
        from .components.step_up import step_up_dialog

        with _in_one_line():
            _check_config(get_config())
            auth = self.auth()
            auth.engine.guards.states()  # which checks their rules
        if environment.REFLEX_COMPILE_CONTEXT.get() is CompileContext.RUN:
            self._check_start(auth)
        remember(auth)
        app = RegistrationContext.get().app
        separate_pages(app, auth.engine.rules_for(page_rules(app), routes_of(app)))
        asks = any(rule.asks_for_proof for rule in auth.engine.guards.rules())
        dialog = [step_up_dialog()] if asks else []
        add_effects(app, *dialog, allow_eval=self.policy.allow_eval)
        self._add_devtools(app)
        own = auth.engine.pages
        pages = {own.sign_in: sign_in_page, own.confirm: confirm_page, "404": not_found_page}
        if auth.engine.second_factor.factor is not None:
            pages[own.code] = code_page
        if others_serve_pages():
            pages[REFUSED] = access_denied_page
        for route, page in pages.items():
            if not context["has_app_page"](route):
                context["add_page"](page, route=route)

    def get_static_assets(self, **_: Any) -> Sequence[tuple[Path, str | bytes]]:
        """Give the build the scripts that `i18n.js` and Vite import, and the style sheet."""
        locales = self.auth().engine.locales
        return [
            (MODULE, locales_module(locales, is_complete=others_serve_pages())),
            (development.MODULE, development.SCRIPT.read_text("utf-8")),
            (Path("styles", _STYLE_SHEET.name), _STYLE_SHEET.read_bytes()),
        ]

    def get_stylesheet_paths(self, **_: Any) -> Sequence[str]:
        """Put the style sheet before the app's own, which may change its variables."""
        return [f"./{_STYLE_SHEET.name}"]

    def pre_compile(self, **context: Any) -> None:
        """Check early what would stop the start, and keep protected pages out of the sitemap."""
        app, auth = RegistrationContext.get().app, self.auth()
        if environment.REFLEX_COMPILE_CONTEXT.get() is CompileContext.RUN:
            warn_of_unknown_variables()
        self._check_app(auth, app)
        rules = auth.engine.rules_for(page_rules(app), routes_of(app))
        hide_from_sitemap(app, rules)
        if not is_prod_mode():
            with_policy = development.report_violations(self.policy, get_config().api_url)
            context["add_modify_task"]("vite.config.js", with_policy)
        if others_serve_pages() and is_prod_mode():
            warn_of_open_texts(app, rules)

    def post_compile(self, **context: Any) -> None:
        """Install the sessions in the app that is about to serve."""
        serves_pages = environment.REFLEX_MOUNT_FRONTEND_COMPILED_APP.get()
        site = build_folder() if serves_pages else None
        auth = self.auth()
        self._add_devtools(context["app"])
        self._check_start(auth)
        self._check_app(auth, context["app"])
        with _in_one_line():
            auth.engine.install(
                context["app"],
                site=site,
                also=_page_origins(serves_pages=serves_pages),
                policy=self.policy,
            )
            remember(auth)
            follow_session()
            check_withholding(protected)
        if not serves_pages and is_prod_mode():
            logger.warning(_OTHERS_SERVE)

    def post_build(self, **context: Any) -> None:
        """Put texts into pages that another server is to serve."""
        if others_serve_pages():
            localize_files(context["static_dir"], self.auth().engine.locales)

    def auth(self) -> Auth[Any]:
        """Import the app's `Auth`."""
        module, _, name = self._where.partition(":")
        found = _imported(module)
        if found is None:
            raise self._error(f"there is no module {module!r}", _similar_module(module), name)
        auth = getattr(found, name, None)
        if isinstance(auth, Auth):
            return auth
        own = _auths_of(found)
        kind = f"{name!r} in {module!r} is {shown(auth)}, and no Auth"
        why = kind if hasattr(found, name) else f"{module!r} has no {name!r}"
        other = _closest(name, own) or next(iter(own), "")
        raise self._error(why, other and module, other)

    def _add_devtools(self, app: rx.App) -> None:
        """Put the panel on every page; where it is off, not even its module is imported."""
        chosen = self._devtools
        if chosen is False or (chosen is None and is_prod_mode()):
            return
        in_production = ["admin"] if chosen is True else chosen
        roles = in_production if is_prod_mode() else None
        importlib.import_module("authdemo.devtools.component").add_panel(app, roles)

    def _error(self, why: str, module: str, name: str) -> ConfigurationError:
        hint = f'Did you mean "{module}:{name}"?' if module else _ADVICE
        return ConfigurationError(f"rxconfig.py: SessionsPlugin({self._where!r}): {why}. {hint}")

    def _check_single(self, auth: Auth[Any]) -> None:
        """Check that no module of the app makes a second `Auth`, which would never be installed."""
        package = self._where.partition(":")[0].partition(".")[0]
        for name, module in tuple(sys.modules.items()):
            is_own = f"{name}.".startswith(f"{package}.")
            for other, found in _auths_of(module).items() if is_own else ():
                if found is not auth:
                    raise ConfigurationError(
                        f"The app has two Auth objects: SessionsPlugin uses {self._where!r}, and "
                        f"{name}:{other} is another one. Make one, and import it where you need it."
                    )

    def _check_app(self, auth: Auth[Any], app: rx.App) -> None:
        """Check what pages and states name."""
        with _in_one_line():
            self._check_single(auth)
            rules = page_rules(app)
            auth.engine.rules_for(rules, routes_of(app)).check()
            own = (*filter(None, rules.values()), *auth.engine.guards.rules())
            schema = auth.engine.sessions.schema
            check_roles(own, schema.user)
            user = None if auth.engine.callbacks.session else schema.user
            check_named(auth.providers, schema.update.model_fields, user)

    def _check_start(self, auth: Auth[Any]) -> None:
        """Check what a start needs, and a build for another machine doesn't need."""
        is_generated = auth.engine.settings.has_generated_secret
        with _in_one_line():
            if is_generated and not self.keep_secret and is_prod_mode():
                raise ConfigurationError(
                    "AUTH_SECRET is not set, and production needs one. "
                    "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
                )
            if is_prod_mode():
                auth.engine.cookies.check_https(auth.engine.settings.url)
            check_store(auth.engine.sessions.store)


def _check_devtools(devtools: Any) -> None:
    if devtools is None or isinstance(devtools, bool):
        return
    is_roles = isinstance(devtools, Collection) and not isinstance(devtools, str)
    if not (is_roles and devtools and all(isinstance(each, str) for each in devtools)):
        raise ConfigurationError(
            f"SessionsPlugin(devtools=...) takes True, False or a list of roles, like "
            f'["admin"], not {shown(devtools)}.'
        )


@contextmanager
def _in_one_line() -> Iterator[None]:
    """Exit with the error's one line in place of a traceback."""
    try:
        yield
    except ConfigurationError as error:
        sys.exit(f"error: {error.message}")


def _imported(module: str) -> ModuleType | None:
    """Import a module if it exists; its own imports must exist."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name and f"{module}.".startswith(f"{error.name}."):
            return None
        raise


def _auths_of(module: ModuleType) -> dict[str, Auth[Any]]:
    return {name: each for name, each in vars(module).items() if isinstance(each, Auth)}


def _closest(name: str, known: Iterable[str]) -> str:
    return next(iter(get_close_matches(name, known, n=1)), "")


def _similar_module(module: str) -> str:
    """Find the module beside a missing one that has the most similar name."""
    package, _, name = module.rpartition(".")
    parent = _imported(package) if package else None
    beside = {each.name for each in iter_modules(getattr(parent, "__path__", ()))}
    close = _closest(name, beside)
    return f"{package}.{close}" if close else ""


def _check_config(config: rx.Config) -> None:
    if sum(isinstance(each, SessionsPlugin) for each in config.plugins) > 1:
        raise ConfigurationError("SessionsPlugin is in rxconfig.py twice. Leave one out.")
    if config.transport != "websocket":
        raise ConfigurationError(
            "Reflex's transport is 'polling', and sessions need WebSockets: a tab gets its "
            "owner when its socket opens. Leave `transport` out of rxconfig.py."
        )
    if config.frontend_path.strip("/"):
        raise ConfigurationError(
            f"Reflex's frontend_path is {config.frontend_path!r}, and sessions need an app at the "
            "root of its origin, where /api/auth is. Leave `frontend_path` out of rxconfig.py, and "
            "give the app a host name of its own."
        )


def _page_origins(*, serves_pages: bool) -> tuple[str, ...]:
    """Find the origins of the pages that another server serves.

    They are those that the configuration names. Where it names none, as by default, they are
    Reflex's own: that of the development server, or the one that the pages are deployed to.
    """
    if serves_pages:
        return ()
    config = get_config()
    named = tuple(origin for origin in config.cors_allowed_origins if origin != "*")
    if named or not config.deploy_url:
        return named
    deployed = urlsplit(config.deploy_url)
    hosts = ("localhost",) if is_prod_mode() else ("localhost", "127.0.0.1", "[::1]")
    own = (f"http://{host}:{config.frontend_port}" for host in hosts)
    return tuple(dict.fromkeys((*own, f"{deployed.scheme}://{deployed.netloc}")))
