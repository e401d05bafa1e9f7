"""Something of each kind that can be protected."""

from __future__ import annotations

import time

import reflex as rx
from starlette.applications import Starlette
from starlette.authentication import requires
from starlette.endpoints import HTTPEndpoint
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Mount, Route, WebSocketRoute

from authdemo.sessions import protected, public, use_session
from authdemo.sessions.errors import StoreUnavailable
from authdemo.sessions.locales import explain
from my_app.auth import auth
from my_app.gallery import gallery


async def is_ada(session):
    return session.user.id == "ada"


def is_grace(session):
    return session.user.id == "grace"


class Ledger(rx.State):
    balance: rx.Field[int] = rx.field(100)
    paid: rx.Field[int] = rx.field(0)
    liked: rx.Field[int] = rx.field(0)
    gold: rx.Field[str] = protected(rx.field("no gold"), roles="admin")
    diary: rx.Field[str] = protected(rx.field("no diary"), check=is_grace)
    pin: rx.Field[str] = protected(rx.field("no pin"), fresh=60)
    vow: rx.Field[str] = protected(rx.field("no vow"), level=2)
    launched: rx.Field[int] = rx.field(0)

    @rx.var
    @protected
    def plans(self) -> str:
        return f"the secret plans, balance {self.balance}"

    @protected
    @rx.var(cache=False)
    async def later(self) -> list[str]:
        return ["a secret for later"]

    @rx.event
    def dig(self):
        self.gold, self.diary, self.pin = "a pot of gold", "Dear diary", "1906"
        self.vow = "a vow of two"

    @rx.event
    @protected
    def pay(self, amount: int):
        self.balance -= amount

    @rx.event
    @protected(check=is_ada)
    def pay_as_ada(self):
        self.paid += 1

    @protected(roles=["admin", "owner"])
    @rx.event(background=True)
    async def pay_at_leisure(self):
        async with self:
            self.paid += 10

    @rx.event
    @protected(fresh=60)
    def wipe(self):
        self.balance = 0

    @rx.event
    @protected(level=2)
    def launch(self, times: int):
        self.launched += times

    @rx.event
    @protected(replay=True)
    def like(self, times: int):
        self.liked += times

    @rx.event
    async def promote(self):
        await auth.refresh("ada")


class Archive(rx.State):
    filed: rx.Field[str] = rx.field("")

    @rx.event
    @protected
    async def file(self, files: list[rx.UploadFile]):
        session = await auth(self)
        self.filed = f"{files[0].name} of {session.user.id}"

    @rx.event
    @protected(level=2)
    async def seal(self, files: list[rx.UploadFile]):
        self.filed = f"{files[0].name} is sealed"

    @rx.event
    async def leave(self, files: list[rx.UploadFile]):
        session = await auth(self)
        self.filed = f"{files[0].name} of {session.user.id if session else 'nobody'}"


@protected(roles="admin")
class Vault(rx.State):
    opened: rx.Field[int] = rx.field(0)
    sign: rx.Field[str] = public(rx.field("Vault"))

    @rx.event
    def open_up(self):
        self.opened += 1

    @public
    @rx.event
    def knock(self):
        self.sign = "Who is there?"


@protected(fresh=60)
class Safe(rx.State):
    opened: rx.Field[int] = rx.field(0)

    @rx.event
    def open_up(self):
        self.opened += 1


@public
class Visitors(rx.State):
    count: rx.Field[int] = rx.field(0)

    @rx.event
    def come(self):
        self.count += 1


def name_of(session):
    return session.user.name if session else "nobody"


class Reception:
    """Reads the session in an object of the app's own, where no code of a var names it."""

    def __init__(self, auth):
        self.auth = auth

    def caller(self):
        return name_of(self.auth.current())


reception = Reception(auth)


@public
class Badge(rx.State):
    """Vars that read the session in each way that an app may."""

    touched: rx.Field[bool] = rx.field(default=False)

    def _name(self):
        return name_of(auth.current(self))

    @rx.var
    async def verified(self) -> str:
        return name_of(await auth(self))

    @rx.var
    def current(self) -> str:
        return name_of(auth.current())

    @rx.var
    def by_helper(self) -> str:
        return f"{self._name()}'s badge"

    @rx.var
    def by_var(self) -> str:
        return f"This is {self.by_helper}."

    @rx.var
    async def by_import(self) -> str:
        from my_app import auth as module

        return name_of(await module.auth(self))

    @rx.var(cache=False)
    async def uncached(self) -> str:
        return name_of(await auth(self))

    @rx.var
    def by_object(self) -> str:
        return reception.caller()

    @rx.var
    def proved_at(self) -> float:
        session = auth.current(self)
        return session.authenticated_at.timestamp() if session else 0

    @rx.var
    def stamp(self) -> float:
        return time.monotonic()

    @rx.event
    async def prove(self):
        await auth.confirm(self, {"id": "ada", "password": "tutorial"})

    @rx.event
    async def touch(self, tab: str):
        async with app.modify_state(rx.BaseStateToken(ident=tab, cls=Badge)) as state:
            (await state.get_state(Badge)).touched = True


@public
class Clerk(rx.State):
    @rx.event
    async def rename(self, name: str):
        await auth.update(self, name=name)

    @rx.event
    async def resign(self):
        await auth.update(self, role="user")

    @rx.event
    async def log_out(self):
        await auth.sign_out(self)

    @rx.event
    async def log_out_to(self, page: str):
        await auth.sign_out(self, to=page)

    @rx.event
    async def log_out_and_lead(self, page: str):
        await auth.sign_out(self)
        return rx.redirect(page)

    @rx.event
    async def let_in(self):
        known = {"id": "ada", "password": "tutorial"}
        await auth.sign_in(self, known, callback_url="/about#liked")

    @rx.event
    def ask_in_vain(self):
        raise StoreUnavailable

    @rx.event
    def stumble(self):
        raise RuntimeError("a bug in the app")


@public
class Guide(rx.State):
    @rx.event
    def stumble(self):
        raise RuntimeError("a bug\x1b[2J\nforged")

    @rx.event
    def lead(self):
        return rx.redirect("/archive?box=1&lid=a%26b#papers")

    @rx.event
    def praise(self):
        return rx.toast.success('"Well" (done)]: {["', description="It's saved, {1: 2}")

    @rx.event
    def write_code(self):
        return rx.call_script("1 + 1")

    @rx.event
    def fall_back(self):
        return rx.toast.error("It \\ failed", fallback_to_alert=True)

    @rx.event
    def dismiss(self):
        return rx.toast.dismiss()

    @rx.event
    def scroll(self):
        return rx.scroll_to("bottom")

    @rx.event
    def copy(self):
        return rx.set_clipboard('It\'s "copied"\n')

    @rx.event
    def clear(self):
        return rx.clear_selected_files("my papers")

    @rx.event
    def cancel(self):
        return rx.cancel_upload("my papers")

    @rx.event
    def write(self):
        return rx.console_log("A line")

    @rx.event
    def warn(self):
        return rx.window_alert("A warning")

    @rx.event
    def rest(self):
        return rx.event.noop()

    @rx.event
    def focus(self):
        return rx.set_focus("bottom")

    @rx.event
    def download(self):
        return rx.download(rx.get_upload_url("a picture.png"))

    @rx.event
    def turn_back(self):
        return rx.event.back()


@public
class Room(rx.SharedState):
    note: rx.Field[str] = rx.field("")

    @rx.event
    async def enter(self, name: str):
        await self._link_to(name)

    @rx.event
    def write(self, note: str):
        self.note = note

    @rx.event
    async def leave(self):
        await auth.sign_out(self)


@protected
def home():
    return rx.el.main(
        rx.el.h1("Members only"),
        rx.el.p(Ledger.plans, Ledger.later, id="plans"),
        rx.el.p(Ledger.balance, id="balance"),
        rx.el.p(Ledger.launched, id="launched"),
        rx.el.button("Wipe", on_click=Ledger.wipe),
        rx.el.button("Launch", on_click=Ledger.launch(2)),
        rx.el.button("Log out", on_click=Clerk.log_out),
        rx.el.p(explain(use_session().event_error), role="alert"),
    )


@public
def about():
    session = use_session()
    return rx.el.main(
        rx.el.h1("About us"),
        rx.el.p(session.user.name, id="reader"),
        rx.el.p(Ledger.liked, id="liked"),
        rx.el.p(Visitors.count),
        rx.el.button("Like", on_click=Ledger.like(3)),
        rx.el.button("Come", on_click=Visitors.come),
        rx.el.p(session.user.name, id="name", aria_busy=session.pending),
        rx.el.button("Rename here", on_click=session.update(image="http://ada.example")),
        rx.el.button("Rename there", on_click=Clerk.rename("x" * 65)),
        rx.el.button("Let me in", on_click=Clerk.let_in),
        rx.el.p(explain(session.error), role="alert"),
        rx.link("Archive", href="/archive?box=1&lid=a%26b#papers"),
        rx.link("Reports", href="/reports/index"),
        rx.link("Post", href="/post/index"),
        rx.el.button("Lead me", on_click=Guide.lead),
        rx.el.button("Praise", on_click=Guide.praise),
        rx.el.button("Write code", on_click=Guide.write_code),
        rx.toast.provider(),
    )


HELPERS = (
    *("praise", "fall_back", "dismiss", "scroll", "copy", "clear", "cancel", "write", "warn"),
    *("rest", "focus", "download", "turn_back", "write_code", "stumble"),
)
IN_THE_PAGE = {
    "page_praise": rx.toast.success("Well done"),
    "page_scroll": rx.scroll_to("bottom"),
    "page_copy": rx.set_clipboard("copied in the page"),
    "page_clear": rx.clear_selected_files("my papers"),
    "page_write": rx.console_log("A line of the page"),
    "page_code": rx.call_script("1 + 1"),
}


@public
def helpers():
    return rx.el.main(
        *(rx.el.button(name, on_click=getattr(Guide, name)) for name in HELPERS),
        *(rx.el.button(name, on_click=event) for name, event in IN_THE_PAGE.items()),
        rx.upload.root(rx.el.p("Any file"), id="my papers"),
        rx.foreach(rx.selected_files("my papers"), rx.el.li),
        rx.el.div(style={"height": "3000px"}),
        rx.el.input(id="bottom"),
    )


@public
def abroad():
    return rx.el.main(
        rx.el.h1("A map from another site"), rx.el.iframe(src="https://maps.example/embed")
    )


@protected
def archive():
    return rx.el.main(
        rx.upload.root(rx.el.p("Drop it here"), id="papers"),
        rx.el.button("File", on_click=Archive.file(rx.upload_files("papers"))),
        rx.el.p(Archive.filed, id="filed"),
        rx.el.button("Rename badly", on_click=Clerk.rename("x" * 65)),
        rx.el.button(
            "Leave for the page about us", on_click=Clerk.log_out_and_lead("/about?left=1")
        ),
    )


@public
def post():
    return rx.el.h1("A post for all: ", rx.State.slug)


def unmarked():
    return rx.el.h1("Nobody said for which role")


@protected(roles="admin")
def drawer():
    return rx.el.h1("Drawer of secrets: ", rx.State.number)


@rx.page("/council")
@protected(roles="admin")
def council():
    return rx.el.h1("The council's secrets")


@protected(roles="admin")
def reports():
    return rx.el.h1("Whatever is reported")


@protected
def index_of_names():
    return rx.el.h1("Members' names")


@protected(check=is_ada)
def study():
    return rx.el.h1("Ada's own secrets")


@protected(fresh=60)
def sensitive():
    return rx.el.h1("Not for stale eyes")


@protected(level=2)
def launchpad():
    return rx.el.h1("Not for one factor")


@public
def library():
    return rx.el.h1("Whatever is there to be read")


@protected(roles="admin")
def volume():
    return rx.el.h1("A sealed volume: ", rx.State.number)


@protected
def attic():
    return rx.el.h1("Whatever is in the attic")


def stairs():
    return rx.el.h1("The stairs to the attic")


async def salaries(_):
    return JSONResponse({"salary": 1})


async def docs(_):
    return HTMLResponse("<h1>How to read salaries</h1>")


async def broken(request):
    raise RuntimeError(f"a bug for {request.query_params['name']}")


async def feed(websocket):
    await websocket.accept()
    await websocket.send_text(f"heard {await websocket.receive_text()}")
    await websocket.close()


@protected
def whoami(request):
    return JSONResponse([request.user.display_name, request.user.role])


@protected(roles="admin")
class Minutes(HTTPEndpoint):
    async def get(self, request):
        return JSONResponse({"read_by": (await auth(request)).user.id})

    async def post(self, request):
        return JSONResponse({"written": (await request.json())["text"]})


@public
async def status(_):
    session = auth.current()
    return JSONResponse({"reader": session and session.user.id})


@requires("authenticated")
async def required_by_starlette(request):
    await auth.update(request.scope, name="Starlette's reader")
    return JSONResponse({})


@protected(roles="admin")
async def council_feed(websocket):
    await websocket.accept()
    while True:
        await websocket.send_text(await websocket.receive_text())


@protected(fresh=60)
async def safe(_):
    return JSONResponse({})


@protected(level=2)
async def countdown(_):
    return JSONResponse({"count": 3})


@protected(level=2)
async def launch_feed(websocket):
    await websocket.accept()
    await websocket.send_text(await websocket.receive_text())


api = Starlette(
    routes=[
        Route("/api/whoami", whoami),
        Route("/api/minutes", Minutes),
        Route("/api/status", status),
        Route("/api/required", required_by_starlette),
        Route("/api/safe", safe),
        Route("/api/countdown", countdown),
        WebSocketRoute("/launch-feed", launch_feed),
        WebSocketRoute("/council-feed", council_feed),
        Route("/api/salaries", salaries, methods=["GET", "POST"]),
        Route("/docs", docs),
        Route("/api/broken", broken),
        Mount("/media", routes=[Route("/song", docs)]),
        WebSocketRoute("/feed", feed),
    ]
)
app = rx.App(api_transformer=api)
app.add_page(home, route="/")
app.add_page(about, route="/about")
app.add_page(archive, route="/archive")
app.add_page(helpers, route="/helpers")
app.add_page(abroad, route="/abroad")
app.add_page(gallery, route="/gallery")
app.add_page(post, route="/post/[slug]")
app.add_page(drawer, route="/drawer/[number]")
app.add_page(sensitive, route="/sensitive")
app.add_page(study, route="/study")
app.add_page(launchpad, route="/launchpad")
app.add_page(index_of_names, route="/index-of-names")
app.add_page(library, route="/library/[[...splat]]")
app.add_page(volume, route="/library/sealed/[number]")
app.add_page(attic, route="/attic/[[...splat]]")
app.add_page(stairs, route="/attic/stairs")
app.add_page(reports, route="/reports/index")
app.add_page(unmarked, route="/unmarked")
