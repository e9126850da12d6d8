# -*- coding: utf-8 -*-
# json.
import json
import simplejson

count = [0]


def show(function):
    count[0] += 1
    try:
        result = repr(function())
    except Exception, e:
        result = e.__class__.__name__
    print count[0], result


one = '{"s": "x", "n": 1, "f": 1.5, "t": true, "z": null, "l": [1, "a"], "o": {"k": "v"}}'
data = json.loads(one)
show(lambda: sorted(str(key) for key in data))
show(lambda: data['n'])
show(lambda: data['f'])
show(lambda: data['t'])
show(lambda: data['z'])
show(lambda: str(data['s']))
show(lambda: str(data['o']['k']))
show(lambda: len(data['l']))
show(lambda: data['missing'])
show(lambda: data.get('missing', 'default'))
show(lambda: data.has_key('s'))
show(lambda: isinstance(data, dict))
show(lambda: isinstance(data['l'], list))
show(lambda: isinstance(data['s'], basestring))
show(lambda: isinstance(data['s'], unicode))
show(lambda: isinstance(data['n'], int))
show(lambda: json.loads('[]'))
show(lambda: json.loads('"a"') == 'a')
show(lambda: json.loads('5'))
show(lambda: json.loads('-5.5e3'))
show(lambda: json.loads('12345678901234567890'))
show(lambda: json.loads('true'))
show(lambda: json.loads(''))
show(lambda: json.loads('{'))
show(lambda: json.loads("{'a': 1}"))
show(lambda: json.loads('[1,]'))
show(lambda: json.loads(None))
show(lambda: json.loads(5))
show(lambda: json.loads('nope'))
show(lambda: json.loads('  [1]  '))
show(lambda: json.loads('[1] x'))
show(lambda: len(json.loads('"\\u00e9"')))
show(lambda: json.loads('"\\u00e9"') == u'\u00e9')
show(lambda: json.loads('"é"') == u'\u00e9')
show(lambda: json.loads(u'"é"') == u'\u00e9')
show(lambda: json.loads('"\\ud83d\\ude00"') == u'\U0001F600')
show(lambda: json.loads('{"a": 1, "a": 2}').values())
show(lambda: json.loads('{"a": 1.0}', parse_float=str).values())
show(lambda: json.loads('"a\\nb\\t\\"\\/"') == 'a\nb\t"/')
show(lambda: json.loads('NaN') != 0)
show(lambda: json.dumps({'a': 1}))
show(lambda: json.dumps([1, 'a', None, True, False, 1.5]))
show(lambda: json.dumps('a"b\\c\n/\x01'))
show(lambda: json.dumps(u'\u00e9\u20ac'))
show(lambda: json.dumps('é'))
show(lambda: json.dumps(u'é', ensure_ascii=False) == u'"é"')
show(lambda: json.dumps({'b': 1, 'a': 2}, sort_keys=True))
show(lambda: json.dumps({1: 'a'}))
show(lambda: json.dumps({None: 1}))
show(lambda: json.dumps({(1, 2): 1}))
show(lambda: json.dumps((1, 2)))
show(lambda: json.dumps(set([1])))
show(lambda: json.dumps(10L))
show(lambda: json.dumps(10 ** 20))
show(lambda: json.dumps(0.1))
show(lambda: json.dumps(1e16))
show(lambda: json.dumps(1 / 3.0))
show(lambda: json.dumps(1.0))
show(lambda: json.dumps(''))
show(lambda: json.dumps([]))
show(lambda: json.dumps({}))
show(lambda: json.dumps([[], {}]))
show(lambda: json.dumps({'a': [1, {'b': None}]}))
show(lambda: json.dumps([1, 2], indent=2))
show(lambda: json.dumps({'a': [1]}, indent=4, sort_keys=True))
show(lambda: json.dumps([1, 2], separators=(',', ':')))
show(lambda: json.dumps({'a': 1}, separators=(',', ':')))
show(lambda: json.dumps(float('inf')))
show(lambda: json.dumps(object))
show(lambda: json.dumps({'d': object}, default=lambda o: 'gone'))
show(lambda: json.dumps({'x': 1, (1,): 2}, skipkeys=True))
show(lambda: json.dumps('</script>'))
show(lambda: json.dumps('\x7f'))
show(lambda: json.dumps(u'\u2028'))
show(lambda: json.dumps('tab\t'))
show(lambda: type(json.dumps({})).__name__)
show(lambda: json.JSONEncoder().encode([1]))
show(lambda: json.JSONDecoder().decode('[1]'))
show(lambda: json.dumps(json.loads(one), sort_keys=True))
show(lambda: json.loads(json.dumps({'k': 'é'}))['k'] == u'é')
show(lambda: json.loads(json.dumps(u'\x00')) == '\x00')
show(lambda: [str(x) for x in json.loads('["a", "b"]')])
show(lambda: json.loads('{"code": "123"}').get('code') == '123')
show(lambda: 'code=' + json.loads('{"code": "123"}')['code'] == 'code=123')
show(lambda: '%s' % json.loads('{"n": 12}')['n'])
show(lambda: json.loads('[0.1, 100000000000000000000.0]'))
show(lambda: json.loads('1E400'))


class Point:
    def __init__(self, x):
        self.x = x


class Encoder(json.JSONEncoder):
    def default(self, value):
        if isinstance(value, Point):
            return {'x': value.x}
        return json.JSONEncoder.default(self, value)


show(lambda: json.dumps([Point(1)], cls=Encoder))
show(lambda: json.dumps([object], cls=Encoder))
show(lambda: json.dumps(Point(1).__dict__))
show(lambda: json.loads('{"x": 1}', object_hook=lambda o: sorted(o.values())))
show(lambda: simplejson.loads('[1]') + [2])
show(lambda: simplejson.dumps({'a': None}))
try:
    json.loads('{bad')
except ValueError, e:
    print 'ValueError', isinstance(e, ValueError), len(str(e)) > 0
print json.dumps({'k': u'é'})
print json.dumps([u'é'], ensure_ascii=False).encode('utf-8')
print json.loads('["é"]')[0]
