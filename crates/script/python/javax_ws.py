"""javax.ws.rs: exceptions that scripts catch, and the names of statuses."""

from java_lang import Enum
from sp_java import JavaException, JavaObject, java_class

_STATUSES = {
    "OK": 200, "CREATED": 201, "ACCEPTED": 202, "NO_CONTENT": 204, "RESET_CONTENT": 205, "PARTIAL_CONTENT": 206,
    "MOVED_PERMANENTLY": 301, "FOUND": 302, "SEE_OTHER": 303, "NOT_MODIFIED": 304, "USE_PROXY": 305,
    "TEMPORARY_REDIRECT": 307, "BAD_REQUEST": 400, "UNAUTHORIZED": 401, "PAYMENT_REQUIRED": 402, "FORBIDDEN": 403,
    "NOT_FOUND": 404, "METHOD_NOT_ALLOWED": 405, "NOT_ACCEPTABLE": 406, "REQUEST_TIMEOUT": 408, "CONFLICT": 409,
    "GONE": 410, "LENGTH_REQUIRED": 411, "PRECONDITION_FAILED": 412, "REQUEST_ENTITY_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415, "EXPECTATION_FAILED": 417, "TOO_MANY_REQUESTS": 429, "INTERNAL_SERVER_ERROR": 500,
    "NOT_IMPLEMENTED": 501, "BAD_GATEWAY": 502, "SERVICE_UNAVAILABLE": 503, "GATEWAY_TIMEOUT": 504,
}


@java_class("javax.ws.rs.core.Response.Status")
class Status(Enum):
    def getStatusCode(self):
        return _STATUSES[self.name()]

    def getReasonPhrase(self):
        return self.name().replace("_", " ").title().replace("Ok", "OK")

    def __str__(self):
        return self.getReasonPhrase()

    @staticmethod
    def fromStatusCode(code):
        return next((getattr(Status, name) for name, number in _STATUSES.items() if number == code), None)


for _at, _name in enumerate(_STATUSES):
    setattr(Status, _name, Status(_name, _at))


@java_class("javax.ws.rs.core.Response", partial="the statuses; a response is not made")
class Response(JavaObject):
    Status = Status


@java_class("javax.ws.rs.WebApplicationException", partial="to be caught; nothing here raises it")
class WebApplicationException(JavaException):
    def getResponse(self):
        return None


@java_class("javax.ws.rs.ClientErrorException", partial="to be caught; nothing here raises it")
class ClientErrorException(WebApplicationException):
    pass
