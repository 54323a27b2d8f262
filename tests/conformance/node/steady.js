"use strict";

// Requests at a steady rate to an Express service with the official X-Ray SDK and the server's rules.
//
// `node steady.js SERVICE RATE SECONDS LINGER` waits until a rule of the server decides, asks RATE
// times a second from then on, stays LINGER seconds more for the last report, and prints a JSON
// line: how many were asked for, the time, trace and rule of each that was sampled, and what the SDK
// complained of.

const http = require("node:http");
const { setTimeout: sleep } = require("node:timers/promises");
const xrayExpress = require("aws-xray-sdk-express");
const AWSXRay = require("aws-xray-sdk-core");
const express = require("express");

const WAIT_LIMIT_MS = 30_000;
const [service, ...numbers] = process.argv.slice(2);
const [rate, length, linger] = numbers.map(Number);
const found = { requests: 0, started: 0, ended: 0, sampled: [], traces: [], rules: [] };

found.complaints = [];
const complain = (...words) => found.complaints.push(words.join(" "));
const ignore = () => undefined;
AWSXRay.setLogger({ debug: ignore, info: ignore, warn: complain, error: complain });

const app = express();
app.use(xrayExpress.openSegment(service));
app.get("/", (_request, response) => {
  const segment = AWSXRay.getSegment();
  const rule = segment.notTraced ? undefined : segment.aws.xray.rule_name;
  if (rule !== undefined || found.rules.length > 0) {
    const now = Date.now() / 1000;
    found.started ||= now;
    found.requests += 1;
    if (rule !== undefined) {
      found.sampled.push(now);
      found.traces.push(segment.trace_id);
      found.rules.push(rule);
    }
  }
  response.end();
});
app.use(xrayExpress.closeSegment());

const agent = new http.Agent({ keepAlive: true });

/** One request, until its answer was read. */
function ask(port) {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: "127.0.0.1", port, path: "/", agent }, (answer) => {
      answer.resume();
      answer.on("end", resolve);
    });
    request.on("error", reject);
  });
}

async function steady(port) {
  const limit = Date.now() + WAIT_LIMIT_MS;
  while (found.rules.length === 0) {
    if (Date.now() > limit) {
      throw new Error(`no rule of the server chose a segment within ${WAIT_LIMIT_MS} ms`);
    }
    await ask(port);
    await sleep(100);
  }
  const begin = Date.now();
  for (let number = 1; Date.now() - begin < length * 1000; number += 1) {
    await ask(port);
    await sleep(Math.max(0, begin + (number * 1000) / rate - Date.now()));
  }
  found.ended = Date.now() / 1000;
  await sleep(linger * 1000);
  process.stdout.write(`${JSON.stringify(found)}\n`, () => process.exit(0));
}

const server = app.listen(0, "127.0.0.1", () => steady(server.address().port));
