"""A passcode service of its own, whose store can be broken. SALLYPORT_PROGRAM names the program."""

import os
import pathlib
import socket
import sqlite3
import subprocess
import tempfile
import time
import urllib.request

import stytch

PROGRAM = os.environ["SALLYPORT_PROGRAM"]

CONFIGURATION = """
[passcode_service]
enabled = true
host = "login.example.com"
listen = "127.0.0.1:{port}"

[[passcode_service.gateways]]
kind = "webhook"
url = "http://127.0.0.1:9/"
secret = "a secret that nobody has to guess"
"""


class BrokenService:
    """Whole at first: `with BrokenService() as service: …; service.lose("otp_users")`."""

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory()
        self._home = pathlib.Path(self._folder.name)
        port = free_port()
        self._url = f"http://127.0.0.1:{port}/"
        (self._home / "sallyport.toml").write_text(CONFIGURATION.format(port=port))
        with (self._home / "log").open("w") as log:
            self._process = subprocess.Popen([PROGRAM, "otp", "serve", "--home", self._home], stdout=log, stderr=log)
        self._wait_until_it_answers()
        self.client = self._new_client()
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait()
        self._folder.cleanup()

    def lose(self, table: str):
        """Takes a table out of the store, under the feet of the server."""
        store = sqlite3.connect(self._home / "sallyport.db")
        store.execute(f"ALTER TABLE {table} RENAME TO lost_{table}")
        store.close()

    def log_about(self, request_id: str) -> list[str]:
        return [line for line in (self._home / "log").read_text().splitlines() if request_id in line]

    def _new_client(self) -> stytch.Client:
        words = [PROGRAM, "otp", "project", "add", "--home", self._home]
        printed = subprocess.run(words, check=True, capture_output=True, text=True).stdout
        printed = dict(line.split("=", 1) for line in printed.splitlines() if "=" in line)
        return stytch.Client(printed["PROJECT_ID"], printed["SECRET"], environment=self._url)

    def _wait_until_it_answers(self):
        end = time.monotonic() + 20
        while time.monotonic() < end and self._process.poll() is None:
            try:
                return urllib.request.urlopen(f"{self._url}openapi.json", timeout=5).close()
            except OSError:
                time.sleep(0.1)
        raise AssertionError(f"the service did not start: {(self._home / 'log').read_text()}")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
