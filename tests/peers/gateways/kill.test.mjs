// `kill -9` between the answer of the API and the gateway.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { test } from "node:test";

import { codeOf, Service, until } from "./service.mjs";

const MESSAGES = 20;

/** A webhook that keeps each message once, as its manual asks of it. */
async function webhook() {
  const messages = new Map();
  const gateway = { messages, posts: 0, isBusy: false };
  const server = createServer(async (request, response) => {
    const message = await json(request);
    gateway.posts += 1;
    if (!gateway.isBusy) messages.set(message.id, message);
    response.writeHead(gateway.isBusy ? 503 : 202).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  server.unref();
  return Object.assign(gateway, {
    table: { kind: "webhook", url: `http://127.0.0.1:${server.address().port}/`, secret: "a secret of this test" },
    stop: () => server.close(),
  });
}

function number(place) {
  return `+120255501${String(place).padStart(2, "0")}`;
}

test("no message is lost or doubled when the server is killed before a gateway has it", async () => {
  const gateway = await webhook();
  const service = await Service.start([gateway.table]);
  try {
    gateway.isBusy = true;
    const methods = [];
    for (let place = 0; place < MESSAGES; place++) methods.push(await service.send(number(place)));
    await until(() => gateway.posts > 0);
    await service.kill();
    gateway.isBusy = false;
    await service.begin();
    // What was in the hands of the killed server is taken up again after half a minute.
    await until(() => gateway.messages.size >= MESSAGES, 90);
    assert.equal(gateway.messages.size, MESSAGES);
    const byNumber = new Map([...gateway.messages.values()].map((message) => [message.to, message]));
    assert.equal(byNumber.size, MESSAGES, "one message for each number");
    for (const [place, method] of methods.entries()) {
      const answer = await service.authenticate(method, codeOf(byNumber.get(number(place)).body));
      assert.equal(answer.status_code, 200);
    }
  } finally {
    await service.stop();
    gateway.stop();
  }
});

test("no message is lost or doubled when the server is killed at any moment", async () => {
  const gateway = await webhook();
  const service = await Service.start([gateway.table]);
  try {
    for (let place = 0; place < 5; place++) {
      await service.send(number(20 + place));
      await service.kill();
      await service.begin();
    }
    await until(() => gateway.messages.size === 5, 90);
    assert.equal(gateway.messages.size, 5);
    const numbers = new Set([...gateway.messages.values()].map((message) => message.to));
    assert.equal(numbers.size, 5);
  } finally {
    await service.stop();
    gateway.stop();
  }
});
