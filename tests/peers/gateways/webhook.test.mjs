// A webhook that is written as docs/gateways.md says.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { test } from "node:test";

import { Service, until } from "./service.mjs";

const SECRET = "a secret of this test";

function sign(body, time = Math.floor(Date.now() / 1000)) {
  return `t=${time},v1=${createHmac("sha256", SECRET).update(`${time}.${body}`).digest("hex")}`;
}

/** Keeps the ids of the messages that are signed right. */
async function webhook() {
  const ids = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const header = request.headers["sallyport-signature"];
    const isRight = header === sign(body, header.match(/^t=(\d+),/)[1]);
    if (isRight) ids.push(JSON.parse(body).id);
    response.writeHead(isRight ? 202 : 401).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  server.unref();
  return {
    ids,
    table: { kind: "webhook", url: `http://127.0.0.1:${server.address().port}/`, secret: SECRET },
    stop: () => server.close(),
  };
}

test("a receipt is kept for the message that it names and for no other", async () => {
  const gateway = await webhook();
  const service = await Service.start([gateway.table]);
  const tell = async (id, body) => {
    const headers = { "content-type": "application/json", "sallyport-signature": sign(body) };
    const url = `${service.url}/sallyport/v1/gateways/webhook/receipts/${id}`;
    return (await fetch(url, { method: "POST", headers, body })).status;
  };
  try {
    await service.send("+12025550162");
    await service.send("+12025550163");
    await until(() => gateway.ids.length === 2);
    await service.metric('sallyport_otp_sent_total{gateway="webhook",country="US"} 2');
    const [one, other] = gateway.ids;
    const body = JSON.stringify({ id: one, state: "delivered" });
    assert.equal(await tell(other, body), 400);
    assert.equal(await tell(other, JSON.stringify({ state: "delivered" })), 400);
    assert.equal(await tell(one, body), 200);
    await service.metric('sallyport_otp_delivered_total{gateway="webhook",country="US"} 1');
  } finally {
    await service.stop();
    gateway.stop();
  }
});
