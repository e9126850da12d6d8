# A method that asks for a password only, in the style of Gluu's scripts.
from org.gluu.service.cdi.util import CdiUtil
from org.gluu.oxauth.security import Identity
from org.gluu.model.custom.script.type.auth import PersonAuthenticationType
from org.gluu.oxauth.service import AuthenticationService
from org.gluu.util import StringHelper

import java

class PersonAuthentication(PersonAuthenticationType):
    def __init__(self, currentTimeMillis):
        self.currentTimeMillis = currentTimeMillis

    def init(self, customScript, configurationAttributes):
        print "Password only. Initialized"
        return True

    def destroy(self, configurationAttributes):
        print "Password only. Destroyed"
        return True

    def getApiVersion(self):
        return 11

    def isValidAuthenticationMethod(self, usageType, configurationAttributes):
        return True

    def getAlternativeAuthenticationMethod(self, usageType, configurationAttributes):
        return None

    def authenticate(self, configurationAttributes, requestParameters, step):
        if step != 1:
            return False
        credentials = CdiUtil.bean(Identity).getCredentials()
        name, password = credentials.getUsername(), credentials.getPassword()
        if StringHelper.isEmptyString(name) or StringHelper.isEmptyString(password):
            return False
        return CdiUtil.bean(AuthenticationService).authenticate(name, password)

    def prepareForStep(self, configurationAttributes, requestParameters, step):
        return step == 1

    def getExtraParametersForStep(self, configurationAttributes, step):
        return None

    def getCountAuthenticationSteps(self, configurationAttributes):
        return 1

    def getPageForStep(self, configurationAttributes, step):
        return ""

    def getNextStep(self, configurationAttributes, requestParameters, step):
        return -1

    def getAuthenticationMethodClaims(self, configurationAttributes):
        return None

    def getLogoutExternalUrl(self, configurationAttributes, requestParameters):
        return None

    def logout(self, configurationAttributes, requestParameters):
        return True
