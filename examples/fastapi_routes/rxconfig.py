import reflex as rx

from authdemo.sessions import SessionsPlugin

config = rx.Config(app_name="my_app", plugins=[SessionsPlugin("my_app.auth:auth")])
