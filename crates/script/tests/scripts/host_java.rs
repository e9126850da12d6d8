//! What Java's own classes give to a script. The values were recorded under Jython 2.7 on Java 17; texts are written
//! without their `u`, long numbers without their `L`. Values that differ on purpose are in the last test.

use crate::desk::Desk;

/// What each expression gives, as `repr` writes it. How Python 2 marks long numbers and bytes is not looked at here.
pub async fn values(preamble: &str, table: &[(&str, &str)]) {
    let desk = Desk::new();
    let mut body = preamble.to_owned();
    for (expression, _) in table {
        body.push_str(&format!("print repr(({expression}))\n"));
    }
    body.push_str("return ''");
    desk.eval(&body).await.unwrap();
    let printed = desk.printed();
    for ((expression, expected), line) in table.iter().zip(&printed) {
        assert_eq!(unmarked(line), unmarked(expected), "{expression}");
    }
    assert_eq!(printed.len(), table.len());
}

fn unmarked(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let ends = !characters.peek().is_some_and(|c| c.is_alphanumeric());
        if character != 'L' || !ends || !plain.ends_with(|c: char| c.is_ascii_digit()) {
            plain.push(character);
        }
    }
    plain
        .replace("\\xe9", "é")
        .replace("\\xfb\\xff", "\u{fb}\u{ff}")
}

const IMPORTS: &str = "\
import jarray, java
from java.lang import String, Integer, Long, Boolean, Double, Math, StringBuilder, System, Object, RuntimeException, IllegalArgumentException, Character, Throwable
from java.lang import Exception as JE
from java.util import HashMap, ArrayList, Arrays, Collections, UUID, Date, HashSet, Optional, Properties, Base64, Locale, Random, Vector, List, Map
from java.util import GregorianCalendar, Calendar, TimeZone, LinkedHashMap, TreeMap, StringTokenizer, IdentityHashMap, LinkedList
from java.util.concurrent import TimeUnit
from java.util.regex import Pattern
from java.net import URLEncoder, URLDecoder, URI, URL
from java.time import LocalDateTime, ZonedDateTime, Duration, LocalDate, Instant, ZoneId, ZoneOffset, OffsetDateTime, LocalTime, Period
from java.time.format import DateTimeFormatter
from java.time.temporal import ChronoUnit
from java.text import SimpleDateFormat
from java.security import MessageDigest
from javax.crypto import Cipher, Mac
from javax.crypto.spec import SecretKeySpec, IvParameterSpec
from java.io import StringReader, BufferedReader, InputStreamReader, ByteArrayInputStream, ByteArrayOutputStream, File, IOException
def raised(f):
    try:
        return f()
    except:
        return str(sys.exc_info()[1])
";

#[tokio::test]
async fn texts_have_the_methods_of_javas() {
    values(
        &[IMPORTS, ""].concat(),
        &[
            ("bool(String(''))", "True"),
            ("String('a,b,,c,,').split(',')", "array(java.lang.String, ['a', 'b', '', 'c'])"),
            ("list(String('boo:and:foo').split('o'))", "['b', '', ':and:f']"),
            ("list(String('boo:and:foo').split('o',-1))", "['b', '', ':and:f', '', '']"),
            ("list(String('boo:and:foo').split('o',2))", "['b', 'o:and:foo']"),
            ("list(String('').split(','))", "['']"),
            ("list(String('a.b').split('.'))", "[]"),
            ("str(StringBuilder('q'))", "'q'"),
            ("StringBuilder('abc').reverse().toString()", "'cba'"),
            ("StringBuilder('abc').insert(1,'Z').toString()", "'aZbc'"),
            ("StringBuilder('abc').deleteCharAt(1).toString()", "'ac'"),
            ("String.valueOf(3)", "'3'"),
            ("String.join('-',['a','b'])", "'a-b'"),
            ("String('abc').equals('abc')", "True"),
            ("String('abc').hashCode()", "96354"),
            ("String('abc').charAt(1)", "'b'"),
            ("String('abc').indexOf('c')", "2"),
            ("String('abc').bytes", "array('b', [97, 98, 99])"),
            ("String(['a','b'])", "'ab'"),
            ("String(jarray.array([97,98],'b'))", "'ab'"),
            ("String(jarray.array(['a','b'],'c'))", "'ab'"),
            ("String('a b').replaceAll('\\\\s+','_')", "'a_b'"),
            ("String('xay').replaceAll('(a)','[$1]')", "'x[a]y'"),
            ("String('abc').matches('[a-c]+')", "True"),
            ("String('abc').isEmpty()", "False"),
            ("String(' a ').trim()", "'a'"),
            ("String('a').compareTo('c')", "-2"),
            ("Character.isDigit('3')", "True"),
            ("isinstance('a', String)", "False"),
            ("isinstance(String('a'), String)", "True"),
            ("String.valueOf(1.0), String.valueOf(1e7), String.valueOf(0.001), String.valueOf(1.0E-4), String.valueOf(123456.789)", "('1.0', '1.0E7', '0.001', '1.0E-4', '123456.789')"),
            ("String('abcabc').replace('b','X')", "'aXcaXc'"),
            ("String('a1b2').replaceFirst('[0-9]','#')", "'a#b2'"),
            ("String('abc').contains('bc'), String('abc').startsWith('ab'), String('abc').endsWith('z')", "(True, True, False)"),
            ("String('abc').equalsIgnoreCase('ABC')", "True"),
            ("String('ab').concat('c')", "'abc'"),
            ("String('abc').toCharArray()", "array(char, ['a', 'b', 'c'])"),
            ("String('  ').isBlank()", "True"),
            ("String('a').repeat(3)", "'aaa'"),
            ("String('ABC').toLowerCase()", "'abc'"),
            ("String('a-b').split('-').tolist()", "['a', 'b']"),
            ("String('a-b').split('-')[0]", "'a'"),
            ("len(String('a-b').split('-'))", "2"),
            ("String('abc').getBytes().tostring()", "'abc'"),
            ("String('\\xe9').getBytes('UTF-8').tostring()", "'\\xc3\\xa9'"),
            ("String(String('x'))", "'x'"),
            ("String.copyValueOf(['a','b'])", "'ab'"),
            ("String('abc').compareToIgnoreCase('ABD')", "-1"),
        ],
    )
    .await;
}

#[tokio::test]
async fn formats_are_filled_as_by_java_util_formatter() {
    values(
        &[IMPORTS, ""].concat(),
        &[
            ("String.format('%2$s %1$s', ['a','b'])", "'b a'"),
            ("String.format('%s %S', None, 'abc')", "'null ABC'"),
            ("String.format('%s', True)", "'true'"),
            ("raised(lambda: String.format('%d', 'x'))", "'java.util.IllegalFormatConversionException: d != java.lang.String'"),
            ("raised(lambda: String.format('%s %s', 'x'))", "\"java.util.MissingFormatArgumentException: Format specifier '%s'\""),
            ("String.format('%5.1f|%-8s|%+d|%e|%g|%X|%o|%h', 2.25,'ab',5,12345.678,0.00012345,255,8,'hi')", "'  2.3|ab      |+5|1.234568e+04|0.000123450|FF|10|d01'"),
            ("String.format('%.3f %.0f %.1f', 0.0005, 2.5, 0.25)", "'0.001 3 0.3'"),
            ("String.format('%,.2f', 1234567.891)", "'1,234,567.89'"),
            ("String.format('%10b|%08.2f|% d|%(d', True, 3.14159, 5, -5)", "'      true|00003.14| 5|(5)'"),
            ("String.format('%s %s', [1,2], 'x')", "'[1, 2] x'"),
            ("String.format('%s', ArrayList(['a']))", "'[a]'"),
            ("String.format('%s %<s %s', 'a', 'b')", "'a a b'"),
            ("String.format('%tY-%<tm-%<td', Date(0))", "'1970-01-01'"),
        ],
    )
    .await;
}

#[tokio::test]
async fn bytes_are_signed() {
    values(
        &[IMPORTS, "b = String('h\\xe9').getBytes('utf-8')\n"].concat(),
        &[
            ("str(b)", "\"array('b', [104, -61, -87])\""),
            ("b", "array('b', [104, -61, -87])"),
            ("b[1]", "-61"),
            ("len(b)", "3"),
            ("b.tostring()", "'h\\xc3\\xa9'"),
            ("String(b,'utf-8')", "'hé'"),
            ("String(b)", "'hé'"),
            ("list(b)", "[104, -61, -87]"),
            ("jarray.array([1,2,-3],'b')", "array('b', [1, 2, -3])"),
            ("jarray.zeros(3,'b')", "array('b', [0, 0, 0])"),
            (
                "jarray.array(['a','b'],String)",
                "array(java.lang.String, ['a', 'b'])",
            ),
            ("jarray.array([1,2],'i').tolist()", "[1, 2]"),
            ("Base64.getEncoder().encodeToString('hi')", "'aGk='"),
            (
                "Base64.getEncoder().encode('hi')",
                "array('b', [97, 71, 107, 61])",
            ),
            (
                "Base64.getDecoder().decode('aGk=')",
                "array('b', [104, 105])",
            ),
            (
                "Base64.getUrlEncoder().withoutPadding().encodeToString('ûÿþ')",
                "'-__-'",
            ),
            (
                "raised(lambda: Base64.getDecoder().decode('a$'))",
                "'java.lang.IllegalArgumentException: Illegal base64 character 24'",
            ),
            (
                "Base64.getMimeDecoder().decode('aG\\nk=').tostring()",
                "'hi'",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn numbers_are_read_and_written_as_in_java() {
    values(
        &[IMPORTS, ""].concat(),
        &[
            ("Integer(5)", "5"),
            ("Integer('5')", "5"),
            (
                "raised(lambda: Integer.parseInt('x'))",
                "'java.lang.NumberFormatException: For input string: \"x\"'",
            ),
            ("Integer.valueOf(3)", "3"),
            ("Long.parseLong('12')", "12"),
            ("Integer.toHexString(-1)", "'ffffffff'"),
            ("Integer.MAX_VALUE", "2147483647"),
            ("Long.MAX_VALUE", "9223372036854775807"),
            ("Boolean.TRUE", "True"),
            ("Boolean.parseBoolean('TRUE')", "True"),
            ("Double.parseDouble('1.5')", "1.5"),
            ("Math.max(1,2)", "2"),
            ("Math.round(2.5)", "3"),
            ("Math.floor(-1.5)", "-2.0"),
            ("Integer.toString(5)", "'5'"),
            ("Random(42).nextInt(100)", "30"),
            ("Random(42).nextInt()", "-1170105035"),
            ("Random(42).nextDouble()", "0.7275636800328681"),
            ("Random(7).nextLong()", "-4967725919621401576"),
            ("Random(7).nextBoolean()", "True"),
            ("Random(1).nextGaussian()", "1.561581040188955"),
            (
                "Math.abs(-2), Math.pow(2,3), Math.ceil(1.2), Math.min(1,2), Math.sqrt(9.0)",
                "(2, 8.0, 2.0, 1, 3.0)",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn collections_behave_as_in_java() {
    values(
        &[IMPORTS, "m = HashMap()\nm.put('a', 1)\nl = ArrayList(['a', 2, None, True, 1.5])\nwords = HashMap()\nfor w in 'one two three four five six seven eight nine ten eleven twelve thirteen fourteen'.split():\n    words.put(w, 1)\n"].concat(),
        &[
            ("str(l)", "'[a, 2, null, true, 1.5]'"),
            ("l", "[a, 2, null, true, 1.5]"),
            ("l.toString()", "'[a, 2, null, true, 1.5]'"),
            ("l[0]", "'a'"),
            ("l[1:3]", "[2, null]"),
            ("raised(lambda: l.get(9))", "'java.lang.IndexOutOfBoundsException: Index 9 out of bounds for length 5'"),
            ("l.remove(2)", "None"),
            ("l.indexOf(True)", "2"),
            ("m", "{'a': 1}"),
            ("str(m)", "\"{'a': 1}\""),
            ("raised(lambda: m['zz'])", "\"'zz'\""),
            ("m.get('zz')", "None"),
            ("'a' in m", "True"),
            ("list(m)", "['a']"),
            ("[k for k in m]", "['a']"),
            ("m.keySet()", "[a]"),
            ("m.entrySet()", "[a=1]"),
            ("list(m.entrySet())[0]", "a=1"),
            ("list(m.entrySet())[0].key", "'a'"),
            ("m.items()", "[('a', 1)]"),
            ("m.values()", "[1]"),
            ("m == {'a':1}", "True"),
            ("ArrayList(['a']) == ['a']", "True"),
            ("['a'] == ArrayList(['a'])", "True"),
            ("m.getClass().getName()", "'java.util.HashMap'"),
            ("m.getClass().getSimpleName()", "'HashMap'"),
            ("Arrays.asList(1,2)", "[1, 2]"),
            ("Arrays.asList([1,2])", "[1, 2]"),
            ("Arrays.asList('a')", "[a]"),
            ("Arrays.asList((1,2)).size()", "2"),
            ("raised(lambda: Arrays.asList('a').add('b'))", "'java.lang.UnsupportedOperationException'"),
            ("Arrays.toString([1,2])", "'[1, 2]'"),
            ("raised(lambda: Collections.singletonList('a').add('b'))", "'java.lang.UnsupportedOperationException'"),
            ("Collections.emptyList().size()", "0"),
            ("raised(lambda: Collections.unmodifiableMap(m).put('q',1))", "'java.lang.UnsupportedOperationException'"),
            ("UUID.fromString('c0a80101-0000-4000-8000-000000000001')", "c0a80101-0000-4000-8000-000000000001"),
            ("bool(Date(0))", "True"),
            ("HashSet(['a','b','a'])", "[a, b]"),
            ("str(HashSet(['a']))", "'[a]'"),
            ("Optional.of('x')", "Optional[x]"),
            ("Optional.ofNullable(None).isPresent()", "False"),
            ("Optional.of(3).get()", "3"),
            ("Optional.empty()", "Optional.empty"),
            ("Properties().getProperty('x')", "None"),
            ("Properties().getProperty('x','d')", "'d'"),
            ("bool(ArrayList())", "False"),
            ("bool(HashMap())", "False"),
            ("ArrayList([3,1,2]).sort(None)", "None"),
            ("HashMap({'a':1,'b':2}).size()", "2"),
            ("isinstance(l, List)", "True"),
            ("isinstance(m, Map)", "True"),
            ("Locale.US", "en_US"),
            ("Locale.ENGLISH.getLanguage()", "'en'"),
            ("Vector([1]).elements().hasMoreElements()", "True"),
            ("Collections.enumeration(['a']).nextElement()", "'a'"),
            ("list(Collections.enumeration(['a']))", "['a']"),
            ("list(HashSet(['alice','bob','carol','dave','eve']))", "['carol', 'dave', 'bob', 'eve', 'alice']"),
            ("list(TreeMap(words).keySet())[:3]", "['eight', 'eleven', 'five']"),
            ("list(LinkedHashMap({'b':1}))", "['b']"),
            ("TimeUnit.SECONDS.toMillis(30)", "30000"),
            ("TimeUnit.MINUTES.toSeconds(2)", "120"),
            ("TimeUnit.MILLISECONDS.toSeconds(1999)", "1"),
            ("TimeUnit.SECONDS", "SECONDS"),
            ("TimeUnit.valueOf('DAYS').toHours(1)", "24"),
            ("StringTokenizer('a b c').nextToken()", "'a'"),
            ("LinkedList(['a','b']).getFirst()", "'a'"),
            ("Collections.nCopies(3,'a')", "[a, a, a]"),
            ("Collections.max([1,3,2])", "3"),
            ("Collections.frequency(['a','a','b'],'a')", "2"),
            ("ArrayList(['b','a']).indexOf('a'), ArrayList(['a']).contains('b')", "(1, False)"),
            ("ArrayList(['a','b','c']).subList(1,3)", "[b, c]"),
            ("HashMap({'a':1}).getOrDefault('b',5)", "5"),
        ],
    )
    .await;
}

#[tokio::test]
async fn exceptions_are_a_family_with_javas_names() {
    values(
        &[IMPORTS, ""].concat(),
        &[
            ("JE('x').getMessage()", "'x'"),
            ("str(JE('x'))", "'java.lang.Exception: x'"),
            ("repr(JE('x'))", "'java.lang.Exception: x'"),
            ("JE('x').toString()", "'java.lang.Exception: x'"),
            ("unicode(JE('x'))", "'java.lang.Exception: x'"),
            ("JE()", "java.lang.Exception"),
            (
                "RuntimeException('a', JE('b')).getCause()",
                "java.lang.Exception: b",
            ),
            ("isinstance(IOException('x'), JE)", "True"),
            ("issubclass(IOException, JE)", "True"),
            (
                "IOException('disk').getClass().getName()",
                "'java.io.IOException'",
            ),
            ("str(IOException('disk'))", "'java.io.IOException: disk'"),
        ],
    )
    .await;
}

#[tokio::test]
async fn dates_and_calendars_count_as_javas_do() {
    values(
        &[IMPORTS, "c = GregorianCalendar(TimeZone.getTimeZone('UTC'))\nc.setTime(Date(1700000000123L))\n"].concat(),
        &[
            ("Date(0)", "Thu Jan 01 00:00:00 UTC 1970"),
            ("Date(0).toString()", "'Thu Jan 01 00:00:00 UTC 1970'"),
            ("str(Date(0))", "'Thu Jan 01 00:00:00 UTC 1970'"),
            ("Date(0).time", "0"),
            ("Date(0).getYear()", "70"),
            ("Date(0)<Date(1)", "True"),
            ("Date(5).compareTo(Date(0))", "1"),
            ("Date(0)==Date(0)", "True"),
            ("c.getTime()", "Tue Nov 14 22:13:20 UTC 2023"),
            ("c.get(Calendar.YEAR), c.get(Calendar.MONTH), c.get(Calendar.DATE), c.get(Calendar.HOUR_OF_DAY), c.get(Calendar.HOUR), c.get(Calendar.AM_PM), c.get(Calendar.MINUTE), c.get(Calendar.SECOND), c.get(Calendar.MILLISECOND), c.get(Calendar.DAY_OF_WEEK), c.get(Calendar.DAY_OF_YEAR)", "(2023, 10, 14, 22, 10, 1, 13, 20, 123, 3, 318)"),
            ("c.add(Calendar.MONTH, 3), c.getTime()", "(None, Wed Feb 14 22:13:20 UTC 2024)"),
            ("c.add(c.DATE, 90), c.getTime()", "(None, Tue May 14 22:13:20 UTC 2024)"),
            ("c.add(Calendar.YEAR,-1), c.getTimeInMillis()", "(None, 1684102400123)"),
            ("c.set(2024, 0, 31, 1, 2, 3), c.time", "(None, Wed Jan 31 01:02:03 UTC 2024)"),
            ("c.add(Calendar.MONTH,1), c.time", "(None, Thu Feb 29 01:02:03 UTC 2024)"),
            ("c.getActualMaximum(Calendar.DAY_OF_MONTH)", "29"),
            ("SimpleDateFormat(\"yyyy-MM-dd'T'HH:mm:ss.SSSZ\").format(Date(1700000000123L))", "'2023-11-14T22:13:20.123+0000'"),
            ("SimpleDateFormat(\"yyyyMMddHHmmss\").parse('20240131000000')", "Wed Jan 31 00:00:00 UTC 2024"),
            ("raised(lambda: SimpleDateFormat(\"yyyyMMdd\").parse('x'))", "'java.text.ParseException: Unparseable date: \"x\"'"),
        ],
    )
    .await;
}

#[tokio::test]
async fn times_are_those_of_java_time() {
    values(
        &[IMPORTS, "ld = LocalDateTime.parse('2022-04-11T09:49:37')\nld2 = LocalDateTime.of(2024, 1, 31, 23, 5)\nz = ZonedDateTime.parse('2022-04-11T09:49:37.5+02:00')\n"].concat(),
        &[
            ("ld", "2022-04-11T09:49:37"),
            ("ld2", "2024-01-31T23:05"),
            ("ld.plusDays(30)", "2022-05-11T09:49:37"),
            ("ld2.plusMonths(1)", "2024-02-29T23:05"),
            ("ld.format(DateTimeFormatter.ISO_LOCAL_DATE_TIME)", "'2022-04-11T09:49:37'"),
            ("ld2.format(DateTimeFormatter.ISO_LOCAL_DATE_TIME)", "'2024-01-31T23:05:00'"),
            ("ld.format(DateTimeFormatter.ofPattern(\"yyyy-MM-dd HH:mm:ss\"))", "'2022-04-11 09:49:37'"),
            ("ld.format(DateTimeFormatter.ofPattern(\"EEE, d MMM yyyy hh:mm a\"))", "'Mon, 11 Apr 2022 09:49 AM'"),
            ("ld.format(DateTimeFormatter.ofPattern(\"EEEE dd/MM/yy 'at' H:m:s.SSS\"))", "'Monday 11/04/22 at 9:49:37.000'"),
            ("ld.format(DateTimeFormatter.ofPattern(\"yyyyMMddHHmmss'Z'\"))", "'20220411094937Z'"),
            ("LocalDateTime.parse('2022-04-11 09:49', DateTimeFormatter.ofPattern(\"yyyy-MM-dd HH:mm\"))", "2022-04-11T09:49"),
            ("raised(lambda: LocalDateTime.parse('x'))", "\"java.time.format.DateTimeParseException: Text 'x' could not be parsed at index 0\""),
            ("raised(lambda: LocalDateTime.parse('2022-13-11T00:00:00'))", "\"java.time.format.DateTimeParseException: Text '2022-13-11T00:00:00' could not be parsed: Invalid value for MonthOfYear (valid values 1 - 12): 13\""),
            ("z", "2022-04-11T09:49:37.500+02:00"),
            ("z.toInstant()", "2022-04-11T07:49:37.500Z"),
            ("z.toLocalDateTime()", "2022-04-11T09:49:37.500"),
            ("z.format(DateTimeFormatter.ISO_OFFSET_DATE_TIME)", "'2022-04-11T09:49:37.5+02:00'"),
            ("z.format(DateTimeFormatter.ISO_INSTANT)", "'2022-04-11T07:49:37.500Z'"),
            ("z.format(DateTimeFormatter.ofPattern(\"yyyy-MM-dd'T'HH:mm:ssXXX\"))", "'2022-04-11T09:49:37+02:00'"),
            ("z.format(DateTimeFormatter.ofPattern(\"yyyy-MM-dd'T'HH:mm:ssZ\"))", "'2022-04-11T09:49:37+0200'"),
            ("z.withZoneSameInstant(ZoneOffset.UTC)", "2022-04-11T07:49:37.500Z"),
            ("ZonedDateTime.of(ld, ZoneId.of('UTC'))", "2022-04-11T09:49:37Z[UTC]"),
            ("ZonedDateTime.of(ld, ZoneId.of('UTC')).format(DateTimeFormatter.ISO_OFFSET_DATE_TIME)", "'2022-04-11T09:49:37Z'"),
            ("ZonedDateTime.of(ld, ZoneOffset.UTC)", "2022-04-11T09:49:37Z"),
            ("z.toEpochSecond()", "1649663377"),
            ("ld.getYear(), ld.getMonthValue(), ld.getMonth(), ld.getDayOfMonth(), ld.getDayOfWeek(), ld.getHour(), ld.getDayOfYear()", "(2022, 4, APRIL, 11, MONDAY, 9, 101)"),
            ("Duration.between(ld, ld.plusMinutes(90))", "PT1H30M"),
            ("Duration.between(ld, ld.plusMinutes(90)).toMinutes()", "90"),
            ("Duration.ofSeconds(3661).toString()", "'PT1H1M1S'"),
            ("Duration.ofMillis(1500)", "PT1.5S"),
            ("Duration.ZERO", "PT0S"),
            ("Duration.ofSeconds(-90)", "PT-1M-30S"),
            ("Duration.parse('PT1H30M').getSeconds()", "5400"),
            ("ChronoUnit.DAYS.between(ld, ld2)", "660"),
            ("ChronoUnit.MINUTES.between(ld, ld.plusHours(2))", "120"),
            ("ld.until(ld2, ChronoUnit.HOURS)", "15853"),
            ("ld.minus(5, ChronoUnit.MINUTES)", "2022-04-11T09:44:37"),
            ("ld.truncatedTo(ChronoUnit.HOURS)", "2022-04-11T09:00"),
            ("ld.withHour(3)", "2022-04-11T03:49:37"),
            ("ld.toLocalDate()", "2022-04-11"),
            ("LocalDate.of(2024,2,29).plusYears(1)", "2025-02-28"),
            ("LocalDate.parse('2024-02-29').isLeapYear()", "True"),
            ("LocalDate.of(2024,2,29).atStartOfDay()", "2024-02-29T00:00"),
            ("Instant.ofEpochSecond(0)", "1970-01-01T00:00:00Z"),
            ("Instant.ofEpochMilli(1500)", "1970-01-01T00:00:01.500Z"),
            ("Instant.parse('2022-01-01T00:00:00Z').toEpochMilli()", "1640995200000"),
            ("Instant.ofEpochSecond(5).plusSeconds(5)", "1970-01-01T00:00:10Z"),
            ("ld.isBefore(ld2), ld.compareTo(ld2), ld.equals(LocalDateTime.parse('2022-04-11T09:49:37')), ld == LocalDateTime.parse('2022-04-11T09:49:37')", "(True, -2, True, True)"),
            ("ld.atZone(ZoneId.of('UTC')).toInstant().toEpochMilli()", "1649670577000"),
            ("OffsetDateTime.parse('2022-01-01T00:00:00+01:00').toInstant()", "2021-12-31T23:00:00Z"),
            ("Period.between(LocalDate.of(2024,1,1), LocalDate.of(2024,3,5))", "P2M4D"),
            ("raised(lambda: LocalDate.of(2023,2,30))", "\"java.time.DateTimeException: Invalid date 'FEBRUARY 30'\""),
        ],
    )
    .await;
}

#[tokio::test]
async fn addresses_are_taken_apart_and_escaped() {
    values(
        &[IMPORTS, ""].concat(),
        &[
            ("URLEncoder.encode('a b&c=d/e~*-._\\xe9','UTF-8')", "'a+b%26c%3Dd%2Fe%7E*-._%C3%A9'"),
            ("URLEncoder.encode(u'\\u20ac','UTF-8')", "'%E2%82%AC'"),
            ("URLEncoder.encode('a b')", "'a+b'"),
            ("URLDecoder.decode('a+b%26%C3%A9','UTF-8')", "'a b&é'"),
            ("raised(lambda: URLDecoder.decode('%zz','UTF-8'))", "'java.lang.IllegalArgumentException: URLDecoder: Illegal hex characters in escape (%) pattern - Error at index 0 in: \"zz\"'"),
            ("URI('https://u@ex.com:8443/a/b?x=1&y=2#f').getHost()", "'ex.com'"),
            ("URI('https://u@ex.com:8443/a/b?x=1&y=2#f').getPort()", "8443"),
            ("URI('https://ex.com/a%20b?x=%26').getQuery()", "'x=&'"),
            ("URI('https://ex.com/a%20b?x=%26').getRawQuery()", "'x=%26'"),
            ("URI('https://ex.com/a%20b?x=%26').getPath()", "'/a b'"),
            ("str(URI('https://ex.com/a%20b'))", "'https://ex.com/a%20b'"),
            ("raised(lambda: URI('https://ex.com/a b'))", "'java.net.URISyntaxException: Illegal character in path at index 16: https://ex.com/a b'"),
            ("URI.create('https://ex.com/a/').resolve('b').toString()", "'https://ex.com/a/b'"),
            ("URI('https://ex.com').getPort()", "-1"),
            ("URI('https://ex.com').getPath()", "''"),
            ("URI('mailto:a@b').getScheme()", "'mailto'"),
            ("URL('https://ex.com/a/b?x=1').getHost()", "'ex.com'"),
            ("URL('https://ex.com/a/b?x=1').getFile()", "'/a/b?x=1'"),
            ("URL('https://ex.com/a/b?x=1').getPath()", "'/a/b'"),
            ("URL('https://ex.com/a/b?x=1').getProtocol()", "'https'"),
            ("raised(lambda: URL('nope'))", "'java.net.MalformedURLException: no protocol: nope'"),
        ],
    )
    .await;
}

#[tokio::test]
async fn streams_patterns_digests_and_ciphers_work() {
    values(
        &[IMPORTS, "c2 = Cipher.getInstance('AES/CBC/PKCS5Padding')\nc2.init(Cipher.ENCRYPT_MODE, SecretKeySpec('0123456789abcdef', 'AES'), IvParameterSpec('fedcba9876543210'))\nmac = Mac.getInstance('HmacSHA256')\nmac.init(SecretKeySpec('key', 'HmacSHA256'))\n"].concat(),
        &[
            ("MessageDigest.getInstance('SHA-256').digest('abc')[:4]", "array('b', [-70, 120, 22, -65])"),
            ("raised(lambda: MessageDigest.getInstance('FOO'))", "'java.security.NoSuchAlgorithmException: FOO MessageDigest not available'"),
            ("c2.doFinal('hello').tostring().encode('hex')", "'7bedceb0655f38941069789f36462091'"),
            ("mac.doFinal('msg').tostring().encode('hex')", "'2d93cbc1be167bcb1637a4a23cbff01a7878f0c50ee833954ea5221bb1b8c628'"),
            ("raised(lambda: Cipher.getInstance('FOO'))", "'java.security.NoSuchAlgorithmException: Cannot find any provider supporting FOO'"),
            ("BufferedReader(StringReader('a\\nb\\r\\n\\nc')).readLine()", "'a'"),
            ("BufferedReader(InputStreamReader(ByteArrayInputStream('h\\xc3\\xa9\\nx'),'UTF-8')).readLine()", "'hé'"),
            ("File('/tmp/x').getName()", "'x'"),
            ("Pattern.compile('(a)(?<n>b)').matcher('xab').find()", "True"),
            ("Pattern.matches('a+','aaa')", "True"),
            ("Pattern.compile('\\\\d+').split('a1b22c')", "array(java.lang.String, ['a', 'b', 'c'])"),
        ],
    )
    .await;
}

#[tokio::test]
async fn jythons_sugar_sits_on_javas_objects() {
    values(
        &[IMPORTS, "from java.util import Comparator\nclass ByLength(Comparator):\n    def compare(self, a, b):\n        return len(a) - len(b)\nm = LinkedHashMap()\nm['b'] = 2\nm['a'] = 1\nm['x'] = None\ndel m['x']\nl = ArrayList(['c', 'a'])\nl[0] = 'z'\nl += ['k']\ndef failed(f):\n    try:\n        return f()\n    except Exception, e:\n        return e.__class__.__name__\n"].concat(),
        &[
            ("Date(time=5).time", "5"),
            ("GregorianCalendar(timeZone=TimeZone.getTimeZone('UTC'), timeInMillis=0).time", "Thu Jan 01 00:00:00 UTC 1970"),
            ("'yes' if ArrayList() else 'no', 'yes' if HashMap() else 'no', 'yes' if HashSet(['a']) else 'no', 'yes' if Date(0) else 'no', 'yes' if String('') else 'no'", "('no', 'no', 'yes', 'yes', 'yes')"),
            ("[(x.key, x.value) for x in m.entrySet()]", "[('b', 2), ('a', 1)]"),
            ("[k for k in m], len(m), 'a' in m, 'q' in m, m['b']", "(['b', 'a'], 2, True, False, 2)"),
            ("[x for x in l], len(l), 'z' in l, l[-1], l[0:2], l.empty, m.empty", "(['z', 'a', 'k'], 3, True, 'k', [z, a], False, False)"),
            ("[x.lower() for x in ArrayList(['A','B']).iterator()]", "['a', 'b']"),
            ("Collections.max(['aaa','b'], ByLength()), Collections.min(['aaa','b'], ByLength())", "('aaa', 'b')"),
            ("TreeMap({'b':1,'a':2}).firstKey(), TreeMap(ByLength()).size()", "('a', 0)"),
            ("isinstance(m, Map), isinstance(l, java.util.List), isinstance(l, java.util.Collection)", "(True, True, True)"),
            ("Properties().size(), LinkedList([1,2]).peek(), list(m.keys()), list(m.values())", "(0, 1, ['b', 'a'], [2, 1])"),
            ("java.lang.Class.forName('java.util.HashMap').getSimpleName()", "'HashMap'"),
            ("l.hashCode() == ArrayList(['z','a','k']).hashCode(), l.equals(['z','a','k']), ArrayList([1]).hashCode(), HashMap({'a':1}).hashCode(), HashSet(['a','b']).hashCode(), String('x').equals('x')", "(True, True, 32, 96, 195, True)"),
            ("raised(lambda: ArrayList(['a']).get(-1))", "'java.lang.IndexOutOfBoundsException: Index -1 out of bounds for length 1'"),
            ("HashMap({'a':1}).put('a',2), HashMap().put('a',2), HashMap({'a':1}).remove('a'), HashMap().remove('a'), HashMap({'a':1}).putIfAbsent('a',3)", "(1, None, 1, None, 1)"),
            ("ArrayList(['a']).iterator().next(), ArrayList().iterator().hasNext()", "('a', False)"),
            ("raised(lambda: ArrayList().iterator().next())", "'java.util.NoSuchElementException'"),
            ("ArrayList(['b','a','c']).toArray()", "array(java.lang.Object, ['b', 'a', 'c'])"),
            ("Arrays.asList('a','b').set(0,'z')", "'a'"),
            ("raised(lambda: UUID.fromString('zz'))", "'java.lang.IllegalArgumentException: Invalid UUID string: zz'"),
            ("UUID.nameUUIDFromBytes('abc').toString()", "'90015098-3cd2-3fb0-9696-3f7d28e17f72'"),
            ("sorted(ArrayList(['b','a']))", "['a', 'b']"),
            ("'%s' % ArrayList(['a']), '%s' % HashMap({'a':1}), '%s' % Date(0)", "('[a]', \"{'a': 1}\", 'Thu Jan 01 00:00:00 UTC 1970')"),
            ("'a' + str(ArrayList(['x']))", "'a[x]'"),
            ("ArrayList(['a']) + ['b']", "['a', 'b']"),
            ("HashMap(m) == m, HashSet(['a']) == HashSet(['a'])", "(True, True)"),
            ("raised(lambda: Collections.unmodifiableList(ArrayList(['a'])).add('b'))", "'java.lang.UnsupportedOperationException'"),
            ("Collections.unmodifiableList(ArrayList(['a']))[0]", "'a'"),
            ("raised(lambda: Collections.emptyMap().put('a',1))", "'java.lang.UnsupportedOperationException'"),
        ],
    )
    .await;
}

/// One after the other.
#[tokio::test]
async fn collections_change_as_under_jython() {
    values(
        &[IMPORTS, "from java.util import LinkedHashSet, TreeSet\ns = HashSet(['a', 'b'])\nl = ArrayList(['a', 'b', 'c'])\ndef failed(f):\n    try:\n        return f()\n    except Exception, e:\n        return e.__class__.__name__\n"].concat(),
        &[
            ("s.remove('a')", "None"),
            ("s", "[b]"),
            ("s.discard('zz')", "None"),
            ("s.add('c')", "True"),
            ("s.add('c')", "False"),
            ("s.update(['d'])", "None"),
            ("s | set(['e'])", "[b, c, d, e]"),
            ("s - set(['d'])", "[b, c]"),
            ("s.pop() is not None", "True"),
            ("s.addAll(['q'])", "True"),
            ("s.contains('q')", "True"),
            ("s.clear()", "None"),
            ("s", "[]"),
            ("HashSet(['a','b']).hashCode()", "195"),
            ("failed(lambda: HashSet(['a']).remove('b'))", "'KeyError'"),
            ("HashSet(['a']) <= set(['a','b'])", "True"),
            ("l.remove('b')", "None"),
            ("l", "[a, c]"),
            ("failed(lambda: l.remove('zz'))", "'ValueError'"),
            ("l.remove(0)", "None"),
            ("l", "[c]"),
            ("failed(lambda: l.remove(5))", "'IndexError'"),
            ("l.append('x')", "None"),
            ("l.extend(['y'])", "None"),
            ("l.insert(0,'i')", "None"),
            ("l", "[i, c, x, y]"),
            ("l.index('x')", "2"),
            ("l.count('x')", "1"),
            ("l.pop()", "'y'"),
            ("l.pop(0)", "'i'"),
            ("l.sort()", "None"),
            ("l.reverse()", "None"),
            ("l", "[x, c]"),
            ("l.add(0,'first')", "None"),
            ("l.add('last')", "True"),
            ("l.indexOf('nope')", "-1"),
            ("l.contains('last')", "True"),
            ("l.set(0,'F')", "'first'"),
            ("l * 2", "[F, x, c, last, F, x, c, last]"),
            ("l == ['F','x','c','last']", "True"),
            ("LinkedList(['a','b']).remove('a')", "None"),
            ("LinkedList(['a','b']).pop()", "'a'"),
            ("LinkedList(['a','b']).removeFirst()", "'a'"),
            ("LinkedList(['a','b']).poll()", "'a'"),
            ("HashMap({'a':1}).keys()", "['a']"),
            ("HashMap({'a':1}).pop('a')", "1"),
            ("failed(lambda: HashMap({'a':1}).pop('b'))", "'KeyError'"),
            ("HashMap({'a':1}).setdefault('b',2)", "2"),
            ("HashMap({'a':1}).update({'c':3})", "None"),
            ("HashMap({'a':1}).has_key('a')", "True"),
            ("HashMap({'a':1}).clear()", "None"),
            ("HashMap({'a':1}).popitem()", "('a', 1)"),
            ("HashMap({'a':1}).copy()", "{'a': 1}"),
            ("HashMap({'a':1}).get('b', 7)", "7"),
            ("HashMap({'a':1}).remove('zz')", "None"),
            ("HashMap({'a':1}).values()", "[1]"),
            ("HashMap({'a':1}).entrySet().iterator().next().getKey()", "'a'"),
            ("LinkedHashSet(['b','a'])", "[b, a]"),
            ("TreeSet(['b','a']).first()", "'a'"),
            ("sorted(HashSet(['b','a']))", "['a', 'b']"),
            ("', '.join(HashSet(['x']))", "'x'"),
            ("','.join(ArrayList(['x','y']))", "'x,y'"),
        ],
    )
    .await;
}

/// Kinder than Java, or without what scripts must not have.
#[tokio::test]
async fn some_differences_are_meant() {
    values(
        IMPORTS,
        &[
            ("String('a') == 'a', String('a') + 'b', len(String('abc')), String('ABC').lower()", "(True, 'ab', 3, 'abc')"),
            ("Integer('5') + 1, isinstance(5, Integer), Boolean('true') is True", "(6, True, True)"),
            ("StringBuilder().append(True).toString()", "'true'"),
            ("String.format('%c%c', 'z', 65)", "'zA'"),
            ("raised(lambda: File('/etc/passwd').exists())", "'java.lang.SecurityException: scripts have no file system: /etc/passwd'"),
            ("raised(lambda: java.io.FileInputStream('/etc/passwd'))", "'java.lang.SecurityException: scripts have no file system: /etc/passwd'"),
            ("raised(lambda: URL('https://example.com').openConnection())", "'java.lang.UnsupportedOperationException: scripts have no sockets: use HttpService'"),
            ("raised(lambda: TimeZone.getTimeZone('Europe/Paris'))", "\"java.lang.IllegalArgumentException: the zone 'Europe/Paris' is not provided: use UTC or GMT+hh:mm\""),
            ("TimeZone.getTimeZone('GMT+2').getID(), TimeZone.getDefault().getID()", "('GMT+02:00', 'UTC')"),
            ("raised(lambda: System.exit(1))", "'java.lang.SecurityException: scripts may not end the server'"),
            ("System.getenv('PATH'), System.getProperty('user.home')", "(None, None)"),
        ],
    )
    .await;
}
