"use strict";

// The shop's web pages: where every visit of a browser starts. It traces all of them.

const { DynamoDBClient, GetItemCommand } = require("@aws-sdk/client-dynamodb");
const { AWSXRay, application, call, serve } = require("./serving");

AWSXRay.middleware.disableCentralizedSampling();
AWSXRay.middleware.setSamplingRules({
  version: 2,
  rules: [],
  default: { fixed_target: 1, rate: 1 },
});

const {
  CATALOG_URL,
  CHECKOUT_URL,
  RECOMMENDATIONS_URL,
  USERS_URL,
  ORDERS_TABLE,
} = process.env;
const PREMIUM_USERS = new Set(["ada", "grace"]);
const dynamodb = AWSXRay.captureAWSv3Client(new DynamoDBClient({}));
const app = application("storefront");

app.use((request, _response, next) => {
  const user = request.get("x-shop-user");
  if (user) {
    const segment = AWSXRay.getSegment();
    segment.setUser(user);
    segment.addAnnotation("premium", PREMIUM_USERS.has(user));
    segment.addAnnotation("tenant", request.get("x-shop-tenant") ?? "north");
  }
  next();
});

app.get("/", async (request, response) => {
  const user = request.get("x-shop-user");
  const [account, recommended] = await Promise.all([
    call("GET", `${USERS_URL}/users/${user}`),
    call("GET", `${RECOMMENDATIONS_URL}/recommendations/${user}`),
  ]);
  // A page without recommendations is still a page.
  const products = recommended.status === 200 ? recommended.body.products : [];
  await AWSXRay.captureAsyncFunc("render home", async (subsegment) => {
    subsegment.addMetadata("products", products);
    await pause(3);
    subsegment.close();
  });
  response.json({ user: account.body, products });
});

app.get("/products/:sku", async (request, response) => {
  const found = await call("GET", `${CATALOG_URL}/products/${request.params.sku}`);
  response.status(found.status).json(found.body);
});

app.get("/search", async (request, response) => {
  if (/bot/i.test(request.get("user-agent") ?? "")) {
    response.status(429).set("Retry-After", "60").json({ error: "bots may search once a minute" });
    return;
  }
  const words = encodeURIComponent(request.query.q ?? "");
  const found = await call("GET", `${CATALOG_URL}/search?q=${words}`);
  response.status(found.status).json(found.body);
});

app.post("/checkout", async (request, response) => {
  const segment = AWSXRay.getSegment();
  segment.addAnnotation("basket_size", request.body.quantity);
  segment.addMetadata("basket", { sku: request.body.sku, quantity: request.body.quantity }, "shop");
  const ordered = await call("POST", `${CHECKOUT_URL}/orders`, { body: request.body });
  if (ordered.status >= 500) {
    throw new Error(`checkout answered ${ordered.status}`);
  }
  response.status(ordered.status).json(ordered.body);
});

app.get("/orders/:id", async (request, response) => {
  const { id } = request.params;
  AWSXRay.getSegment().addAnnotation("order_id", id);
  const found = await dynamodb.send(
    new GetItemCommand({ TableName: ORDERS_TABLE, Key: { order_id: { S: id } } }),
  );
  if (!found.Item) {
    response.status(404).json({ error: `no order ${id}` });
    return;
  }
  response.json({ order_id: id, state: found.Item.state.S });
});

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

serve(app);
