"""Packs orders: takes them from the queue, continues their traces, and fills the shelves."""

import json
import time
from typing import Any

import boto3
import requests
from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.models.trace_header import TraceHeader

from services.serving import instrument, setting

RESTOCK_INTERVAL_S = 5.0
PACKING_S = 0.02

instrument("fulfilment", "botocore", "requests")
dynamodb = boto3.client("dynamodb")
s3 = boto3.client("s3")
sqs = boto3.client("sqs")


def work() -> None:
    """Poll the queue for ever; between two polls, fill the shelves when it is time."""
    queue = setting("ORDERS_QUEUE_URL")
    restock_at = 0.0
    while True:
        if time.monotonic() >= restock_at:
            restock()
            restock_at = time.monotonic() + RESTOCK_INTERVAL_S
        received = sqs.receive_message(
            QueueUrl=queue,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=1,
            MessageSystemAttributeNames=["AWSTraceHeader"],
        )
        for message in received.get("Messages", []):
            pack(queue, message)


def pack(queue: str, message: dict[str, Any]) -> None:
    """Pack the order of one message, in the trace of the request that sent it."""
    header = TraceHeader.from_header_str(message.get("Attributes", {}).get("AWSTraceHeader"))
    order = json.loads(message["Body"])
    with xray_recorder.in_segment(
        "fulfilment", traceid=header.root, parent_id=header.parent, sampling=header.sampled
    ) as segment:
        segment.put_annotation("order_id", order["order_id"])
        with xray_recorder.in_subsegment("pack parcel"):
            time.sleep(PACKING_S * order["quantity"])
        s3.put_object(
            Bucket=setting("INVOICES_BUCKET"),
            Key=f"{order['order_id']}.txt",
            Body=f"{order['quantity']} x {order['sku']}".encode(),
        )
        dynamodb.update_item(
            TableName=setting("ORDERS_TABLE"),
            Key={"order_id": {"S": order["order_id"]}},
            UpdateExpression="SET #state = :packed",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":packed": {"S": "packed"}},
        )
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


def restock() -> None:
    """Have the shelves filled; a trace of its own, if the sampling rules want it."""
    with xray_recorder.in_segment("fulfilment") as segment:
        segment.put_annotation("job", "restock")
        answer = requests.post(f"{setting('INVENTORY_URL')}/restock", timeout=10)
        answer.raise_for_status()


if __name__ == "__main__":
    work()
