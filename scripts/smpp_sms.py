# sallyport: language=python3
"""Password first, then a code of six digits by SMS through a message centre that speaks SMPP 3.4.

Properties, named as in Gluu's script `smpp`:
  smpp_server, smpp_port        the message centre
  system_id, password           who you are to it
  source_addr                   who sends: a number with +, a short number, or a name of up to 11 letters
Optional:
  system_type    when the message centre wants one
  CODE_MINUTES   how long a code works                5
  CODE_TRIES     how often one code may be guessed    5
  COUNTRY_CODE   digits, put before national numbers (those that begin with one 0)
  NOTICE         what the page says of text messages
  OTHER_METHOD   the name of the login method that is offered after two messages, or when there is nowhere to send one

Each message is a connection of its own: right for hundreds of logins in an hour. For more, let the passcode service
of this server send, which stays connected, and use the script `stytch`.
"""

from sallyport.passcode import TEXT_MESSAGES, PasscodeMethod
from sallyport.phone import number_of
from sallyport.smpp import MessageCentre


class PersonAuthentication(PasscodeMethod):
    no_destination = "There is no usable phone number in your account. Please ask for help."

    def start(self, properties):
        super().start(properties)
        self.notice = properties.text("NOTICE", TEXT_MESSAGES)
        self.sender = properties.text("source_addr")
        self.country_code = properties.text("COUNTRY_CODE", "").lstrip("+")
        self.centre = MessageCentre(
            host=properties.text("smpp_server"),
            port=properties.number("smpp_port"),
            system_id=properties.text("system_id"),
            password=properties.text("password"),
            system_type=properties.text("system_type", ""),
        )

    def destination(self, person):
        return number_of(person, self.country_code)

    def send(self, number, text):
        return self.centre.send(self.sender, number, text)
