# Classes, generators and functions.

count = [0]


def show(function):
    count[0] += 1
    try:
        result = repr(function())
    except Exception, e:
        result = e.__class__.__name__
    print count[0], result


class Old:
    kind = 'old'

    def __init__(self, n=0):
        self.n = n

    def __cmp__(self, other):
        return cmp(self.n, other.n)

    def __nonzero__(self):
        return self.n != 0

    def __repr__(self):
        return 'Old(%d)' % self.n

    def __len__(self):
        return 99

    def __getitem__(self, key):
        return (self.n, key)

    def __call__(self, *args, **kwargs):
        return self.n, args, kwargs

    def __contains__(self, item):
        return item == self.n

    def __div__(self, other):
        return 'div %s' % other

    def __rdiv__(self, other):
        return 'rdiv %s' % other

    def __mod__(self, other):
        return 'mod %s' % other

    def __add__(self, other):
        return Old(self.n + getattr(other, 'n', other))

    __radd__ = __add__

    def __iadd__(self, other):
        self.n += other
        return self

    def __neg__(self):
        return Old(-self.n)

    def __hash__(self):
        return self.n


class New(object):
    count = 0

    def __init__(self, name):
        self.name = name
        New.count += 1

    def __eq__(self, other):
        return isinstance(other, New) and self.name == other.name

    def __str__(self):
        return 'New ' + self.name

    def __unicode__(self):
        return u'Unicode ' + self.name

    @property
    def upper(self):
        return self.name.upper()

    @staticmethod
    def helper(a):
        return a * 2

    @classmethod
    def make(cls, name):
        return cls(name)

    def method(self, *args):
        return self.name, args


class Child(New):
    def __init__(self, name):
        super(Child, self).__init__(name + '!')

    def method(self, *args):
        return 'child', New.method(self, *args), super(Child, self).method()


class Counter:
    def __init__(self, end):
        self.at = 0
        self.end = end

    def __iter__(self):
        return self

    def next(self):
        if self.at >= self.end:
            raise StopIteration
        self.at += 1
        return self.at


class Sliced:
    def __getitem__(self, key):
        return 'item', key

    def __getslice__(self, i, j):
        return 'slice', i, min(j, 1000)

    def __len__(self):
        return 5


class Attributes:
    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)
        return 'dynamic ' + name

    def __setattr__(self, name, value):
        self.__dict__[name] = value * 2

    def __delattr__(self, name):
        print 'deleting', name


class Meta(type):
    def __new__(meta, name, bases, names):
        names['added'] = name.lower()
        return type.__new__(meta, name, bases, names)


class Made(object):
    __metaclass__ = Meta


class Plain:
    pass


show(lambda: sorted([Old(3), Old(1), Old(2)]))
show(lambda: Old(1) < Old(2))
show(lambda: Old(1) == Old(1))
show(lambda: Old(1) != Old(1))
show(lambda: Old(2) >= Old(3))
show(lambda: cmp(Old(1), Old(2)))
show(lambda: max(Old(1), Old(5), Old(2)))
show(lambda: bool(Old(0)))
show(lambda: bool(Old(1)))
show(lambda: not Old(0))
show(lambda: 'yes' if Old(0) else 'no')
show(lambda: Old(0) or 'other')
show(lambda: len(Old()))
show(lambda: Old(4)['k'])
show(lambda: Old(4)(1, x=2))
show(lambda: 4 in Old(4))
show(lambda: Old(1) / 2)
show(lambda: 2 / Old(1))
show(lambda: Old(1) % 2)
show(lambda: Old(1) + Old(2))
show(lambda: 5 + Old(2))
show(lambda: sum([Old(1), Old(2)]))
show(lambda: -Old(2))
show(lambda: {Old(1): 'a'}[Old(1)])
show(lambda: Old(1) in [Old(1)])
show(lambda: [Old(1), Old(2)].index(Old(2)))
show(lambda: Old.kind)
show(lambda: Old().__class__.__name__)
show(lambda: isinstance(Old(), Old))
show(lambda: str(Old(1)))
show(lambda: '%s %r' % (Old(1), Old(2)))
show(lambda: str(New('a')))
show(lambda: unicode(New('a')) == u'Unicode a')
show(lambda: '%s' % New('b'))
show(lambda: New('a') == New('a'))
show(lambda: New('a') != New('a'))
show(lambda: New('a') == 5)
show(lambda: New('a').upper)
show(lambda: New.helper(4))
show(lambda: New('a').helper('x'))
show(lambda: New.make('z').name)
show(lambda: Child.make('z').name)
show(lambda: Child('c').method(1))
show(lambda: isinstance(Child('c'), New))
show(lambda: issubclass(Child, New))
show(lambda: Child.__name__)
show(lambda: Child.__bases__[0].__name__)
show(lambda: Child.__module__)
show(lambda: [c.__name__ for c in Child.__mro__])
show(lambda: hash(New('a')) is not None)
show(lambda: len(set([New('a'), New('b')])))
show(lambda: New('x').__dict__)
show(lambda: sorted(vars(New('x')).items()))
show(lambda: getattr(New('x'), 'name'))
show(lambda: getattr(New('x'), 'missing', None))
show(lambda: hasattr(New('x'), 'missing'))
show(lambda: New('x').missing)
show(lambda: setattr(New('x'), 'upper', 1))
show(lambda: New())
show(lambda: New('x').method.__name__)
show(lambda: list(Counter(3)))
show(lambda: [n * 2 for n in Counter(2)])
show(lambda: Counter(1).next())
show(lambda: iter(Counter(1)).next())
show(lambda: next(Counter(1)))
show(lambda: sum(Counter(4)))
show(lambda: zip(Counter(2), 'ab'))
show(lambda: 2 in Counter(3))
show(lambda: max(Counter(5)))
show(lambda: tuple(Counter(0)))
show(lambda: Sliced()[1:3])
show(lambda: Sliced()[:2])
show(lambda: Sliced()[7])
show(lambda: Attributes().anything)
show(lambda: Made.added)
show(lambda: Made().added)
show(lambda: type(Made).__name__)
show(lambda: type('Dynamic', (object,), {'x': 5})().x)
show(lambda: type('Dynamic', (), {'f': lambda self: 'called'})().f())
show(lambda: Plain().missing)
show(lambda: Plain() == Plain())
show(lambda: Plain() != Plain())
show(lambda: callable(Plain))
show(lambda: Plain.__doc__)
show(lambda: [x for x in dir(New) if not x.startswith('_')])
show(lambda: New.__eq__(New('a'), New('a')))
a = Attributes()
a.value = 5
print a.value, a.other
del a.value
o = Old(1)
o += 5
print o.n
p = Plain()
p.x = 1
p.__dict__['y'] = 2
print p.x, p.y, sorted(p.__dict__.items()), hasattr(p, 'z')
del p.x
print hasattr(p, 'x')
Plain.shared = 'class'
print p.shared
print New.count > 10


def generator(n):
    print 'start'
    try:
        while n:
            got = yield n
            if got:
                print 'got', got
            n -= 1
    finally:
        print 'closed'


g = generator(3)
print g.next()
print g.send('message')
print g.next()
try:
    g.next()
except StopIteration:
    print 'stop'
g = generator(5)
g.next()
g.close()
print list(generator(2))


def throwing():
    try:
        yield 1
    except ValueError, e:
        yield 'handled %s' % e


g = throwing()
print g.next(), g.throw(ValueError, 'thrown')
squares = (n * n for n in range(4))
print squares.next(), list(squares)
print sum(n for n in range(5) if n % 2), list(n for n in 'ab')


def counts():
    n = 0
    while True:
        yield n
        n += 1


for n in counts():
    if n > 2:
        break
print n


def everything(a, b=2, *args, **kwargs):
    return a, b, args, sorted(kwargs.items())


print everything(1), everything(1, 3, 4, 5, x=6), everything(*[1, 2, 3], **{'k': 'v'}), everything(b=1, a=2)
try:
    everything()
except TypeError:
    print 'TypeError'
try:
    everything(1, a=2)
except TypeError:
    print 'TypeError twice'


def decorate(prefix):
    def wrap(function):
        def inner(*args):
            return prefix + str(function(*args))
        return inner
    return wrap


@decorate('<')
@decorate('=')
def decorated(x):
    """Says it."""
    return x


print decorated('x')


def documented():
    """The text."""


print documented.__doc__, documented.__name__, documented()
documented.attribute = 5
print documented.attribute
print (lambda: 'lambda')(), (lambda x, y=1: x + y)(2)
compose = lambda f, g: lambda x: f(g(x))
print compose(str, abs)(-5), map(compose(lambda x: x + 1, len), ['a', 'bb'])


def recursive(n):
    return 1 if n < 2 else n * recursive(n - 1)


print recursive(10), recursive(20)
