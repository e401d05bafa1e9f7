"""Takes the pictures of the tutorial, and the animated one of README: `make pictures`.

It starts the app with a data folder of its own, goes through the tutorial, and
finds things by their roles, names and test ids, wherever the layout puts them.
"""

from __future__ import annotations

import base64
import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, expect

from tests.browser import launched, new_context
from tests.e2e.visitor import Visitor, click, field_of
from tests.support.server import running_in_trouble

FOLDER = Path(__file__).parent / "pictures"
SIZE = {"width": 480, "height": 900}
LOOK = {
    "color_scheme": "light",
    "locale": "en-GB",
    "timezone_id": "UTC",
    "reduced_motion": "reduce",
}
COLOURS = 128
GAP = 16
FILM_WIDTH = 1100
PLACE = """e => {
  const {x, y, width, height} = e.getBoundingClientRect();
  return [x, y, width, height];
}"""
MOVES = 6
"""In how many frames the pointer gets to a button."""
POINTER = ((0, 0), (0, 34), (9, 26), (15, 40), (21, 37), (15, 24), (27, 24))

Step: TypeAlias = Callable[["Tour"], list[Page]]


class Tour:
    """A visitor with two tabs who goes through the tutorial."""

    def __init__(self, visitor: Visitor) -> None:
        """Open both tabs.

        Args:
            visitor: An anonymous visitor.
        """
        self.visitor = visitor
        self.home = visitor.open("/")
        self.client = visitor.open("/login")

    def login(self) -> list[Page]:
        """The form that an anonymous visitor is sent to."""
        expect(self.home.locator("[name=password]")).to_be_visible()
        return [self.home]

    def server(self) -> list[Page]:
        """The session as the server loaded it."""
        self.visitor.log_in(self.home)
        self.home.wait_for_url(self.visitor.url + "/")
        self.visitor.is_live(self.home)
        return [self.home]

    def reactive(self) -> list[Page]:
        """The session as the browser knows it."""
        self.client.goto(self.visitor.url + "/client")
        self.visitor.is_live(self.client)
        return [self.client]

    def update(self) -> list[Page]:
        """The update from the client page."""
        return self._after("Client Side Update", "Client-Man", self.client)

    def button(self) -> list[Page]:
        """The update from the reusable button."""
        return self._after("Client Side Update", "Server-Man", self.home)

    def handler(self) -> list[Page]:
        """The update from the event handler."""
        return self._after("Server Side Update", "Serverserver-man", self.home)

    def inspector(self) -> list[Page]:
        """What happened, as the inspector shows it."""
        inspector = self.visitor.open("/inspector")
        self.visitor.is_live(inspector)
        expect(inspector.get_by_test_id("timeline")).to_contain_text("Serverserver-man")
        inspector.get_by_test_id("timeline").scroll_into_view_if_needed()
        return [inspector]

    def out(self) -> list[Page]:
        """Both tabs after the log-out."""
        click(self.home, "Log Out")
        for tab in (self.home, self.client):
            expect(tab.locator("[name=password]")).to_be_visible()
        return [self.home, self.client]

    def _after(self, button: str, name: str, where: Page) -> list[Page]:
        click(where, button)
        tabs = [self.home, self.client]
        for tab in tabs:
            expect(field_of(tab, "name").first).to_have_text(name)
        return tabs


STEPS: dict[str, Step] = {
    "login": Tour.login,
    "server": Tour.server,
    "reactive": Tour.reactive,
    "update": Tour.update,
    "button": Tour.button,
    "handler": Tour.handler,
    "inspector": Tour.inspector,
    "out": Tour.out,
}


def main(folder: Path = FOLDER) -> None:
    """Take every picture.

    Args:
        folder: Where to put them.
    """
    folder.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        running_in_trouble(Path(data)) as server,
        launched() as browser,
        new_context(browser, viewport=SIZE, **LOOK) as context,
    ):
        context.set_default_timeout(10_000)
        tour = Tour(Visitor(context, server.url))
        for name, step in STEPS.items():
            (folder / f"{name}.png").write_bytes(_packed(_side_by_side(browser, step(tour))))
        Film(browser, Visitor(context, server.url)).save(folder / "three-windows.gif")


class Film:
    """Three windows side by side, in which one click is visible everywhere."""

    def __init__(self, browser: Browser, visitor: Visitor) -> None:
        """Open the windows.

        Args:
            browser: Shows the windows side by side.
            visitor: An anonymous visitor.
        """
        self.browser = browser
        self.windows = [visitor.logged_in("/"), visitor.open("/client"), visitor.open("/inspector")]
        for window in self.windows:
            visitor.is_live(window)
        self.pointer = (SIZE["width"] // 2, SIZE["height"] // 2)
        self.frames: list[Image.Image] = []
        self.durations: list[int] = []

    def save(self, path: Path) -> None:
        """Press buttons, and save what all windows show as a GIF."""
        home, client, _ = self.windows
        for window, button, name in (
            (home, "Server Side Update", "Serverserver-man"),
            (client, "Client Side Update", "Client-Man"),
            (home, "Client Side Update", "Server-Man"),
        ):
            self._press(window, button)
            for each in self.windows:
                expect(each.get_by_role("main")).to_contain_text(name)
        self._press(home, "Log Out")
        for each in self.windows:
            expect(each.locator("[name=password]")).to_be_visible()
        self._show(self._sheet(), 2500)
        palette = self.frames[0].quantize(COLOURS)
        frames = (
            frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in self.frames
        )
        next(frames).save(
            path, save_all=True, append_images=list(frames), duration=self.durations, loop=0
        )

    def _press(self, window: Page, name: str) -> None:
        """Show what the windows hold now, move the pointer to a button, and press it."""
        sheet = self._sheet()
        self._show(sheet, 1800)
        button = window.get_by_role("button", name=name, exact=True)
        left, top, width, height = button.evaluate(PLACE)
        left += GAP + self.windows.index(window) * (SIZE["width"] + GAP)
        from_x, from_y = self.pointer
        to_x, to_y = left + width * 0.6, top + GAP + height * 0.6
        for move in range(1, MOVES + 1):
            done = move / MOVES
            self.pointer = (
                round(from_x + (to_x - from_x) * done),
                round(from_y + (to_y - from_y) * done),
            )
            self._show(sheet, 500 if move == MOVES else 60)
        self._show(sheet, 200, colour="#d97706")
        button.click()

    def _sheet(self) -> Image.Image:
        return Image.open(io.BytesIO(_side_by_side(self.browser, self.windows))).convert("RGB")

    def _show(self, sheet: Image.Image, milliseconds: int, colour: str = "#111111") -> None:
        """Add a frame with the pointer."""
        frame, (x, y) = sheet.copy(), self.pointer
        corners = [(x + right, y + down) for right, down in POINTER]
        ImageDraw.Draw(frame).polygon(corners, fill=colour, outline="white", width=2)
        height = round(frame.height * FILM_WIDTH / frame.width)
        self.frames.append(frame.resize((FILM_WIDTH, height), Image.Resampling.LANCZOS))
        self.durations.append(milliseconds)


def _side_by_side(browser: Browser, pages: list[Page]) -> bytes:
    shots = (_shot(page) for page in pages)
    images = "".join(f'<img src="data:image/png;base64,{shot}">' for shot in shots)
    width = len(pages) * (SIZE["width"] + GAP) + GAP
    sheet = browser.new_page(viewport={"width": width, "height": SIZE["height"] + 2 * GAP})
    sheet.set_content(
        f"<style>body{{margin:0;padding:{GAP}px;display:flex;gap:{GAP}px;background:#c9cfcb}}"
        f"</style>{images}"
    )
    picture = sheet.screenshot()
    sheet.close()
    return picture


def _shot(page: Page) -> str:
    page.mouse.move(0, 0)
    return base64.b64encode(page.screenshot(animations="disabled", caret="hide")).decode()


def _packed(picture: bytes) -> bytes:
    """Make a picture small: a screen has few colours."""
    output = io.BytesIO()
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(COLOURS).save(output, "PNG", optimize=True)
    return output.getvalue()


if __name__ == "__main__":
    main()
