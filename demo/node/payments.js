"use strict";

// Charges cards at a bank outside the shop, which is not instrumented.

const { DynamoDBClient, PutItemCommand } = require("@aws-sdk/client-dynamodb");
const { PutObjectCommand, S3Client } = require("@aws-sdk/client-s3");
const { AWSXRay, application, call, serve } = require("./serving");

const { BANK_URL, PAYMENTS_TABLE, RECEIPTS_BUCKET } = process.env;
const dynamodb = AWSXRay.captureAWSv3Client(new DynamoDBClient({}));
const s3 = AWSXRay.captureAWSv3Client(new S3Client({}));
const app = application("payments");

class BankUnavailableError extends Error {
  constructor(status) {
    super(`the bank answered ${status}`);
    this.name = "BankUnavailableError";
  }
}

app.post("/charges", async (request, response) => {
  const { order_id: orderId, card, amount } = request.body;
  AWSXRay.getSegment().addAnnotation("order_id", orderId);
  const checked = AWSXRay.captureFunc("check card number", (subsegment) => {
    subsegment.addMetadata("card", { last4: card.slice(-4) });
    return /^\d{16}$/.test(card);
  });
  if (!checked) {
    response.status(400).json({ error: "a card number has 16 digits" });
    return;
  }
  const answer = await call("POST", `${BANK_URL}/authorize`, { body: { card, amount } });
  if (answer.status >= 500) {
    throw new BankUnavailableError(answer.status);
  }
  if (answer.status !== 200) {
    response.status(answer.status).json(answer.body);
    return;
  }
  await dynamodb.send(
    new PutItemCommand({
      TableName: PAYMENTS_TABLE,
      Item: { order_id: { S: orderId }, amount: { N: String(amount) } },
    }),
  );
  await s3.send(
    new PutObjectCommand({
      Bucket: RECEIPTS_BUCKET,
      Key: `${orderId}.json`,
      Body: JSON.stringify({ orderId, amount }),
    }),
  );
  response.json({ paid: amount });
});

serve(app);
