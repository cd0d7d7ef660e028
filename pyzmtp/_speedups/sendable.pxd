# Types for pyzmtp/wire/sendable.py when it is compiled as pyzmtp._speedups.sendable.

cimport cython

from pyzmtp.wire cimport collector

@cython.locals(frames=list)
cpdef list to_message(object message)

cpdef list to_messages(object messages)

cdef bytes _to_bytes(object frame)
