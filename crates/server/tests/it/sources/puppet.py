# A method that does what its properties say, and prints each call: `authenticate.2 = code 4711`.
# A property holds orders with `;` between, for a method, or for a method at one step.
from org.gluu.service.cdi.util import CdiUtil
from org.gluu.oxauth.security import Identity
from org.gluu.model.custom.script.type.auth import PersonAuthenticationType
from org.gluu.oxauth.service import AuthenticationService, UserService
from org.gluu.oxauth.service.net import HttpService
from org.gluu.oxauth.util import ServerUtil
from org.gluu.jsf2.service import FacesService
from org.gluu.jsf2.message import FacesMessages
from javax.faces.application import FacesMessage
from javax.faces.context import FacesContext
from javax.servlet.http import Cookie
from java.util import Arrays, HashMap

class PersonAuthentication(PersonAuthenticationType):
    def __init__(self, currentTimeMillis):
        self.identity = CdiUtil.bean(Identity)

    def init(self, customScript, configurationAttributes):
        self.properties = configurationAttributes
        return True

    def destroy(self, configurationAttributes):
        return True

    def getApiVersion(self):
        return 11

    def isValidAuthenticationMethod(self, usageType, configurationAttributes):
        print "Call isValidAuthenticationMethod", usageType
        return self.obey(configurationAttributes, "isValid", None, True)

    def getAlternativeAuthenticationMethod(self, usageType, configurationAttributes):
        print "Call getAlternativeAuthenticationMethod", usageType
        return self.obey(configurationAttributes, "alternative", None, None)

    def authenticate(self, configurationAttributes, requestParameters, step):
        print "Call authenticate", step
        return self.obey(configurationAttributes, "authenticate", step, False, requestParameters)

    def getNextStep(self, configurationAttributes, requestParameters, step):
        print "Call getNextStep", step
        wanted = ServerUtil.getFirstValue(requestParameters, "go")
        if wanted is not None:
            return int(wanted)
        return self.obey(configurationAttributes, "next", step, -1, requestParameters)

    def prepareForStep(self, configurationAttributes, requestParameters, step):
        print "Call prepareForStep", step
        return self.obey(configurationAttributes, "prepare", step, True, requestParameters)

    def getExtraParametersForStep(self, configurationAttributes, step):
        print "Call getExtraParametersForStep", step
        return self.obey(configurationAttributes, "extra", step, None)

    def getCountAuthenticationSteps(self, configurationAttributes):
        print "Call getCountAuthenticationSteps"
        return self.obey(configurationAttributes, "count", None, 1)

    def getPageForStep(self, configurationAttributes, step):
        print "Call getPageForStep", step
        return self.obey(configurationAttributes, "page", step, "")

    def getAuthenticationMethodClaims(self, configurationAttributes):
        print "Call getAuthenticationMethodClaims"
        return self.obey(configurationAttributes, "claims", None, None)

    def logout(self, configurationAttributes, requestParameters):
        print "Call logout", requestParameters
        return self.obey(configurationAttributes, "logout", None, True)

    def getLogoutExternalUrl(self, configurationAttributes, requestParameters):
        print "Call getLogoutExternalUrl", requestParameters
        return self.obey(configurationAttributes, "logoutUrl", None, None)

    def obey(self, properties, name, step, usual, form=None):
        orders = properties.get("%s.%s" % (name, step)) or properties.get(name)
        if orders is None:
            return usual
        value = usual
        for order in orders.getValue2().split(";"):
            word, _, rest = order.strip().partition(" ")
            value = getattr(self, "do_" + word)(rest, form, value)
        return value

    def do_true(self, rest, form, value):
        return True

    def do_false(self, rest, form, value):
        return False

    def do_none(self, rest, form, value):
        return None

    def do_raise(self, rest, form, value):
        raise ValueError("as ordered")

    def do_number(self, rest, form, value):
        return int(rest)

    def do_text(self, rest, form, value):
        return rest

    def do_list(self, rest, form, value):
        return Arrays.asList(*rest.split(","))

    def do_map(self, rest, form, value):
        claims = HashMap()
        for claim in rest.split(","):
            claims.put(*claim.split("=", 1))
        return claims

    def do_password(self, rest, form, value):
        credentials = self.identity.getCredentials()
        return CdiUtil.bean(AuthenticationService).authenticate(credentials.getUsername(), credentials.getPassword())

    def do_name(self, rest, form, value):
        name = rest or self.identity.getCredentials().getUsername()
        return CdiUtil.bean(AuthenticationService).authenticate(name)

    def do_newpassword(self, rest, form, value):
        users = CdiUtil.bean(UserService)
        user = users.getUser(self.identity.getCredentials().getUsername())
        user.setAttribute("userPassword", rest)
        users.updateUser(user)
        return value

    def do_ticket(self, rest, form, value):
        ticket, name = rest.split("=", 1)
        if ServerUtil.getFirstValue(form, "ticket") != ticket:
            return False
        return CdiUtil.bean(AuthenticationService).authenticate(name)

    def do_send(self, rest, form, value):
        service = CdiUtil.bean(HttpService)
        url = self.properties.get("SMS_ENDPOINT").getValue2()
        answer = service.executePost(service.getHttpsClient(), url, "x", {}, rest)
        print "Sent", answer.getHttpResponse().getStatusLine().getStatusCode()
        return value

    def do_code(self, rest, form, value):
        return ServerUtil.getFirstValue(form, "passcode") == rest

    def do_parameter(self, rest, form, value):
        name, expected = rest.split("=", 1)
        return ServerUtil.getFirstValue(form, name) == expected

    def do_say(self, rest, form, value):
        CdiUtil.bean(FacesMessages).add(FacesMessage.SEVERITY_ERROR, rest)
        return value

    def do_redirect(self, rest, form, value):
        CdiUtil.bean(FacesService).redirectToExternalURL(rest)
        return value

    def do_work(self, rest, form, value):
        name, text = rest.split("=", 1)
        self.identity.setWorkingParameter(name, text)
        return value

    def do_worknumber(self, rest, form, value):
        name, text = rest.split("=", 1)
        self.identity.setWorkingParameter(name, int(text))
        return value

    def do_worknothing(self, rest, form, value):
        self.identity.setWorkingParameter(rest, None)
        return value

    def do_worklist(self, rest, form, value):
        self.identity.setWorkingParameter(rest, ["a", "b"])
        return value

    def do_showwork(self, rest, form, value):
        for name in rest.split(","):
            print "Work", name, repr(self.identity.getWorkingParameter(name))
        return value

    def do_workcount(self, rest, form, value):
        return int(self.identity.getWorkingParameter(rest) or 1)

    def do_attribute(self, rest, form, value):
        name, text = rest.split("=", 1)
        self.identity.getSessionId().getSessionAttributes().put(name, text)
        return value

    def do_showattributes(self, rest, form, value):
        attributes = self.identity.getSessionId().getSessionAttributes()
        for name in rest.split(","):
            print "Attribute", name, attributes.get(name)
        return value

    def do_cookie(self, rest, form, value):
        response = CdiUtil.bean(FacesContext).getExternalContext().getResponse()
        response.addCookie(Cookie(*rest.split("=", 1)))
        return value

    def do_header(self, rest, form, value):
        CdiUtil.bean(FacesContext).getExternalContext().addResponseHeader(*rest.split("=", 1))
        return value

    def do_showrequest(self, rest, form, value):
        context = CdiUtil.bean(FacesContext).getExternalContext()
        print "Locale", context.getRequestLocale()
        print "Cookies", ",".join(sorted(context.getRequestCookieMap().keySet()))
        return value
