# -*- coding: utf-8 -*-
# The print statement.
import sys

x, y, items = 1, 'two', [3.0, None]
print
print x
print x, y
print x, y,
print 'next'
print 'a',
print
print 'b',; print 'c'
print x, y, items, (), {}, None, True, 1.5, 2L
print (x)
print (x), y
print (x, y)
print (x, y), x
print(x)
print(x, y)
print()
print ()
print ("formatted %s") % x
print ("formatted %s and %s" % (x, y))
print ("%s") % (x), y
print "%s %s" % (x, y)
print "%d%%" % 50
print -x
print +x, -x, ~x
print not x
print [x for x in range(3)]
print {'k': 'v'}['k']
print lambda_ if False else 'conditional'
print 'a' + 'b', 'c' * 3
print 'tab\tinside', 'line\nbreak'
print 'ends with newline\n',
print 'starts at the margin'
print 'ends with tab\t',
print 'no space'
print 'ends with space ',
print 'one space'
print '',
print 'after empty'
print 'x', '', 'y'
print >>sys.stdout, 'to stdout'
print >>sys.stdout, 'to stdout', x,
print >>sys.stdout
print >>None, 'to none'
print 'softspace',
sys.stdout.write('written\n')
print 'then'
sys.stdout.write('no newline')
print
sys.stdout.write('one ')
sys.stdout.write('line\n')
sys.stdout.writelines(['a\n', 'b\n'])


class Stream:
    def __init__(self):
        self.parts = []

    def write(self, text):
        self.parts.append(text)


stream = Stream()
print >>stream, 'a', 1
print >>stream, 'b',
print >>stream, 'c'
print >>stream
print stream.parts


class Shown:
    def __str__(self):
        return 'shown'

    def __repr__(self):
        return 'represented'


print Shown(), [Shown()], {'k': Shown()}, (Shown(),)
print "%s %r" % (Shown(), Shown())
print "Shown: " + str(Shown()), `Shown()`
print 'quotes "\'"', ["it's", 'say "x"', 'both \'"']
print ['\n', '\\', '\x00', 'é'], 'é'
print u'unicode', 'é', u'é'
print 1 if x else 2, x and y, x or y
print x == 1, x != 1, x < y, x in [1]
print len('abc'), str(5) + 'x', int('5') + 1
print "a" "b" \
    "c", \
    "d"
print """triple
lines"""
print max(1, 2), min([3, 4])
print 'last', x if x == 2 else [i for i in 'ab'],
print
if x: print 'inline if'
for i in 1, 2: print i,
print
while x: print 'while'; break
try: print 'try'
except: pass
def f(): print 'in f'; return 5
print f()
lines = [
    'one',
    'two',
]
print '\n'.join(lines)
print '-' * 20
print "Script. Step %s. Name: '%s'" % (1, 'bob')
print "Script. Values: " + str([1, 'a', None, 1.5]) + " and " + str({'k': [1]})
print "Script. Exception: ", ValueError('bad')
print "Script. Types:", type(1), type('a'), type([]), type({}), type(None), type(u'').__name__ in ('unicode', 'str')
