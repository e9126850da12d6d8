"""The running demo that `tests/run` started: where it is, and how to add to it."""

import os
import re
import secrets
import subprocess
import time
from dataclasses import dataclass

import requests

ISSUER = os.environ["SALLYPORT_ISSUER"]
PHONE = os.environ["SALLYPORT_PHONE_JSON"]
COMMAND = [os.environ["SALLYPORT_PROGRAM"], "--home", os.environ["SALLYPORT_HOME"]]


@dataclass
class Person:
    username: str
    password: str
    name: str
    mail: str
    number: str


@dataclass
class Client:
    id: str
    secret: str


def add_person(name: str) -> Person:
    """Adds somebody with a phone number of their own: numbers have cool-downs and budgets."""
    person = Person(
        username=f"{name}-{secrets.token_hex(4)}",
        password=secrets.token_urlsafe(),
        name=f"{name.capitalize()} Peer",
        mail=f"{name}@example.com",
        # Any number of a real range; it is never sent to.
        number=f"+1202{200 + secrets.randbelow(800)}{secrets.randbelow(10_000):04}",
    )
    attributes = [f"displayName={person.name}", f"mail={person.mail}", f"mobile={person.number}"]
    _sallyport("person", "add", person.username, *attributes, "--password-file", "-", stdin=person.password)
    return person


def add_client(name: str, *flags: str) -> Client:
    """Registers a confidential application."""
    client_id = f"{name}-{secrets.token_hex(4)}"
    printed = _sallyport("client", "add", client_id, "--name", f"Peer {name}", *flags)
    return Client(client_id, re.search(r"^client_secret=(.+)$", printed, re.MULTILINE)[1])


def newest_code(number: str) -> str:
    """The code of the newest message to a number, which may take a moment to arrive."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        answer = requests.get(PHONE, timeout=10)
        answer.raise_for_status()
        for message in answer.json():
            if message["to"] == number:
                return re.search(r"^@\S+ #(\d+)$", message["body"], re.MULTILINE)[1]
        time.sleep(0.05)
    raise AssertionError(f"no message to {number} within 10 s")


def _sallyport(*arguments: str, stdin: str = "") -> str:
    done = subprocess.run([*COMMAND, *arguments], input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
