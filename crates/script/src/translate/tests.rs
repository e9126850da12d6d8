use super::{python2, python3};

/// The translation of one line.
fn line(source: &str) -> String {
    python2(source).unwrap().text.trim_end().to_owned()
}

#[test]
fn each_construct_becomes_its_python_3_form() {
    let table = [
        ("print", "_py2_print()"),
        ("print \"a\", b", "_py2_print( \"a\", b)"),
        ("print \"a\",", "_py2_print_more( \"a\",)"),
        ("print(\"a\")", "_py2_print((\"a\"))"),
        ("print(a, b)", "_py2_print((a, b))"),
        ("print (a), b", "_py2_print( (a), b)"),
        (
            "print (\"a %s\") % x",
            "_py2_print( _py2_mod((\"a %s\") , x))",
        ),
        ("print (a) / b", "_py2_print( _py2_div((a) , b))"),
        ("print -1", "_py2_print( -1)"),
        ("print [1, 2]", "_py2_print( [1, 2])"),
        ("print >>sys.stderr, a", "_py2_print_to( sys.stderr, a)"),
        (
            "print \"a\"; print \"b\"",
            "_py2_print( \"a\"); _py2_print( \"b\")",
        ),
        ("raise E, \"m\"", "raise _py2_raise(E, \"m\")"),
        ("raise E", "raise E"),
        ("a <> b", "a != b"),
        ("a < b", "_py2_compare(a , \"<\",  b)"),
        ("0 < a <= b", "_py2_compare(0 , \"<\",  a , \"<=\",  b)"),
        ("a == b", "a == b"),
        ("x = 10L + 0777 + 0xFFL + 0", "x = 10 + 0o777 + 0xFF + 0"),
        (
            "x = ur'\\d' + b'x' + u'\\u00e9'",
            "x = r'\\d' + 'x' + '\\u00e9'",
        ),
        ("p = \"C:\\users\\n\"", "p = \"C:\\\\users\\n\""),
        ("x = `a`", "x = _py2_repr(a)"),
        ("x /= 2", "x = _py2_idiv(x, 2)"),
        ("a.b(c).d /= 2", "_py2_idiv_attribute(a.b(c), \"d\", 2)"),
        ("a[b()][c] %= 2", "_py2_imod_item(a[b()], c, 2)"),
        ("x = str(a) + 'b'", "x = _py2_str(a) + 'b'"),
        ("x = '%s' % a % b", "x = _py2_mod(_py2_mod('%s' , a) , b)"),
        (
            "a < f() < g()",
            "_py2_compare(a , \"<\",  f() , \"<\",  lambda: g())",
        ),
        (
            "f = lambda (a, b), c: a",
            "f = lambda _py2_at11, c: [a for (a, b),  in [(_py2_at11, )]][0]",
        ),
        ("x = [a for a in 1, 2]", "x = [a for a in (1, 2)]"),
        (
            "x = [a for a, b in c]; y = a",
            "x = [a for _py2_a, _py2_b in c if [a := _py2_a, b := _py2_b]]; y = a",
        ),
        (
            "x = [b for b in [a for a in c]]; y = a",
            "x = [b for b in [a for a in c]]; y = a",
        ),
        ("x = [a for a in c]; a = 1", "x = [a for a in c]; a = 1"),
        ("x = e.message", "x = _py2_message(e)"),
        ("e.message = x", "e.message = x"),
        (
            "x = map(d.has_key, a)",
            "x = map(_py2_method(d, \"has_key\"), a)",
        ),
        ("x = a / b / c", "x = _py2_div(_py2_div(a , b) , c)"),
        ("d.has_key(k)", "_py2_has_key(d, k)"),
        ("d.keys()[0]", "_py2_keys(d)[0]"),
        ("d.get(a).items()", "_py2_items(d.get(a))"),
        (
            "x = s.encode('utf-8').decode(\"hex\")",
            "x = _py2_decode(_py2_encode(s, 'utf-8'), \"hex\")",
        ),
        (
            "d.has_key(a < b)",
            "_py2_has_key(d, _py2_compare(a , \"<\",  b))",
        ),
        ("async = 1", "async_ = 1"),
        ("x.exec()", "x.exec()"),
        ("if d.keys():\n  pass", "if _py2_keys(d):\n  pass"),
    ];
    for (source, expected) in table {
        assert_eq!(line(source), expected, "{source}");
    }
}

#[test]
fn except_clauses_bind_with_as_and_never_catch_everything() {
    let source = "try:\n    pass\nexcept X, e:\n    print e\nexcept (A, B),e:\n    pass\nexcept A as b:\n    pass\nexcept:  # all\n    print 1\n";
    let expected = "try:\n    pass\nexcept X as e:\n    _py2_print( e)\nexcept (A, B) as e:\n    pass\nexcept A as b:\n    pass\nexcept Exception:  # all\n    _py2_print( 1)\n";
    assert_eq!(python2(source).unwrap().text, expected);
}

#[test]
fn no_line_moves() {
    let source = "x = d \\\n  .has_key(\n   1)\nprint \"a\" \\\n  , \\\n  2\nprint (\"a\"\n  \"b\")\ny = 3\n";
    let translated = python2(source).unwrap().text;
    let row = |text: &str| {
        text.lines()
            .position(|line| line.starts_with("y ="))
            .unwrap()
    };
    assert_eq!(row(&translated), row(source));
}

#[test]
fn tabs_are_eight_columns_except_in_strings() {
    let source = "class A:\n    def f(self):\n\treturn '''\n\tx'''\r\n";
    assert_eq!(
        python2(source).unwrap().text,
        "class A:\n    def f(self):\n        return '''\n\tx'''\n"
    );
}

#[test]
fn the_print_function_is_left_alone_when_the_script_asks_for_it() {
    let source = "from __future__ import print_function, division\nprint(a, b / c, end='')\n";
    assert_eq!(python2(source).unwrap().text, source);
}

const KEPT: &str =
    "try:\n    pass\nexcept _py2_kept(e := _py2_caught()) if _py2_catches(X) else ():";

#[test]
fn a_name_that_is_looked_at_after_its_clause_stays() {
    let clause = "try:\n    pass\nexcept X, e:\n    pass\n";
    for (after, kept) in [
        ("print(e)\n", true),
        ("f(e=1)\nx.e = 2\n", false),
        ("try:\n    pass\nexcept Y, e:\n    print(e)\n", false),
    ] {
        let translated = python2(&format!("{clause}{after}")).unwrap().text;
        assert_eq!(translated.starts_with(KEPT), kept, "{translated}");
    }
}

#[test]
fn a_tuple_parameter_is_unpacked_before_the_first_statement() {
    let source = "def f(a, (b, (c, d)), e=1):\n    # why\n    return b\n";
    let expected =
        "def f(a, _py2_at9, e=1):\n    # why\n    (b, (c, d)),  = _py2_at9, ; return b\n";
    assert_eq!(python2(source).unwrap().text, expected);
}

#[test]
fn what_is_not_provided_is_refused_with_its_line() {
    for source in [
        "x = 1\ndef f(a, (b, c)):\n    if b: pass\n",
        "x = 1\nexec 'x = 2'\n",
        "x = 1\nexec code in {}\n",
        "x = 1\na[1:2] /= 2\n",
    ] {
        assert_eq!(python2(source).err().unwrap().line, Some(2), "{source}");
    }
}

#[test]
fn a_coding_line_makes_byte_strings_bytes() {
    let source = "# coding: utf-8\nx = 'é' + u'é' + r'é'\n";
    let expected = "# coding: utf-8\nx = 'Ã©' + 'é' + r'Ã©'\n";
    assert_eq!(python2(source).unwrap().text, expected);
    assert_eq!(line("x = 'é'"), "x = 'é'");
}

#[test]
fn a_fault_names_its_line() {
    let translated = python2("x = 1\ny = = 2\n").unwrap();
    assert_eq!(translated.fault.unwrap().line, 2);
}

#[test]
fn a_bare_except_of_python_3_does_not_catch_everything() {
    let source = "try:\n    try: x\n    except ValueError: y\n    except : z\nexcept:  # all\n    s = 'except:'\n";
    let expected = "try:\n    try: x\n    except ValueError: y\n    except Exception : z\nexcept Exception:  # all\n    s = 'except:'\n";
    assert_eq!(python3(source).unwrap(), expected);
}
