# Types for pyzmtp/wire/framing.py when it is compiled as pyzmtp._speedups.framing.
#
# Only names that the source does not export may be typed away here: a module-level `cdef` constant
# would vanish from the Python module, and with it the likeness of the two implementations.

cimport cython

from pyzmtp.wire cimport assembly, collector

cdef list _LAST
cdef list _MORE
cdef object _LARGEST_FRAME
cdef Py_ssize_t _SMALL_PIECE
cdef Py_ssize_t _PART


cdef class FrameDecoder:
    cdef public object command
    cdef public object error
    cdef public bint commands_only
    cdef public Py_ssize_t max_message_size
    cdef public Py_ssize_t max_message_parts
    cdef public Py_ssize_t max_command_size
    cdef bytes _rest
    cdef Py_ssize_t _offset
    cdef unsigned int _flags
    cdef Py_ssize_t _missing
    cdef list _pieces
    cdef bytes _whole
    cdef Py_ssize_t _size
    cdef list _message
    cdef Py_ssize_t _message_size

    @cython.locals(
        view="const unsigned char *",
        length=Py_ssize_t,
        position=Py_ssize_t,
        start=Py_ssize_t,
        end=Py_ssize_t,
        size=Py_ssize_t,
        count=Py_ssize_t,
        flags="unsigned int",
        frame=bytes,
        message=list,
        messages=list,
    )
    cpdef list feed(self, bytes data, Py_ssize_t limit)

    @cython.locals(piece=bytes, size=Py_ssize_t)
    cdef void _collect(self, bytes data, Py_ssize_t position) except *

    cdef bint _refuses(self, unsigned int flags, Py_ssize_t size) except *

    cdef void _fail(self, object error) except *


cpdef bytes encode_frame(int flags, bytes body)

cpdef bytes encode_message(list message)

@cython.locals(parts=list, size=Py_ssize_t, count=Py_ssize_t, last=Py_ssize_t)
cpdef tuple encode_batch(list messages, Py_ssize_t limit)

@cython.locals(pieces=list, first=Py_ssize_t, index=Py_ssize_t)
cdef list _join_small(list parts, Py_ssize_t start, Py_ssize_t limit)

@cython.locals(size=Py_ssize_t, more=Py_ssize_t, length=Py_ssize_t, frame=bytes)
cdef Py_ssize_t _append_frames(list parts, list message) except -1
