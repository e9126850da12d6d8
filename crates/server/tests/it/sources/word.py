# sallyport: language=python3
# Password, then a word that everybody knows: for tests of what happens when a script changes.
from org.gluu.model.custom.script.type.auth import PersonAuthenticationType
from org.gluu.oxauth.security import Identity
from org.gluu.oxauth.service import AuthenticationService
from org.gluu.oxauth.util import ServerUtil
from org.gluu.service.cdi.util import CdiUtil

WORD = "one"


class PersonAuthentication(PersonAuthenticationType):
    def __init__(self, current_time_millis):
        pass

    def init(self, custom_script, configuration):
        print("Word. Initialized with", WORD)
        return True

    def destroy(self, configuration):
        print("Word. Destroyed with", WORD)
        return True

    def getApiVersion(self):
        return 11

    def isValidAuthenticationMethod(self, usage_type, configuration):
        return True

    def getAlternativeAuthenticationMethod(self, usage_type, configuration):
        return None

    def authenticate(self, configuration, parameters, step):
        if step == 1:
            credentials = CdiUtil.bean(Identity).getCredentials()
            service = CdiUtil.bean(AuthenticationService)
            return service.authenticate(credentials.getUsername(), credentials.getPassword())
        return ServerUtil.getFirstValue(parameters, "passcode") == WORD

    def prepareForStep(self, configuration, parameters, step):
        return True

    def getExtraParametersForStep(self, configuration, step):
        return None

    def getCountAuthenticationSteps(self, configuration):
        return 2

    def getPageForStep(self, configuration, step):
        return "/auth/otp_sms/otp_sms.xhtml" if step == 2 else ""

    def getNextStep(self, configuration, parameters, step):
        return -1

    def getAuthenticationMethodClaims(self, configuration):
        return None

    def logout(self, configuration, parameters):
        return True
