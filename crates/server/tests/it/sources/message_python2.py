# A passcode by a message, in the style of many scripts for Gluu; the line that sends it comes from the test.
from java.util import Arrays, Date
from java.io import IOException
from org.gluu.model.custom.script.type.auth import PersonAuthenticationType
from org.gluu.oxauth.security import Identity
from org.gluu.oxauth.service import AuthenticationService
from org.gluu.oxauth.util import ServerUtil
from org.gluu.service.cdi.util import CdiUtil
import random
@IMPORTS@

class PersonAuthentication(PersonAuthenticationType):
    def __init__(self, currentTimeMillis):
        self.currentTimeMillis = currentTimeMillis

    def init(self, configurationAttributes):
        self.value = lambda name: configurationAttributes.get(name).getValue2()
        return True

    def destroy(self, configurationAttributes):
        return True

    def getApiVersion(self):
        return 1

    def isValidAuthenticationMethod(self, usageType, configurationAttributes):
        return True

    def getAlternativeAuthenticationMethod(self, usageType, configurationAttributes):
        return None

    def authenticate(self, configurationAttributes, requestParameters, step):
        identity = CdiUtil.bean(Identity)
        if step == 1:
            service = CdiUtil.bean(AuthenticationService)
            credentials = identity.getCredentials()
            if not service.authenticate(credentials.getUsername(), credentials.getPassword()):
                return False
            code = random.randint(100000, 999999)
            identity.setWorkingParameter("randCode", code)
            number = service.getAuthenticatedUser().getAttribute("mobile")
            try:
                self.send(number, "%s is your passcode" % code)
                return self.send(number, "%s is your passcode" % code)
            except IOException, e:
                print "Not sent: %s" % e
                return False
        code = identity.getSessionId().getSessionAttributes().get("randCode")
        return code is not None and code == ServerUtil.getFirstValue(requestParameters, "passcode")

    def send(self, number, text):
@SEND@

    def prepareForStep(self, configurationAttributes, requestParameters, step):
        return True

    def getExtraParametersForStep(self, configurationAttributes, step):
        return Arrays.asList("randCode")

    def getCountAuthenticationSteps(self, configurationAttributes):
        return 2

    def getPageForStep(self, configurationAttributes, step):
        return "/auth/otp_sms/otp_sms.xhtml" if step == 2 else ""

    def logout(self, configurationAttributes, requestParameters):
        return True
