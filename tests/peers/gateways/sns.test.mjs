// AWS SNS, against moto's server, which keeps what it is told to send.

import assert from "node:assert/strict";
import { test } from "node:test";

import { codeOf, end, freePort, Service, start, until } from "./service.mjs";

test("SNS takes a message", async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const moto = start(process.env.MOTO_SERVER, ["-H", "127.0.0.1", "-p", `${port}`]);
  await until(async () => (await fetch(`${url}/moto-api/`)).ok);
  const service = await Service.start([{
    kind: "sns",
    region: "us-east-1",
    access_key_id: "AKIDEXAMPLE",
    secret_access_key: "an example",
    sender_id: "Sallyport",
    base_url: url,
  }]);
  try {
    const method = await service.send("+12025550162");
    await service.metric('sallyport_otp_sent_total{gateway="sns",country="US"} 1');
    const text = JSON.stringify(await (await fetch(`${url}/moto-api/data.json`)).json());
    assert.match(text, /\+12025550162/);
    const [, code] = text.match(/(\d{6}) is your Sallyport code/);
    assert.equal((await service.authenticate(method, codeOf(code))).status_code, 200);
  } finally {
    await service.stop();
    await end(moto);
  }
});
