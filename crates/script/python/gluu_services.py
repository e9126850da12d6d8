"""Services of the host: cipher, cache, mail."""

import json

from sp_host import ask_value
from sp_java import Bean, java_class


@java_class("org.gluu.oxauth.service.common.EncryptionService", "org.gluu.service.EncryptionService")
class EncryptionService(Bean):
    def encrypt(self, text):
        return None if text is None else ask_value("encrypt", text=str(text))

    def decrypt(self, text, *_):
        return None if text is None else ask_value("decrypt", text=str(text))


@java_class("org.gluu.service.CacheService")
class CacheService(Bean):
    """Values are kept as JSON, so that texts, numbers, lists and maps come back as they were."""

    DEFAULT_SECONDS = 60 * 60

    def get(self, *key):
        stored = ask_value("cache_get", key=str(key[-1]))
        return None if stored is None else json.loads(stored)

    def put(self, *arguments):
        """put(seconds, key, value), put("seconds", key, value) and put(key, value)."""
        *seconds, key, value = arguments
        seconds = int(seconds[0]) if seconds else self.DEFAULT_SECONDS
        ask_value("cache_put", key=str(key), value=json.dumps(value), seconds=seconds)

    def remove(self, *key):
        ask_value("cache_remove", key=str(key[-1]))


@java_class("org.gluu.service.MailService")
class MailService(Bean):
    def sendMail(self, to, *arguments):
        """sendMail(to, subject, body), sendMail(to, name, subject, body) and both with an HTML body behind."""
        if len(arguments) >= 3:
            arguments = arguments[-3:] if len(arguments) >= 4 else arguments[1:]
        subject, body, *html = [str(argument) for argument in arguments]
        ask_value("send_mail", to=str(to), subject=subject, body=body, html=html[0] if html else None)
        return True
