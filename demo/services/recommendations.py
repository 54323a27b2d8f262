"""Says what a customer may like: a model from S3, and the catalogue's words for the products."""

import asyncio
import json

import aiohttp
import boto3
from aiohttp import web
from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.ext.aiohttp.client import aws_xray_trace_config

from services.serving import instrument, serve_aiohttp, setting

COLD_USER = "alan"  # not in the model's cache
COLD_SCORING_S = 0.6

instrument("recommendations", "botocore")
s3 = boto3.client("s3")


async def recommend(request: web.Request) -> web.Response:
    """Two products for one customer; a customer unknown to the model is a fault of ours."""
    user = request.match_info["user"]
    xray_recorder.current_segment().set_user(user)
    stored = s3.get_object(Bucket=setting("MODELS_BUCKET"), Key="taste.json")
    taste: dict[str, list[str]] = json.loads(stored["Body"].read())
    async with xray_recorder.in_subsegment_async("score products") as subsegment:
        if user == COLD_USER:
            await asyncio.sleep(COLD_SCORING_S)
        skus = taste[user]
        subsegment.put_metadata("skus", skus, "model")
    async with aiohttp.ClientSession(trace_configs=[aws_xray_trace_config()]) as session:
        products = await asyncio.gather(*(describe(session, sku) for sku in skus))
    return web.json_response({"products": products})


async def describe(session: aiohttp.ClientSession, sku: str) -> str:
    """The title of a product."""
    async with session.get(f"{setting('CATALOG_URL')}/products/{sku}") as answer:
        product = await answer.json()
    return str(product["title"])


async def build() -> web.Application:
    """The application with its one page."""
    app = web.Application()
    app.router.add_get("/recommendations/{user}", recommend)
    return app


if __name__ == "__main__":
    serve_aiohttp(build)
