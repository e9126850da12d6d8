// The passcode service alone, with the gateways of one test.

import { execFile, spawn } from "node:child_process";
import { openSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const PROGRAM = process.env.SALLYPORT_PROGRAM;
const LOG = openSync(join(process.env.SALLYPORT_LOGS ?? tmpdir(), "gateways-service.out"), "a");
const METRICS_TOKEN = "a token of this test";

/** A service with a home of its own, and one project. */
export class Service {
  #process;
  #env;

  /** `gateways` is what stands in `passcode_service.gateways`, as a list of objects. */
  static async start(gateways, env = {}) {
    const service = new Service();
    service.#env = { ...process.env, ...env };
    service.home = await mkdtemp(join(tmpdir(), "sallyport-gateways-"));
    service.port = await freePort();
    service.url = `http://127.0.0.1:${service.port}`;
    await writeFile(join(service.home, "sallyport.toml"), configuration(service, gateways));
    await service.begin();
    const { stdout } = await service.command("otp", "project", "add");
    const [, project, secret] = stdout.match(/PROJECT_ID=(\S+)\s+SECRET=(\S+)/);
    Object.assign(service, { project, secret });
    service.authorization = `Basic ${btoa(`${project}:${secret}`)}`;
    return service;
  }

  /** Starts the server, again after it was killed. */
  async begin() {
    this.#process = start(PROGRAM, ["otp", "serve", "--home", this.home], {
      env: this.#env,
      stdio: ["ignore", "ignore", LOG],
    });
    await until(async () => (await fetch(`${this.url}/openapi.json`)).ok);
  }

  /** As `kill -9` does. */
  kill() {
    return this.#end("SIGKILL");
  }

  async stop() {
    await this.#end("SIGTERM");
    await rm(this.home, { recursive: true });
  }

  command(...words) {
    return run(PROGRAM, [...words, "--home", this.home], { env: this.#env });
  }

  /** Asks for a code. Returns the id of the method. */
  async send(number, fields = {}) {
    const answer = await this.#post("/v1/otps/sms/login_or_create", { phone_number: number, ...fields });
    if (answer.status_code !== 200) throw new Error(JSON.stringify(answer));
    return answer.phone_id;
  }

  authenticate(method_id, code) {
    return this.#post("/v1/otps/authenticate", { method_id, code });
  }

  /** Waits until a metric has a value. */
  async metric(line) {
    const headers = { authorization: `Bearer ${METRICS_TOKEN}` };
    let text;
    await until(async () => {
      text = await (await fetch(`${this.url}/metrics`, { headers })).text();
      return text.split("\n").includes(line);
    }).catch(() => {
      throw new Error(`no ${line} in\n${text}`);
    });
  }

  async #post(path, body) {
    const headers = { authorization: this.authorization, "content-type": "application/json" };
    const answer = await fetch(this.url + path, { method: "POST", headers, body: JSON.stringify(body) });
    return answer.json();
  }

  #end(signal) {
    return end(this.#process, signal);
  }
}

function configuration({ port, url }, gateways) {
  const tables = gateways.map((gateway) => {
    const lines = Object.entries(gateway).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
    return `[[passcode_service.gateways]]\n${lines.join("\n")}\n`;
  });
  return `[passcode_service]
enabled = true
listen = "127.0.0.1:${port}"
host = "login.example.com"
public_url = "${url}"
metrics_token = "${METRICS_TOKEN}"
${tables.join("")}`;
}

/** Starts a program that a test which fails does not wait for. */
export function start(program, words, options) {
  const child = spawn(program, words, { stdio: "ignore", ...options });
  process.once("exit", () => child.kill("SIGKILL"));
  child.unref();
  return child;
}

export function end(child, signal = "SIGTERM") {
  child.ref();
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  return ended;
}

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Asks every tenth of a second. */
export async function until(check, seconds = 20) {
  for (let tries = 0; tries < seconds * 10; tries++) {
    try {
      if (await check()) return;
    } catch {
      // Not yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`it did not happen within ${seconds} seconds`);
}

/** The code at the beginning of a message. */
export function codeOf(text) {
  return text.match(/^\d{6}/)[0];
}
