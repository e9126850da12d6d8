"""A login by a code that comes by mail, through a real mail server: aiosmtpd with STARTTLS, TLS and AUTH."""

import os
import re
import secrets
import socket
import ssl
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
from bs4 import BeautifulSoup

PROGRAM = os.environ["SALLYPORT_PROGRAM"]
CALLBACK = "http://127.0.0.1:9/callback"
PASSWORD = "correct horse battery staple"
MAIL_USER, MAIL_PASSWORD = "login", secrets.token_urlsafe()
AUTHORITY = trustme.CA()


class Letters:
    """What arrived, and how."""

    def __init__(self):
        self.taken = []

    async def handle_DATA(self, server, session, envelope):
        self.taken.append((envelope, session))
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    right = (data.login, data.password) == (MAIL_USER.encode(), MAIL_PASSWORD.encode())
    return AuthResult(success=right, handled=right, auth_data=MAIL_USER)


class MailServer(Controller):
    """On a free port of localhost, with a certificate of an authority of its own."""

    def __init__(self, from_the_first_byte: bool):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        AUTHORITY.issue_cert("localhost").configure_cert(context)
        self.starttls = None if from_the_first_byte else context
        self.letters = Letters()
        super().__init__(
            self.letters,
            hostname="localhost",
            port=free_port(),
            ssl_context=context if from_the_first_byte else None,
        )

    def factory(self):
        return SMTP(
            self.handler,
            hostname="localhost",
            tls_context=self.starttls,
            require_starttls=self.starttls is not None,
            authenticator=authenticate,
            auth_required=True,
            auth_require_tls=self.starttls is not None,
        )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def mail_server(from_the_first_byte: bool = False):
    server = MailServer(from_the_first_byte)
    server.start()
    try:
        yield server
    finally:
        server.stop()


class Sallyport:
    """A server of its own, whose only script sends a code by mail."""

    def __init__(self, home: Path, mail: dict):
        self.home = home
        self.log = home / "server.log"
        port = free_port()
        self.address = f"http://localhost:{port}"
        keys = "\n".join(f"{name} = {value if isinstance(value, int) else repr(str(value))}" for name, value in mail.items())
        (home / "sallyport.toml").write_text(
            f'[server]\nissuer = "{self.address}"\nlisten = "127.0.0.1:{port}"\n[mail]\n{keys}\n'
        )
        self.process = subprocess.Popen(
            [PROGRAM, "serve", "--home", home], stdout=subprocess.DEVNULL, stderr=self.log.open("w")
        )
        self.wait()
        self.run("person", "add", "anna", "mail=anna@example.com", "--password-file", "-", stdin=PASSWORD)
        self.run("script", "add", "email_code", "--shipped", "--enable")
        self.run("client", "add", "peer", "--name", "Peer", "--trusted", "--public", "--redirect-uri", CALLBACK)

    def wait(self):
        end = time.monotonic() + 30
        while time.monotonic() < end:
            try:
                if requests.get(f"{self.address}/readyz", timeout=5).ok:
                    return
            except requests.ConnectionError:
                assert self.process.poll() is None, self.log.read_text()
                time.sleep(0.05)
        raise AssertionError("the server did not start")

    def run(self, *arguments: str, stdin: str = ""):
        done = subprocess.run(
            [PROGRAM, *arguments, "--home", self.home], input=stdin, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    def stop(self):
        self.process.terminate()
        self.process.wait()


@pytest.fixture
def sallyport(tmp_path):
    """Starts a server with a section [mail]."""
    running = []

    def start(mail: dict) -> Sallyport:
        (tmp_path / "ca.pem").write_bytes(AUTHORITY.cert_pem.bytes())
        (tmp_path / "password").write_text(MAIL_PASSWORD + "\n")
        running.append(Sallyport(tmp_path, mail))
        return running[-1]

    yield start
    for server in running:
        server.stop()


def settings(server: MailServer, **others) -> dict:
    return {
        "host": "localhost",
        "port": server.port,
        "from": "Example Inc. <login@example.com>",
        "user": MAIL_USER,
        "password_file": "password",
        "ca_file": "ca.pem",
    } | others


class Browser:
    """A person's browser without JavaScript, that stops where the application would take over."""

    def __init__(self, server: Sallyport):
        self.session = requests.Session()
        query = {
            "response_type": "code",
            "client_id": "peer",
            "redirect_uri": CALLBACK,
            "scope": "openid",
            "acr_values": "email_code",
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            "code_challenge_method": "S256",
        }
        self.follow(self.session.get(f"{server.address}/oxauth/restv1/authorize", params=query, allow_redirects=False))

    def press(self, label: str, **values: str):
        buttons = [b for b in self.page.select("form button[type=submit]") if b.get_text().strip() == label]
        assert buttons, f"no button {label!r}: {self.page.get_text(' ', strip=True)}"
        form = buttons[0].find_parent("form")
        fields = {field["name"]: field.get("value", "") for field in form.select("input[name]")} | values
        if name := buttons[0].get("name"):
            fields[name] = buttons[0].get("value", "")
        self.follow(self.session.post(urljoin(self.address, form["action"]), fields, allow_redirects=False))

    def follow(self, answer: requests.Response):
        while answer.is_redirect:
            self.address = urljoin(answer.url, answer.headers["Location"])
            if self.address.startswith(CALLBACK):
                return
            answer = self.session.get(self.address, allow_redirects=False)
        self.address = answer.url
        self.page = BeautifulSoup(answer.text, "html.parser")


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_code_comes_by_mail_over_tls_with_name_and_password(sallyport, security):
    with mail_server(from_the_first_byte=security == "tls") as mail:
        server = sallyport(settings(mail, security=security))
        browser = Browser(server)
        browser.press("Continue", username="anna", password=PASSWORD)
        [(envelope, session)] = mail.letters.taken
        assert session.authenticated and session.auth_data == MAIL_USER
        assert session.ssl is not None or security == "tls"
        assert (envelope.mail_from, envelope.rcpt_tos) == ("login@example.com", ["anna@example.com"])
        text = envelope.content.decode()
        assert "From: \"Example Inc.\" <login@example.com>" in text
        code = re.search(r"\b\d{6}\b", text.partition("\r\n\r\n")[2])[0]
        browser.press("Continue", passcode=code)
        assert "code=" in browser.address
        said = server.log.read_text() + (server.home / "oxauth/logs/oxauth_script.log").read_text()
        assert "mail.sent" in said
        assert not [secret for secret in (code, MAIL_PASSWORD, "anna@example.com") if secret in said]


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [
        ({"ca_file": None}, "certificate"),
        ({"password_file": None, "password": "wrong"}, "535"),
        ({"host": "127.0.0.1"}, "certificate"),
    ],
)
def test_nothing_is_sent_to_a_mail_server_that_is_not_proven_or_does_not_agree(sallyport, wrong, cause):
    with mail_server() as mail:
        chosen = {name: value for name, value in (settings(mail) | wrong).items() if value is not None}
        server = sallyport(chosen)
        browser = Browser(server)
        browser.press("Continue", username="anna", password=PASSWORD)
        assert mail.letters.taken == []
        said = server.log.read_text()
        assert "mail.failed" in said and cause in said, said
        assert MAIL_PASSWORD not in said


def test_nothing_is_sent_where_starttls_is_not_offered(sallyport):
    letters = Letters()
    plain = Controller(letters, hostname="localhost", port=free_port())
    plain.start()
    try:
        chosen = settings(plain)
        server = sallyport(chosen)
        Browser(server).press("Continue", username="anna", password=PASSWORD)
        assert letters.taken == []
        assert "mail.failed" in server.log.read_text()
    finally:
        plain.stop()
