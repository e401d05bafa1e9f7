"""A wall for pictures: all see them, and who signs in with Google adds to them."""

import uuid
from pathlib import Path

import reflex as rx

from my_app import posts
from my_app.google import Google
from my_app.posts import Post


class Wall(rx.State):
    posts: list[Post] = []
    text: str = ""

    @rx.event
    def load(self):
        self.posts = posts.newest()

    @rx.event
    def write(self, text: str):
        self.text = text

    @rx.var
    async def own(self) -> list[Post]:
        google = await self.get_state(Google)
        author = google.user["id"]
        return [post for post in self.posts if post.author == author]

    @rx.event
    async def post(self, files: list[rx.UploadFile]):
        user = (await self.get_state(Google)).user
        if not user["id"]:
            yield rx.toast.error("Sign in first.")
            return
        if not self.text:
            yield rx.toast.warning("Write something.")
            return
        name = ""
        for file in files:
            name = f"{uuid.uuid4()}{Path(file.name).suffix}"
            folder = rx.get_upload_dir()
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(await file.read())
        posts.add(Post(user["id"], user["name"], self.text, name))
        self.text = ""
        self.load()
        yield rx.clear_selected_files("picture")
        yield rx.toast.success("It is on the wall.")


def menu():
    return rx.hstack(
        rx.link("Wall", href="/"),
        rx.link("My posts", href="/mine"),
        rx.link("About", href="/about"),
        rx.color_mode.button(),
        rx.cond(
            Google.user["id"] != "",
            rx.hstack(
                rx.text(Google.user["name"], id="member"),
                rx.button("Sign out", on_click=Google.sign_out),
            ),
            rx.button("Sign in with Google", on_click=Google.sign_in),
        ),
        align="center",
        wrap="wrap",
    )


def card(post: Post):
    return rx.card(
        rx.text(post.text),
        rx.cond(
            post.picture != "",
            rx.image(src=rx.get_upload_url(post.picture), alt=post.text, height="6em"),
        ),
        rx.text(post.name, size="1"),
    )


def form():
    return rx.vstack(
        rx.input(placeholder="What is new?", value=Wall.text, on_change=Wall.write),
        rx.upload(
            rx.text("Drop a picture here"),
            rx.foreach(rx.selected_files("picture"), rx.code),
            id="picture",
            accept={"image/*": []},
            max_files=1,
        ),
        rx.button("Post", on_click=Wall.post(rx.upload_files("picture"))),
    )


@rx.page("/", title="Wall", on_load=Wall.load)
def index():
    return rx.container(
        menu(),
        rx.heading("Wall"),
        rx.cond(Google.user["id"] != "", form()),
        rx.foreach(Wall.posts, card),
    )


@rx.page("/mine", title="My posts", on_load=Wall.load)
def mine():
    return rx.container(
        menu(),
        rx.heading("My posts"),
        rx.cond(
            Google.user["id"] != "",
            rx.foreach(Wall.own, card),
            rx.text("Sign in to see your posts."),
        ),
    )


@rx.page("/about", title="About")
def about():
    return rx.container(menu(), rx.heading("About"), rx.markdown("A **wall** for pictures."))


@rx.page("/callback", on_load=Google.finish)
def callback():
    return rx.text("One moment …")


app = rx.App()
