"""Stytch's official Python SDK against a running passcode service."""

import asyncio
import secrets
import unittest

from service import PROJECT, UNKNOWN_USER, SdkTest, another, new_number, newest_code


class Passcodes(SdkTest):
    def sign_in(self):
        """Opens a session for the owner of the number."""
        created = self.stytch.otps.sms.login_or_create(phone_number=self.number)
        code = newest_code(self.number)
        return self.stytch.otps.authenticate(method_id=created.phone_id, code=code, session_duration_minutes=60)

    def test_a_new_number_signs_in_and_comes_back(self):
        created = self.stytch.otps.sms.login_or_create(phone_number=self.number, expiration_minutes=5)
        self.assertEqual(created.status_code, 200)
        self.assertTrue(created.user_created)
        code = newest_code(self.number)
        authenticate = self.stytch.otps.authenticate
        self.refused(404, "otp_code_not_found", authenticate, method_id=created.phone_id, code=another(code))

        right = authenticate(method_id=created.phone_id, code=code)
        self.assertEqual(right.user_id, created.user_id)
        self.assertEqual(right.method_id, created.phone_id)
        self.assertEqual(right.user.status, "active")
        self.assertEqual([(p.phone_number, p.verified) for p in right.user.phone_numbers], [(self.number, True)])
        self.assertFalse(right.reset_sessions)
        self.assertIsNone(right.session)
        self.refused(401, "unable_to_auth_otp_code", authenticate, method_id=created.phone_id, code=code)

        sent = self.stytch.otps.sms.send(phone_number=self.number, locale="pt-br")
        self.assertEqual((sent.user_id, sent.phone_id), (created.user_id, created.phone_id))
        again = authenticate(method_id=sent.phone_id, code=newest_code(self.number))
        self.assertEqual(again.user_id, created.user_id)

    def test_the_asynchronous_client_signs_in(self):
        async def sign_in():
            created = await self.stytch.otps.sms.login_or_create_async(phone_number=self.number)
            code = newest_code(self.number)
            return created, await self.stytch.otps.authenticate_async(method_id=created.phone_id, code=code)

        created, right = asyncio.run(sign_in())
        self.assertEqual(right.user_id, created.user_id)

    def test_what_is_wrong_with_a_request_is_named(self):
        send, create = self.stytch.otps.sms.send, self.stytch.otps.sms.login_or_create
        authenticate = self.stytch.otps.authenticate
        self.refused(404, "user_not_found", send, phone_number=self.number)
        self.refused(404, "user_not_found", send, phone_number=self.number, user_id=UNKNOWN_USER)
        self.refused(400, "invalid_user_id", send, phone_number=self.number, user_id="user-test-7")
        self.refused(404, "user_not_found", send, phone_number=self.number, user_id="nobody")
        self.refused(400, "invalid_phone_number", create, phone_number="2025550162")
        self.refused(400, "invalid_phone_number", create, phone_number="+999123456789")
        self.refused(400, "invalid_expiration_otp", create, phone_number=self.number, expiration_minutes=11)
        self.refused(400, "invalid_locale", create, phone_number=self.number, locale="xx")
        self.refused(400, "invalid_method_id", authenticate, method_id="nothing", code="123456")
        created = create(phone_number=self.number)
        self.refused(400, "invalid_code", authenticate, method_id=created.phone_id, code="12345")
        self.refused(429, "too_many_requests", create, phone_number=self.number)

    def test_a_code_stands_five_guesses(self):
        created = self.stytch.otps.sms.login_or_create(phone_number=self.number)
        code = newest_code(self.number)
        guess = {"method_id": created.phone_id, "code": another(code)}
        for _ in range(5):
            self.refused(404, "otp_code_not_found", self.stytch.otps.authenticate, **guess)
        guess["code"] = code
        self.refused(401, "unable_to_auth_otp_code", self.stytch.otps.authenticate, **guess)

    def test_users_are_read_and_deleted(self):
        created = self.stytch.otps.sms.login_or_create(phone_number=self.number, create_user_as_pending=True)
        user = self.stytch.users.get(user_id=created.user_id)
        self.assertEqual((user.status, user.phone_numbers[0].verified), ("pending", False))
        delete_number = self.stytch.users.delete_phone_number
        self.refused(400, "cannot_delete_last_primary_factor", delete_number, phone_id=created.phone_id)
        self.assertEqual(self.stytch.users.delete(user_id=created.user_id).user_id, created.user_id)
        self.refused(404, "user_not_found", self.stytch.users.get, user_id=created.user_id)

    def test_a_user_gets_a_second_number_and_loses_it_again(self):
        right = self.sign_in()
        for how in ({"user_id": right.user_id}, {"session_token": right.session_token}):
            other = new_number()
            sent = self.stytch.otps.sms.send(phone_number=other, **how)
            self.assertEqual(sent.user_id, right.user_id)
            added = self.stytch.otps.authenticate(method_id=sent.phone_id, code=newest_code(other))
            self.assertEqual({p.phone_number for p in added.user.phone_numbers}, {self.number, other})
            left = self.stytch.users.delete_phone_number(phone_id=sent.phone_id).user
            self.assertEqual([p.phone_number for p in left.phone_numbers], [self.number])
        both = {"user_id": right.user_id, "session_token": right.session_token}
        too_many = "too_many_user_selection_arguments"
        self.refused(400, too_many, self.stytch.otps.sms.send, phone_number=new_number(), **both)

    def test_a_session_is_verified_without_asking(self):
        keys = self.stytch.sessions.get_jwks(project_id=PROJECT).keys
        self.assertEqual(keys[0].alg, "RS256")
        created = self.stytch.otps.sms.login_or_create(phone_number=self.number)
        right = self.stytch.otps.authenticate(
            method_id=created.phone_id,
            code=newest_code(self.number),
            session_duration_minutes=60,
            session_custom_claims={"plan": "free"},
        )
        local = self.stytch.sessions.authenticate_jwt_local(right.session_jwt, leeway=5)
        self.assertEqual(local.session_id, right.session.session_id)
        self.assertEqual(local.custom_claims, {"plan": "free"})
        factor = local.authentication_factors[0]
        self.assertEqual(factor.phone_number_factor.phone_number, self.number)

        authenticate = self.stytch.sessions.authenticate
        self.assertEqual(authenticate(session_token=right.session_token).user.user_id, right.user_id)
        self.stytch.sessions.revoke(session_jwt=right.session_jwt)
        self.refused(404, "session_not_found", authenticate, session_token=right.session_token)

    def test_a_code_comes_by_e_mail(self):
        mailbox = f"{secrets.token_hex(8)}@example.com"
        created = self.stytch.otps.email.login_or_create(email=mailbox, locale="fr")
        self.assertTrue(created.user_created)
        right = self.stytch.otps.authenticate(
            method_id=created.email_id, code=newest_code(mailbox), session_duration_minutes=60
        )
        self.assertEqual([(e.email, e.verified) for e in right.user.emails], [(mailbox, True)])
        self.assertEqual(right.session.authentication_factors[0].email_factor.email_id, created.email_id)
        sent = self.stytch.otps.email.send(email=mailbox)
        self.assertEqual(sent.user_id, created.user_id)
        send = self.stytch.otps.email.send
        self.refused(429, "too_many_requests", send, email=mailbox)
        self.refused(400, "invalid_email", send, email="nowhere")
        self.refused(404, "user_not_found", send, email=f"{secrets.token_hex(8)}@example.com")

    def test_a_code_comes_by_whatsapp(self):
        whatsapp = self.stytch.otps.whatsapp
        created = whatsapp.login_or_create(phone_number=self.number)
        code = newest_code(self.number)
        right = self.stytch.otps.authenticate(method_id=created.phone_id, code=code, session_duration_minutes=5)
        self.assertEqual(right.session.authentication_factors[0].delivery_method, "whatsapp")
        self.assertEqual(whatsapp.send(phone_number=self.number).phone_id, created.phone_id)
        self.refused(400, "invalid_phone_number", whatsapp.send, phone_number="2025550162")

    def test_the_sandbox_needs_no_telephone(self):
        for channel, address in (("sms", {"phone_number": "+10000000000"}), ("email", {"email": "sandbox@stytch.com"})):
            sent = getattr(self.stytch.otps, channel).login_or_create(**address)
            method_id = sent.phone_id if channel == "sms" else sent.email_id
            right = self.stytch.otps.authenticate(method_id=method_id, code="000000")
            self.assertEqual(right.user_id, sent.user_id)

    def test_users_are_created_changed_and_found(self):
        users = self.stytch.users
        mailbox = f"{secrets.token_hex(8)}@example.com"
        external_id = secrets.token_hex(8)
        created = users.create(
            email=mailbox,
            phone_number=self.number,
            name={"first_name": "Alice"},
            external_id=external_id,
            trusted_metadata={"plan": "free"},
            roles=["buyer"],
        )
        self.assertEqual(created.user.trusted_metadata, {"plan": "free"})
        self.refused(400, "duplicate_email", users.create, email=mailbox)
        self.refused(400, "duplicate_phone_number", users.create, phone_number=self.number)
        self.refused(400, "invalid_create_user_request", users.create)
        updated = users.update(user_id=external_id, name={"last_name": "Abel"}, untrusted_metadata={"theme": "dark"})
        self.assertEqual((updated.user.name.first_name, updated.user.name.last_name), ("Alice", "Abel"))
        query = {"operator": "AND", "operands": [{"filter_name": "email_address", "filter_value": [mailbox]}]}
        found = users.search(limit=10, query=query)
        self.assertEqual([user.user_id for user in found.results], [created.user_id])
        self.assertIsNone(found.results_metadata.next_cursor)
        everybody = [user for page in users.search_all(limit=1, query=query) for user in page.results]
        self.assertEqual([user.user_id for user in everybody], [created.user_id])
        self.refused(400, "user_search_invalid_limit", users.search, limit=1001)
        self.assertIsNone(users.delete_external_id(user_id=created.user_id).user.external_id)
        self.refused(404, "email_not_found", users.delete_email, email_id=UNKNOWN_USER.replace("user", "email"))
        self.assertEqual(users.delete_email(email_id=created.email_id).user.emails, [])
        other = new_number()
        exchanged = users.exchange_primary_factor(user_id=created.user_id, phone_number=other)
        self.assertEqual([phone.phone_number for phone in exchanged.user.phone_numbers], [other])
        exchange = users.exchange_primary_factor
        self.refused(400, "invalid_exchange_primary_factor_fields", exchange, user_id=created.user_id)

    def test_sessions_are_listed_and_revoked(self):
        right = self.sign_in()
        sessions = self.stytch.sessions
        listed = sessions.get(user_id=right.user_id).sessions
        self.assertEqual([session.session_id for session in listed], [right.session.session_id])
        token = right.session_token
        check = {"resource_id": "documents", "action": "read"}
        not_allowed = "consumer_session_authorization_error"
        self.refused(403, not_allowed, sessions.authenticate, session_token=token, authorization_check=check)
        sessions.revoke(session_id=right.session.session_id)
        self.assertEqual(sessions.get(user_id=right.user_id).sessions, [])
        self.refused(400, "no_session_revoke_arguments", sessions.revoke)
        self.refused(404, "session_not_found", sessions.authenticate, session_token=token, authorization_check=check)
        self.refused(404, "user_not_found", sessions.get, user_id=UNKNOWN_USER)

    def test_who_calls_is_known(self):
        self.assertEqual(self.stytch.debug.whoami().project_id, PROJECT)

    def test_what_is_not_there_is_an_error_of_the_sdk(self):
        self.refused(404, "route_not_found", self.stytch.magic_links.email.send, email="sandbox@stytch.com")


if __name__ == "__main__":
    unittest.main()
