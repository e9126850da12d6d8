"""com.unboundid.util, as far as scripts use it: times as LDAP writes them."""

import java_civil
from java_calendar import Date, SimpleDateFormat
from java_throwable import ParseException
from sp_java import java_class


@java_class("com.unboundid.util.StaticUtils", partial="generalized times")
class StaticUtils:
    @staticmethod
    def encodeGeneralizedTime(date):
        """yyyyMMddHHmmss.SSSZ in UTC."""
        return SimpleDateFormat("yyyyMMddHHmmss.SSS'Z'").format(date)

    @staticmethod
    def decodeGeneralizedTime(text):
        """With or without fraction; the zone is Z or an offset (RFC 4517 §3.3.13)."""
        text = str(text)
        at = max(text.rfind("-"), text.rfind("+")) if not text.endswith("Z") else len(text) - 1
        offset = java_civil.parse_offset(text[at:]) if at > 0 else None
        if offset is None:
            raise ParseException("Unable to parse time zone information from the provided timestamp '%s'." % text)
        clock, _, fraction = text[:at].partition(".")
        form = {14: "yyyyMMddHHmmss", 12: "yyyyMMddHHmm", 10: "yyyyMMddHH"}.get(len(clock))
        if form is None or not clock.isdigit() or fraction and not fraction.isdigit():
            raise ParseException("Unable to parse the timestamp '%s'." % text)
        unit = {14: 1000, 12: 60000, 10: 3600000}[len(clock)]
        part = int(fraction or 0) * unit // 10 ** len(fraction)
        return Date(SimpleDateFormat(form).parse(clock).getTime() + part - offset * 1000)
