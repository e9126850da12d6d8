# sallyport: language=python3
"""NAME: name and password, then a code that comes by mail.

Sallyport makes one object of PersonAuthentication on each worker and calls its methods. Whatever must
live from one step to the next belongs into the session, never into `self` or a variable of the module:
the next request may meet another worker, and another person.
"""

import hmac
import secrets

from sallyport import LoginMethod, check_password, now, person, refuse, send_mail, session, typed


class PersonAuthentication(LoginMethod):
    # Called when the script is loaded. An exception here keeps the method from being offered, and its
    # text is what `sallyport script list` shows. What is printed goes to the script log.
    def start(self, properties):
        self.seconds = properties.number("CODE_SECONDS", 300, least=30)
        print("NAME. Initialized. A code lives for", self.seconds, "seconds")

    def getCountAuthenticationSteps(self, configuration):
        return 2

    # An empty text is the page with name and password.
    def getPageForStep(self, configuration, step):
        return "/auth/otp_sms/otp_sms.xhtml" if step == 2 else ""

    # Called with the form of a step; True when the step is passed. The number of the step comes from
    # the login, never from the form, and the host has counted the try before it comes here.
    def authenticate(self, configuration, parameters, step):
        if step == 1:
            return check_password() and self.send_code()
        return self.check_code(typed(parameters, "passcode").strip())

    # Step 1, after the password was right. The session is sealed in the store. Never print a code.
    def send_code(self):
        mail = person().getAttribute("mail")
        if not mail:
            return refuse("There is no mail address in your account. Please ask for help.")
        code = "%06d" % secrets.randbelow(1000000)
        if not send_mail(mail, "Your sign-in code", "Your code is %s." % code):
            return refuse("The message could not be sent. Please try again later.")
        session()["mail_code"] = code
        session()["mail_code_until"] = str(int(now()) + self.seconds)
        return True

    # Step 2.
    def check_code(self, code):
        sent, until = session().get("mail_code"), session().get("mail_code_until")
        if not sent or now() > int(until):
            return refuse("The code is not valid any more. Please start again.")
        return hmac.compare_digest(code.encode(), sent.encode()) or refuse("This code is not right.")

    # There are more methods, and LoginMethod answers them in the usual way: prepareForStep, getNextStep,
    # getExtraParametersForStep, isValidAuthenticationMethod, logout and others. docs/scripts.md has all.
