// Stytch's official Node SDK against a running passcode service.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { beforeEach, test } from "node:test";

import { another, newestCode, newMailbox, newNumber, project_id, refused, sdk, UNKNOWN_USER } from "./service.mjs";

let client;
let number;

beforeEach(() => {
  client = sdk();
  number = newNumber();
});

/** Opens a session for the owner of the number. */
async function signIn() {
  const { phone_id } = await client.otps.sms.loginOrCreate({ phone_number: number });
  const body = { method_id: phone_id, code: await newestCode(number), session_duration_minutes: 60 };
  return client.otps.authenticate(body);
}

test("a new number signs in and comes back", async () => {
  const created = await client.otps.sms.loginOrCreate({ phone_number: number, expiration_minutes: 5 });
  assert.equal(created.status_code, 200);
  assert.equal(created.user_created, true);
  const method_id = created.phone_id;
  const code = await newestCode(number);
  await refused(404, "otp_code_not_found", client.otps.authenticate({ method_id, code: another(code) }));

  const right = await client.otps.authenticate({ method_id, code });
  assert.equal(right.user_id, created.user_id);
  assert.equal(right.user.status, "active");
  assert.deepEqual(right.user.phone_numbers, [{ phone_id: method_id, phone_number: number, verified: true }]);
  assert.equal(right.session, null);
  await refused(401, "unable_to_auth_otp_code", client.otps.authenticate({ method_id, code }));

  const sent = await client.otps.sms.send({ phone_number: number, locale: "pt-br" });
  assert.deepEqual([sent.user_id, sent.phone_id], [created.user_id, method_id]);
  const again = await client.otps.authenticate({ method_id, code: await newestCode(number) });
  assert.equal(again.user_id, created.user_id);
});

test("what is wrong with a request is named", async () => {
  const { sms } = client.otps;
  await refused(404, "user_not_found", sms.send({ phone_number: number }));
  await refused(404, "user_not_found", sms.send({ phone_number: number, user_id: UNKNOWN_USER }));
  await refused(400, "missing_sms_parameter", sms.loginOrCreate({}));
  await refused(400, "invalid_phone_number", sms.loginOrCreate({ phone_number: "2025550162" }));
  await refused(400, "invalid_expiration_otp", sms.loginOrCreate({ phone_number: number, expiration_minutes: 0 }));
  await refused(400, "invalid_locale", sms.loginOrCreate({ phone_number: number, locale: "xx" }));
  await refused(400, "invalid_method_id", client.otps.authenticate({ method_id: "nothing", code: "123456" }));
  const { phone_id } = await sms.loginOrCreate({ phone_number: number });
  await refused(400, "invalid_code", client.otps.authenticate({ method_id: phone_id, code: "12345" }));
  await refused(429, "too_many_requests", sms.loginOrCreate({ phone_number: number }));
});

test("users are read and deleted", async () => {
  const body = { phone_number: number, create_user_as_pending: true };
  const { user_id, phone_id } = await client.otps.sms.loginOrCreate(body);
  const user = await client.users.get({ user_id });
  assert.deepEqual([user.status, user.phone_numbers[0].verified], ["pending", false]);
  await refused(400, "cannot_delete_last_primary_factor", client.users.deletePhoneNumber({ phone_id }));
  assert.equal((await client.users.delete({ user_id })).user_id, user_id);
  await refused(404, "user_not_found", client.users.get({ user_id }));
});

test("a user gets a second number and loses it again", async () => {
  const { user_id, session_token } = await signIn();
  for (const how of [{ user_id }, { session_token }]) {
    const other = newNumber();
    const sent = await client.otps.sms.send({ phone_number: other, ...how });
    assert.equal(sent.user_id, user_id);
    const code = await newestCode(other);
    const { user } = await client.otps.authenticate({ method_id: sent.phone_id, code });
    assert.deepEqual(new Set(user.phone_numbers.map((one) => one.phone_number)), new Set([number, other]));
    const left = await client.users.deletePhoneNumber({ phone_id: sent.phone_id });
    assert.deepEqual(left.user.phone_numbers.map((one) => one.phone_number), [number]);
  }
});

test("a code stands five guesses", async () => {
  const { phone_id } = await client.otps.sms.loginOrCreate({ phone_number: number });
  const code = await newestCode(number);
  for (let guesses = 0; guesses < 5; guesses++) {
    const guess = client.otps.authenticate({ method_id: phone_id, code: another(code) });
    await refused(404, "otp_code_not_found", guess);
  }
  await refused(401, "unable_to_auth_otp_code", client.otps.authenticate({ method_id: phone_id, code }));
});

test("the sandbox needs no telephone", async () => {
  const { phone_id } = await client.otps.sms.loginOrCreate({ phone_number: "+10000000000" });
  const { email_id } = await client.otps.email.loginOrCreate({ email: "sandbox@stytch.com" });
  for (const method_id of [phone_id, email_id]) {
    assert.equal((await client.otps.authenticate({ method_id, code: "000000" })).method_id, method_id);
  }
});

test("all users that match are found page by page", async () => {
  const { user_id } = await client.otps.sms.loginOrCreate({ phone_number: number });
  const operands = [{ filter_name: "phone_number", filter_value: [number] }];
  const found = [];
  const pages = client.users.searchAll({ limit: 1, query: { operator: "AND", operands } });
  for await (const page of pages) found.push(...page);
  assert.deepEqual(found.map((user) => user.user_id), [user_id]);
});

test("a session is verified without asking", async () => {
  const { keys } = await client.sessions.getJWKS({ project_id });
  assert.equal(keys[0].alg, "RS256");
  const { phone_id } = await client.otps.sms.loginOrCreate({ phone_number: number });
  const right = await client.otps.authenticate({
    method_id: phone_id,
    code: await newestCode(number),
    session_duration_minutes: 60,
    session_custom_claims: { plan: "free" },
  });
  const local = await client.sessions.authenticateJwtLocal({ session_jwt: right.session_jwt, clock_tolerance_seconds: 5 });
  assert.equal(local.session_id, right.session.session_id);
  assert.deepEqual(local.custom_claims, { plan: "free" });

  const { session_token } = right;
  assert.equal((await client.sessions.authenticate({ session_token })).user.user_id, right.user_id);
  await client.sessions.revoke({ session_token });
  await refused(404, "session_not_found", client.sessions.authenticate({ session_token }));
});

test("a code comes by e-mail", async () => {
  const email = newMailbox();
  const created = await client.otps.email.loginOrCreate({ email, locale: "fr" });
  assert.equal(created.user_created, true);
  const method_id = created.email_id;
  const body = { method_id, code: await newestCode(email), session_duration_minutes: 60 };
  const right = await client.otps.authenticate(body);
  assert.deepEqual(right.user.emails, [{ email_id: method_id, email, verified: true }]);
  assert.equal(right.session.authentication_factors[0].delivery_method, "email");
  const sent = await client.otps.email.send({ email });
  assert.equal(sent.user_id, created.user_id);
  await refused(429, "too_many_requests", client.otps.email.send({ email }));
  await refused(400, "invalid_email", client.otps.email.send({ email: "nowhere" }));
});

test("a code comes by WhatsApp", async () => {
  const { phone_id } = await client.otps.whatsapp.loginOrCreate({ phone_number: number });
  const body = { method_id: phone_id, code: await newestCode(number), session_duration_minutes: 5 };
  const right = await client.otps.authenticate(body);
  assert.equal(right.session.authentication_factors[0].delivery_method, "whatsapp");
  const sent = await client.otps.whatsapp.send({ phone_number: number });
  assert.equal(sent.phone_id, phone_id);
});

test("users are created, changed and found", async () => {
  const email = newMailbox();
  const external_id = randomBytes(8).toString("hex");
  const created = await client.users.create({
    email,
    phone_number: number,
    name: { first_name: "Alice" },
    external_id,
    trusted_metadata: { plan: "free" },
  });
  const { user_id } = created;
  assert.deepEqual(created.user.trusted_metadata, { plan: "free" });
  await refused(400, "duplicate_email", client.users.create({ email }));
  await refused(400, "invalid_create_user_request", client.users.create({}));
  const updated = await client.users.update({ user_id: external_id, name: { last_name: "Abel" } });
  assert.deepEqual([updated.user.name.first_name, updated.user.name.last_name], ["Alice", "Abel"]);
  const operands = [{ filter_name: "phone_number", filter_value: [number] }];
  const found = await client.users.search({ limit: 10, query: { operator: "AND", operands } });
  assert.deepEqual(found.results.map((user) => user.user_id), [user_id]);
  assert.equal(found.results_metadata.next_cursor, null);
  await refused(400, "user_search_invalid_limit", client.users.search({ limit: 0 }));
  const cleared = await client.users.deleteExternalId({ user_id });
  assert.equal(cleared.user.external_id, null);
  const left = await client.users.deleteEmail({ email_id: created.email_id });
  assert.deepEqual(left.user.emails, []);
  const other = newNumber();
  const exchanged = await client.users.exchangePrimaryFactor({ user_id, phone_number: other });
  assert.deepEqual(exchanged.user.phone_numbers.map((phone) => phone.phone_number), [other]);
});

test("sessions are listed and revoked", async () => {
  const { user_id, session, session_token } = await signIn();
  const authorization_check = { resource_id: "documents", action: "read" };
  const beyond = { session_token, authorization_check };
  await refused(403, "consumer_session_authorization_error", client.sessions.authenticate(beyond));
  const listed = await client.sessions.get({ user_id });
  assert.deepEqual(listed.sessions.map((one) => one.session_id), [session.session_id]);
  await client.sessions.revoke({ session_id: session.session_id });
  assert.deepEqual((await client.sessions.get({ user_id })).sessions, []);
  await refused(400, "no_session_revoke_arguments", client.sessions.revoke({}));
  await refused(404, "session_not_found", client.sessions.authenticate(beyond));
});

test("who calls is known", async () => {
  assert.equal((await client.debug.whoami()).project_id, project_id);
});

test("what is not there is an error of the SDK", async () => {
  await refused(404, "route_not_found", client.magicLinks.email.send({ email: "sandbox@stytch.com" }));
});
