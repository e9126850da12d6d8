use sallyport_script::Returned;

use crate::desk::Desk;

/// What each expression gives, as text.
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
        assert_eq!(line, expected, "{expression}");
    }
    assert_eq!(printed.len(), table.len());
}

#[tokio::test]
async fn byte_strings_are_text() {
    values(
        "import base64, hashlib, hmac, urllib, struct, json\n",
        &[
            ("'Basic ' + base64.b64encode('id:s3cret'.encode('utf-8'))", "'Basic aWQ6czNjcmV0'"),
            ("base64.b64decode('aWQ6czNjcmV0')", "'id:s3cret'"),
            ("base64.b64decode(base64.b64encode(u'\\u00e9'.encode('utf-8'))).decode('utf-8') == u'\\u00e9'", "True"),
            ("len(u'\\u00e9'.encode('utf-8'))", "2"),
            ("base64.urlsafe_b64encode(chr(251) + chr(255))", "'-_8='"),
            ("hashlib.sha256('abc').hexdigest()[:16]", "'ba7816bf8f01cfea'"),
            ("hashlib.md5('abc').digest().encode('hex')", "'900150983cd24fb0d6963f7d28e17f72'"),
            (
                "hmac.new('key', 'The quick brown fox jumps over the lazy dog', hashlib.sha1).hexdigest()",
                "'de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9'",
            ),
            ("base64.b64encode(hmac.new('k', 'm', hashlib.sha256).digest())[:8]", "'tgCQ4wUi'"),
            ("'616263'.decode('hex')", "'abc'"),
            ("'abc'.encode('base64')", "'YWJj\\n'"),
            ("urllib.quote('a b/\\xe9'), urllib.urlencode([('a', 'x y'), ('b', '&')])", "('a%20b/%E9', 'a=x+y&b=%26')"),
            ("urllib.unquote_plus('a+b%20c')", "'a b c'"),
            ("struct.pack('>I', 258), struct.unpack('>I', '\\x00\\x00\\x01\\x02')", "('\\x00\\x00\\x01\\x02', (258,))"),
            ("json.loads(u'{\"n\": \"\\u00e9\"}'.encode('utf-8'))['n']", "'\\xe9'"),
            ("json.dumps({'a': 1L, 'b': [True, None]})", "'{\"a\": 1, \"b\": [true, null]}'"),
            ("isinstance('x', unicode), isinstance(u'x', str), isinstance('x', basestring)", "(True, True, True)"),
            ("unicode('\\xc3\\xa9', 'utf-8'), str(12L)", "('\\xe9', '12')"),
        ],
    )
    .await;
}

#[tokio::test]
async fn builtins_mean_what_they_meant() {
    values(
        "import sys, string\nd = {'a': 1}\n",
        &[
            ("7 / 2, -7 / 2, 7 / 2.0", "(3, -4, 3.5)"),
            (
                "None < 0, 1 < 'a', [1] < 'a', None < None",
                "(True, True, True, False)",
            ),
            ("0 < 1 <= 1 < 3", "True"),
            ("sorted([3, None, 'b', 1.5])", "[None, 1.5, 3, 'b']"),
            ("sorted([1, 2, 3], cmp=lambda a, b: cmp(b, a))", "[3, 2, 1]"),
            ("max(None, 2), min([3, 'a'])", "(2, 3)"),
            (
                "d.has_key('a'), d.keys()[0], d.items(), list(d.iteritems())",
                "(True, 'a', [('a', 1)], [('a', 1)])",
            ),
            (
                "map(lambda x: x + 1, [1, 2]), filter(None, [0, 1]), zip([1], [2])",
                "([2, 3], [1], [(1, 2)])",
            ),
            (
                "range(3) + [3], len(xrange(5)), reduce(lambda a, b: a + b, [1, 2])",
                "([0, 1, 2, 3], 5, 3)",
            ),
            ("round(2.5), round(-0.5), 0777, 10L", "(3.0, -1.0, 511, 10)"),
            (
                "sys.maxint, sys.version_info[0], string.letters[:3]",
                "(2147483647, 2, 'abc')",
            ),
            ("1 <> 2, `d`", "(True, \"{'a': 1}\")"),
            (
                "'a,b'.split(','), 'x%sy' % u'z', \"C:\\users\"",
                "(['a', 'b'], 'xzy', 'C:\\\\users')",
            ),
            ("long('5'), unichr(233), cmp(2, 1)", "(5, '\\xe9', 1)"),
        ],
    )
    .await;
}

#[tokio::test]
async fn print_lays_out_as_in_python_2() {
    let desk = Desk::new();
    let body = "print \"a\", 1, None\nprint \"b\",\nprint \"c\"\nprint (\"%s-%s\") % (1, 2)\nprint(1, 2)\nprint(\"one\")\nprint\nprint >>sys.stderr, \"error\"\nprint u\"\\u00e9\"\nprint [u\"x\"]\nreturn \"\"";
    desk.eval(body).await.unwrap();
    assert_eq!(
        desk.printed(),
        [
            "a 1 None", "b c", "1-2", "(1, 2)", "one", "error", "é", "['x']"
        ]
    );
    let levels: Vec<_> = desk.lines().iter().map(|line| line.level).collect();
    assert_eq!(levels[5], sallyport_script::LogLevel::Error);
    assert_eq!(levels[0], sallyport_script::LogLevel::Info);
}

#[tokio::test]
async fn exceptions_are_raised_and_caught_as_in_python_2() {
    let desk = Desk::new();
    let body = "from java.io import IOException\nseen = []\ntry:\n    raise ValueError, \"one\"\nexcept (KeyError, ValueError), e:\n    seen.append(str(e))\ntry:\n    raise IOException(\"two\")\nexcept IOException, e:\n    seen.append(e.getMessage())\ntry:\n    raise IOException(\"three\")\nexcept:\n    seen.append(str(sys.exc_info()[1]))\nreturn seen";
    let result = desk.eval(body).await;
    assert_eq!(
        result,
        Ok(Returned::Texts(vec![
            "one".into(),
            "two".into(),
            "java.io.IOException: three".into()
        ]))
    );
}

#[tokio::test]
async fn java_collections_and_sugar_work() {
    values(
        "from java.util import ArrayList, HashMap, Arrays, Collections, Date, HashSet\nfrom java.lang import String, Integer, System\nimport java\nm = HashMap()\nm.put('k', 1)\nl = ArrayList(Arrays.asList('a', 'b'))\nl.add('c')\n",
        &[
            ("m.get('x'), m.containsKey('k'), m.size(), m['k']", "(None, True, 1, 1)"),
            ("str(l), l.get(0), l.size(), l.contains('z'), len(l)", "('[a, b, c]', 'a', 3, False, 3)"),
            ("java.util.Arrays.asList('x')[0], bool(ArrayList()), bool(Date())", "('x', False, True)"),
            ("isinstance(Date().getTime(), int), Date(0).time", "(True, 0)"),
            ("String('abc').hashCode(), String.format('%s-%d', 'a', 3), Integer.MAX_VALUE", "(96354, 'a-3', 2147483647)"),
            ("Collections.singletonList('a').get(0), Collections.singletonMap('a', 'b').toString()", "('a', '{a=b}')"),
            ("System.currentTimeMillis() > 1600000000000", "True"),
            ("__import__('java.util', globals(), locals(), ['ArrayList'], -1).ArrayList is ArrayList", "True"),
        ],
    )
    .await;
}

#[tokio::test]
async fn moments_are_stamped_and_measured() {
    values(
        "from java.time import LocalDateTime, ZonedDateTime, Duration\nfrom java.time.format import DateTimeFormatter\na = LocalDateTime.parse('2022-04-11T09:49:37')\nb = a.plusMinutes(90)\n",
        &[
            ("str(b), b.format(DateTimeFormatter.ISO_LOCAL_DATE_TIME)", "('2022-04-11T11:19:37', '2022-04-11T11:19:37')"),
            ("Duration.between(a, b).getSeconds(), Duration.between(a, b).toHours()", "(5400, 1)"),
            ("a.isBefore(b), a.equals(b.minusMinutes(90)), LocalDateTime.now().isAfter(b)", "(True, True, True)"),
            ("str(ZonedDateTime.parse('2022-04-11T11:49:37.5+02:00'))", "'2022-04-11T11:49:37.500+02:00'"),
        ],
    )
    .await;
}
