# random, uuid and threading: what does not depend on chance.
import random
import threading
import uuid

count = [0]


def show(function):
    count[0] += 1
    try:
        result = repr(function())
    except Exception, e:
        result = e.__class__.__name__
    print count[0], result


rounds = range(200)
show(lambda: all(0 <= random.random() < 1 for _ in rounds))
show(lambda: set(random.randint(1, 3) for _ in rounds) == set([1, 2, 3]))
show(lambda: set(random.randrange(3) for _ in rounds) == set([0, 1, 2]))
show(lambda: set(random.randrange(0, 10, 5) for _ in rounds) == set([0, 5]))
show(lambda: set(random.choice('ab') for _ in rounds) == set('ab'))
show(lambda: random.choice([7]))
show(lambda: random.choice([]))
show(lambda: len(random.sample(range(10), 4)))
show(lambda: len(set(random.sample(range(10), 10))))
show(lambda: random.sample([1], 2))
show(lambda: random.randint(5, 5))
show(lambda: random.randint(5, 4))
show(lambda: all(2 <= random.uniform(2, 3) <= 3 for _ in rounds))
show(lambda: random.getrandbits(8) < 256)
show(lambda: random.random() != random.random())
show(lambda: random.SystemRandom().randint(1, 1))
show(lambda: len(str(random.randint(100000, 999999))))
show(lambda: len('%06d' % random.randint(0, 999999)))
show(lambda: len(''.join(random.choice('0123456789') for _ in range(6))))
show(lambda: ''.join(random.choice('a') for _ in xrange(3)))
show(lambda: random.seed(5))
show(lambda: len(str(uuid.uuid4())))
show(lambda: uuid.uuid4() == uuid.uuid4())
show(lambda: len(uuid.uuid4().hex))
show(lambda: uuid.uuid4().version)
show(lambda: uuid.UUID('12345678-1234-5678-1234-567812345678').hex)
show(lambda: str(uuid.UUID('12345678123456781234567812345678')))
show(lambda: uuid.UUID('nonsense'))
show(lambda: str(uuid.uuid5(uuid.NAMESPACE_DNS, 'example.com')))
show(lambda: str(uuid.uuid3(uuid.NAMESPACE_DNS, 'example.com')))
items = range(20)
random.shuffle(items)
print sorted(items) == range(20), len(items)
random.seed(42)
first = [random.random() for _ in range(3)]
random.seed(42)
print first == [random.random() for _ in range(3)]
own = random.Random(7)
again = random.Random(7)
print [own.randint(0, 99) for _ in range(5)] == [again.randint(0, 99) for _ in range(5)]
lock = threading.Lock()
print lock.acquire(), lock.acquire(False), lock.locked()
lock.release()
with lock:
    print 'held', lock.locked()
print lock.locked()
deep = threading.RLock()
deep.acquire()
deep.acquire()
deep.release()
deep.release()
print threading.local() is not None
