// openid-client, a certified relying party, against the running demo.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as openid from "openid-client";

import { addClient, addPerson, issuer, messagesTo, newestCode, wrongCode } from "../demo.mjs";
import { Page, Visitor, signIn } from "../visitor.mjs";

const APPLICATION = "http://127.0.0.1:9/peer/";
const CALLBACK = `${APPLICATION}callback`;
const SIGNED_OUT = `${APPLICATION}signed-out`;
const SCOPE = "openid profile email phone offline_access";

let spa;
let web;

before(async () => {
  const addresses = ["--redirect-uri", CALLBACK, "--post-logout-redirect-uri", SIGNED_OUT];
  const flags = [...addresses, "--refresh-tokens", "--scope", SCOPE];
  spa = await relyingParty(await addClient("spa", ["--public", ...flags]));
  web = await relyingParty(await addClient("web", flags));
});

async function relyingParty({ id, secret }) {
  const authentication = secret ? openid.ClientSecretBasic(secret) : openid.None();
  const config = await openid.discovery(new URL(issuer), id, undefined, authentication, {
    execute: [openid.allowInsecureRequests],
  });
  // Signatures are checked too, not only the channel that the token came by.
  openid.enableNonRepudiationChecks(config);
  return config;
}

/** One authorization request, and what must be remembered to take its answer. */
async function authorizationRequest(config, more = {}) {
  const checks = {
    pkceCodeVerifier: openid.randomPKCECodeVerifier(),
    expectedState: openid.randomState(),
    expectedNonce: openid.randomNonce(),
  };
  const address = openid.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK,
    scope: SCOPE,
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await openid.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: "S256",
    acr_values: "stytch",
    ...more,
  });
  return { address, checks };
}

/** A person signs in for the first time in a fresh browser. */
async function signedIn(config, name) {
  const person = await addPerson(name);
  const visitor = new Visitor(APPLICATION);
  const { address, checks } = await authorizationRequest(config);
  const answer = await signIn(visitor, address, person);
  assert.ok(answer instanceof URL, `the login ended on the page "${answer.heading}" ${answer.error ?? ""}`);
  const tokens = await openid.authorizationCodeGrant(config, answer, checks);
  return { person, visitor, tokens };
}

/** The error code that the server gave. */
async function refusal(promise) {
  const error = await promise.then(() => assert.fail("it was not refused"), (error) => error);
  assert.ok(error.error, `not an answer of the server: ${error.stack}`);
  return error.error;
}

test("discovery says what a client needs", () => {
  const metadata = spa.serverMetadata();
  assert.equal(metadata.issuer, issuer);
  assert.ok(metadata.acr_values_supported.includes("stytch"));
  assert.deepEqual(metadata.code_challenge_methods_supported, ["S256"]);
  assert.equal(metadata.authorization_response_iss_parameter_supported, true);
});

test("a public client signs a person in by password and passcode", async () => {
  const { person, tokens } = await signedIn(spa, "paula");
  const claims = tokens.claims();
  assert.equal(claims.acr, "stytch");
  assert.ok(Array.isArray(claims.amr) && claims.amr.length > 0);
  assert.ok(claims.sid);
  assert.ok(claims.auth_time <= claims.iat);

  const info = await openid.fetchUserInfo(spa, tokens.access_token, claims.sub);
  assert.equal(info.preferred_username, person.username);
  assert.equal(info.name, person.name);
  assert.equal(info.email, person.mail);
  assert.equal(info.phone_number, person.number);
  assert.equal((await messagesTo(person.number)).length, 1);
});

test("a confidential client signs a person in by password and passcode", async () => {
  const { tokens } = await signedIn(web, "conrad");
  assert.equal(tokens.claims().acr, "stytch");
});

test("a wrong password, then a wrong code keep the page usable", async () => {
  const person = await addPerson("wilma");
  const visitor = new Visitor(APPLICATION);
  const { address, checks } = await authorizationRequest(spa);
  const { username, password } = person;

  let page = await visitor.open(address);
  page = await visitor.press(page, "Continue", { username, password: "not it" });
  assert.ok(page.error);
  assert.deepEqual(await messagesTo(person.number), []);

  page = await visitor.press(page, "Continue", { username, password });
  const code = await newestCode(person.number);
  page = await visitor.press(page, "Continue", { passcode: wrongCode(code) });
  assert.ok(page.error);

  page = await visitor.press(page, "Continue", { passcode: `${code.slice(0, 3)} ${code.slice(3)}` });
  const answer = page instanceof Page ? await visitor.press(page, "Allow") : page;
  const tokens = await openid.authorizationCodeGrant(spa, answer, checks);
  assert.equal(tokens.claims().acr, "stytch");
});

test("a second request of the same browser needs no page and keeps its login", async () => {
  const { visitor, tokens } = await signedIn(spa, "nora");
  const { address, checks } = await authorizationRequest(spa, { prompt: "none" });
  const answer = await visitor.open(address);
  const again = await openid.authorizationCodeGrant(spa, answer, checks);
  for (const claim of ["sub", "sid", "acr", "auth_time"]) {
    assert.equal(again.claims()[claim], tokens.claims()[claim], claim);
  }
});

test("a stranger is refused without a page when none may be shown", async () => {
  const { address, checks } = await authorizationRequest(spa, { prompt: "none" });
  const answer = await new Visitor(APPLICATION).open(address);
  assert.equal(answer.searchParams.get("iss"), issuer);
  assert.equal(await refusal(openid.authorizationCodeGrant(spa, answer, checks)), "login_required");
});

test("a code is redeemed once and only with its verifier", async () => {
  const person = await addPerson("oscar");
  const visitor = new Visitor(APPLICATION);
  const { address, checks } = await authorizationRequest(spa);
  const answer = await signIn(visitor, address, person);
  const tokens = await openid.authorizationCodeGrant(spa, answer, checks);
  assert.equal(await refusal(openid.authorizationCodeGrant(spa, answer, checks)), "invalid_grant");
  assert.equal(await userinfoStatus(tokens.access_token), 401);

  const second = await authorizationRequest(spa);
  const wrong = { ...second.checks, pkceCodeVerifier: openid.randomPKCECodeVerifier() };
  const next = await visitor.open(second.address);
  assert.equal(await refusal(openid.authorizationCodeGrant(spa, next, wrong)), "invalid_grant");
});

async function userinfoStatus(accessToken) {
  const endpoint = spa.serverMetadata().userinfo_endpoint;
  const answer = await fetch(endpoint, { headers: { authorization: `Bearer ${accessToken}` } });
  return answer.status;
}

test("a refresh token is replaced at each use, and its reuse ends the family", async () => {
  const { tokens } = await signedIn(spa, "rita");
  const second = await openid.refreshTokenGrant(spa, tokens.refresh_token);
  assert.notEqual(second.refresh_token, tokens.refresh_token);
  assert.equal(second.claims().sub, tokens.claims().sub);
  assert.equal(await userinfoStatus(second.access_token), 200);

  assert.equal(await refusal(openid.refreshTokenGrant(spa, tokens.refresh_token)), "invalid_grant");
  assert.equal(await refusal(openid.refreshTokenGrant(spa, second.refresh_token)), "invalid_grant");
});

test("a confidential client introspects and revokes its tokens", async () => {
  const { tokens } = await signedIn(web, "ines");
  const active = await openid.tokenIntrospection(web, tokens.access_token);
  assert.equal(active.active, true);
  assert.equal(active.sub, tokens.claims().sub);
  assert.equal(active.client_id, web.clientMetadata().client_id);

  await openid.tokenRevocation(web, tokens.refresh_token);
  assert.equal(await refusal(openid.refreshTokenGrant(web, tokens.refresh_token)), "invalid_grant");
  assert.deepEqual(await openid.tokenIntrospection(web, tokens.access_token), { active: false });
});

test("signing out ends the session and comes back to the client", async () => {
  const { visitor, tokens } = await signedIn(spa, "emil");
  const address = openid.buildEndSessionUrl(spa, {
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: SIGNED_OUT,
    state: "back again",
  });
  const back = await visitor.open(address);
  assert.equal(`${back.origin}${back.pathname}`, SIGNED_OUT);
  assert.equal(back.searchParams.get("state"), "back again");

  const { address: next, checks } = await authorizationRequest(spa, { prompt: "none" });
  const answer = await visitor.open(next);
  assert.equal(await refusal(openid.authorizationCodeGrant(spa, answer, checks)), "login_required");
});
