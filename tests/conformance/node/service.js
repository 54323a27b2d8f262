"use strict";

// An Express service with the official X-Ray SDK as its manual shows it. Prints its port as JSON.

const AWSXRay = require("aws-xray-sdk-core");
const http = AWSXRay.captureHTTPs(require("node:http"));
const xrayExpress = require("aws-xray-sdk-express");
const express = require("express");

const app = express();
app.use(xrayExpress.openSegment("node-stock"));
app.get("/items/:id", (request, response) => {
  const segment = AWSXRay.getSegment();
  segment.addAnnotation("item", Number(request.params.id));
  segment.addMetadata("shelf", { row: 4, labels: ["blue", "größe"] });
  AWSXRay.captureFunc("look up", (outer) => {
    AWSXRay.captureFunc("read", (inner) => inner.addAnnotation("depth", 2), outer);
  });
  response.json({ trace: segment.trace_id });
});
app.get("/broken", () => {
  throw new TypeError("no such shelf");
});
app.get("/front", (request, response) => {
  http.get(request.query.url, (answer) => {
    answer.resume();
    answer.on("end", () => response.json({ status: answer.statusCode }));
  });
});
app.use(xrayExpress.closeSegment());
app.use((_error, _request, response, _next) => response.status(500).json({}));

const server = app.listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ port: server.address().port }));
});
