# Texts, formats, bytes and numbers of java.lang.

import jarray
from java.lang import Boolean, Character, Double, Integer, Long, Math, String
from java.lang import StringBuilder, Throwable
from java.util import ArrayList, Base64, Date
from java.util import StringTokenizer


count = [0]


def text(value):
    """A value without what tells unicode from str and long from int."""
    if isinstance(value, (str, unicode)):
        return repr(value).lstrip('u')
    if isinstance(value, bool) or isinstance(value, float):
        return repr(value)
    if isinstance(value, (int, long)):
        return '%d' % value
    if type(value) in (tuple, list):
        return '(%s)' % ', '.join([text(item) for item in value])
    if hasattr(value, 'tolist'):
        return 'array' + text(value.tolist())
    return value.toString() if hasattr(value, 'entrySet') else str(value)


def show(function):
    count[0] += 1
    try:
        result = text(function())
    except Throwable, e:
        result = 'raised %s' % e
    except Exception, e:
        result = 'raised ' + e.__class__.__name__
    print count[0], result


b = String('h\xe9').getBytes('utf-8')
show(lambda: bool(String('')))
show(lambda: String('a,b,,c,,').split(','))
show(lambda: list(String('boo:and:foo').split('o')))
show(lambda: list(String('boo:and:foo').split('o',-1)))
show(lambda: list(String('boo:and:foo').split('o',2)))
show(lambda: list(String('').split(',')))
show(lambda: list(String('a.b').split('.')))
show(lambda: String.format('%2$s %1$s', ['a','b']))
show(lambda: String.format('%s %S', None, 'abc'))
show(lambda: String.format('%s', True))
show(lambda: String.format('%d', 'x'))
show(lambda: String.format('%s %s', 'x'))
show(lambda: str(b))
show(lambda: b)
show(lambda: b[1])
show(lambda: len(b))
show(lambda: b.tostring())
show(lambda: String(b, 'utf-8').toString())
show(lambda: String(b).toString())
show(lambda: list(b))
show(lambda: Integer(5))
show(lambda: Integer('5'))
show(lambda: Integer.parseInt('x'))
show(lambda: Integer.valueOf(3))
show(lambda: Long.parseLong('12'))
show(lambda: Integer.toHexString(-1))
show(lambda: Integer.MAX_VALUE)
show(lambda: Long.MAX_VALUE)
show(lambda: Boolean.TRUE)
show(lambda: Boolean.parseBoolean('TRUE'))
show(lambda: Double.parseDouble('1.5'))
show(lambda: Math.max(1,2))
show(lambda: Math.round(2.5))
show(lambda: Math.floor(-1.5))
show(lambda: str(StringBuilder('q')))
show(lambda: StringBuilder('abc').reverse().toString())
show(lambda: StringBuilder('abc').insert(1,'Z').toString())
show(lambda: StringBuilder('abc').deleteCharAt(1).toString())
show(lambda: jarray.array([1,2,-3],'b'))
show(lambda: jarray.zeros(3,'b'))
show(lambda: jarray.array(['a','b'],String))
show(lambda: jarray.array([1,2],'i').tolist())
show(lambda: String.valueOf(3))
show(lambda: String.join('-',['a','b']))
show(lambda: String('abc').equals('abc'))
show(lambda: String('abc').hashCode())
show(lambda: String('abc').charAt(1))
show(lambda: String('abc').indexOf('c'))
show(lambda: String('abc').bytes)
show(lambda: String(['a', 'b']).toString())
show(lambda: String(jarray.array([97, 98], 'b')).toString())
show(lambda: String(jarray.array(['a', 'b'], 'c')).toString())
show(lambda: String('a b').replaceAll('\\s+','_'))
show(lambda: String('xay').replaceAll('(a)','[$1]'))
show(lambda: String('abc').matches('[a-c]+'))
show(lambda: String('abc').isEmpty())
show(lambda: String(' a ').trim())
show(lambda: String('a').compareTo('c'))
show(lambda: Character.isDigit('3'))
show(lambda: Integer.toString(5))
show(lambda: isinstance('a', String))
show(lambda: isinstance(String('a'), String))
show(lambda: Base64.getEncoder().encodeToString('hi'))
show(lambda: Base64.getEncoder().encode('hi'))
show(lambda: Base64.getDecoder().decode('aGk='))
show(lambda: Base64.getUrlEncoder().withoutPadding().encodeToString('\xfb\xff\xfe'))
show(lambda: Base64.getDecoder().decode('a$'))
show(lambda: Base64.getMimeDecoder().decode('aG\nk=').tostring())
show(lambda: String.format('%5.1f|%-8s|%+d|%e|%g|%X|%o|%h', 2.25,'ab',5,12345.678,0.00012345,255,8,'hi'))
show(lambda: String.format('%.3f %.0f %.1f', 0.0005, 2.5, 0.25))
show(lambda: String.format('%,.2f', 1234567.891))
show(lambda: String.format('%10b|%08.2f|% d|%(d', True, 3.14159, 5, -5))
show(lambda: String.format('%s %s', [1,2], 'x'))
show(lambda: String.format('%s', ArrayList(['a'])))
show(lambda: String.format('%s %<s %s', 'a', 'b'))
show(lambda: String.format('%tY-%<tm-%<td', Date(0)))
show(lambda: (String.valueOf(1.0), String.valueOf(1e7), String.valueOf(0.001), String.valueOf(1.0E-4), String.valueOf(123456.789)))
show(lambda: (Math.abs(-2), Math.pow(2,3), Math.ceil(1.2), Math.min(1,2), Math.sqrt(9.0)))
show(lambda: StringTokenizer('a b c').nextToken())
show(lambda: String('abcabc').replace('b','X'))
show(lambda: String('a1b2').replaceFirst('[0-9]','#'))
show(lambda: (String('abc').contains('bc'), String('abc').startsWith('ab'), String('abc').endsWith('z')))
show(lambda: String('abc').equalsIgnoreCase('ABC'))
show(lambda: String('ab').concat('c'))
show(lambda: String('abc').toCharArray())
show(lambda: String('  ').isBlank())
show(lambda: String('a').repeat(3))
show(lambda: String('ABC').toLowerCase())
show(lambda: String('a-b').split('-').tolist())
show(lambda: String('a-b').split('-')[0])
show(lambda: len(String('a-b').split('-')))
show(lambda: String('abc').getBytes().tostring())
show(lambda: String('\xe9').getBytes('UTF-8').tostring())
show(lambda: String(String('x')).toString())
show(lambda: String.copyValueOf(['a','b']))
show(lambda: String('abc').compareToIgnoreCase('ABD'))
