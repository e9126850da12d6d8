// Debian's Kannel, which hands messages on to the message centre of the npm package `smpp`.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { Centre } from "./centre.mjs";
import { codeOf, end, freePort, Service, start, until } from "./service.mjs";

function configuration({ admin, box, send, centre }) {
  return `group = core
admin-port = ${admin}
admin-interface = 127.0.0.1
admin-password = ignored
smsbox-port = ${box}
smsbox-interface = 127.0.0.1
box-allow-ip = "127.0.0.1"
dlr-storage = internal

group = smsc
smsc = smpp
smsc-id = centre
host = 127.0.0.1
port = ${centre}
transceiver-mode = true
smsc-username = kannel
smsc-password = secret
system-type = ""
msg-id-type = 0x03

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = ${send}
sendsms-interface = 127.0.0.1

group = sendsms-user
username = sallyport
password = secret of kannel
max-messages = 1
concatenation = true
`;
}

class Kannel {
  #folder;
  #boxes = [];

  static async start(centre) {
    const kannel = new Kannel();
    kannel.#folder = await mkdtemp(join(tmpdir(), "sallyport-kannel-"));
    const [admin, box, send] = [await freePort(), await freePort(), await freePort()];
    const file = join(kannel.#folder, "kannel.conf");
    await writeFile(file, configuration({ admin, box, send, centre: centre.port }));
    kannel.#run("/usr/sbin/bearerbox", file);
    await until(() => accepts(box));
    kannel.#run("/usr/sbin/smsbox", file);
    await until(() => accepts(send));
    await until(() => centre.bound?.system_id === "kannel");
    kannel.url = `http://127.0.0.1:${send}/cgi-bin/sendsms`;
    return kannel;
  }

  async stop() {
    for (const box of this.#boxes.reverse()) {
      const patience = setTimeout(() => box.kill("SIGKILL"), 5000);
      await end(box);
      clearTimeout(patience);
    }
    await rm(this.#folder, { recursive: true });
  }

  #run(program, file) {
    this.#boxes.push(start(program, ["-v", "4", file], { cwd: this.#folder }));
  }
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => resolve(true) ?? socket.destroy());
    socket.on("error", () => resolve(false));
  });
}

test("Kannel takes messages of both alphabets and tells what became of them", async () => {
  const centre = await Centre.start();
  const kannel = await Kannel.start(centre);
  const service = await Service.start([
    { kind: "kannel", url: kannel.url, username: "sallyport", password: "secret of kannel", from: "Sallyport" },
  ]);
  try {
    const method = await service.send("+12025550162");
    await until(() => centre.messages.length === 1);
    assert.match(centre.text, /^\d{6} is your Sallyport code\. Never share it\.\n\n@login\.example\.com #\d{6}$/);
    centre.receipt("DELIVRD");
    await service.metric('sallyport_otp_delivered_total{gateway="kannel",country="US"} 1');
    assert.equal((await service.authenticate(method, codeOf(centre.text))).status_code, 200);

    await service.send("+14165550123", { locale: "ru" });
    await until(() => centre.messages.length === 2);
    assert.match(centre.text, /\p{Script=Cyrillic}/u);
    centre.receipt("UNDELIV");
    await service.metric('sallyport_otp_failed_total{gateway="kannel",country="CA",reason="undelivered"} 1');
  } finally {
    await service.stop();
    await kannel.stop();
    await centre.stop();
  }
});

test("Kannel refuses whoever does not know its password", async () => {
  const centre = await Centre.start();
  const kannel = await Kannel.start(centre);
  const service = await Service.start([
    { kind: "kannel", url: kannel.url, username: "sallyport", password: "a guess", from: "Sallyport" },
  ]);
  try {
    await service.send("+12025550162");
    await service.metric('sallyport_otp_failed_total{gateway="kannel",country="US",reason="refused"} 1');
    assert.equal(centre.messages.length, 0);
  } finally {
    await service.stop();
    await kannel.stop();
    await centre.stop();
  }
});
