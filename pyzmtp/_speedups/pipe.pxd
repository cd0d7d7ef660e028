# Types for pyzmtp/patterns/pipe.py when it is compiled as pyzmtp._speedups.pipe.

cimport cython


cdef Py_ssize_t _UNLIMITED
cdef list _TAKEN


cdef class Pipe:
    cdef public list outbox
    cdef public object link
    cdef public object peer
    cdef public object options
    cdef public object routing_id
    cdef public bint attached
    cdef public bint ready
    cdef public bint writable
    cdef public bint conflate_out
    cdef public bint reads_commands
    cdef public Py_ssize_t send_hwm
    cdef public Py_ssize_t send_mark
    cdef public Py_ssize_t sent
    cdef public Py_ssize_t received
    cdef public Py_ssize_t unread
    cdef list _inbox
    cdef bint _blocked
    cdef bint _conflate
    cdef object _former
    cdef object _last_sender
    cdef object _on_writable
    cdef Py_ssize_t _inbox_bytes
    cdef Py_ssize_t _outbox_bytes
    cdef Py_ssize_t _receive_hwm
    cdef Py_ssize_t _receive_hwm_bytes
    cdef Py_ssize_t _send_hwm_bytes

    @cython.locals(outbox=list)
    cpdef push(self, object message)

    @cython.locals(taken=Py_ssize_t, room=Py_ssize_t, batch=list, was_empty=bint)
    cpdef Py_ssize_t extend(self, list messages) except -1

    cdef _check_full(self)

    cdef bint _is_full(self) except -1

    cpdef taken_out(self, Py_ssize_t count)

    cpdef take_out(self, Py_ssize_t count)

    cpdef relieved(self)

    cdef _drop_front(self, Py_ssize_t count)

    cpdef Py_ssize_t room(self) except? -1

    @cython.locals(taken=Py_ssize_t)
    cpdef put(self, list messages)

    cdef _count_former(self)

    @cython.locals(inbox=list, at=Py_ssize_t)
    cpdef take(self)

    @cython.locals(messages=list)
    cpdef list take_all(self)

    @cython.locals(taken=Py_ssize_t)
    cdef list _unread(self)

    cdef _check_room(self)


cdef Py_ssize_t _size(object message) except -1
