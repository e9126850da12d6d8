# sallyport: language=python3
# Three steps: a password, and twice a word that only the person of the login has. The field `go`
# leads back to any step, and from the first, once it is passed, to the third. The field `give_up`
# leads to the method `spare`.
from org.gluu.model.custom.script.type.auth import PersonAuthenticationType
from org.gluu.oxauth.security import Identity
from org.gluu.oxauth.service import AuthenticationService
from org.gluu.oxauth.util import ServerUtil
from org.gluu.service.cdi.util import CdiUtil


class PersonAuthentication(PersonAuthenticationType):
    def __init__(self, now):
        self.identity = CdiUtil.bean(Identity)
        self.service = CdiUtil.bean(AuthenticationService)

    def init(self, custom_script, properties):
        return True

    def getApiVersion(self):
        return 11

    def isValidAuthenticationMethod(self, usage, properties):
        return self.identity.getSessionId().getSessionAttributes().get("gave_up") is None

    def getAlternativeAuthenticationMethod(self, usage, properties):
        return "spare"

    def authenticate(self, properties, form, step):
        if ServerUtil.getFirstValue(form, "give_up"):
            self.identity.getSessionId().getSessionAttributes().put("gave_up", "yes")
            return False
        passed = self.answer(form, step)
        self.identity.setWorkingParameter("passed", passed)
        return passed

    def answer(self, form, step):
        if step == 1:
            credentials = self.identity.getCredentials()
            name, password = credentials.getUsername(), credentials.getPassword()
            return bool(name and password and self.service.authenticate(name, password))
        word = "%s-%d" % (self.service.getAuthenticatedUser().getUserId(), step)
        return ServerUtil.getFirstValue(form, "passcode") == word

    def getNextStep(self, properties, form, step):
        go = ServerUtil.getFirstValue(form, "go")
        if not go:
            return -1
        skips = step == 1 and go == "3" and self.identity.getWorkingParameter("passed")
        return int(go) if int(go) <= step or skips else -1

    def prepareForStep(self, properties, form, step):
        return True

    def getExtraParametersForStep(self, properties, step):
        return None

    def getCountAuthenticationSteps(self, properties):
        return 3

    def getPageForStep(self, properties, step):
        return "" if step == 1 else "/auth/otp_sms/otp_sms.xhtml"

    def getAuthenticationMethodClaims(self, properties):
        return None
