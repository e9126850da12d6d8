"""A web application that signs people in with Authlib, as its manual describes it for Flask."""

import pytest
from authlib.integrations.flask_client import OAuth
from demo import ISSUER, add_client, add_person
from flask import Flask, request
from visitor import Visitor, sign_in

APPLICATION = "http://127.0.0.1:9/peer/"
CALLBACK = f"{APPLICATION}callback"


@pytest.fixture(scope="module")
def application() -> Flask:
    client = add_client("authlib", "--redirect-uri", CALLBACK, "--scope", "openid profile email phone")
    app = Flask("peer")
    app.secret_key = "signs the cookie in which Authlib remembers state and nonce"
    provider = OAuth(app).register(
        "sallyport",
        client_id=client.id,
        client_secret=client.secret,
        server_metadata_url=f"{ISSUER}/.well-known/openid-configuration",
        authorize_params={"acr_values": "stytch"},
        client_kwargs={
            "scope": "openid profile email phone",
            "token_endpoint_auth_method": "client_secret_basic",
            "code_challenge_method": "S256",
        },
    )

    @app.get("/peer/login")
    def login():
        return provider.authorize_redirect(CALLBACK, **request.args)

    @app.get("/peer/callback")
    def callback():
        token = provider.authorize_access_token()
        return {"id_token": token["userinfo"], "userinfo": provider.userinfo(token=token)}

    return app


def test_a_person_signs_in_by_password_and_passcode(application: Flask):
    person = add_person("anna")
    browser = application.test_client()
    leave = browser.get(f"{APPLICATION}login")
    back = sign_in(Visitor(APPLICATION), leave.location, person)
    assert isinstance(back, str), f"the login ended on the page: {back}"

    known = browser.get(back).get_json()
    assert known["id_token"]["iss"] == ISSUER
    assert known["id_token"]["acr"] == "stytch"
    assert known["id_token"]["amr"]
    assert known["id_token"]["sid"]
    assert known["userinfo"]["sub"] == known["id_token"]["sub"]
    assert known["userinfo"]["preferred_username"] == person.username
    assert known["userinfo"]["name"] == person.name
    assert known["userinfo"]["email"] == person.mail
    assert known["userinfo"]["phone_number"] == person.number


def test_a_stranger_is_refused_without_a_page_when_none_may_be_shown(application: Flask):
    browser = application.test_client()
    leave = browser.get(f"{APPLICATION}login", query_string={"prompt": "none"})
    back = Visitor(APPLICATION).open(leave.location)
    assert "error=login_required" in back
