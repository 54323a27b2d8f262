"""Counts what is on the shelves, in SQLite."""

import sqlite3

from aws_xray_sdk.core import xray_recorder
from flask import Flask, request
from flask.typing import ResponseReturnValue

from services.serving import instrument, serve_flask

DATABASE = "inventory.db"
FULL_SHELF = 1000
SKUS = ("kettle", "teapot", "mug", "spoon", "tray")
SOLD_OUT = "samovar"

instrument("inventory", "sqlite3")
app = Flask("inventory")


@app.get("/stock/<sku>")
def stock(sku: str) -> ResponseReturnValue:
    """How many of `sku` can be sold."""
    connection = sqlite3.connect(DATABASE)
    try:
        row = connection.execute("SELECT quantity FROM stock WHERE sku = ?", (sku,)).fetchone()
    finally:
        connection.close()
    if row is None:
        return {"error": f"no product {sku}"}, 404
    return {"sku": sku, "quantity": row[0]}


@app.post("/reservations")
def reserve() -> ResponseReturnValue:
    """Take `{order_id, sku, quantity}` from the shelf, or answer 409 when there are too few."""
    wanted = request.get_json()
    xray_recorder.current_segment().put_annotation("order_id", wanted["order_id"])
    if not move(wanted["sku"], -wanted["quantity"]):
        return {"error": f"{wanted['sku']} is sold out"}, 409
    return {"reserved": wanted["quantity"]}, 201


@app.post("/releases")
def release() -> ResponseReturnValue:
    """Put a reservation back."""
    returned = request.get_json()
    move(returned["sku"], returned["quantity"])
    return {"released": returned["quantity"]}


@app.post("/restock")
def restock() -> ResponseReturnValue:
    """Fill the shelves but that of the product which nobody makes any more."""
    connection = sqlite3.connect(DATABASE)
    try:
        with connection:
            connection.execute(
                "UPDATE stock SET quantity = ? WHERE sku <> ?", (FULL_SHELF, SOLD_OUT)
            )
    finally:
        connection.close()
    return {"quantity": FULL_SHELF}


def move(sku: str, difference: int) -> bool:
    """Change the stock of `sku` unless that would leave less than nothing."""
    connection = sqlite3.connect(DATABASE)
    try:
        with connection:
            changed = connection.execute(
                "UPDATE stock SET quantity = quantity + ? WHERE sku = ? AND quantity + ? >= 0",
                (difference, sku, difference),
            )
            return bool(changed.rowcount)
    finally:
        connection.close()


def create() -> None:
    """Make the table anew."""
    connection = sqlite3.connect(DATABASE)
    with connection:
        connection.execute("DROP TABLE IF EXISTS stock")
        connection.execute("CREATE TABLE stock (sku TEXT PRIMARY KEY, quantity INTEGER NOT NULL)")
        connection.executemany(
            "INSERT INTO stock VALUES (?, ?)",
            [*((sku, FULL_SHELF) for sku in SKUS), (SOLD_OUT, 0)],
        )
    connection.close()


if __name__ == "__main__":
    create()
    serve_flask(app)
