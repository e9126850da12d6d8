# Exceptions.
import sys
import traceback

count = [0]


def show(function):
    count[0] += 1
    try:
        result = repr(function())
    except Exception, e:
        result = e.__class__.__name__
    print count[0], result


class Own(Exception):
    pass


class Coded(Exception):
    def __init__(self, code, text):
        Exception.__init__(self, text)
        self.code = code


class Silent(Exception):
    def __init__(self, value):
        self.value = value

    def __str__(self):
        return 'silent ' + repr(self.value)


def attempt(function, *arguments):
    try:
        return 'gives', function(*arguments)
    except (ValueError, KeyError), e:
        return 'pair', e.__class__.__name__, str(e)
    except Own, e:
        return 'own', e.message, e.args
    except Coded, e:
        return 'coded', e.code, e.message, str(e)
    except Exception as e:
        return 'other', e.__class__.__name__


def throw(kind, *arguments):
    raise kind(*arguments)


print attempt(int, '5')
print attempt(int, 'x')
print attempt(throw, KeyError, 'k')
print attempt(throw, Own, 'text')
print attempt(throw, Own)
print attempt(throw, Own, 1, 2)
print attempt(throw, Coded, 5, 'five')
print attempt(throw, TypeError, 'x')
print attempt(lambda: None.nothing)
print attempt(lambda: {}['x'])
print attempt(lambda: [][1])
print attempt(lambda: 1 / 0)
print attempt(lambda: unknown_name)
print attempt(lambda: 'a' + 1)
print attempt(lambda: int([]))
print attempt(throw, Silent, 3)
show(lambda: str(Silent(3)))
show(lambda: Exception('a').message)
show(lambda: Exception().message)
show(lambda: Exception('a', 'b').message)
show(lambda: Exception('a', 'b').args)
show(lambda: str(Exception('a', 'b')))
show(lambda: str(Exception('a')))
show(lambda: str(Exception()))
show(lambda: str(Exception(5)))
show(lambda: str(Exception(1 / 3.0)))
show(lambda: str(Exception(None)))
show(lambda: str(Exception(['a'])))
show(lambda: Exception('a'))
show(lambda: ValueError())
show(lambda: KeyError('k'))
show(lambda: str(KeyError('k')))
show(lambda: Own('x'))
show(lambda: Own('x', 2))
show(lambda: [ValueError('v')])
show(lambda: '%s' % ValueError('v'))
show(lambda: '%r' % ValueError('v'))
show(lambda: '%s|%s' % (ValueError('v'), KeyError('k')))
show(lambda: unicode(ValueError('v')) == 'v')
show(lambda: IOError(2, 'gone').errno)
show(lambda: IOError(2, 'gone').strerror)
show(lambda: str(IOError(2, 'gone')))
show(lambda: str(IOError('only')))
show(lambda: issubclass(IOError, EnvironmentError))
show(lambda: issubclass(OSError, EnvironmentError))
show(lambda: issubclass(ValueError, StandardError))
show(lambda: issubclass(UnicodeDecodeError, UnicodeError))
show(lambda: issubclass(KeyError, LookupError))
show(lambda: issubclass(ZeroDivisionError, ArithmeticError))
show(lambda: ValueError)
show(lambda: str(KeyError))
show(lambda: ValueError.__name__)
show(lambda: Own.__name__)


def order(failing):
    seen = []
    try:
        try:
            seen.append('try')
            if failing:
                raise ValueError, 'inner'
        except KeyError:
            seen.append('never')
        else:
            seen.append('else')
        finally:
            seen.append('finally')
    except ValueError, e:
        seen.append(str(e))
    return seen


print order(True), order(False)


def after():
    for n in range(3):
        try:
            if n < 2:
                raise ValueError('number %d' % n)
        except ValueError, problem:
            pass
    return str(problem)


print after()


def last_error():
    error = None
    try:
        {}['missing']
    except KeyError as error:
        print 'caught', error
    if error is not None:
        return 'kept %s' % error
    return 'lost'


print last_error()


def returns_in_finally():
    try:
        return 'try'
    finally:
        print 'cleaning'


print returns_in_finally()


def reraises():
    try:
        try:
            raise Own('first')
        except Own:
            raise
    except Own, e:
        return e.message


print reraises()
try:
    raise Own, 'comma'
except Own, e:
    print 'comma', e
try:
    raise Own, ('tuple', 2)
except Own, e:
    print 'tuple', e.args
try:
    raise Own('instance'), None
except Own, e:
    print 'instance', e
try:
    raise Own
except Own, e:
    print 'class', e.args
try:
    try:
        raise ValueError('old')
    except ValueError:
        kind, value, trace = sys.exc_info()
        raise kind, value, trace
except ValueError, e:
    print 'again', e, kind is ValueError, value is e
try:
    try:
        raise KeyError('cause')
    except:
        raise Own('changed')
except Own, e:
    print e, sys.exc_info()[0].__name__, sys.exc_info()[1] is e
try:
    raise Own('bare')
except:
    print 'bare', sys.exc_info()[0].__name__, sys.exc_info()[1]
try:
    try:
        raise Own('inner')
    finally:
        print 'finally before'
except (KeyError, (Own, ValueError)), e:
    print 'nested tuple', e
try:
    assert False
except AssertionError, e:
    print 'assert', repr(str(e))
try:
    assert 1 == 2, 'message %d' % 5
except AssertionError, e:
    print 'assert', e
try:
    [].pop()
except IndexError, (first):
    print 'brackets', isinstance(first, IndexError)
try:
    print undefined
except NameError, e:
    print e
try:
    def local():
        print later
        later = 1
    local()
except UnboundLocalError, e:
    print 'UnboundLocalError'
try:
    int('12a')
except ValueError, e:
    print e
try:
    {}['a key']
except KeyError, e:
    print e, e.args, e.message
try:
    iter([]).next()
except StopIteration, e:
    print 'StopIteration'
try:
    sys.exit(3)
except SystemExit, e:
    print 'SystemExit', e.code
try:
    (lambda x: x)()
except TypeError, e:
    print 'TypeError'
try:
    raise 'a string'
except TypeError, e:
    print 'TypeError'
try:
    u'\u00e9'.encode('ascii')
except UnicodeEncodeError, e:
    print 'UnicodeEncodeError', e.start, e.end, e.encoding
try:
    raise Coded(7, 'seven')
except Coded as e:
    print e.code, e, e.args
try:
    throw(Own, 'shown')
except Own:
    lines = traceback.format_exc().splitlines()
    print lines[0], '|', lines[-1]
print sys.exc_info() is not None
