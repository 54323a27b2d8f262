"""The tables, buckets and the queue of the shop, and what lies in them on the first day."""

import json

import boto3

# A queue's URL is its name on the map, so it is AWS's own and not one with today's port.
SETTINGS = {
    "PRODUCTS_TABLE": "shop-products",
    "ORDERS_TABLE": "shop-orders",
    "PAYMENTS_TABLE": "shop-payments",
    "PICTURES_BUCKET": "shop-pictures",
    "MODELS_BUCKET": "shop-models",
    "RECEIPTS_BUCKET": "shop-receipts",
    "INVOICES_BUCKET": "shop-invoices",
    "ORDERS_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/shop-orders",
}
TABLES = {"shop-products": "sku", "shop-orders": "order_id", "shop-payments": "order_id"}
TITLES = {
    "kettle": "Copper kettle",
    "teapot": "Iron teapot",
    "mug": "Large mug",
    "spoon": "Tea spoon",
    "tray": "Oak tray",
    "samovar": "Brass samovar",
}
WITHOUT_PICTURE = "tray"
TASTE = {
    "ada": ["kettle", "mug"],
    "grace": ["teapot", "spoon"],
    "edsger": ["mug", "spoon"],
    "barbara": ["kettle", "teapot"],
    "alan": ["mug", "teapot"],
}


def create(endpoint: str, region: str, key: str, secret: str) -> None:
    """Make everything in the AWS at `endpoint`; nothing of this is traced."""
    session = boto3.Session(key, secret, region_name=region)
    dynamodb = session.client("dynamodb", endpoint_url=endpoint)
    for table, name in TABLES.items():
        dynamodb.create_table(
            TableName=table,
            KeySchema=[{"AttributeName": name, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    for sku, title in TITLES.items():
        dynamodb.put_item(
            TableName="shop-products", Item={"sku": {"S": sku}, "title": {"S": title}}
        )
    dynamodb.put_item(
        TableName="shop-orders", Item={"order_id": {"S": "order-0000"}, "state": {"S": "packed"}}
    )
    s3 = session.client("s3", endpoint_url=endpoint)
    for setting, bucket in SETTINGS.items():
        if setting.endswith("_BUCKET"):
            s3.create_bucket(Bucket=bucket)
    for sku in TITLES:
        if sku != WITHOUT_PICTURE:
            s3.put_object(Bucket="shop-pictures", Key=f"{sku}.png", Body=bytes(4096))
    s3.put_object(Bucket="shop-models", Key="taste.json", Body=json.dumps(TASTE).encode())
    session.client("sqs", endpoint_url=endpoint).create_queue(QueueName="shop-orders")
