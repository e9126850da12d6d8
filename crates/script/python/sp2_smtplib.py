"""smtplib: mail goes out by the host, whose mail server and sender the administrator chose."""

from gluu_mail import MailService
from sp2_email import MailText, message_from_string


class SMTPException(Exception):
    pass


class SMTPAuthenticationError(SMTPException):
    pass


class SMTPRecipientsRefused(SMTPException):
    pass


class SMTP:
    """Server, port and password of the script are accepted, and not used."""

    def __init__(self, *_, **__):
        pass

    def ehlo(self, *_, **__):
        return 250, "ok"

    connect = helo = ehlo_or_helo_if_needed = starttls = login = set_debuglevel = quit = close = ehlo

    def sendmail(self, from_addr, to_addrs, msg, *_, **__):
        message = msg.message if isinstance(msg, MailText) else message_from_string(msg)
        receivers = [to_addrs] if isinstance(to_addrs, str) else list(to_addrs)
        plain, html = _texts(message)
        subject = message.get("Subject", "")
        for receiver in receivers:
            if not MailService.bean().sendMail(receiver, "", subject, plain, html):
                raise SMTPException("the message was not sent")
        return {}


SMTP_SSL = SMTP


def _texts(message):
    """The plain text and the HTML text of a mail; the last of its kind counts."""
    parts = message.get_payload() if message.is_multipart() else [message]
    plain, html = "", None
    for part in parts:
        if part.is_multipart():
            inner_plain, inner_html = _texts(part)
            plain, html = inner_plain or plain, inner_html or html
        elif part.subtype == "html":
            html = str(part.get_payload())
        else:
            plain = str(part.get_payload())
    return plain, html
