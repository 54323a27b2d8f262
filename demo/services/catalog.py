"""Describes products: DynamoDB for texts, S3 for pictures, inventory for the stock."""

import asyncio

import aiohttp
import boto3
from aiohttp import web
from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.ext.aiohttp.client import aws_xray_trace_config
from botocore.exceptions import ClientError

from services.serving import instrument, serve_aiohttp, setting

SHORT_QUERY = 3  # letters: fewer match nearly everything, and ranking takes its time
SLOW_RANKING_S = 0.8

instrument("catalog", "botocore")
# boto3 blocks the loop for a few milliseconds a call: the SDK's context lives in the task, so
# that a thread would lose it.
dynamodb = boto3.client("dynamodb")
s3 = boto3.client("s3")


async def product(request: web.Request) -> web.Response:
    """One product with picture and stock."""
    sku = request.match_info["sku"]
    found = dynamodb.get_item(TableName=setting("PRODUCTS_TABLE"), Key={"sku": {"S": sku}})
    if "Item" not in found:
        return web.json_response({"error": f"no product {sku}"}, status=404)
    async with (
        aiohttp.ClientSession(trace_configs=[aws_xray_trace_config()]) as session,
        session.get(f"{setting('INVENTORY_URL')}/stock/{sku}") as answer,
    ):
        stock = await answer.json()
    return web.json_response(
        {
            "sku": sku,
            "title": found["Item"]["title"]["S"],
            "quantity": stock.get("quantity"),
            "picture_bytes": picture_bytes(sku),
        }
    )


def picture_bytes(sku: str) -> int | None:
    """Size of the product's picture; a product may have none."""
    try:
        picture = s3.get_object(Bucket=setting("PICTURES_BUCKET"), Key=f"{sku}.png")
    except ClientError:
        return None
    return len(picture["Body"].read())


async def search(request: web.Request) -> web.Response:
    """Products whose title has the words of `q`."""
    words = request.query.get("q", "")
    xray_recorder.current_segment().put_annotation("query_letters", len(words))
    items = dynamodb.scan(TableName=setting("PRODUCTS_TABLE"))["Items"]
    async with xray_recorder.in_subsegment_async("rank results") as subsegment:
        if len(words) < SHORT_QUERY:
            await asyncio.sleep(SLOW_RANKING_S)
        found = sorted(item["sku"]["S"] for item in items if words in item["title"]["S"].lower())
        subsegment.put_metadata("results", found, "shop")
    return web.json_response({"products": found})


async def build() -> web.Application:
    """The application with its two pages."""
    app = web.Application()
    app.router.add_get("/products/{sku}", product)
    app.router.add_get("/search", search)
    return app


if __name__ == "__main__":
    serve_aiohttp(build)
