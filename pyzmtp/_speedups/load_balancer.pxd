# Types for pyzmtp/patterns/load_balancer.py when it is compiled as pyzmtp._speedups.load_balancer.

cimport cython

from pyzmtp._speedups.pipe cimport Pipe as CompiledPipe


cdef class LoadBalancer:
    cdef list _active
    cdef set _members
    cdef Py_ssize_t _next

    cpdef add(self, CompiledPipe pipe)

    cpdef remove(self, CompiledPipe pipe)

    cdef _remove_at(self, Py_ssize_t index)

    cpdef peek(self)

    @cython.locals(active=list, index=Py_ssize_t, pipe=CompiledPipe)
    cpdef send(self, object message)

    @cython.locals(pipe=CompiledPipe, count=Py_ssize_t)
    cpdef Py_ssize_t send_batch(self, list messages) except -1
