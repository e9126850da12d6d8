"""The passcode service that the SDK talks to, and what every test of it needs.

The environment says where it is: SALLYPORT_OTP_URL, SALLYPORT_PROJECT_ID, SALLYPORT_PROJECT_SECRET,
and SALLYPORT_PHONE_JSON for the messages that its telephone received.
"""

import json
import os
import secrets
import time
import unittest
import urllib.request

import stytch
from stytch.core.response_base import StytchError

URL = os.environ["SALLYPORT_OTP_URL"].rstrip("/") + "/"
PROJECT = os.environ["SALLYPORT_PROJECT_ID"]
SECRET = os.environ["SALLYPORT_PROJECT_SECRET"]
PHONE = os.environ["SALLYPORT_PHONE_JSON"]

AREAS = ["212", "305", "312", "415", "503", "617", "702", "808", "416", "604"]
FIELDS_OF_AN_ERROR = {"status_code", "request_id", "error_type", "error_message", "error_url"}
UNKNOWN_USER = "user-test-00000000-0000-4000-8000-000000000000"


def new_number() -> str:
    """A number of nobody: each run has its own, because numbers have cool-downs and budgets."""
    return f"+1{secrets.choice(AREAS)}{200 + secrets.randbelow(700)}{secrets.randbelow(10_000):04}"


def newest_code(number: str) -> str:
    """The code of the newest message to the number."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        with urllib.request.urlopen(PHONE, timeout=10) as answer:
            messages = json.load(answer)
        for message in messages:
            if message["to"] == number:
                return message["body"][:6]
        time.sleep(0.1)
    raise AssertionError(f"no message to the number that ends in {number[-2:]}")


def another(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def client(secret: str = SECRET) -> stytch.Client:
    return stytch.Client(PROJECT, secret, environment=URL)


class SdkTest(unittest.TestCase):
    def setUp(self):
        self.stytch = client()
        self.number = new_number()

    def refused(self, status: int, error_type: str, call, *args, **kwargs) -> StytchError:
        """The call fails as Stytch would let it fail: its five fields, and none that an SDK would not expect."""
        with self.assertRaises(StytchError) as caught:
            call(*args, **kwargs)
        details = caught.exception.details
        self.assertEqual((details.status_code, details.error_type), (status, error_type))
        self.assertRegex(details.request_id, "^request-id-(test|live)-[0-9a-f-]{36}$")
        self.assertTrue(details.error_message)
        self.assertEqual(details.error_url, f"https://stytch.com/docs/api/errors/{status}#{error_type}")
        self.assertEqual(set(details.original_json), FIELDS_OF_AN_ERROR)
        return caught.exception
