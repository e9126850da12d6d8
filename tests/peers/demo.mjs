// The running demo that `tests/run` started: where it is, and how to add to it.

import { execFile } from "node:child_process";
import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

export const issuer = setting("SALLYPORT_ISSUER");
const phone = setting("SALLYPORT_PHONE_JSON");
const program = setting("SALLYPORT_PROGRAM");
const home = setting("SALLYPORT_HOME");

function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; run tests/run, which starts the demo and sets it`);
  return value;
}

/** Adds somebody with a phone number of their own: numbers have cool-downs and budgets. */
export async function addPerson(name) {
  const person = {
    username: `${name}-${randomInt(1e9)}`,
    password: `pass word ${randomInt(1e9)}`,
    mail: `${name}@example.com`,
    name: `${name[0].toUpperCase()}${name.slice(1)} Peer`,
    // Any number of a real range; it is never sent to.
    number: `+1202${randomInt(200, 1000)}${String(randomInt(1e4)).padStart(4, "0")}`,
  };
  const attributes = [`displayName=${person.name}`, `mail=${person.mail}`, `mobile=${person.number}`];
  await sallyport(["person", "add", person.username, ...attributes, "--password-file", "-"], person.password);
  return person;
}

/** Registers an application and returns its `id` and, for a confidential one, its `secret`. */
export async function addClient(name, flags) {
  const id = `${name}-${randomInt(1e9)}`;
  const printed = await sallyport(["client", "add", id, "--name", `Peer ${name}`, ...flags]);
  return { id, secret: printed.match(/^client_secret=(.+)$/m)?.[1] };
}

function sallyport(args, input = "") {
  return new Promise((done, failed) => {
    const child = execFile(program, ["--home", home, ...args], (error, stdout) =>
      error ? failed(error) : done(stdout),
    );
    child.stdin.end(input);
  });
}

/** The messages that `number` received, the newest first. */
export async function messagesTo(number) {
  const answer = await fetch(phone);
  if (!answer.ok) throw new Error(`${phone} answered ${answer.status}`);
  return (await answer.json()).filter((message) => message.to === number);
}

/** The code of the newest message to `number`, which may take a moment to arrive. */
export async function newestCode(number) {
  const end = Date.now() + 10_000;
  while (Date.now() < end) {
    const [newest] = await messagesTo(number);
    if (newest) return codeOf(newest.body);
    await sleep(50);
  }
  throw new Error(`no message to ${number} within 10 s`);
}

/** Browsers read the code from the last line, `@host #code`. */
export function codeOf(body) {
  const code = body.match(/^@\S+ #(\d+)$/m)?.[1];
  if (!code) throw new Error(`no line "@host #code" in the message ${JSON.stringify(body)}`);
  return code;
}

/** A code of the same form that is not the right one. */
export function wrongCode(code) {
  return code.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10));
}
