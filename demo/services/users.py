"""Who the customers are, in SQLite; phones sign in here directly."""

import hashlib
import hmac
import sqlite3

from aws_xray_sdk.core import xray_recorder
from flask import Flask, request
from flask.typing import ResponseReturnValue

from services.serving import instrument, serve_flask

DATABASE = "users.db"
USERS = ("ada", "grace", "edsger", "barbara", "alan", "mallory")
PREMIUM = ("ada", "grace")
HASH_ROUNDS = 20_000

instrument("users", "sqlite3")
app = Flask("users")


@app.get("/users/<name>")
def account(name: str) -> ResponseReturnValue:
    """The account of one customer."""
    xray_recorder.current_segment().set_user(name)
    connection = sqlite3.connect(DATABASE)
    try:
        row = connection.execute("SELECT premium FROM users WHERE name = ?", (name,)).fetchone()
    finally:
        connection.close()
    if row is None:
        return {"error": f"no user {name}"}, 404
    xray_recorder.current_segment().put_annotation("premium", bool(row[0]))
    return {"name": name, "premium": bool(row[0])}


@app.post("/sign-in")
def sign_in() -> ResponseReturnValue:
    """Check `{user, password}`; a wrong password answers 401."""
    claim = request.get_json()
    xray_recorder.current_segment().set_user(claim["user"])
    connection = sqlite3.connect(DATABASE)
    try:
        row = connection.execute(
            "SELECT password FROM users WHERE name = ?", (claim["user"],)
        ).fetchone()
    finally:
        connection.close()
    with xray_recorder.in_subsegment("check password") as subsegment:
        right = row is not None and hmac.compare_digest(
            row[0], digest(claim["user"], claim["password"])
        )
        subsegment.put_annotation("accepted", right)
    if not right:
        return {"error": "wrong name or password"}, 401
    return {"name": claim["user"]}


def digest(name: str, password: str) -> bytes:
    """The salted hash that the table holds."""
    return hashlib.pbkdf2_hmac("sha256", password.encode(), name.encode(), HASH_ROUNDS)


def create() -> None:
    """Make the table anew; everybody's password is their name, backwards."""
    connection = sqlite3.connect(DATABASE)
    with connection:
        connection.execute("DROP TABLE IF EXISTS users")
        connection.execute(
            "CREATE TABLE users (name TEXT PRIMARY KEY, premium INTEGER, password BLOB)"
        )
        connection.executemany(
            "INSERT INTO users VALUES (?, ?, ?)",
            [(name, name in PREMIUM, digest(name, name[::-1])) for name in USERS],
        )
    connection.close()


if __name__ == "__main__":
    create()
    serve_flask(app)
