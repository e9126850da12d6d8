# sallyport: language=python3
"""Password first, then a code of six digits by SMS through Twilio.

Properties:
  SMS_ENDPOINT   https://api.twilio.com/2010-04-01/Accounts/ACCOUNT_SID/Messages.json
  ACCOUNT_SID, AUTH_TOKEN
  FROM           the number that sends, or the SID (MG…) of a messaging service
Optional:
  CODE_MINUTES   how long a code works                5
  CODE_TRIES     how often one code may be guessed    5
  COUNTRY_CODE   digits, put before national numbers (those that begin with one 0)
  NOTICE         what the page says of text messages
  OTHER_METHOD   the name of the login method that is offered after two messages, or when there is nowhere to send one

The code is made and checked here; Twilio carries the message only. The address has the name SMS_ENDPOINT so that the
host counts the messages of each person and stops when there are too many.
"""

import base64
from urllib.parse import urlencode

from sallyport import post
from sallyport.passcode import TEXT_MESSAGES, PasscodeMethod
from sallyport.phone import number_of


class PersonAuthentication(PasscodeMethod):
    no_destination = "There is no usable phone number in your account. Please ask for help."

    def start(self, properties):
        super().start(properties)
        self.notice = properties.text("NOTICE", TEXT_MESSAGES)
        self.endpoint = properties.text("SMS_ENDPOINT")
        self.sender = properties.text("FROM")
        self.country_code = properties.text("COUNTRY_CODE", "").lstrip("+")
        account = "%s:%s" % (properties.text("ACCOUNT_SID"), properties.text("AUTH_TOKEN"))
        self.headers = {
            "Accept": "application/json",
            "Authorization": "Basic " + base64.b64encode(account.encode()).decode(),
            "Content-Type": "application/x-www-form-urlencoded",
        }

    def destination(self, person):
        return number_of(person, self.country_code)

    def send(self, number, text):
        sender = "MessagingServiceSid" if self.sender.startswith("MG") else "From"
        reply = post(self.endpoint, urlencode({"To": number, sender: self.sender, "Body": text}), self.headers)
        if not reply.ok:
            print("Twilio refused the message: status %s, %s" % (reply.status, reply.json().get("message")))
        return reply.ok
