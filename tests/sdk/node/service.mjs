// The passcode service that the SDK talks to, and what every test of it needs.
//
// The environment says where it is: SALLYPORT_OTP_URL, SALLYPORT_PROJECT_ID, SALLYPORT_PROJECT_SECRET,
// and SALLYPORT_PHONE_JSON for the messages that its telephone received.

import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import * as stytch from "stytch";

export const url = `${required("SALLYPORT_OTP_URL").replace(/\/+$/, "")}/`;
export const project_id = required("SALLYPORT_PROJECT_ID");
const secret = required("SALLYPORT_PROJECT_SECRET");
const phone = required("SALLYPORT_PHONE_JSON");

const AREAS = ["213", "404", "512", "206", "646", "773", "857", "919", "647", "778"];
export const UNKNOWN_USER = "user-test-00000000-0000-4000-8000-000000000000";

/** The SDK, made as its README says, with the address of the service. */
export function sdk(options = {}) {
  return new stytch.Client({ project_id, secret, env: url, ...options });
}

function required(name) {
  const value = process.env[name];
  assert.ok(value, `${name} is not set`);
  return value;
}

/** A number of nobody: each run has its own, because numbers have cool-downs and budgets. */
export function newNumber() {
  const line = String(randomInt(10_000)).padStart(4, "0");
  return `+1${AREAS[randomInt(AREAS.length)]}${randomInt(200, 900)}${line}`;
}

export function newMailbox() {
  return `${randomBytes(8).toString("hex")}@example.com`;
}

/** The code of the newest message to the number or mailbox. */
export async function newestCode(to) {
  for (const end = Date.now() + 10_000; Date.now() < end; await sleep(100)) {
    const messages = await (await fetch(phone)).json();
    const message = messages.find((candidate) => candidate.to === to);
    if (message) return message.body.slice(0, 6);
  }
  assert.fail(`no message to the number that ends in ${to.slice(-2)}`);
}

export function another(code) {
  return String((Number(code) + 1) % 1_000_000).padStart(6, "0");
}

/** The call fails as Stytch would let it fail: its five fields, and no `error_details`. */
export async function refused(status, type, call) {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof stytch.StytchError, `not an error of Stytch: ${error}`);
    assert.deepEqual([error.status_code, error.error_type], [status, type]);
    assert.match(error.request_id, /^request-id-(test|live)-[0-9a-f-]{36}$/);
    assert.equal(error.error_url, `https://stytch.com/docs/api/errors/${status}#${type}`);
    assert.ok(error.error_message);
    assert.equal(error.error_details, undefined);
    return true;
  });
}
