# Types for pyzmtp/patterns/fair_queue.py when it is compiled as pyzmtp._speedups.fair_queue.

cimport cython

from pyzmtp._speedups.pipe cimport Pipe as CompiledPipe


cdef class FairQueue:
    cdef CompiledPipe _first
    cdef object _others

    cpdef put(self, CompiledPipe pipe, list messages)

    @cython.locals(pipe=CompiledPipe)
    cpdef tuple take(self)

    cpdef take_next(self)

    @cython.locals(pipe=CompiledPipe, batch=list)
    cpdef list take_batch(self, Py_ssize_t limit)

    cpdef list take_from(self, CompiledPipe pipe)

    @cython.locals(pipe=CompiledPipe)
    cdef CompiledPipe _next_pipe(self)
