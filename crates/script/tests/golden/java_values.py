# java.lang, java.net and others as a script sees them.
from java.lang import Boolean, Integer, Long, Math, String, StringBuilder, System
from java.lang import Exception as JavaException, IllegalArgumentException, NumberFormatException
from java.net import URLDecoder, URLEncoder, URI
from java.util import Arrays, Base64
from java.util.concurrent import TimeUnit
import java
import sys

count = [0]


def show(function):
    count[0] += 1
    try:
        result = str(function())
    except Exception, e:
        result = 'fails'
    except:
        result = 'fails'
    print count[0], result


show(lambda: String('abc').length())
show(lambda: String('abc').toUpperCase())
show(lambda: String('abc').substring(1))
show(lambda: String('abcdef').substring(1, 3))
show(lambda: String('a,b,c').split(',')[1])
show(lambda: len(String('a,b,,').split(',')))
show(lambda: len(String('a1b22c').split('[0-9]+')))
show(lambda: String('abc').indexOf('c'))
show(lambda: String('abc').contains('b'))
show(lambda: String('abc').startsWith('ab'))
show(lambda: String('abc').endsWith('c'))
show(lambda: String(' x ').trim())
show(lambda: String('abc').equals('abc'))
show(lambda: String('abc').equalsIgnoreCase('ABC'))
show(lambda: String('abc').hashCode())
show(lambda: String('abc').charAt(1))
show(lambda: String('a.b').replace('.', '-'))
show(lambda: String('a1b2').replaceAll('[0-9]', '#'))
show(lambda: String('abc').isEmpty())
show(lambda: String('ab').matches('[a-z]+'))
show(lambda: String('x').compareTo('y'))
show(lambda: String('ab').concat('c'))
show(lambda: String.valueOf(5))
show(lambda: String.format('%s-%d', ['a', 3]))
show(lambda: String.format('%05d', [42]))
show(lambda: String.format('%.2f', [3.14159]))
show(lambda: String.format('%x', [255]))
show(lambda: String.join(',', ['a', 'b']))
show(lambda: len(String('abc').getBytes()))
show(lambda: String('abc').getBytes()[0])
show(lambda: String(String('h\xc3\xa9').getBytes('ISO-8859-1'), 'UTF-8').length())
show(lambda: Integer.parseInt('12'))
show(lambda: Integer.parseInt('ff', 16))
show(lambda: Integer.parseInt('x'))
show(lambda: Integer.valueOf('7') + 1)
show(lambda: Integer.MAX_VALUE)
show(lambda: Integer.toString(5))
show(lambda: Integer.toHexString(255))
show(lambda: Integer.toHexString(-1))
show(lambda: Long.parseLong('12345678901'))
show(lambda: Long.valueOf(5))
show(lambda: Boolean.parseBoolean('yes'))
show(lambda: Boolean.valueOf('TRUE'))
show(lambda: Boolean.TRUE)
show(lambda: Math.max(1, 2))
show(lambda: Math.abs(-3))
show(lambda: Math.floor(2.5))
show(lambda: StringBuilder('a').append('b').append(1).toString())
show(lambda: StringBuilder().append('x').length())
show(lambda: System.currentTimeMillis() > 1600000000000)
show(lambda: System.getProperty('no.such.property'))
show(lambda: URLEncoder.encode('a b&c=d/e', 'UTF-8'))
show(lambda: URLEncoder.encode('~-_.*', 'UTF-8'))
show(lambda: URLDecoder.decode('a+b%26c', 'UTF-8'))
show(lambda: URI('https://h.example:8443/p?q=1#f').getHost())
show(lambda: URI('https://h.example:8443/p?q=1#f').getPort())
show(lambda: URI('https://h.example/p?q=1').getQuery())
show(lambda: URI('https://h.example/p').getPath())
show(lambda: Base64.getEncoder().encodeToString(String('hello').getBytes()))
show(lambda: String(Base64.getDecoder().decode('aGVsbG8=')))
show(lambda: Base64.getUrlEncoder().withoutPadding().encodeToString(String('a?>').getBytes()))
show(lambda: TimeUnit.MINUTES.toSeconds(2))
show(lambda: TimeUnit.SECONDS.toMillis(3))
show(lambda: java.lang.Integer.MIN_VALUE)
show(lambda: java.lang.String('x').toString())
try:
    raise IllegalArgumentException('wrong')
except IllegalArgumentException, e:
    print e.getMessage(), e.message, isinstance(e, JavaException)
try:
    Integer.parseInt('zz')
except NumberFormatException, e:
    print e.getMessage()
try:
    raise JavaException('plain')
except:
    print sys.exc_info()[1].getMessage()
try:
    try:
        raise IllegalArgumentException('inner')
    finally:
        print 'finally'
except JavaException as e:
    print e.getMessage()
