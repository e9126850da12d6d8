# Collections of java.util, and the sugar that Jython puts on them.

import java
from java.lang import String
from java.lang import Throwable
from java.util import ArrayList, Arrays, Collections, Comparator, Date, HashMap, HashSet
from java.util import LinkedHashMap, LinkedHashSet, LinkedList, List, Locale, Map, Optional, Properties
from java.util import TreeMap, TreeSet, UUID, Vector


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


class ByLength(Comparator):
    def compare(self, a, b):
        return len(a) - len(b)


m = HashMap()
m.put('a', 1)
l = ArrayList(['a', 2, None, True, 1.5])
words = HashMap()
for w in 'one two three four five six seven eight nine ten eleven twelve thirteen fourteen'.split():
    words.put(w, 1)
show(lambda: str(l))
show(lambda: l)
show(lambda: l.toString())
show(lambda: l[0])
show(lambda: l[1:3])
show(lambda: l.get(9))
show(lambda: l.remove(2))
show(lambda: l.indexOf(True))
show(lambda: m)
show(lambda: m['zz'])
show(lambda: m.get('zz'))
show(lambda: 'a' in m)
show(lambda: list(words))
show(lambda: [k for k in m])
show(lambda: words.keySet())
show(lambda: m.entrySet())
show(lambda: list(m.entrySet())[0])
show(lambda: list(m.entrySet())[0].key)
show(lambda: m.items())
show(lambda: m.values())
show(lambda: m == {'a':1})
show(lambda: ArrayList(['a']) == ['a'])
show(lambda: ['a'] == ArrayList(['a']))
show(lambda: m.getClass().getName())
show(lambda: m.getClass().getSimpleName())
show(lambda: Arrays.asList(1,2))
show(lambda: Arrays.asList([1,2]))
show(lambda: Arrays.asList('a'))
show(lambda: Arrays.asList((1,2)).size())
show(lambda: Arrays.asList('a').add('b'))
show(lambda: Arrays.toString([1,2]))
show(lambda: Collections.singletonList('a').add('b'))
show(lambda: Collections.emptyList().size())
show(lambda: Collections.unmodifiableMap(m).put('q',1))
show(lambda: UUID.fromString('c0a80101-0000-4000-8000-000000000001'))
show(lambda: HashSet(['a','b','a']))
show(lambda: str(HashSet(['a'])))
show(lambda: Optional.of('x'))
show(lambda: Optional.ofNullable(None).isPresent())
show(lambda: Optional.of(3).get())
show(lambda: Optional.empty())
show(lambda: Properties().getProperty('x'))
show(lambda: Properties().getProperty('x','d'))
show(lambda: bool(ArrayList()))
show(lambda: bool(HashMap()))
show(lambda: ArrayList([3,1,2]).sort(None))
show(lambda: HashMap({'a':1,'b':2}).size())
show(lambda: isinstance(l, List))
show(lambda: isinstance(m, Map))
show(lambda: Locale.US)
show(lambda: Locale.ENGLISH.getLanguage())
show(lambda: Vector([1]).elements().hasMoreElements())
show(lambda: Collections.enumeration(['a']).nextElement())
show(lambda: list(Collections.enumeration(['a'])))
show(lambda: list(HashSet(['alice','bob','carol','dave','eve'])))
show(lambda: list(TreeMap(words).keySet())[:3])
show(lambda: list(LinkedHashMap({'b':1})))
show(lambda: LinkedList(['a','b']).getFirst())
show(lambda: Collections.nCopies(3,'a'))
show(lambda: Collections.max([1,3,2]))
show(lambda: Collections.frequency(['a','a','b'],'a'))
show(lambda: (ArrayList(['b','a']).indexOf('a'), ArrayList(['a']).contains('b')))
show(lambda: ArrayList(['a','b','c']).subList(1,3))
show(lambda: HashMap({'a':1}).getOrDefault('b',5))
m = LinkedHashMap()
m['b'] = 2
m['a'] = 1
m['x'] = None
del m['x']
l = ArrayList(['c', 'a'])
l[0] = 'z'
l += ['k']
show(lambda: ('yes' if ArrayList() else 'no', 'yes' if HashMap() else 'no', 'yes' if HashSet(['a']) else 'no', 'yes' if Date(0) else 'no', 'yes' if String('') else 'no'))
show(lambda: [(x.key, x.value) for x in m.entrySet()])
show(lambda: ([k for k in m], len(m), 'a' in m, 'q' in m, m['b']))
show(lambda: ([x for x in l], len(l), 'z' in l, l[-1], l[0:2], l.empty, m.empty))
show(lambda: [x.lower() for x in ArrayList(['A','B']).iterator()])
show(lambda: (Collections.max(['aaa','b'], ByLength()), Collections.min(['aaa','b'], ByLength())))
show(lambda: (TreeMap({'b':1,'a':2}).firstKey(), TreeMap(ByLength()).size()))
show(lambda: (isinstance(m, Map), isinstance(l, java.util.List), isinstance(l, java.util.Collection)))
show(lambda: (Properties().size(), LinkedList([1,2]).peek(), list(m.keys()), list(m.values())))
show(lambda: (l.hashCode() == ArrayList(['z','a','k']).hashCode(), l.equals(['z','a','k']), ArrayList([1]).hashCode(), HashMap({'a':1}).hashCode(), HashSet(['a','b']).hashCode(), String('x').equals('x')))
show(lambda: (ArrayList(['a','b','a']).lastIndexOf('a'), ArrayList(['a','b']).remove('a'), ArrayList([5,6]).remove(0), ArrayList(['a']).addAll(['b']), ArrayList(['a','b']).removeAll(['a']), ArrayList(['a','b']).retainAll(['a'])))
show(lambda: ArrayList(['a']).get(-1))
show(lambda: (HashSet(['a']).add('a'), HashSet().add('a'), HashSet(['a']).remove('a'), HashSet(['a']).remove('b'), HashSet(['a']).contains('a')))
show(lambda: (HashMap({'a':1}).put('a',2), HashMap().put('a',2), HashMap({'a':1}).remove('a'), HashMap().remove('a'), HashMap({'a':1}).putIfAbsent('a',3)))
show(lambda: (ArrayList(['a']).iterator().next(), ArrayList().iterator().hasNext()))
show(lambda: ArrayList().iterator().next())
show(lambda: ArrayList(['b','a','c']).toArray())
show(lambda: Arrays.asList('a','b').set(0,'z'))
show(lambda: UUID.fromString('zz'))
show(lambda: UUID.nameUUIDFromBytes('abc').toString())
show(lambda: sorted(ArrayList(['b','a'])))
show(lambda: 'a' + str(ArrayList(['x'])))
show(lambda: ArrayList(['a']) + ['b'])
show(lambda: (HashMap(m) == m, HashSet(['a']) == HashSet(['a'])))
show(lambda: Collections.unmodifiableList(ArrayList(['a'])).add('b'))
show(lambda: Collections.unmodifiableList(ArrayList(['a']))[0])
show(lambda: Collections.emptyMap().put('a',1))
s = HashSet(['a', 'b'])
l = ArrayList(['a', 'b', 'c'])
show(lambda: s.remove('a'))
show(lambda: s)
show(lambda: s.discard('zz'))
show(lambda: s.add('c'))
show(lambda: s.add('c'))
show(lambda: s.update(['d']))
show(lambda: s | set(['e']))
show(lambda: s - set(['d']))
show(lambda: s.pop() is not None)
show(lambda: s.addAll(['q']))
show(lambda: s.contains('q'))
show(lambda: s.clear())
show(lambda: s)
show(lambda: HashSet(['a','b']).hashCode())
show(lambda: HashSet(['a']).remove('b'))
show(lambda: HashSet(['a']) <= set(['a','b']))
show(lambda: l.remove('b'))
show(lambda: l)
show(lambda: l.remove('zz'))
show(lambda: l.remove(0))
show(lambda: l)
show(lambda: l.remove(5))
show(lambda: l.append('x'))
show(lambda: l.extend(['y']))
show(lambda: l.insert(0,'i'))
show(lambda: l)
show(lambda: l.index('x'))
show(lambda: l.count('x'))
show(lambda: l.pop())
show(lambda: l.pop(0))
show(lambda: l.sort())
show(lambda: l.reverse())
show(lambda: l)
show(lambda: l.add(0,'first'))
show(lambda: l.add('last'))
show(lambda: l.indexOf('nope'))
show(lambda: l.contains('last'))
show(lambda: l.set(0,'F'))
show(lambda: l * 2)
show(lambda: l == ['F','x','c','last'])
show(lambda: LinkedList(['a','b']).remove('a'))
show(lambda: LinkedList(['a','b']).pop())
show(lambda: LinkedList(['a','b']).removeFirst())
show(lambda: LinkedList(['a','b']).poll())
show(lambda: HashMap({'a':1}).keys())
show(lambda: HashMap({'a':1}).pop('a'))
show(lambda: HashMap({'a':1}).pop('b'))
show(lambda: HashMap({'a':1}).setdefault('b',2))
show(lambda: HashMap({'a':1}).update({'c':3}))
show(lambda: HashMap({'a':1}).has_key('a'))
show(lambda: HashMap({'a':1}).clear())
show(lambda: HashMap({'a':1}).popitem())
show(lambda: HashMap({'a':1}).copy())
show(lambda: HashMap({'a':1}).get('b', 7))
show(lambda: HashMap({'a':1}).remove('zz'))
show(lambda: HashMap({'a':1}).values())
show(lambda: HashMap({'a':1}).entrySet().iterator().next().getKey())
show(lambda: LinkedHashSet(['b','a']))
show(lambda: TreeSet(['b','a']).first())
show(lambda: sorted(HashSet(['b','a'])))
show(lambda: ', '.join(HashSet(['x'])))
show(lambda: ','.join(ArrayList(['x','y'])))
