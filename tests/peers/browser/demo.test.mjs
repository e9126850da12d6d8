// A person walks through the demo in Chromium: with a mouse, without JavaScript, and on a phone.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";

import { issuer, wrongCode } from "../demo.mjs";

const PASSWORD = "sally-port-demo";
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PICTURES = process.env.SALLYPORT_SCREENSHOTS ?? "screenshots";

// Chromium may not look for anything but the demo: tests never leave the machine.
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const PHONE = {
  viewport: { width: 390, height: 844 },
  hasTouch: true,
  isMobile: true,
  colorScheme: "dark",
};

let browser;

before(async () => {
  mkdirSync(PICTURES, { recursive: true });
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: FLAGS,
  });
});

after(() => browser?.close());

test("alice walks through both doors at a desk, with a wrong code first", () =>
  Walk.take("desk", { viewport: { width: 1280, height: 800 } }, async (walk) => {
    await walk.fromDemoToPasscode("alice");
    await walk.enterWrongCode();
    await walk.enterRightCode();
    await walk.readClaims("alice");
    await walk.signOut();
  }));

test("bruno walks through both doors without JavaScript", () =>
  Walk.take("plain", { javaScriptEnabled: false }, async (walk) => {
    await walk.fromDemoToPasscode("bruno");
    await walk.enterWrongCode();
    await walk.enterRightCode();
    await walk.readClaims("bruno");
    await walk.signOut();
  }));

test("chen walks through both doors on a phone, in the dark", () =>
  Walk.take("phone", PHONE, async (walk) => {
    await walk.fromDemoToPasscode("chen");
    await walk.enterRightCode();
    await walk.readClaims("chen");
    await walk.signOut();
  }));

/** One browser window. Every page on the way is photographed and checked. */
class Walk {
  #name;
  #context;
  #page;
  #pictures = 0;
  #hasScript;
  #complaints = [];

  /** Walks in a fresh browser. The page on which a walk ends badly is photographed too. */
  static async take(name, options, steps) {
    const walk = new Walk();
    walk.#name = name;
    walk.#hasScript = options.javaScriptEnabled !== false;
    walk.#context = await browser.newContext({ locale: "en-GB", ...options });
    walk.#context.setDefaultTimeout(15_000);
    walk.#page = await walk.#newTab();
    try {
      await steps(walk);
    } catch (error) {
      await walk.#photograph("failed");
      throw error;
    } finally {
      await walk.#context.close();
    }
    assert.deepEqual(walk.#complaints, []);
  }

  async #newTab() {
    const tab = await this.#context.newPage();
    this.#listen(tab);
    return tab;
  }

  /** What the browser itself finds wrong: script errors, violated policies, missing files. */
  #listen(tab) {
    tab.on("pageerror", (error) => this.#complaints.push(`${tab.url()}: ${error}`));
    tab.on("console", (message) => {
      if (message.type() === "error") this.#complaints.push(`${tab.url()}: ${message.text()}`);
    });
    tab.on("request", (request) => {
      const { origin } = new URL(request.url());
      if (origin !== issuer) this.#complaints.push(`${tab.url()} asked for ${request.url()}`);
    });
  }

  async fromDemoToPasscode(uid) {
    await this.#page.goto(`${issuer}/`);
    await this.#look("welcome");
    await this.#page.getByRole("link", { name: "Open the demo application" }).click();
    await this.#look("application");
    await this.#page.getByRole("link", { name: "Sign in with a passcode" }).click();
    await this.#look("password");
    await this.#page.getByLabel("User name").fill(uid);
    await this.#page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await this.#page.getByRole("button", { name: "Continue" }).click();
    await this.#passcodeField().waitFor();
    await this.#look("passcode");
  }

  async enterWrongCode() {
    await this.#enter(wrongCode(await this.#readTelephone()));
    const error = this.#page.getByRole("alert");
    await error.waitFor();
    const described = await this.#passcodeField().getAttribute("aria-describedby");
    assert.ok(described.split(" ").includes(await error.getAttribute("id")));
    await this.#look("wrong-code");
  }

  async enterRightCode() {
    await this.#enter(await this.#readTelephone());
    const allow = this.#page.getByRole("button", { name: "Allow", exact: true });
    const claims = this.#page.getByRole("heading", { name: "ID token" });
    await allow.or(claims).waitFor();
    if (!(await allow.isVisible())) return;
    await this.#look("consent");
    await allow.click();
  }

  #passcodeField() {
    return this.#page.getByLabel("Code from the message");
  }

  async #enter(code) {
    const field = this.#passcodeField();
    assert.equal(await field.getAttribute("inputmode"), "numeric");
    assert.equal(await field.getAttribute("autocomplete"), "one-time-code");
    await field.fill(code);
    await this.#page.getByRole("button", { name: "Continue" }).click();
  }

  /** The code of the newest message, read in a second tab. */
  async #readTelephone() {
    const login = this.#page;
    const masked = (await login.locator("#sent-to .number").innerText()).trim();
    this.#page = await this.#newTab();
    await this.#page.goto(`${issuer}/demo/phone`);
    const newest = this.#page.locator("#messages > li").first();
    await newest.locator(".code").first().waitFor();
    assert.equal((await newest.locator(".number").innerText()).slice(-2), masked.slice(-2));
    const code = await newest.locator(".code").first().innerText();
    await this.#look("telephone");
    await this.#page.close();
    this.#page = login;
    return code.trim();
  }

  async readClaims(uid) {
    await this.#page.getByRole("heading", { name: "ID token" }).waitFor();
    await this.#look("claims");
    assert.equal(await this.#claim("acr"), "stytch");
    assert.equal(await this.#claim("preferred_username"), uid);
  }

  async #claim(name) {
    const row = this.#page.locator("table.claims tr", { has: this.#page.getByText(name, { exact: true }) });
    // The value is followed by a hint for people.
    return row.first().locator("td").evaluate((cell) => cell.firstChild.textContent.trim());
  }

  async signOut() {
    await this.#page.getByRole("link", { name: "Sign out" }).or(this.#page.getByRole("button", { name: "Sign out" })).click();
    await this.#page.getByRole("link", { name: "Sign in with a passcode" }).waitFor();
    await this.#look("signed-out");
    await this.#page.getByRole("link", { name: "Sign in with a passcode" }).click();
    await this.#page.getByLabel("User name").waitFor();
  }

  async #look(what) {
    await this.#page.waitForLoadState("load");
    await this.#photograph(what);
    await this.#checkWidth();
    if (this.#hasScript) await this.#checkAccess(what);
  }

  async #photograph(what) {
    this.#pictures += 1;
    const number = String(this.#pictures).padStart(2, "0");
    const path = join(PICTURES, `${this.#name}-${number}-${what}.png`);
    await this.#page.screenshot({ path, fullPage: true });
  }

  async #checkWidth() {
    const [content, window] = await this.#page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return [scrollWidth, clientWidth];
    });
    assert.ok(content <= window, `${this.#page.url()} is ${content} px wide in a window of ${window} px`);
  }

  /** What people with a screen reader, a keyboard or weak eyes would stumble over. */
  async #checkAccess(what) {
    await this.#page.evaluate(AXE);
    const { violations } = await this.#page.evaluate(() => globalThis.axe.run(document));
    const barriers = violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(" ")}`);
    assert.deepEqual(barriers, [], `the page "${what}" at ${this.#page.url()}`);
  }
}
