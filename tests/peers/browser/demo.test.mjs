// A person walks through the demo in Chromium: with a mouse, without JavaScript, and on a phone.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";

import { addPerson, issuer, newestCode, wrongCode } from "../demo.mjs";

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

test("the field takes a code as people type and paste it, and nothing else", () =>
  Walk.take("field", {}, async (walk) => {
    const person = await addPerson("dora");
    await walk.fromDemoToPasscode(person.username, person.password);
    const code = await newestCode(person.number);
    await walk.checkField({
      fits: [code, `${code.slice(0, 3)} ${code.slice(3)}`, `${code.slice(0, 3)}-${code.slice(3)}`, ` ${code} `],
      fitsNot: ["", "code", `${code} is your code`],
    });
    await walk.paste(`${code.slice(0, 3)}–${code.slice(3)}\n`);
    await walk.enterRightCode(await walk.typed());
  }));

test("the person is told before a code expires, and has another one sent", () =>
  Walk.take("time", {}, async (walk) => {
    await walk.takeTheClock();
    const person = await addPerson("emil");
    await walk.fromDemoToPasscode(person.username, person.password);
    await walk.resendIsHeld(true);
    await walk.wait(31);
    await walk.resendIsHeld(false);
    assert.equal(await walk.announced(), "");
    // As when the computer slept over the moment itself.
    await walk.wait(225);
    assert.match(await walk.announced(), /another minute.*new one sent/);
    await walk.wait(60);
    assert.match(await walk.announced(), /no longer works/);
    assert.equal(await walk.firstToDo(), "Send a new code");
    await walk.look("expired");
  }));

test("the person is told that a message did not arrive, without losing what was typed", () =>
  Walk.take("undelivered", {}, async (walk) => {
    await walk.takeTheClock();
    const person = await addPerson("hanna");
    await walk.fromDemoToPasscode(person.username, person.password);
    await walk.failToDeliver();
    await walk.type("12");
    await walk.wait(28);
    assert.equal(await walk.looks(), 0, "it may still arrive");
    assert.equal(await walk.news(), "");
    await walk.resendIsHeld(true);
    await walk.wait(4);
    await walk.anotherMethod().waitFor();
    assert.match(await walk.news(), /could not be delivered.*sent again/);
    await walk.resendIsHeld(false);
    assert.equal(await walk.firstToDo(), "Send a new code");
    assert.equal(await walk.timeLeft(), "");
    assert.doesNotMatch(await walk.sentTo(), /^We sent/);
    assert.equal(await walk.typed(), "12");
    assert.equal(await walk.isTyping(), true);
    await walk.look("told");
    await walk.wait(120);
    assert.equal(await walk.looks(), 1);
  }));

test("a page whose form was sent looks for nothing any more", () =>
  Walk.take("undelivered-sent", {}, async (walk) => {
    await walk.takeTheClock();
    const person = await addPerson("ivo");
    await walk.fromDemoToPasscode(person.username, person.password);
    await walk.failToDeliver();
    await walk.holdForms();
    await walk.enter("123456");
    await walk.formIsSent();
    await walk.wait(60);
    assert.equal(await walk.looks(), 0);
  }));

test("a browser that reads messages fills the code in and goes on", () =>
  Walk.take("webotp", {}, async (walk) => {
    await walk.teachToReadMessages();
    const person = await addPerson("fritz");
    await walk.fromDemoToPasscode(person.username, person.password);
    assert.deepEqual(await walk.askedFor(), { transport: ["sms"] });
    await walk.deliver(await newestCode(person.number));
    await walk.readConsent();
  }));

test("a browser that reads messages stops waiting when the code is typed or has expired", () =>
  Walk.take("webotp-ended", {}, async (walk) => {
    await walk.takeTheClock();
    await walk.teachToReadMessages();
    const person = await addPerson("gerda");
    await walk.fromDemoToPasscode(person.username, person.password);
    assert.equal(await walk.waitsForMessage(), true);
    await walk.enterWrongCode(wrongCode(await newestCode(person.number)));
    assert.equal(await walk.stoppedWaiting(), true, "by the form that was sent");
    assert.equal(await walk.waitsForMessage(), true);
    await walk.wait(301);
    assert.equal(await walk.waitsForMessage(), false, "by the end of the code");
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

  async fromDemoToPasscode(uid, password = PASSWORD) {
    await this.#page.goto(`${issuer}/`);
    await this.#look("welcome");
    await this.#page.getByRole("link", { name: "Open the demo application" }).click();
    await this.#look("application");
    await this.#page.getByRole("link", { name: "Sign in with a passcode" }).click();
    await this.#look("password");
    await this.#page.getByLabel("User name").fill(uid);
    await this.#page.getByLabel("Password", { exact: true }).fill(password);
    await this.#page.getByRole("button", { name: "Continue" }).click();
    await this.#passcodeField().waitFor();
    await this.#checkGapOfResend();
    await this.#look("passcode");
  }

  async enterWrongCode(code) {
    await this.#enter(code ?? wrongCode(await this.#readTelephone()));
    const error = this.#page.getByRole("alert");
    await error.waitFor();
    const described = await this.#passcodeField().getAttribute("aria-describedby");
    assert.ok(described.split(" ").includes(await error.getAttribute("id")));
    await this.#checkFocusOfWrongField();
    await this.#look("wrong-code");
  }

  /** A wrong field that has the focus has the ring of any other, in its own colour. */
  async #checkFocusOfWrongField() {
    const field = this.#passcodeField();
    await field.focus();
    const colours = await field.evaluate((input) => {
      const style = getComputedStyle(input);
      return { ring: style.outlineColor, border: style.borderColor, offset: style.outlineOffset };
    });
    assert.notEqual(colours.ring, colours.border);
    assert.equal(colours.offset, "2px");
  }

  /** The ring of a button is 4 px wide, and must not touch the text before it. */
  async #checkGapOfResend() {
    const button = await this.#page.locator("button[name=resend]").boundingBox();
    const text = await this.#page.locator(".again > span").first().boundingBox();
    assert.ok(button.x - (text.x + text.width) >= 8 || button.y >= text.y + text.height);
  }

  async enterRightCode(code) {
    await this.#enter(code ?? (await this.#readTelephone()));
    await this.readConsent();
  }

  /** What comes after the right code. */
  async readConsent() {
    const allow = this.#page.getByRole("button", { name: "Allow", exact: true });
    const claims = this.#page.getByRole("heading", { name: "ID token" });
    await allow.or(claims).waitFor();
    if (!(await allow.isVisible())) return;
    await this.#look("consent");
    await allow.click();
  }

  /** Whether the browser would send the form with these texts. */
  async checkField({ fits, fitsNot }) {
    const field = this.#passcodeField();
    assert.equal(await this.#page.locator("input:not([type=hidden])").count(), 1, "one field for the whole code");
    for (const text of [...fits, ...fitsNot]) {
      await field.fill(text);
      const valid = await field.evaluate((input) => input.checkValidity());
      assert.equal(valid, fits.includes(text), `"${text}"`);
    }
    await field.fill("");
  }

  async paste(text) {
    await this.#context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: issuer });
    await this.#page.evaluate((text) => navigator.clipboard.writeText(text), text);
    await this.#passcodeField().focus();
    await this.#page.keyboard.press("Control+V");
  }

  typed() {
    return this.#passcodeField().inputValue();
  }

  /** Lets `wait` set the clock of the pages forward. */
  takeTheClock() {
    return this.#page.clock.install();
  }

  wait(seconds) {
    return this.#page.clock.fastForward(seconds * 1000);
  }

  /** The button that is to be pressed first. */
  async firstToDo() {
    return (await this.#page.locator("button.primary").innerText()).trim();
  }

  async timeLeft() {
    return (await this.#page.locator("#time-left").innerText()).trim();
  }

  async sentTo() {
    return (await this.#page.locator("#sent-to").innerText()).trim();
  }

  async resendIsHeld(held) {
    const button = this.#page.locator("button[name=resend]");
    assert.equal(await button.getAttribute("aria-disabled"), String(held));
  }

  /** What a screen reader says on its own. */
  announced() {
    return this.#page.locator("[role=status][data-announce]").innerText();
  }

  look(what) {
    return this.#look(what);
  }

  /**
   * As when the service learns that the message did not arrive, which a demo's always do. The pause
   * before another message is that of the second one.
   */
  async failToDeliver() {
    await this.#page.route("**/otp_sms.htm?login=*", async (route) => {
      const response = await route.fetch();
      const page = await response.text();
      const isLook = route.request().resourceType() === "fetch";
      const body = isLook
        ? page
            .replace(/ data-look-in="\d+">/, `><p class="note">The message could not be delivered. Have it sent again.</p>`)
            .replace("We sent it", "We send it")
            .replace('data-news="other-method">', `$&<div class="again"><button class="quiet">Sign in another way</button></div>`)
        : page.replace(/data-wait="\d+"/, 'data-wait="60"');
      await route.fulfill({ response, body });
    });
    await this.#page.reload();
    await this.#page.evaluate(() => {
      const { fetch } = globalThis;
      globalThis.looks = 0;
      globalThis.fetch = (address) => {
        globalThis.looks += 1;
        return fetch(address);
      };
    });
  }

  /** How often the page looked what became of the message. */
  looks() {
    return this.#page.evaluate(() => globalThis.looks);
  }

  type(text) {
    return this.#passcodeField().pressSequentially(text);
  }

  enter(code) {
    return this.#enter(code);
  }

  isTyping() {
    return this.#passcodeField().evaluate((field) => field === document.activeElement);
  }

  /** What the page says of the message, where a screen reader hears it. */
  async news() {
    return (await this.#page.locator("[role=status][data-news]").innerText()).trim();
  }

  anotherMethod() {
    return this.#page.getByRole("button", { name: "Sign in another way" });
  }

  /** The page stays, as while its form waits for an answer. */
  holdForms() {
    return this.#page.evaluate(() => {
      const [form] = document.forms;
      globalThis.sent = new Promise((resolve) => form.addEventListener("submit", resolve));
      form.addEventListener("submit", (event) => event.preventDefault());
    });
  }

  /** Until the form is on its way: its proof of work may have to be found first. */
  async formIsSent() {
    await this.#page.evaluate(() => globalThis.sent.then(() => {}));
  }

  /** Chromium at a desk knows no SIM: this stands in for one that does (WebOTP). */
  async teachToReadMessages() {
    await this.#page.addInitScript(() => {
      globalThis.OTPCredential = class {};
      CredentialsContainer.prototype.get = ({ otp, signal }) =>
        new Promise((deliver, stop) => {
          globalThis.waiting = { otp, deliver };
          signal.addEventListener("abort", () => {
            delete globalThis.waiting;
            sessionStorage.setItem("stopped", "true");
            stop(signal.reason);
          });
        });
    });
  }

  askedFor() {
    return this.#page.evaluate(() => globalThis.waiting.otp);
  }

  waitsForMessage() {
    return this.#page.evaluate(() => globalThis.waiting !== undefined);
  }

  /** Whether a page of this tab did. */
  stoppedWaiting() {
    return this.#page.evaluate(() => sessionStorage.getItem("stopped") === "true");
  }

  deliver(code) {
    return this.#page.evaluate((code) => globalThis.waiting.deliver({ code }), code);
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
    assert.deepEqual(JSON.parse(await this.#claim("amr")), ["0", "otp", "pwd", "sms"]);
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
