# Exceptions, addresses, streams, patterns, digests and ciphers.

import java
from java.io import BufferedReader, ByteArrayInputStream, File, IOException, InputStreamReader, StringReader
from java.lang import RuntimeException
from java.lang import Throwable
from java.lang import Exception as JE
from java.net import URI, URL, URLDecoder, URLEncoder
from java.security import MessageDigest
from java.util import HashMap
from java.util import Random
from java.util.regex import Pattern
from javax.crypto import Cipher, Mac
from javax.crypto.spec import IvParameterSpec, SecretKeySpec


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


c2 = Cipher.getInstance('AES/CBC/PKCS5Padding')
c2.init(Cipher.ENCRYPT_MODE, SecretKeySpec('0123456789abcdef', 'AES'), IvParameterSpec('fedcba9876543210'))
mac = Mac.getInstance('HmacSHA256')
mac.init(SecretKeySpec('key', 'HmacSHA256'))
show(lambda: JE('x').getMessage())
show(lambda: str(JE('x')))
show(lambda: repr(JE('x')))
show(lambda: JE('x').toString())
show(lambda: unicode(JE('x')))
show(lambda: JE())
show(lambda: RuntimeException('a', JE('b')).getCause())
show(lambda: isinstance(IOException('x'), JE))
show(lambda: issubclass(IOException, JE))
show(lambda: IOException('disk').getClass().getName())
show(lambda: str(IOException('disk')))
show(lambda: Random(42).nextInt(100))
show(lambda: Random(42).nextInt())
show(lambda: Random(42).nextDouble())
show(lambda: Random(7).nextLong())
show(lambda: Random(7).nextBoolean())
show(lambda: Random(1).nextGaussian())
show(lambda: URLEncoder.encode('a b&c=d/e~*-._\xe9','UTF-8'))
show(lambda: URLEncoder.encode(u'\u20ac','UTF-8'))
show(lambda: URLEncoder.encode('a b'))
show(lambda: URLDecoder.decode('a+b%26%C3%A9','UTF-8'))
show(lambda: URLDecoder.decode('%zz','UTF-8'))
show(lambda: URI('https://u@ex.com:8443/a/b?x=1&y=2#f').getHost())
show(lambda: URI('https://u@ex.com:8443/a/b?x=1&y=2#f').getPort())
show(lambda: URI('https://ex.com/a%20b?x=%26').getQuery())
show(lambda: URI('https://ex.com/a%20b?x=%26').getRawQuery())
show(lambda: URI('https://ex.com/a%20b?x=%26').getPath())
show(lambda: str(URI('https://ex.com/a%20b')))
show(lambda: URI('https://ex.com/a b'))
show(lambda: URI.create('https://ex.com/a/').resolve('b').toString())
show(lambda: URI('https://ex.com').getPort())
show(lambda: URI('https://ex.com').getPath())
show(lambda: URI('mailto:a@b').getScheme())
show(lambda: URL('https://ex.com/a/b?x=1').getHost())
show(lambda: URL('https://ex.com/a/b?x=1').getFile())
show(lambda: URL('https://ex.com/a/b?x=1').getPath())
show(lambda: URL('https://ex.com/a/b?x=1').getProtocol())
show(lambda: URL('nope'))
show(lambda: MessageDigest.getInstance('SHA-256').digest('abc')[:4])
show(lambda: MessageDigest.getInstance('FOO'))
show(lambda: c2.doFinal('hello').tostring().encode('hex'))
show(lambda: mac.doFinal('msg').tostring().encode('hex'))
show(lambda: Cipher.getInstance('FOO'))
show(lambda: BufferedReader(StringReader('a\nb\r\n\nc')).readLine())
show(lambda: BufferedReader(InputStreamReader(ByteArrayInputStream('h\xc3\xa9\nx'),'UTF-8')).readLine())
show(lambda: File('/tmp/x').getName())
show(lambda: Pattern.compile('(a)(?<n>b)').matcher('xab').find())
show(lambda: Pattern.matches('a+','aaa'))
show(lambda: Pattern.compile('\\d+').split('a1b22c'))
show(lambda: java.lang.Class.forName('java.util.HashMap').getSimpleName())
