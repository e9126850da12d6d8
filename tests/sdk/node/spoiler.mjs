import { once } from "node:events";
import { createServer, request } from "node:http";

import { sdk, url } from "./service.mjs";

/** Something between the SDK and the service that spoils requests. */
export class Spoiler {
  static async start() {
    const spoiler = new Spoiler();
    spoiler.server = createServer((asked, answer) => spoiler.#pass(asked, answer)).listen(0, "127.0.0.1");
    await once(spoiler.server, "listening");
    spoiler.url = `http://127.0.0.1:${spoiler.server.address().port}/`;
    return spoiler;
  }

  /** An SDK whose requests have another method or other headers. */
  sdk(method, headers) {
    Object.assign(this, { method, headers });
    return sdk({ env: this.url });
  }

  #pass(asked, answer) {
    const headers = { ...asked.headers, ...this.headers };
    const onward = request(new URL(asked.url, url), { method: this.method ?? asked.method, headers }, (reply) => {
      answer.writeHead(reply.statusCode, reply.headers);
      reply.pipe(answer);
    });
    asked.pipe(onward);
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}
