"""Names of Gluu's and OAuth's that scripts spell by a constant."""

from java_lang import Enum
from sp_java import java_class


@java_class("org.gluu.oxauth.model.config.Constants")
class Constants:
    RESULT_SUCCESS = "success"
    RESULT_FAILURE = "failure"
    RESULT_DUPLICATE = "duplicate"
    RESULT_DISABLED = "disabled"
    RESULT_NO_PERMISSIONS = "no_permissions"
    RESULT_VALIDATION_ERROR = "validation_error"
    RESULT_LOGOUT = "logout"
    RESULT_EXPIRED = "expired"
    RESULT_INVALID_STEP = "invalid_step"
    RESULT_AUTHENTICATION_FAILED = "authentication_failed"
    AUTHENTICATED_USER = "auth_user"
    X_CLIENTCERT = "X-ClientCert"


@java_class("org.gluu.oxauth.model.authorize.AuthorizeRequestParam")
class AuthorizeRequestParam:
    ACCESS_TOKEN = "access_token"
    RESPONSE_TYPE = "response_type"
    CLIENT_ID = "client_id"
    SCOPE = "scope"
    REDIRECT_URI = "redirect_uri"
    STATE = "state"
    RESPONSE_MODE = "response_mode"
    NONCE = "nonce"
    DISPLAY = "display"
    PROMPT = "prompt"
    MAX_AGE = "max_age"
    UI_LOCALES = "ui_locales"
    CLAIMS_LOCALES = "claims_locales"
    ID_TOKEN_HINT = "id_token_hint"
    LOGIN_HINT = "login_hint"
    ACR_VALUES = "acr_values"
    AMR_VALUES = "amr_values"
    CLAIMS = "claims"
    REQUEST = "request"
    REQUEST_URI = "request_uri"
    SESSION_ID = "session_id"
    ORIGIN_HEADERS = "origin_headers"
    CODE_CHALLENGE = "code_challenge"
    CODE_CHALLENGE_METHOD = "code_challenge_method"
    SID = "sid"


def _members(kind, names):
    for at, name in enumerate(names):
        setattr(kind, name.upper(), kind(name.upper(), at))


class _Spelled(Enum):
    """Prints as it is written in a request."""

    def getValue(self):
        return self.name().lower()

    def __str__(self):
        return self.name().lower()

    __repr__ = __str__


@java_class("org.gluu.oxauth.model.common.GrantType")
class GrantType(_Spelled):
    pass


_members(GrantType, ("none", "authorization_code", "implicit", "password", "resource_owner_password_credentials", "client_credentials", "refresh_token"))


@java_class("org.gluu.oxauth.model.common.AuthenticationMethod")
class AuthenticationMethod(_Spelled):
    pass


_members(AuthenticationMethod, ("client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "access_token", "tls_client_auth", "none"))


@java_class("org.gluu.oxauth.model.register.ApplicationType")
class ApplicationType(_Spelled):
    pass


_members(ApplicationType, ("web", "native"))


@java_class("org.gluu.oxauth.model.common.WebKeyStorage")
class WebKeyStorage(_Spelled):
    pass


_members(WebKeyStorage, ("keystore", "pkcs11"))


@java_class("org.gluu.oxauth.model.common.ResponseMode")
class ResponseMode(_Spelled):
    pass


_members(ResponseMode, ("query", "fragment", "form_post"))


@java_class("org.gluu.model.GluuStatus")
class GluuStatus(Enum):
    def getValue(self):
        return self.name().lower()

    @staticmethod
    def getByValue(value):
        return getattr(GluuStatus, str(value).upper(), None)


_members(GluuStatus, ("active", "inactive", "expired", "register"))


@java_class("org.gluu.oxauth.auth.Authenticator", partial="the names of its class only: steps are the server's business")
class Authenticator:
    INVALID_SESSION_MESSAGE = "login.errorSessionInvalidMessage"
    AUTHENTICATION_ERROR_MESSAGE = "login.failedToAuthenticate"
