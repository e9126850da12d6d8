"""Every class of error of every call, as Stytch's official Python SDK raises it.

A body that does not arrive in time (408) is tested in `crates/otp/tests/it`, where the clock can be moved.
"""

import base64
import json
import secrets
import unittest
import urllib.request

import requests
import stytch
from broken_service import BrokenService
from service import PROJECT, SECRET, UNKNOWN_USER, URL, SdkTest, another, client, new_number, newest_code

SHORT = "nobody"
# The body may have 64 KiB.
TOO_LONG = "x" * (64 * 1024)

UNKNOWN_PHONE = UNKNOWN_USER.replace("user", "phone-number")
UNKNOWN_EMAIL = UNKNOWN_USER.replace("user", "email")


def named(text: str) -> dict:
    return {"operator": "AND", "operands": [{"filter_name": "full_name_fuzzy", "filter_value": text}]}


# Every call with a body. `text` is put where a text may stand.
CALLS_WITH_A_BODY = {
    "sms send": lambda sdk, text: sdk.otps.sms.send(phone_number=text),
    "sms login or create": lambda sdk, text: sdk.otps.sms.login_or_create(phone_number=text),
    "whatsapp send": lambda sdk, text: sdk.otps.whatsapp.send(phone_number=text),
    "whatsapp login or create": lambda sdk, text: sdk.otps.whatsapp.login_or_create(phone_number=text),
    "email send": lambda sdk, text: sdk.otps.email.send(email=text),
    "email login or create": lambda sdk, text: sdk.otps.email.login_or_create(email=text),
    "authenticate": lambda sdk, text: sdk.otps.authenticate(method_id=UNKNOWN_PHONE, code=text),
    "session authenticate": lambda sdk, text: sdk.sessions.authenticate(session_token=text),
    "session revoke": lambda sdk, text: sdk.sessions.revoke(session_token=text),
    "user create": lambda sdk, text: sdk.users.create(email="a@example.com", trusted_metadata={"text": text}),
    "user update": lambda sdk, text: sdk.users.update(user_id=UNKNOWN_USER, trusted_metadata={"text": text}),
    "user search": lambda sdk, text: sdk.users.search(query=named(text)),
    "user exchange": lambda sdk, text: sdk.users.exchange_primary_factor(user_id=UNKNOWN_USER, email_address=text),
}
CALLS_WITHOUT_A_BODY = {
    "sessions of a user": lambda sdk, _: sdk.sessions.get(user_id=UNKNOWN_USER),
    "user": lambda sdk, _: sdk.users.get(user_id=UNKNOWN_USER),
    "user delete": lambda sdk, _: sdk.users.delete(user_id=UNKNOWN_USER),
    "external id delete": lambda sdk, _: sdk.users.delete_external_id(user_id=UNKNOWN_USER),
    "phone number delete": lambda sdk, _: sdk.users.delete_phone_number(phone_id=UNKNOWN_PHONE),
    "email delete": lambda sdk, _: sdk.users.delete_email(email_id=UNKNOWN_EMAIL),
    "who am I": lambda sdk, _: sdk.debug.whoami(),
}
CALLS = CALLS_WITH_A_BODY | CALLS_WITHOUT_A_BODY


class SpoiledSession(requests.Session):
    """Requests as something between the SDK and the service could spoil them."""

    def __init__(self, method=None, content_type=None):
        super().__init__()
        self.method, self.content_type = method, content_type

    def send(self, request, **kwargs):
        request.method = self.method or request.method
        request.headers["Content-Type"] = self.content_type or request.headers["Content-Type"]
        return super().send(request, **kwargs)


def spoiled(**how) -> stytch.Client:
    return stytch.Client(PROJECT, SECRET, environment=URL, sync_session=SpoiledSession(**how))


class Errors(SdkTest):
    def test_no_call_works_with_a_wrong_secret(self):
        stranger = client("secret-test-guess")
        for name, call in CALLS.items():
            with self.subTest(name):
                self.refused(401, "unauthorized_credentials", call, stranger, SHORT)

    def test_no_call_takes_a_body_that_is_too_large(self):
        for name, call in CALLS_WITH_A_BODY.items():
            with self.subTest(name):
                self.refused(413, "request_too_large", call, self.stytch, TOO_LONG)

    def test_no_call_takes_a_body_that_is_not_json(self):
        sdk = spoiled(content_type="text/plain")
        for name, call in CALLS_WITH_A_BODY.items():
            with self.subTest(name):
                self.refused(415, "unsupported_media_type", call, sdk, SHORT)

    def test_a_method_that_an_address_does_not_take_is_an_error_of_the_sdk(self):
        for name, call in CALLS.items():
            with self.subTest(name):
                self.refused(405, "method_not_allowed", call, spoiled(method="PATCH"), SHORT)

    def test_what_does_not_exist_is_named(self):
        not_found = {
            "authenticate": "otp_code_not_found",
            "session authenticate": "session_not_found",
            "phone number delete": "phone_number_not_found",
            "email delete": "email_not_found",
        } | dict.fromkeys(
            ["user", "user delete", "user update", "user exchange", "external id delete", "sessions of a user"],
            "user_not_found",
        )
        texts = {"authenticate": "123456", "user exchange": f"{secrets.token_hex(8)}@example.com"}
        for name, error_type in not_found.items():
            with self.subTest(name):
                self.refused(404, error_type, CALLS[name], self.stytch, texts.get(name, SHORT))
        self.refused(404, "project_not_found", self.stytch.sessions.get_jwks, project_id=UNKNOWN_USER)

    def test_ten_wrong_codes_in_a_row_lock_the_user(self):
        mailbox = f"{secrets.token_hex(8)}@example.com"
        created = self.stytch.users.create(email=mailbox, phone_number=self.number)
        self.stytch.otps.sms.send(phone_number=self.number)
        self.stytch.otps.email.send(email=mailbox)
        for method_id, address in ((created.phone_id, self.number), (created.email_id, mailbox)):
            code = newest_code(address)
            for _ in range(5):
                guess = {"method_id": method_id, "code": another(code)}
                self.refused(404, "otp_code_not_found", self.stytch.otps.authenticate, **guess)
        right = {"method_id": created.email_id, "code": code}
        self.refused(429, "user_lock_limit_reached", self.stytch.otps.authenticate, **right)
        self.assertTrue(self.stytch.users.get(user_id=created.user_id).is_locked)

    def test_every_way_of_sending_has_a_limit(self):
        mailbox = f"{secrets.token_hex(8)}@example.com"
        for otp, address in (
            (self.stytch.otps.sms, {"phone_number": self.number}),
            (self.stytch.otps.whatsapp, {"phone_number": new_number()}),
            (self.stytch.otps.email, {"email": mailbox}),
        ):
            otp.login_or_create(**address)
            self.refused(429, "too_many_requests", otp.login_or_create, **address)
            self.refused(429, "too_many_requests", otp.send, **address)

    def test_a_code_that_came_from_elsewhere_is_refused(self):
        created = self.stytch.otps.sms.login_or_create(
            phone_number=self.number, attributes={"ip_address": "192.0.2.7", "user_agent": "Lynx"}
        )
        guess = {
            "method_id": created.phone_id,
            "code": newest_code(self.number),
            "options": {"ip_match_required": True, "user_agent_match_required": False},
        }
        authenticate = self.stytch.otps.authenticate
        elsewhere = {"ip_address": "192.0.2.8"}
        self.refused(401, "attribute_mismatch", authenticate, **guess, attributes=elsewhere)
        right = authenticate(**guess, attributes={"ip_address": "192.0.2.7"})
        self.assertEqual(right.user_id, created.user_id)

    def test_who_said_stop_is_sent_nothing(self):
        self.stytch.otps.sms.login_or_create(phone_number=self.number)
        self.text_back("STOP")
        self.refused(400, "unsubscribed_phone_number", self.stytch.otps.sms.send, phone_number=self.number)

    def text_back(self, text: str):
        """What the gateway does when somebody writes to the sender of codes."""
        credentials = base64.b64encode(f"{PROJECT}:{SECRET}".encode()).decode()
        headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
        body = json.dumps({"from": self.number, "text": text}).encode()
        request = urllib.request.Request(f"{URL}sallyport/v1/inbound_messages", body, headers)
        urllib.request.urlopen(request, timeout=10).close()


class Failures(SdkTest):
    def test_a_failure_of_the_service_is_an_error_of_the_sdk_that_tells_no_cause(self):
        with BrokenService() as service:
            self.assertTrue(service.client.debug.whoami().project_id)
            service.lose("otp_users")
            for name in ("user", "user create", "user search"):
                with self.subTest(name):
                    self.fails(service, CALLS[name])
            self.assertTrue(service.client.debug.whoami().project_id)
            service.lose("otp_projects")
            public = {"keys": lambda sdk, _: sdk.sessions.get_jwks(project_id=sdk.sessions.sync_client.project_id)}
            for name, call in (CALLS | public).items():
                with self.subTest(name):
                    self.fails(service, call)

    def fails(self, service: BrokenService, call):
        error = self.refused(500, "internal_server_error", call, service.client, SHORT)
        told = json.dumps(error.details.original_json).lower()
        for cause in ("sql", "table", "otp_", "lost"):
            self.assertNotIn(cause, told)
        log = service.log_about(error.details.request_id)
        self.assertTrue(any("no such table" in line for line in log), log)


if __name__ == "__main__":
    unittest.main()
