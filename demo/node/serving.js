"use strict";

// What both Node services of the shop share: how they are instrumented, listen and call others.

const AWSXRay = require("aws-xray-sdk-core");
const xrayExpress = require("aws-xray-sdk-express");
const express = require("express");
const http = AWSXRay.captureHTTPs(require("node:http"));

AWSXRay.config([AWSXRay.plugins.ECSPlugin]);

/** An Express application whose requests become segments called `name`. */
function application(name) {
  const app = express();
  app.disable("x-powered-by");
  app.use(xrayExpress.openSegment(name));
  app.use(express.json());
  app.get("/health", (_request, response) => response.json({ status: "ok" }));
  return app;
}

/** Serves `app` on the socket that the supervisor opened; an uncaught error answers 500. */
function serve(app) {
  app.use(xrayExpress.closeSegment());
  app.use((error, _request, response, _next) => {
    response.status(500).json({ error: error.message });
  });
  app.listen({ fd: Number(process.env.LISTEN_FD) });
}

/** Every name is on this machine: there is no DNS for a demo. */
function lookup(_hostname, options, callback) {
  if (options.all) {
    callback(null, [{ address: "127.0.0.1", family: 4 }]);
  } else {
    callback(null, "127.0.0.1", 4);
  }
}

/** Sends JSON to `url` and resolves to `{ status, body }`, whatever the status. */
function call(method, url, { headers = {}, body } = {}) {
  const target = new URL(url);
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const options = {
    hostname: target.hostname,
    port: target.port,
    path: target.pathname + target.search,
    method,
    lookup,
    headers: { ...headers },
  };
  if (payload !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.headers["Content-Length"] = Buffer.byteLength(payload);
  }
  return new Promise((resolve, reject) => {
    const request = http.request(options, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        resolve({ status: response.statusCode, body: json(Buffer.concat(chunks).toString()) });
      });
    });
    request.on("error", reject);
    request.end(payload);
  });
}

function json(text) {
  try {
    return JSON.parse(text);
  } catch {
    return { error: text };
  }
}

module.exports = { AWSXRay, application, call, serve };
