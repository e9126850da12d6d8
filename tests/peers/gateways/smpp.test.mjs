// SMPP, against the server of the npm package `smpp`.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { Centre, THROTTLED } from "./centre.mjs";
import { codeOf, freePort, Service, until } from "./service.mjs";

const ALICE = "+12025550162";
const BRUNO = "+14165550123";

function gateway(port, more = {}) {
  return { kind: "smpp", host: "127.0.0.1", port, system_id: "sallyport", password: "secret", sender: "Sallyport", ...more };
}

test("a message arrives with every character, and its receipts are kept", async () => {
  const centre = await Centre.start();
  const service = await Service.start([gateway(centre.port)]);
  try {
    const method = await service.send(ALICE);
    await until(() => centre.messages.length === 1);
    const [message] = centre.messages;
    assert.match(centre.text, /^\d{6} is your Sallyport code\. Never share it\.\n\n@login\.example\.com #\d{6}$/);
    assert.equal(message.data_coding, 0);
    assert.deepEqual([message.source_addr_ton, message.source_addr_npi, message.source_addr], [5, 0, "Sallyport"]);
    assert.deepEqual([message.dest_addr_ton, message.dest_addr_npi, message.destination_addr], [1, 1, "12025550162"]);
    assert.equal(message.registered_delivery, 1);
    assert.equal(centre.bound.system_id, "sallyport");
    await service.metric('sallyport_otp_sent_total{gateway="smpp",country="US"} 1');
    centre.receipt("DELIVRD");
    await service.metric('sallyport_otp_delivered_total{gateway="smpp",country="US"} 1');
    assert.equal((await service.authenticate(method, codeOf(centre.text))).status_code, 200);

    await service.send(BRUNO, { locale: "ru" });
    await until(() => centre.messages.length === 2);
    assert.equal(centre.messages[1].data_coding, 8);
    assert.match(centre.text, /\p{Script=Cyrillic}/u);
    centre.receipt("UNDELIV");
    await service.metric('sallyport_otp_failed_total{gateway="smpp",country="CA",reason="undelivered"} 1');
    const { stdout } = await service.command("otp", "status");
    assert.match(stdout, /^smpp +CA +1 +1 +0 +1 +0/m);
    assert.match(stdout, /^smpp +US +1 +1 +1 +0 +1 +100 %/m);
  } finally {
    await service.stop();
    await centre.stop();
  }
});

test("a service that stops takes its leave, and the next one may bind", async () => {
  const centre = await Centre.start();
  const service = await Service.start([gateway(centre.port)]);
  try {
    await service.send(ALICE);
    await service.metric('sallyport_otp_sent_total{gateway="smpp",country="US"} 1');
  } finally {
    await service.stop();
    await centre.stop();
  }
  assert.equal(centre.farewells, 1);
});

test("the receipt of a message that is not ours is taken, so that it holds back none behind it", async () => {
  const centre = await Centre.start();
  const service = await Service.start([gateway(centre.port)]);
  try {
    await service.send(ALICE);
    await service.metric('sallyport_otp_sent_total{gateway="smpp",country="US"} 1');
    const answer = await centre.receipt("DELIVRD", "m-of-somebody-else");
    assert.equal(answer.command_status, 0);
    centre.receipt("DELIVRD");
    await service.metric('sallyport_otp_delivered_total{gateway="smpp",country="US"} 1');
  } finally {
    await service.stop();
    await centre.stop();
  }
});

test("who answers STOP gets no more messages until START", async () => {
  const centre = await Centre.start();
  const service = await Service.start([gateway(centre.port)]);
  try {
    await service.send(ALICE);
    await until(() => centre.messages.length === 1);
    await centre.hand("14165550123", "Stop.");
    await assert.rejects(service.send(BRUNO), /unsubscribed_phone_number/);
    assert.match((await service.command("otp", "opt-out", "list")).stdout, /^…23  since \S+Z\n$/);
    await centre.hand("14165550123", "START");
    await service.send(BRUNO);
    await until(() => centre.messages.length === 2);
  } finally {
    await service.stop();
    await centre.stop();
  }
});

test("a message centre that asks to slow down gets the message a moment later, once", async () => {
  const centre = await Centre.start();
  const service = await Service.start([gateway(centre.port)]);
  try {
    centre.statuses = [THROTTLED];
    await service.send(ALICE);
    await service.metric('sallyport_otp_sent_total{gateway="smpp",country="US"} 1');
    assert.equal(centre.messages.length, 1);
  } finally {
    await service.stop();
    await centre.stop();
  }
});

test("a second message centre takes over, and one that went away is bound again", async () => {
  let centre = await Centre.start();
  const service = await Service.start([
    gateway(await freePort(), { name: "gone" }),
    gateway(centre.port, { name: "there" }),
  ]);
  try {
    await service.send(ALICE);
    await service.metric('sallyport_otp_sent_total{gateway="there",country="US"} 1');
    await service.metric('sallyport_otp_gateway_failures_total{gateway="gone",reason="unreachable"} 1');

    await centre.stop();
    centre = await Centre.start({ port: centre.port });
    await service.send(BRUNO);
    await service.metric('sallyport_otp_sent_total{gateway="there",country="CA"} 1');
    assert.equal(centre.messages.length, 1);
  } finally {
    await service.stop();
    await centre.stop();
  }
});

test("a message centre is spoken to over TLS, and only with a certificate that is trusted", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-tls-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  execFileSync("openssl", [
    ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost".split(" "),
    ...["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"],
    ...["-keyout", key, "-out", cert],
  ], { stdio: "ignore" });
  const centre = await Centre.start({ key: readFileSync(key), cert: readFileSync(cert) });
  const tls = [gateway(centre.port, { host: "localhost", tls: true })];
  const trusting = await Service.start(tls, { SSL_CERT_FILE: cert });
  const suspicious = await Service.start(tls);
  try {
    await suspicious.send(ALICE);
    await suspicious.metric('sallyport_otp_gateway_failures_total{gateway="smpp",reason="unreachable"} 1');
    assert.equal(centre.messages.length, 0);
    await trusting.send(ALICE);
    await trusting.metric('sallyport_otp_sent_total{gateway="smpp",country="US"} 1');
    assert.equal(centre.messages.length, 1);
  } finally {
    await suspicious.stop();
    await trusting.stop();
    await centre.stop();
    rmSync(folder, { recursive: true });
  }
});
