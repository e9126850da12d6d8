# -*- coding: utf-8 -*-
# base64, binascii, hashlib, hmac, zlib and struct.
import base64
import binascii
import hashlib
import hmac
import struct
import zlib

count = [0]


def show(function):
    count[0] += 1
    try:
        result = repr(function())
    except Exception, e:
        result = e.__class__.__name__
    print count[0], result


show(lambda: base64.b64encode('hello'))
show(lambda: base64.b64encode(''))
show(lambda: base64.b64encode('é'))
show(lambda: base64.b64encode('\xfb\xff'))
show(lambda: base64.b64encode(u'abc'))
show(lambda: base64.b64encode(u'é'.encode('utf-8')))
show(lambda: base64.b64encode(u'é'.encode('latin-1')))
show(lambda: base64.b64encode('\xfb\xff', '-_'))
show(lambda: base64.b64decode('aGVsbG8='))
show(lambda: base64.b64decode('aGVsbG8'))
show(lambda: base64.b64decode('w6k='))
show(lambda: base64.b64decode('w6k=').decode('utf-8') == u'é')
show(lambda: base64.b64decode(u'w6k='))
show(lambda: base64.b64decode('-_8=', '-_'))
show(lambda: base64.b64decode(''))
show(lambda: base64.b64decode('aGVs\nbG8=\n'))
show(lambda: base64.b64decode('aGVs bG8='))
show(lambda: base64.urlsafe_b64encode('\xfb\xff\xfe'))
show(lambda: base64.urlsafe_b64decode('-__-'))
show(lambda: base64.urlsafe_b64decode('-__-=='))
show(lambda: base64.standard_b64encode('\xfb\xff'))
show(lambda: base64.standard_b64decode('+/8='))
show(lambda: base64.b32encode('hello'))
show(lambda: base64.b32decode('NBSWY3DP'))
show(lambda: base64.b32decode('nbswy3dp'))
show(lambda: base64.b32decode('nbswy3dp', True))
show(lambda: base64.b16encode('\xff\x00'))
show(lambda: base64.b16decode('FF00'))
show(lambda: base64.encodestring('a' * 60))
show(lambda: base64.decodestring('YWJj\n'))
show(lambda: 'Basic ' + base64.b64encode('%s:%s' % ('user', 'pass')))
show(lambda: base64.b64encode('user:p\xc3\xa4ss'))
show(lambda: base64.b64encode('abc').rstrip('='))
show(lambda: base64.b64decode('YWJjZA' + '=' * (-len('YWJjZA') % 4)))
show(lambda: type(base64.b64encode('a')).__name__)
show(lambda: base64.b64encode('a') + 'b')
show(lambda: binascii.hexlify('\x00\xff'))
show(lambda: binascii.unhexlify('00ff'))
show(lambda: binascii.unhexlify('0'))
show(lambda: binascii.b2a_hex('az'))
show(lambda: binascii.a2b_hex('617a'))
show(lambda: binascii.b2a_base64('abc'))
show(lambda: binascii.a2b_base64('YWJj'))
show(lambda: str(binascii.crc32('hello')))
show(lambda: str(binascii.crc32('hello') & 0xffffffff))
show(lambda: binascii.crc32('a'))
show(lambda: hashlib.md5('abc').hexdigest())
show(lambda: hashlib.sha1('abc').hexdigest())
show(lambda: hashlib.sha224('abc').hexdigest())
show(lambda: hashlib.sha256('abc').hexdigest())
show(lambda: hashlib.sha384('abc').hexdigest()[:20])
show(lambda: hashlib.sha512('abc').hexdigest()[:20])
show(lambda: hashlib.md5().hexdigest())
show(lambda: hashlib.md5('é').hexdigest())
show(lambda: hashlib.md5(u'é'.encode('utf-8')).hexdigest())
show(lambda: hashlib.sha1('abc').digest())
show(lambda: len(hashlib.sha256('abc').digest()))
show(lambda: base64.b64encode(hashlib.sha256('abc').digest()))
show(lambda: hashlib.new('sha1', 'abc').hexdigest()[:8])
show(lambda: hashlib.new('md5').hexdigest()[:8])
show(lambda: hashlib.new('nonsense'))
show(lambda: hashlib.sha1().digest_size)
show(lambda: hashlib.sha256().block_size)
show(lambda: hashlib.sha1(u'abc').hexdigest()[:8])
show(lambda: hashlib.md5('a' * 1000).hexdigest())
show(lambda: hashlib.sha1('abc').digest().encode('hex'))
show(lambda: hashlib.sha1('abc').digest().encode('base64').strip())
show(lambda: hashlib.sha1('abc').copy().hexdigest()[:8])
show(lambda: hmac.new('key', 'msg').hexdigest())
show(lambda: hmac.new('key', 'msg', hashlib.sha1).hexdigest())
show(lambda: hmac.new('key', 'msg', hashlib.sha256).hexdigest())
show(lambda: hmac.new('key', 'msg', hashlib.sha512).hexdigest()[:16])
show(lambda: hmac.new('key', digestmod=hashlib.sha1).hexdigest())
show(lambda: hmac.new('k' * 100, 'msg', hashlib.sha1).hexdigest())
show(lambda: hmac.new('\xff\x00', '\xc3\xa9', hashlib.sha256).hexdigest())
show(lambda: hmac.new('key', 'msg', hashlib.sha1).digest())
show(lambda: base64.b64encode(hmac.new('key', 'msg', hashlib.sha256).digest()))
show(lambda: hmac.new('key', 'msg', hashlib.sha1).digest_size)
show(lambda: zlib.decompress(zlib.compress('abc' * 10)))
show(lambda: len(zlib.compress('a' * 1000)) < 50)
show(lambda: '%d' % zlib.crc32('hello'))
show(lambda: zlib.adler32('hello'))
show(lambda: zlib.decompress('nonsense'))
show(lambda: struct.pack('>I', 1))
show(lambda: struct.pack('<I', 1))
show(lambda: struct.pack('>Q', 2 ** 40))
show(lambda: struct.pack('>q', -1))
show(lambda: struct.pack('!HB', 258, 7))
show(lambda: struct.pack('3s', 'ab'))
show(lambda: struct.pack('>d', 1.5))
show(lambda: struct.pack('>I', 'x'))
show(lambda: '%d' % struct.unpack('>I', '\x00\x00\x01\x00'))
show(lambda: struct.unpack('>H', '\xff\xff')[0])
show(lambda: str(struct.unpack('>q', '\xff' * 8)[0]))
show(lambda: struct.unpack('2s', 'ab'))
show(lambda: struct.unpack('>I', 'ab'))
show(lambda: struct.unpack('BB', '\x01\xff'))
show(lambda: struct.calcsize('>IHB'))
show(lambda: struct.unpack('>d', struct.pack('>d', 2.5))[0])
show(lambda: str(struct.unpack('>I', hmac.new('k', 'm', hashlib.sha1).digest()[:4])[0] & 0x7fff))


def hotp(secret, counter):
    digest = hmac.new(secret, struct.pack('>Q', counter), hashlib.sha1).digest()
    offset = ord(digest[-1]) & 15
    number = struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7fffffff
    return '%06d' % (number % 1000000)


print [hotp('12345678901234567890', n) for n in range(10)]


def pad(text, size=16):
    return text + (size - len(text) % size) * chr(size - len(text) % size)


print repr(pad('hello')), len(pad('x' * 16))
print ''.join(chr(ord(a) ^ ord(b)) for a, b in zip('abc', 'ABC'))
h = hashlib.sha256()
for part in ['a', 'b', 'c']:
    h.update(part)
print h.hexdigest() == hashlib.sha256('abc').hexdigest()
m = hmac.new('key', None, hashlib.sha1)
m.update('ms')
m.update('g')
print m.hexdigest() == hmac.new('key', 'msg', hashlib.sha1).hexdigest()
print 'digest: ' + hashlib.md5('abc').digest().encode('hex').upper()
print ':'.join('%02x' % ord(c) for c in hashlib.md5('abc').digest()[:4])
