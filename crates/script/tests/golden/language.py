# Statements and operators.
count = [0]


def show(function):
    count[0] += 1
    try:
        result = repr(function())
    except Exception, e:
        result = e.__class__.__name__
    print count[0], result


class Recorder:
    def __init__(self):
        self.seen = []

    def __call__(self, value):
        self.seen.append(value)
        return value


note = Recorder()
show(lambda: 7 / 2)
show(lambda: -7 / 2)
show(lambda: 7 / -2)
show(lambda: 7.0 / 2)
show(lambda: 7 // 2.0)
show(lambda: -7 % 3)
show(lambda: 7 % -3)
show(lambda: 1 / 3 * 3)
show(lambda: 1 / 2 / 2.0)
show(lambda: 1 / 0)
show(lambda: 2 ** -1)
show(lambda: 0777)
show(lambda: 0x1F)
show(lambda: 0b101)
show(lambda: 0o17)
show(lambda: 1 <> 2)
show(lambda: not 1 <> 1)
show(lambda: 1 < 2 < 3)
show(lambda: 1 < 3 < 2)
show(lambda: note(1) < note(2) < note(3))
show(lambda: note.seen)
show(lambda: note(5) < note(4) < note(6))
show(lambda: note.seen)
show(lambda: 1 == 1.0 == True)
show(lambda: 'a' in 'abc' != False)
show(lambda: None < 0)
show(lambda: None < '')
show(lambda: None > -1)
show(lambda: 1 < 'a')
show(lambda: 10 ** 20 < 'a')
show(lambda: 'a' < 1)
show(lambda: [1] < 'a')
show(lambda: (1,) < [1])
show(lambda: {} < [])
show(lambda: [1, 'a'] < [1, 2])
show(lambda: [None] < [0])
show(lambda: (1, 2) < (1, 2, 0))
show(lambda: {'a': 1} == {'a': 1.0})
show(lambda: {'a': 1} < {'a': 2})
show(lambda: {'a': 1} < {'a': 1, 'b': 0})
show(lambda: [1, 2] == (1, 2))
show(lambda: True + True)
show(lambda: True == 1)
show(lambda: 3 if [] else 4)
show(lambda: 'yes' if 'x' else 'no')
show(lambda: [] or {} or 'last')
show(lambda: 1 and 0 and 2)
show(lambda: `1 + 1`)
show(lambda: `'a'` + `[1, 'b']`)
show(lambda: 5 and `5`)
show(lambda: [x for x in 1, 2, 3])
show(lambda: [x * y for x in range(3) for y in range(2) if x != y])
show(lambda: dict((k, v) for k, v in [('a', 1)]))
show(lambda: {x: x * x for x in (1, 2)})
show(lambda: sorted({x % 2 for x in range(5)}))
show(lambda: (lambda a, b=2, *c, **d: (a, b, c, sorted(d.items())))(1, 3, 4, z=5))
show(lambda: (lambda (a, b), c: a + b + c)((1, 2), 3))
show(lambda: map(lambda (k, v): k + v, [('a', 'b'), ('c', 'd')]))
show(lambda: sum(1 for c in 'hello' if c == 'l'))
show(lambda: 1 if 2 > 1 else 0)
show(lambda: 10 > 9 >= 9 == 9 != 8)
show(lambda: not None)
show(lambda: [1, 2, 3][::-1])
show(lambda: 'abcdef'[1:-1:2])
show(lambda: range(10)[2:8:3])
show(lambda: 1 in [1] and 2 not in [1])
show(lambda: None is None and 1 is not None)
show(lambda: ~5 & 3 | 8 ^ 2)
show(lambda: 1 << 40)
show(lambda: -1 >> 3)
show(lambda: divmod(-7, 2))
show(lambda: divmod(7.5, 2))
show(lambda: pow(2, 10, 1000))
show(lambda: abs(-3), )
show(lambda: cmp(1, 2))
show(lambda: cmp('b', 'a'))
show(lambda: cmp([1, 2], [1, 2]))
show(lambda: cmp(None, 1))
show(lambda: cmp((1, 'a'), (1, 'b')))
show(lambda: coerce(1, 2.0))
show(lambda: apply(lambda a, b: a - b, (5, 3)))
show(lambda: apply(lambda a, b: a - b, (), {'a': 1, 'b': 2}))


def tuple_parameters(first, (second, (third, fourth)), fifth=5):
    return first, second, third, fourth, fifth


show(lambda: tuple_parameters(1, (2, (3, 4))))
show(lambda: tuple_parameters(1, [2, 'ab'], 6))
show(lambda: tuple_parameters(1, (2, 3)))

x = 7
x /= 2
print x
x *= 2.5
x /= 2
print x
x = 9
x //= 2
x **= 3
x %= 7
x <<= 3
x |= 1
x ^= 3
x &= 30
print x
box = {'n': 9, 'list': [7, 8]}
box['n'] /= 2
box['list'][1] /= 3
print sorted(box.items())


class Holder:
    value = 9


holder = Holder()
holder.value /= 4
holder.value += 1
print holder.value, Holder.value
at = [0]


def position():
    at[0] += 1
    return 0


numbers = [10]
numbers[position()] /= 3
print numbers, at

squares = [i * i for i in range(4)]
print i, squares
pairs = [(a, b) for a in 'xy' for b in 'pq']
print a, b, pairs


def leak():
    found = [word for word in ['one', 'two']]
    return word, found


print leak()
del squares
try:
    print squares
except NameError, e:
    print 'gone', e

for n in range(3):
    if n == 5:
        break
else:
    print 'no break', n
while n:
    n -= 1
    if n == 1:
        continue
else:
    print 'ended', n

a = b = [1]
b.append(2)
print a
(a, b), c = (1, 2), 3
print a, b, c
[a, b] = 'xy'
print a, b
a, b = b, a
print a, b
first, rest = 'key=value=x'.split('=', 1)
print first, rest


def defaults(a, items=[]):
    items.append(a)
    return items


print defaults(1)
print defaults(2)


def outer():
    total = [0]

    def inner(n):
        total[0] += n
        return total[0]
    inner(1)
    return inner(2)


print outer()
global_value = 1


def change():
    global global_value
    global_value += 1


change()
print global_value
assert global_value == 2, 'never seen'
try:
    assert global_value == 3, 'seen'
except AssertionError, e:
    print 'assertion', e
exec_is_a_method = {'exec': 1}
print exec_is_a_method['exec']
if 1: print 'one line'; print 'two statements'
async = 1
await = 2
print async + await
print (async)


match = {'case': 1}
type_ = type(match)
print match, type_
True_ = True
print True_ is True, None is None
with_statement = []


class Context:
    def __enter__(self):
        with_statement.append('in')
        return 'value'

    def __exit__(self, kind, value, traceback):
        with_statement.append(kind is not None and kind.__name__)
        return True


with Context() as value:
    with_statement.append(value)
with Context(), Context() as inner:
    raise ValueError('swallowed')
print with_statement
print "a" "b" 'c' u"d", \
    "continued"
print """triple
quoted""", '''it's'''
print (
    "in brackets "
    "over lines")
if (1 < 2 and
        3 > 2 or
        'a' < 1):
    print 'long condition'
lambda_list = [lambda n=n: n * 10 for n in range(3)]
print [f() for f in lambda_list]
print [f() for f in [lambda: n2 for n2 in range(3)]]
print reduce(lambda a, b: a + b, [1, 2, 3]), reduce(lambda a, b: a + b, [], 'start')
print map(None, [1, 2], ['a', 'b', 'c'])
print map(lambda a, b: (a, b), [1, 2], [3])
print map(str, [1, None, 'x']), map(len, ('a', 'bb'))
print filter(None, [0, 1, '', 'a', None]), filter(lambda c: c > 'a', 'abc'), filter(lambda n: n > 1, (1, 2, 3))
print zip([1, 2], 'ab', (True, False)), zip(), zip([1])
print range(3), range(2, 8, 3), range(3, 0, -1), range(0)
print xrange(3), list(xrange(1, 4)), len(xrange(10)), xrange(5)[2]
print sorted([3, 1, 2], reverse=True), sorted('hello'), sorted([1, None, 'a', 2.5, (1,), [0]])
print sorted([3, 1, 2], cmp=lambda a, b: cmp(b, a)), sorted([3, 1, 2], lambda a, b: b - a)
print sorted(['b', 'A', 'c'], key=str.lower), sorted([(1, 'b'), (1, 'a')], None, lambda p: p[1])
items = [3, 'a', None, 1]
items.sort()
print items
items.sort(lambda a, b: cmp(b, a))
print items
items.sort(key=lambda item: str(item), reverse=True)
print items
print min(3, 1, 2), max([3, 'a', None]), min('b', 'a'), max(1, 2.5), max([[1], [2]]), min([1, 2], key=lambda n: -n)
print any([0, '']), all([]), sum([1, 2.5]), sum([[1], [2]], []), enumerate(['a']).next(), list(enumerate('ab', 1))
print reversed([1, 2]).next(), list(reversed('abc')), iter([5]).next(), next(iter([6])), next(iter([]), 'empty')
print callable(len), callable(1), hasattr('', 'lower'), getattr('', 'nothing', 'default'), id(1) == id(1)
print isinstance(1, (int, str)), isinstance('', basestring), isinstance(u'', basestring), issubclass(bool, int)
print isinstance(1L, long), isinstance(True, int), isinstance(2 ** 40, (int, long))
print int('12'), int('-0x1f', 16), int('11', 2), int(3.9), int(-3.9), int(True), int(' 7 '), long('12'), float('1e3')
print bool(''), bool('0'), bool([]), bool([0]), bool(0.0), bool(None), bool({}), bool(())
print chr(65), ord('a'), unichr(97), hex(255), oct(8), bin(5), hex(-255), oct(0)
print str(None), str(True), str(1.0), str([1, 'a', None]), str({'a': [1]}), str((1,)), str(u'x')
print type(1), type(''), type([]), type({}), type(None), type(1.5), type(()), type(True)
print type(1) == int, type('a') == str, type([]) is list, type(None) == type(None)
print locals() is globals(), 'count' in globals(), __name__
