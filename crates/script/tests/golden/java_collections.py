# java.util as a script sees it. Text of Java is unicode there, so that it is printed by str.
from java.util import ArrayList, Arrays, Collections, HashMap, HashSet, LinkedHashMap, TreeMap, UUID, Date, Locale
import java

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


l = ArrayList()
show(lambda: l.add('a'))
show(lambda: l.add('b'))
show(lambda: l)
show(lambda: l.size())
show(lambda: len(l))
show(lambda: l.get(0))
show(lambda: l[1])
show(lambda: l[-1])
show(lambda: l[5])
show(lambda: l.isEmpty())
show(lambda: bool(l))
show(lambda: bool(ArrayList()))
show(lambda: 'a' in l)
show(lambda: l.contains('z'))
show(lambda: l.indexOf('b'))
show(lambda: l.indexOf('z'))
show(lambda: l.add(0, 'first'))
show(lambda: l)
show(lambda: [str(x) for x in l])
show(lambda: l.remove('first'))
show(lambda: l.remove(0))
show(lambda: l)
show(lambda: l.addAll(['c', 'd']))
show(lambda: l.addAll(Arrays.asList('e')))
show(lambda: l)
show(lambda: l.set(0, 'B'))
show(lambda: l.subList(1, 3))
show(lambda: l[1:3])
show(lambda: l == ArrayList(['B', 'c', 'd', 'e']))
show(lambda: l.equals(ArrayList(l)))
show(lambda: ArrayList([1, 2]).toString())
show(lambda: ArrayList([None, True, 1.5, 'x']))
show(lambda: ArrayList(5).size())
show(lambda: ArrayList(['x']).toArray()[0])
show(lambda: ','.join(ArrayList(['x', 'y'])))
show(lambda: sorted(ArrayList([3, 1, 2])))
show(lambda: list(ArrayList([1, 2])))
show(lambda: list(reversed(ArrayList([1, 2]))))
show(lambda: ArrayList([1, 2]).iterator().next())
show(lambda: ArrayList([1]).iterator().hasNext())
show(lambda: l.clear())
show(lambda: l.size())
show(lambda: Arrays.asList('a', 'b'))
show(lambda: Arrays.asList(['a', 'b']))
show(lambda: Arrays.asList('a').get(0))
show(lambda: Arrays.asList('a', 'b').contains('b'))
show(lambda: java.util.Arrays.asList('x', 'y')[1])
show(lambda: len(Arrays.asList()))
m = HashMap()
show(lambda: m.put('k', 'v'))
show(lambda: m.put('k', 'w'))
show(lambda: m.get('k'))
show(lambda: m.get('missing'))
show(lambda: m['k'])
show(lambda: m['missing'])
show(lambda: m.containsKey('k'))
show(lambda: m.containsValue('w'))
show(lambda: m.size())
show(lambda: len(m))
show(lambda: m.isEmpty())
show(lambda: bool(HashMap()))
show(lambda: 'k' in m)
show(lambda: [str(k) for k in m])
show(lambda: [str(k) for k in m.keySet()])
show(lambda: [str(v) for v in m.values()])
show(lambda: [(str(e.getKey()), str(e.getValue())) for e in m.entrySet()])
show(lambda: [(str(e.key), str(e.value)) for e in m.entrySet()])
show(lambda: m.remove('k'))
show(lambda: m.remove('k'))
show(lambda: m.putAll({'a': 1}))
show(lambda: m.getOrDefault('z', 5))
show(lambda: m.putIfAbsent('a', 9))
show(lambda: HashMap({'x': 'y'}).get('x'))
show(lambda: LinkedHashMap({'x': 1}).toString())
show(lambda: TreeMap({'b': 2, 'a': 1}).firstKey())
show(lambda: m.items() is not None)
show(lambda: sorted(HashMap({'a': 1, 'b': 2}).keys()) == ['a', 'b'])
show(lambda: m.update({'q': 2}))
show(lambda: m.get('q'))
show(lambda: m.clear())
s = HashSet()
show(lambda: s.add('a'))
show(lambda: s.add('a'))
show(lambda: s.size())
show(lambda: s.contains('a'))
show(lambda: s)
show(lambda: s.remove('a'))
show(lambda: s.isEmpty())
show(lambda: HashSet(['x']).iterator().next())
show(lambda: len(HashSet([1, 1, 2])))
show(lambda: sorted(HashSet([2, 1])))
show(lambda: Collections.singletonList('x'))
show(lambda: Collections.singleton('x'))
show(lambda: Collections.emptyList())
show(lambda: Collections.emptyMap())
show(lambda: Collections.singletonMap('k', 'v').get('k'))
show(lambda: Date(0).getTime())
show(lambda: Date(0).time)
show(lambda: Date(5).before(Date(6)))
show(lambda: Date(5).after(Date(6)))
show(lambda: Date(5).compareTo(Date(5)))
show(lambda: Date(5) == Date(5))
show(lambda: Date(5) < Date(6))
show(lambda: Date(5).equals(Date(5)))
show(lambda: bool(Date(0)))
show(lambda: Date(0))
show(lambda: Date().getTime() > 1600000000000)
show(lambda: UUID.fromString('123e4567-e89b-12d3-a456-426614174000'))
show(lambda: len(UUID.randomUUID().toString()))
show(lambda: UUID.randomUUID() == UUID.randomUUID())
show(lambda: UUID.fromString('x'))
items = ArrayList([3, 1, 2])
Collections.sort(items)
print items, items[0], len(items)
Collections.reverse(items)
print items
items += [9]
print items
for item in items:
    print item,
print
for key in LinkedHashMap({'one': 1}):
    print key
for entry in LinkedHashMap({'one': 1}).entrySet():
    print entry.getKey(), entry.getValue(), entry
nested = HashMap()
nested.put('list', ArrayList(['a']))
nested.get('list').add('b')
print nested['list'][1]
if not ArrayList():
    print 'empty is false'
copy = HashMap(nested)
copy.put('more', 1)
print nested.size(), copy.size()
nested['direct'] = 'set'
print nested.get('direct'), nested.containsKey('direct')
del nested['direct']
print nested.containsKey('direct')
