# sallyport: language=python3
"""Password first, then a code of six digits by e-mail.

Optional properties:
  CODE_MINUTES   how long a code works                5
  CODE_TRIES     how often one code may be guessed    5
  SUBJECT        of the message                       Your sign-in code
  OTHER_METHOD   the name of the login method that is offered after two messages, or when there is nowhere to send one

The address is the first value of `mail`. The mail server is that of the section [mail] of the configuration.
"""

from sallyport import send_mail
from sallyport.passcode import PasscodeMethod


class PersonAuthentication(PasscodeMethod):
    amr = ("pwd", "otp")
    notice = None
    page = "/auth/otp_email/otp_email.xhtml"
    kept_as = "mail_address"
    no_destination = "There is no e-mail address in your account. Please ask for help."

    def start(self, properties):
        super().start(properties)
        self.subject = properties.text("SUBJECT", "Your sign-in code")

    def destination(self, person):
        return person.getAttribute("mail")

    def shown(self, address):
        """a••••@example.com"""
        name, _, domain = address.rpartition("@")
        return "%s••••@%s" % (name[:1], domain)

    def send(self, address, text):
        try:
            return bool(send_mail(address, self.subject, text))
        except Exception as refused:
            print("No mail was sent: %s" % refused)
            return False
