"""Phone numbers of people."""

import re


def number_of(person, country_code=""):
    """The person's phone number in E.164, or None: the first attribute that can be read as one.

    `phoneNumberVerified` when it holds a number instead of true or false, `employeeNumber` when
    `phoneNumberVerified` is true, each value of `mobile`, `telephoneNumber`.
    """
    for text in _candidates(person):
        number = e164(text, country_code)
        if number is not None:
            return number
    return None


def _candidates(person):
    verified = person.getAttribute("phoneNumberVerified") or ""
    if verified.lower() not in ("true", "false"):
        yield verified
    if verified.lower() == "true":
        yield from person.getAttributeValues("employeeNumber") or []
    yield from person.getAttributeValues("mobile") or []
    yield from person.getAttributeValues("telephoneNumber") or []


def e164(text, country_code=""):
    """A phone number as +, country code and number; None when the text cannot be one.

    `country_code` (digits) is put before national numbers, those that begin with one 0.
    """
    number = re.sub(r"[\s().\-/\u2010-\u2015]", "", text)
    if number.startswith("00"):
        number = "+" + number[2:]
    elif number.startswith("0") and country_code:
        number = "+" + country_code + number[1:]
    elif not number.startswith("+"):
        number = "+" + number
    return number if re.fullmatch(r"\+[1-9][0-9]{6,14}", number) else None


def digits(number):
    """The digits of a number, by which two ways of writing it are compared; None for what is no text."""
    return re.sub("[^0-9]", "", number) if isinstance(number, str) else None
