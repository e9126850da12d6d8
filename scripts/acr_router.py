# sallyport: language=python3
"""Sends each login on to another method, by application, network or person.

Properties:
  RULES     a JSON list; the first rule whose conditions all hold says which method to use
  DEFAULT   the method when no rule holds

  [{"client": ["bank"], "use": "totp"},
   {"network": ["10.0.0.0/8", "2001:db8::/32"], "use": "basic"},
   {"group": ["admins"], "use": "totp"},
   {"enrolled": "totp", "use": "totp"}]

  client     one of these client ids asks
  network    the browser is in one of these networks
  group      the person is in one of these groups (memberOf, by its full value or its cn)
  enrolled   the person has: totp (an authenticator app), phone (a usable number) or mail

Who logs in is not known yet. `group` and `enrolled` look at the person whom the application names (login_hint), and
do not hold without one. Anybody can name anybody: let such rules choose among methods that are all good enough.
"""

import ipaddress
import json

from org.gluu.oxauth.service.common import UserService
from org.gluu.service.cdi.util import CdiUtil

from sallyport import LoginMethod, PropertyError, client_address, session
from sallyport.phone import number_of

CONDITIONS = ("client", "network", "group", "enrolled")


class PersonAuthentication(LoginMethod):
    def start(self, properties):
        self.default = properties.text("DEFAULT")
        rules = properties.json("RULES", "[]")
        if not isinstance(rules, list):
            raise PropertyError("property RULES must be a list of rules")
        self.rules = [Rule(number, rule) for number, rule in enumerate(rules, 1)]

    def isValidAuthenticationMethod(self, usage_type, configuration):
        """Never: this is no method, it only knows which one to use."""
        return False

    def getAlternativeAuthenticationMethod(self, usage_type, configuration):
        login = Login()
        for rule in self.rules:
            if rule.holds(login):
                return rule.use
        return self.default

    def authenticate(self, configuration, parameters, step):
        return False


class Login:
    """What is known of a login before it begins."""

    def __init__(self):
        kept = session()
        self.client = kept.get("client_id")
        address = client_address()
        self.address = ipaddress.ip_address(address) if address else None
        named = kept.get("auth_user") or kept.get("login_hint")
        self.person = CdiUtil.bean(UserService).getUser(named) if named else None


class Rule:
    """One rule, read when the script is loaded so that a mistake is found by the administrator and by nobody else."""

    def __init__(self, number, rule):
        unknown = [name for name in rule if name not in CONDITIONS + ("use",)]
        if unknown or not isinstance(rule.get("use"), str):
            raise PropertyError('rule %d: expected "use" and any of %s' % (number, ", ".join(CONDITIONS)))
        self.use = rule["use"]
        self.clients = rule.get("client")
        self.networks = [ipaddress.ip_network(text) for text in rule["network"]] if "network" in rule else None
        self.groups = rule.get("group")
        self.enrolled = rule.get("enrolled")
        if self.enrolled not in (None, "totp", "phone", "mail"):
            raise PropertyError('rule %d: "enrolled" must be totp, phone or mail' % number)

    def holds(self, login):
        return (
            (self.clients is None or login.client in self.clients)
            and (self.networks is None or comes_from(login.address, self.networks))
            and (self.groups is None or is_in(login.person, self.groups))
            and (self.enrolled is None or has(login.person, self.enrolled))
        )


def comes_from(address, networks):
    return address is not None and any(address in network for network in networks)


def is_in(person, groups):
    values = (person.getAttributeValues("memberOf") or []) if person is not None else []
    names = [value.partition(",")[0].partition("=")[2] for value in values]
    return any(group in groups for group in list(values) + names)


def has(person, what):
    if person is None:
        return False
    if what == "phone":
        return number_of(person) is not None
    if what == "mail":
        return person.getAttribute("mail") is not None
    return any(device.get("sealedSecret") for device in json.loads(person.getAttribute("oxOTPDevices") or "{}").get("devices", []))
