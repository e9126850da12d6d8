"""Mail as Gluu's scripts send it: MailService, and what is known of the server that takes it."""

import sys

from gluu_util import StringHelper
from sp_host import ask, ask_value, plain_text
from sp_java import Bean, JavaException, JavaObject, java_class


def send(to, subject, body, html=None):
    """One message. Raises with the reason when it was not taken."""
    to = [plain_text(address) for address in to]
    kind, why = ask("send_mail", to=to, subject=plain_text(subject or ""), body=plain_text(body or ""), html=html)
    if kind == "unreachable":
        raise JavaException(why)


@java_class("org.gluu.model.SmtpConfiguration", partial="host, port, sender and whether a name is needed; the password is not shown")
class SmtpConfiguration(JavaObject):
    def __init__(self, server):
        self._server = server

    def getHost(self):
        return self._server["host"]

    def getPort(self):
        return self._server["port"]

    def getUserName(self):
        return self._server["user"]

    def getFromEmailAddress(self):
        return self._server["from"]

    def getFromName(self):
        return self._server["from_name"]

    def isRequiresAuthentication(self):
        return self._server["user"] is not None

    def isRequiresSsl(self):
        return self._server["encrypted"]

    def isServerTrust(self):
        """The certificate is always verified."""
        return False

    def getPassword(self):
        return None

    getPasswordDecrypted = getPassword


def smtp_configuration():
    """None when the administrator configured no mail."""
    server = ask_value("mail_server")
    return None if server is None else SmtpConfiguration(server)


@java_class("org.gluu.service.MailService", "org.gluu.oxauth.service.MailService", partial="the sender is always that of the configuration; sendMailSigned sends without a signature")
class MailService(Bean):
    def sendMail(self, *arguments):
        """(to, subject, body), (to, name, subject, body, html), (from, name, to, name, subject, body, html), and the
        latter behind a configuration. False when it was not sent; the reason is in the script's log."""
        to, subject, body, html = self._read(arguments)
        html = None if StringHelper.isEmpty(html) else plain_text(html)
        try:
            send([to], subject, body, html)
        except JavaException as cause:
            print("mail was not sent: %s" % cause.getMessage(), file=sys.stderr)
            return False
        return True

    def sendMailSigned(self, *arguments):
        print("mail goes out without a signature: this server has no key for one", file=sys.stderr)
        return self.sendMail(*arguments)

    def _read(self, arguments):
        if len(arguments) == 3:
            return (*arguments, None)
        if len(arguments) == 4:
            return (arguments[0], *arguments[2:], None)
        if len(arguments) == 5:
            return (arguments[0], *arguments[2:])
        if len(arguments) in (7, 8):
            _, _, to, _, *message = arguments[-7:]
            return (to, *message)
        raise JavaException("sendMail takes 3, 5, 7 or 8 arguments, not %d" % len(arguments))
