// A person's browser without JavaScript.

import { parse } from "node-html-parser";
import { CookieJar } from "tough-cookie";

import { newestCode } from "./demo.mjs";

const REDIRECTS = 20;

/** Keeps cookies, follows redirects, and stops where the application would take over. */
export class Visitor {
  #cookies = new CookieJar();
  #application;

  /** `application` is the beginning of the addresses that only the application can answer. */
  constructor(application) {
    this.#application = application;
  }

  /** Opens an address. Returns a `Page`, or the `URL` at the application that it leads to. */
  open(address) {
    return this.#request(new URL(address), { method: "GET" });
  }

  /** Fills in the form of the button labelled `label` and presses it. */
  press(page, label, values = {}) {
    if (page instanceof URL) throw new Error(`expected a page with "${label}", but was sent on to ${page}`);
    const { action, method, fields } = page.filledIn(label, values);
    const body = new URLSearchParams(fields);
    if (method === "POST") return this.#request(action, { method, body }, page.url.origin);
    action.search = body;
    return this.#request(action, { method });
  }

  async #request(url, init, origin) {
    for (let redirects = 0; redirects < REDIRECTS; redirects++) {
      const answer = await this.#answer(url, init, origin);
      const location = answer.headers.get("location");
      if (!location) return new Page(url, answer.status, await answer.text());
      url = new URL(location, url);
      if (url.href.startsWith(this.#application)) return url;
      init = { method: "GET" };
      origin = undefined;
    }
    throw new Error(`more than ${REDIRECTS} redirects, the last to ${url}`);
  }

  async #answer(url, init, origin) {
    const headers = { accept: "text/html", cookie: await this.#cookies.getCookieString(url.href) };
    if (origin) headers.origin = origin;
    const answer = await fetch(url, { ...init, headers, redirect: "manual" });
    for (const cookie of answer.headers.getSetCookie()) await this.#cookies.setCookie(cookie, url.href);
    return answer;
  }
}

export class Page {
  #root;

  constructor(url, status, html) {
    this.url = url;
    this.status = status;
    this.#root = parse(html);
  }

  get heading() {
    return text(this.#root.querySelector("h1"));
  }

  /** What is wrong, as it stands next to the field. */
  get error() {
    return text(this.#root.querySelector("[role=alert]"));
  }

  has(label) {
    return this.#button(label) !== undefined;
  }

  /** What the browser would send. Values may be given only for fields that the form shows. */
  filledIn(label, values) {
    const button = this.#button(label);
    if (!button) throw new Error(`no button "${label}" on the page "${this.heading}" (${this.status}) at ${this.url}`);
    const form = button.closest("form");
    const inputs = form.querySelectorAll("input[name]");
    const fields = Object.fromEntries(
      inputs.map((input) => [input.getAttribute("name"), input.getAttribute("value") ?? ""]),
    );
    for (const [name, value] of Object.entries(values)) {
      if (!(name in fields)) throw new Error(`no field "${name}" on the page "${this.heading}"`);
      fields[name] = value;
    }
    const name = button.getAttribute("name");
    if (name) fields[name] = button.getAttribute("value") ?? "";
    return {
      action: new URL(form.getAttribute("action") ?? "", this.url),
      method: (form.getAttribute("method") ?? "get").toUpperCase(),
      fields,
    };
  }

  #button(label) {
    return this.#root.querySelectorAll("form button[type=submit]").find((button) => text(button) === label);
  }
}

function text(element) {
  return element?.text.replace(/\s+/g, " ").trim();
}

/** Walks through both doors from an authorization address, and allows what is asked for. */
export async function signIn(visitor, address, person) {
  const first = await visitor.open(address);
  const second = await visitor.press(first, "Continue", {
    username: person.username,
    password: person.password,
  });
  if (second.error) throw new Error(`no passcode was asked for: ${second.error}`);
  const after = await visitor.press(second, "Continue", { passcode: await newestCode(person.number) });
  return after instanceof Page && after.has("Allow") ? visitor.press(after, "Allow") : after;
}
