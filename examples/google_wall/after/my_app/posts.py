"""What is on the wall."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass

TABLE = "CREATE TABLE IF NOT EXISTS posts (author TEXT, name TEXT, text TEXT, picture TEXT)"


@dataclass
class Post:
    author: str
    name: str
    text: str
    picture: str


def _wall():
    wall = sqlite3.connect("wall.db")
    wall.execute(TABLE)
    return closing(wall)


def add(post: Post):
    with _wall() as wall, wall:
        row = (post.author, post.name, post.text, post.picture)
        wall.execute("INSERT INTO posts VALUES (?, ?, ?, ?)", row)


def newest() -> list[Post]:
    with _wall() as wall:
        return [Post(*row) for row in wall.execute("SELECT * FROM posts ORDER BY rowid DESC")]
