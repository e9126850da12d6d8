// Every class of error of every call, as Stytch's official Node SDK throws it.
//
// A body that does not arrive in time (408) is tested in `crates/otp/tests/it`, where the clock can be moved.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { promisify } from "node:util";

import { Service } from "../../peers/gateways/service.mjs";
import { another, newestCode, newMailbox, newNumber, refused, sdk, UNKNOWN_USER } from "./service.mjs";
import { Spoiler } from "./spoiler.mjs";

const SHORT = "nobody";
// The body may have 64 KiB.
const TOO_LONG = "x".repeat(64 * 1024);

const user_id = UNKNOWN_USER;
const phone_id = UNKNOWN_USER.replace("user", "phone-number");
const email_id = UNKNOWN_USER.replace("user", "email");

const named = (text) => ({ operator: "AND", operands: [{ filter_name: "full_name_fuzzy", filter_value: text }] });

// Every call with a body. `text` is put where a text may stand.
const CALLS_WITH_A_BODY = {
  "sms send": ({ otps }, text) => otps.sms.send({ phone_number: text }),
  "sms login or create": ({ otps }, text) => otps.sms.loginOrCreate({ phone_number: text }),
  "whatsapp send": ({ otps }, text) => otps.whatsapp.send({ phone_number: text }),
  "whatsapp login or create": ({ otps }, text) => otps.whatsapp.loginOrCreate({ phone_number: text }),
  "email send": ({ otps }, text) => otps.email.send({ email: text }),
  "email login or create": ({ otps }, text) => otps.email.loginOrCreate({ email: text }),
  authenticate: ({ otps }, text) => otps.authenticate({ method_id: phone_id, code: text }),
  "session authenticate": ({ sessions }, text) => sessions.authenticate({ session_token: text }),
  "session revoke": ({ sessions }, text) => sessions.revoke({ session_token: text }),
  "user create": ({ users }, text) => users.create({ email: "a@example.com", trusted_metadata: { text } }),
  "user update": ({ users }, text) => users.update({ user_id, trusted_metadata: { text } }),
  "user search": ({ users }, text) => users.search({ query: named(text) }),
  "user exchange": ({ users }, text) => users.exchangePrimaryFactor({ user_id, email_address: text }),
};
const CALLS_WITHOUT_A_BODY = {
  "sessions of a user": ({ sessions }) => sessions.get({ user_id }),
  user: ({ users }) => users.get({ user_id }),
  "user delete": ({ users }) => users.delete({ user_id }),
  "external id delete": ({ users }) => users.deleteExternalId({ user_id }),
  "phone number delete": ({ users }) => users.deletePhoneNumber({ phone_id }),
  "email delete": ({ users }) => users.deleteEmail({ email_id }),
  "who am I": ({ debug }) => debug.whoami(),
};
const CALLS = { ...CALLS_WITH_A_BODY, ...CALLS_WITHOUT_A_BODY };

let client;
let spoiler;

before(async () => {
  spoiler = await Spoiler.start();
});

after(() => spoiler.stop());

beforeEach(() => {
  client = sdk();
});

async function eachIsRefused(calls, status, type, client, text) {
  for (const [name, call] of Object.entries(calls)) {
    await refused(status, type, call(client, text)).catch((cause) => {
      throw new Error(`the call "${name}"`, { cause });
    });
  }
}

test("no call works with a wrong secret", () =>
  eachIsRefused(CALLS, 401, "unauthorized_credentials", sdk({ secret: "secret-test-guess" }), SHORT));

test("no call takes a body that is too large", () =>
  eachIsRefused(CALLS_WITH_A_BODY, 413, "request_too_large", client, TOO_LONG));

test("no call takes a body that is not JSON", () => {
  const spoiled = spoiler.sdk(undefined, { "content-type": "text/plain" });
  return eachIsRefused(CALLS_WITH_A_BODY, 415, "unsupported_media_type", spoiled, SHORT);
});

test("a method that an address does not take is an error of the SDK", () =>
  eachIsRefused(CALLS, 405, "method_not_allowed", spoiler.sdk("PATCH", {}), SHORT));

test("what does not exist is named", async () => {
  const ofUsers = ["user", "user delete", "user update", "external id delete", "sessions of a user"];
  for (const name of ofUsers) await refused(404, "user_not_found", CALLS[name](client, SHORT));
  await refused(404, "user_not_found", CALLS["user exchange"](client, newMailbox()));
  await refused(404, "otp_code_not_found", CALLS.authenticate(client, "123456"));
  await refused(404, "session_not_found", CALLS["session authenticate"](client, SHORT));
  await refused(404, "phone_number_not_found", CALLS["phone number delete"](client));
  await refused(404, "email_not_found", CALLS["email delete"](client));
  await refused(404, "user_not_found", client.otps.whatsapp.send({ phone_number: newNumber() }));
  await refused(404, "user_not_found", client.otps.email.send({ email: newMailbox() }));
  await refused(404, "project_not_found", client.sessions.getJWKS({ project_id: "project-test-7" }));
});

test("ten wrong codes in a row lock the user", async () => {
  const [phone_number, email] = [newNumber(), newMailbox()];
  const created = await client.users.create({ phone_number, email });
  await client.otps.sms.send({ phone_number });
  await client.otps.email.send({ email });
  for (const [method_id, address] of [[created.phone_id, phone_number], [created.email_id, email]]) {
    const code = another(await newestCode(address));
    for (let guesses = 0; guesses < 5; guesses++) {
      await refused(404, "otp_code_not_found", client.otps.authenticate({ method_id, code }));
    }
  }
  const right = { method_id: created.email_id, code: await newestCode(email) };
  await refused(429, "user_lock_limit_reached", client.otps.authenticate(right));
});

test("every way of sending has a limit", async () => {
  const { sms, whatsapp, email } = client.otps;
  for (const [otp, address] of [
    [sms, { phone_number: newNumber() }],
    [whatsapp, { phone_number: newNumber() }],
    [email, { email: newMailbox() }],
  ]) {
    await otp.loginOrCreate(address);
    await refused(429, "too_many_requests", otp.loginOrCreate(address));
    await refused(429, "too_many_requests", otp.send(address));
  }
});

test("a code that came from elsewhere is refused", async () => {
  const phone_number = newNumber();
  const here = { ip_address: "192.0.2.7", user_agent: "Lynx" };
  const { phone_id } = await client.otps.sms.loginOrCreate({ phone_number, attributes: here });
  const guess = {
    method_id: phone_id,
    code: await newestCode(phone_number),
    options: { ip_match_required: false, user_agent_match_required: true },
  };
  const elsewhere = { ...here, user_agent: "Links" };
  await refused(401, "attribute_mismatch", client.otps.authenticate({ ...guess, attributes: elsewhere }));
  await client.otps.authenticate({ ...guess, attributes: here });
});

test("a failure of the service is an error of the SDK that tells no cause", async () => {
  const service = await Service.start([{ kind: "webhook", url: "http://127.0.0.1:9/", secret: "nobody has to guess it" }]);
  try {
    const { project: project_id, secret } = service;
    const client = sdk({ project_id, secret, env: `${service.url}/` });
    assert.equal((await client.debug.whoami()).project_id, project_id);
    await lose(service, "otp_users");
    for (const name of ["user", "user create", "user search"]) await fails(CALLS[name](client, SHORT));
    assert.equal((await client.debug.whoami()).project_id, project_id);
    await lose(service, "otp_projects");
    for (const call of Object.values(CALLS)) await fails(call(client, SHORT));
    await fails(client.sessions.getJWKS({ project_id }));
  } finally {
    await service.stop();
  }
});

async function fails(call) {
  await refused(500, "internal_server_error", call);
  const error = await call.catch((error) => error);
  assert.doesNotMatch(error.message, /sql|table|otp_|lost/i);
}

/** Takes a table out of the store, under the feet of the server. */
function lose(service, table) {
  const program = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute(sys.argv[2])";
  const statement = `ALTER TABLE ${table} RENAME TO lost_${table}`;
  return promisify(execFile)("python3", ["-c", program, join(service.home, "sallyport.db"), statement]);
}
