"""The package's forms, where an app of the look would place them."""

from __future__ import annotations

import os
from typing import ClassVar

import reflex as rx

from authdemo.accounts import Accounts, RegistrationMixin, register_form
from authdemo.sessions import protected, sign_in_form
from authdemo.sessions.components import confirm_button, provider_buttons
from my_app.auth import accounts


class Register(RegistrationMixin, rx.State):
    accounts: ClassVar[Accounts] = accounts


def placed(title, *forms):
    if os.environ["LOOK"] == "radix":
        return rx.el.main(rx.container(rx.card(rx.heading(title), *forms), size="1"))
    if os.environ["LOOK"] == "tailwind":
        heading = rx.el.h1(title, class_name="text-2xl font-bold")
        look = "mx-auto max-w-md p-6 shadow bg-[Canvas] text-[CanvasText]"
        return rx.el.main(heading, *forms, class_name=look)
    paper = {"background": "Canvas", "color": "CanvasText"}
    return rx.el.main(rx.el.h1(title), *forms, style=paper)


def sign_in():
    end = confirm_button("End all", "End all sessions?", rx.console_log("ended"))
    link = rx.el.a("Nowhere", href="/nowhere")
    return placed("Sign in", sign_in_form(), provider_buttons(), end, link)


def register():
    return placed("Register", register_form(Register))


@protected
def home():
    return rx.el.h1("Hello")


@protected(check=lambda _: False)
def closed():
    return rx.el.h1("Closed")


app = rx.App()
app.add_page(home, route="/")
app.add_page(sign_in, route="/forms")
app.add_page(register, route="/register")
app.add_page(closed, route="/closed")
