// After two forms a page proves that it worked: unnoticed with JavaScript, by waiting without. The
// demo is one of its own, because the rule counts everybody at this address.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { chromium } from "playwright-core";

import { codeOf, wrongCode } from "../demo.mjs";
import { end, freePort, start, until } from "../gateways/service.mjs";

const PASSWORD = "sally-port-demo";
const PICTURES = process.env.SALLYPORT_SCREENSHOTS ?? "screenshots";
const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"];

let browser;
let demo;

before(async () => {
  mkdirSync(PICTURES, { recursive: true });
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ARGS });
});
after(() => browser?.close());
afterEach(() => demo?.stop());

test("the third form carries a proof and nobody notices", async () => {
  demo = await Demo.start();
  const visit = await Visit.begin("proof", demo);
  await visit.photograph("password");
  await visit.enterPassword("alice");
  const code = await demo.codeFor(await visit.lastDigits());
  await visit.enterCode(wrongCode(code));
  await visit.page.getByText("Incorrect SMS code").waitFor();
  await visit.enterCode(code);
  await visit.arrive();
  assert.equal(visit.proofs.length, 3);
  for (const proof of visit.proofs) assert.match(proof, /^\d+\.[\w-]{22}:\d+$/);
  await visit.end();
});

test("whoever is faster than the proof waits for it, and sends one form", async () => {
  demo = await Demo.start();
  const visit = await Visit.begin("proof-awaited", demo, {}, holdWork);
  const button = await visit.pressTwiceAtOnce("bruno");
  assert.equal(await button.getAttribute("aria-busy"), "true");
  assert.deepEqual(visit.proofs, [], "nothing was sent yet");
  await visit.page.evaluate(() => globalThis.letWork());
  await visit.codeField().waitFor();
  assert.equal(visit.proofs.length, 1);
  assert.match(visit.proofs[0], /:\d+$/);
  await visit.page.evaluate(() => globalThis.letWork());
  await visit.enterCode(await demo.codeFor(await visit.lastDigits()));
  await visit.arrive();
  await visit.end();
});

test("without JavaScript the page says how long to stay, and too early a form comes back", async () => {
  demo = await Demo.start();
  const visit = await Visit.begin("proof-plain", demo, { javaScriptEnabled: false });
  await visit.enterPassword("chen");
  const code = await demo.codeFor(await visit.lastDigits());
  await visit.enterCode(wrongCode(code));
  await visit.page.getByText("Incorrect SMS code").waitFor();
  await visit.page.locator("noscript p").waitFor();
  await visit.photograph("hint");
  await visit.enterCode(code);
  const refused = visit.page.getByRole("alert").getByText("Please stay on this page for 20 seconds, then try again.");
  await refused.waitFor();
  await visit.photograph("refused");
  await visit.end();
});

/** Runs in a page: its worker gets nothing to do before `letWork()`. */
function holdWork() {
  const post = Worker.prototype.postMessage;
  const held = new Promise((resolve) => {
    globalThis.letWork = resolve;
  });
  Worker.prototype.postMessage = function (message) {
    held.then(() => post.call(this, message));
  };
}

/** A demo with a home of its own. */
class Demo {
  #process;
  #home;

  static async start() {
    const demo = new Demo();
    const [port, otpPort] = [await freePort(), await freePort()];
    demo.issuer = `http://localhost:${port}`;
    demo.#home = await mkdtemp(join(tmpdir(), "sallyport-proof-"));
    const listen = ["--listen", `127.0.0.1:${port}`, "--otp-listen", `127.0.0.1:${otpPort}`];
    demo.#process = start(process.env.SALLYPORT_PROGRAM, ["demo", "--home", demo.#home, ...listen]);
    await until(async () => {
      const answer = await fetch(`${demo.issuer}/.well-known/openid-configuration`);
      return (await answer.text()).includes('"stytch"');
    });
    return demo;
  }

  async stop() {
    await end(this.#process);
    await rm(this.#home, { recursive: true });
  }

  /** The code of the newest message to the number that ends so. */
  async codeFor(digits) {
    const messages = await (await fetch(`${this.issuer}/demo/phone.json`)).json();
    return codeOf(messages.find(({ to }) => to.endsWith(digits)).body);
  }
}

/** A person at the pages of a login. */
class Visit {
  #name;
  #context;
  #complaints = [];
  /** What the forms carried. */
  proofs = [];

  static async begin(name, demo, options = {}, script = () => {}) {
    const visit = new Visit();
    visit.#name = name;
    visit.#context = await browser.newContext({ locale: "en-GB", ...options });
    visit.#context.setDefaultTimeout(15_000);
    await visit.#context.addInitScript(script);
    visit.page = await visit.#context.newPage();
    visit.#listen();
    await visit.page.goto(`${demo.issuer}/demo`);
    await visit.page.getByRole("link", { name: "Sign in with a passcode" }).click();
    return visit;
  }

  #listen() {
    this.page.on("pageerror", (error) => this.#complaints.push(String(error)));
    this.page.on("console", (message) => {
      if (message.type() === "error") this.#complaints.push(message.text());
    });
    this.page.on("request", (request) => {
      const proof = new URLSearchParams(request.postData() ?? "").get("form_proof");
      if (proof !== null) this.proofs.push(proof);
    });
  }

  async enterPassword(uid) {
    await this.page.getByLabel("User name").fill(uid);
    await this.page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await this.#press();
    await this.codeField().waitFor();
  }

  /** Fills the form in and submits it twice within one turn of the page, and gives the button. */
  async pressTwiceAtOnce(uid) {
    const button = this.page.locator("#loginForm button.primary");
    await button.evaluate(
      (button, [uid, password]) => {
        button.form.elements.username.value = uid;
        button.form.elements.password.value = password;
        button.click();
        button.click();
      },
      [uid, PASSWORD],
    );
    return button;
  }

  codeField() {
    return this.page.getByLabel("Code from the message");
  }

  async lastDigits() {
    return (await this.page.locator("#sent-to .number").innerText()).trim().slice(-2);
  }

  async enterCode(code) {
    await this.codeField().fill(code);
    await this.#press();
  }

  #press() {
    return this.page.getByRole("button", { name: "Continue" }).click();
  }

  /** Allows what the application asks for, the first time, and is signed in. */
  async arrive() {
    const allow = this.page.getByRole("button", { name: "Allow", exact: true });
    const claims = this.page.getByRole("heading", { name: "ID token" });
    await allow.or(claims).waitFor();
    if (await allow.isVisible()) await allow.click();
    await claims.waitFor();
  }

  photograph(what) {
    return this.page.screenshot({ path: join(PICTURES, `${this.#name}-${what}.png`), fullPage: true });
  }

  async end() {
    await this.#context.close();
    assert.deepEqual(this.#complaints, []);
  }
}
