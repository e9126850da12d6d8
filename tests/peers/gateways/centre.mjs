// A message centre: the SMPP server of the npm package `smpp`.

import { once } from "node:events";

import smpp from "smpp";

export class Centre {
  messages = [];
  /** The status of the next answers; 0 when there are none left. */
  statuses = [];
  farewells = 0;
  #sessions = new Set();
  #server;

  /** `options` may have a key and a certificate, and the port of a centre that was stopped. */
  static async start({ port = 0, ...options } = {}) {
    const centre = new Centre();
    centre.#server = smpp.createServer(options, (session) => centre.#welcome(session));
    centre.#server.listen(port, "127.0.0.1");
    await once(centre.#server, "listening");
    centre.#server.unref();
    centre.port = centre.#server.address().port;
    return centre;
  }

  async stop() {
    for (const session of this.#sessions) session.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get text() {
    return this.messages.at(-1).short_message.message;
  }

  /** Tells what became of a message, the newest one when `id` does not name another. Resolves to the answer. */
  receipt(state, id = this.messages.at(-1).id) {
    const { session } = this.messages.at(-1);
    const pdu = {
      esm_class: 4,
      source_addr: "12025550162",
      destination_addr: "Sallyport",
      short_message: `id:${id} sub:001 dlvrd:001 submit date:2611261200 done date:2611261201 stat:${state} err:000 text:`,
    };
    return new Promise((resolve) => session.deliver_sm(pdu, resolve));
  }

  /** Hands over what somebody wrote to our number, and waits until it was taken. */
  hand(from, text) {
    const { session } = this.messages.at(-1);
    const pdu = { source_addr: from, destination_addr: "12345", short_message: text };
    return new Promise((resolve) => session.deliver_sm(pdu, resolve));
  }

  #welcome(session) {
    this.#sessions.add(session);
    session.socket.unref();
    session.on("error", () => {});
    session.on("close", () => this.#sessions.delete(session));
    for (const bind of ["bind_transceiver", "bind_transmitter", "bind_receiver"]) {
      session.on(bind, (pdu) => {
        this.bound = pdu;
        session.send(pdu.response({ command_status: pdu.password === "wrong" ? smpp.ESME_RINVPASWD : 0 }));
      });
    }
    session.on("enquire_link", (pdu) => session.send(pdu.response()));
    session.on("unbind", (pdu) => {
      this.farewells += 1;
      session.send(pdu.response());
    });
    session.on("submit_sm", (pdu) => {
      const status = this.statuses.shift() ?? 0;
      const id = `m-${this.messages.length + 1}`;
      if (status === 0) this.messages.push({ ...pdu, id, session });
      session.send(pdu.response({ command_status: status, message_id: status === 0 ? id : "" }));
    });
  }
}

export const THROTTLED = smpp.ESME_RTHROTTLED;
