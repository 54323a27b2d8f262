"""Takes orders: prices them, reserves stock, has them paid, and hands them to fulfilment."""

import itertools
import json
import time
from http import HTTPStatus

import boto3
import requests
from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.ext.util import inject_trace_header
from flask import Flask, request
from flask.typing import ResponseReturnValue

from services.serving import instrument, serve_flask, setting

PRICE = 25
ORDER_NUMBERS = 500  # numbers are used again, so that a demo left alone does not grow

instrument("checkout", "botocore", "requests")
app = Flask("checkout")
dynamodb = boto3.client("dynamodb")
sqs = boto3.client("sqs")
numbers = itertools.count(1)


class PaymentFailedError(Exception):
    """Payments could not say whether the card was charged."""


@app.post("/orders")
def order() -> ResponseReturnValue:
    """Place one order of `{user, tenant, sku, quantity, card}`."""
    basket = request.get_json()
    order_id = f"order-{next(numbers) % ORDER_NUMBERS:04}"
    segment = xray_recorder.current_segment()
    segment.set_user(basket["user"])
    segment.put_annotation("order_id", order_id)
    segment.put_annotation("tenant", basket["tenant"])
    segment.put_annotation("basket_size", basket["quantity"])
    segment.put_metadata("basket", {"sku": basket["sku"], "quantity": basket["quantity"]}, "shop")

    account = requests.get(f"{setting('USERS_URL')}/users/{basket['user']}", timeout=10).json()
    segment.put_annotation("premium", account["premium"])
    amount = price(basket["quantity"], premium=account["premium"])
    stock = {"order_id": order_id, "sku": basket["sku"], "quantity": basket["quantity"]}
    inventory = setting("INVENTORY_URL")
    reserved = requests.post(f"{inventory}/reservations", json=stock, timeout=10)
    if not reserved.ok:
        return reserved.json(), reserved.status_code
    charge = {"order_id": order_id, "card": basket["card"], "amount": amount}
    paid = requests.post(f"{setting('PAYMENTS_URL')}/charges", json=charge, timeout=10)
    if not paid.ok:
        requests.post(f"{inventory}/releases", json=stock, timeout=10)
        if paid.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            message = f"payments answered {paid.status_code} for {order_id}"
            raise PaymentFailedError(message)
        return paid.json(), paid.status_code
    accept(order_id, stock)
    return {"order_id": order_id, "amount": amount}, 201


def price(quantity: int, *, premium: bool) -> int:
    """The price of a basket; the discount rules take a moment."""
    with xray_recorder.in_subsegment("price basket") as subsegment:
        time.sleep(0.005)
        amount = quantity * PRICE * (90 if premium else 100) // 100
        subsegment.put_metadata("amount", amount, "shop")
        return amount


def accept(order_id: str, stock: dict[str, object]) -> None:
    """Write the order down and queue it, together with the trace that it belongs to."""
    with xray_recorder.in_subsegment("accept order") as subsegment:
        dynamodb.put_item(
            TableName=setting("ORDERS_TABLE"),
            Item={"order_id": {"S": order_id}, "state": {"S": "accepted"}},
        )
        headers: dict[str, str] = {}
        inject_trace_header(headers, subsegment)
        sqs.send_message(
            QueueUrl=setting("ORDERS_QUEUE_URL"),
            MessageBody=json.dumps(stock),
            MessageSystemAttributes={
                "AWSTraceHeader": {
                    "DataType": "String",
                    "StringValue": headers["X-Amzn-Trace-Id"],
                }
            },
        )


if __name__ == "__main__":
    serve_flask(app)
