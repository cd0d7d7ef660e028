# Types for pyzmtp/patterns/subscription_trie.py when it is compiled as
# pyzmtp._speedups.subscription_trie.

cimport cython


cdef dict _NO_CHILDREN
cdef object _NOBODY


cdef class _Node:
    cdef bytes label
    cdef dict children
    cdef object subscribers


cdef class SubscriptionTrie:
    cdef _Node _root
    cdef dict _topics
    cdef dict _alone

    @cython.locals(node=_Node, child=_Node, position=Py_ssize_t, shared=Py_ssize_t, held=set)
    cpdef bint add(self, bytes topic, object subscriber) except -1

    @cython.locals(path=list, node=_Node, position=Py_ssize_t, held=set)
    cpdef bint remove(self, bytes topic, object subscriber) except -1

    @cython.locals(node=_Node, found=list, position=Py_ssize_t, end=Py_ssize_t)
    cpdef match(self, bytes data)

    @cython.locals(node=_Node, position=Py_ssize_t, end=Py_ssize_t)
    cpdef bint matches(self, bytes data) except -1


@cython.locals(same=Py_ssize_t, differs=Py_ssize_t, middle=Py_ssize_t)
cdef Py_ssize_t _shared_length(bytes label, bytes topic, Py_ssize_t position) except -1

@cython.locals(middle=_Node)
cdef _Node _split(_Node parent, _Node child, Py_ssize_t length)

@cython.locals(node=_Node, parent=_Node, child=_Node)
cdef _prune(list path)
