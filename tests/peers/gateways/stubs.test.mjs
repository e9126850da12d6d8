// Twilio and Vonage have no server to run here: these stand-ins check what their manuals ask for and
// answer as the manuals say.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { text } from "node:stream/consumers";

import { codeOf, Service, until } from "./service.mjs";

/** Keeps the forms that are posted, and answers what `reply` says. */
async function standIn(reply) {
  const requests = [];
  const server = createServer(async (request, response) => {
    const form = Object.fromEntries(new URLSearchParams(await text(request)));
    requests.push({ path: request.url, headers: request.headers, form });
    const { status, body } = reply(form);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  server.unref();
  return { requests, url: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}

const TOKEN = "12345678901234567890123456789012";

/** As Twilio's page on the security of webhooks says. */
function signature(url, form) {
  const parameters = Object.keys(form).sort().map((key) => key + form[key]).join("");
  return createHmac("sha1", TOKEN).update(url + parameters).digest("base64");
}

/** Takes a message as Twilio does, which keeps it for ten hours at most. */
function take({ ValidityPeriod }) {
  const seconds = Number(ValidityPeriod);
  if (seconds >= 1 && seconds <= 36000) return { status: 201, body: { sid: "SM1", status: "queued", error_code: null } };
  return { status: 400, body: { code: 21624, message: "The ValidityPeriod is out of range", status: 400 } };
}

function tell(url, form, signed) {
  const headers = { "content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signed };
  return fetch(url, { method: "POST", headers, body: new URLSearchParams(form) });
}

test("Twilio is asked as its manual says, and its signed receipts are kept", async () => {
  const twilio = await standIn(take);
  const service = await Service.start([
    { kind: "twilio", account_sid: "AC1", auth_token: TOKEN, from: "+12025550100", base_url: twilio.url },
  ]);
  try {
    const method = await service.send("+12025550162");
    await service.metric('sallyport_otp_sent_total{gateway="twilio",country="US"} 1');
    const [{ path, headers, form }] = twilio.requests;
    assert.equal(path, "/2010-04-01/Accounts/AC1/Messages.json");
    assert.equal(headers.authorization, `Basic ${btoa(`AC1:${TOKEN}`)}`);
    assert.equal(form.To, "+12025550162");
    assert.equal(form.From, "+12025550100");
    assert.ok(Number(form.ValidityPeriod) <= 120);

    const delivered = { MessageSid: "SM1", MessageStatus: "delivered" };
    const forged = await tell(form.StatusCallback, delivered, signature(form.StatusCallback, { MessageStatus: "sent" }));
    assert.equal(forged.status, 401);
    const sent = { MessageSid: "SM1", MessageStatus: "sent" };
    assert.equal((await tell(form.StatusCallback, sent, signature(form.StatusCallback, sent))).status, 200);
    assert.equal((await tell(form.StatusCallback, delivered, signature(form.StatusCallback, delivered))).status, 200);
    await service.metric('sallyport_otp_delivered_total{gateway="twilio",country="US"} 1');
    assert.equal((await service.authenticate(method, codeOf(form.Body))).status_code, 200);
  } finally {
    await service.stop();
    twilio.stop();
  }
});

test("a number that Twilio does not send to is not tried again", async () => {
  const twilio = await standIn(() => ({ status: 400, body: { code: 21610, message: "unsubscribed", status: 400 } }));
  const service = await Service.start([
    { kind: "twilio", account_sid: "AC1", auth_token: TOKEN, messaging_service_sid: "MG1", base_url: twilio.url },
  ]);
  try {
    await service.send("+12025550162");
    await service.metric('sallyport_otp_failed_total{gateway="twilio",country="US",reason="refused"} 1');
    assert.equal(twilio.requests.length, 1);
    assert.equal(twilio.requests[0].form.MessagingServiceSid, "MG1");
  } finally {
    await service.stop();
    twilio.stop();
  }
});

test("Vonage is asked as its manual says, and its receipts are kept when they know the address", async () => {
  const vonage = await standIn(() => ({ status: 200, body: { "message-count": "1", messages: [{ status: "0", "message-id": "v-1" }] } }));
  const service = await Service.start([
    { kind: "vonage", api_key: "key", api_secret: "secret", from: "Sallyport", base_url: vonage.url },
  ]);
  try {
    const method = await service.send("+12025550162");
    await service.metric('sallyport_otp_sent_total{gateway="vonage",country="US"} 1');
    const [{ path, form }] = vonage.requests;
    assert.equal(path, "/sms/json");
    assert.deepEqual([form.api_key, form.api_secret, form.to, form.type], ["key", "secret", "12025550162", "text"]);

    const forged = form.callback.replace(/token=./, (start) => (start.endsWith("A") ? "token=B" : "token=A"));
    assert.equal((await fetch(`${forged}&status=delivered`)).status, 401);
    assert.equal((await fetch(`${form.callback}&messageId=v-1&status=delivered&err-code=0`)).status, 200);
    await service.metric('sallyport_otp_delivered_total{gateway="vonage",country="US"} 1');
    assert.equal((await service.authenticate(method, codeOf(form.text))).status_code, 200);
  } finally {
    await service.stop();
    vonage.stop();
  }
});

test("Vonage says inside a success that it is busy, and is asked again", async () => {
  const statuses = ["1", "0"];
  const vonage = await standIn(() => ({ status: 200, body: { messages: [{ status: statuses.shift() }] } }));
  const service = await Service.start([
    { kind: "vonage", api_key: "key", api_secret: "secret", from: "Sallyport", base_url: vonage.url },
  ]);
  try {
    await service.send("+12025550162");
    await service.metric('sallyport_otp_sent_total{gateway="vonage",country="US"} 1');
    const [first, second] = vonage.requests;
    assert.equal(first.form.text, second.form.text);
    await until(() => vonage.requests.length === 2);
  } finally {
    await service.stop();
    vonage.stop();
  }
});
