# The compiled form of assembly.py, for modules that cimport it under the name they import it by.

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.string cimport memcpy

cdef inline bytes begun(list pieces, Py_ssize_t size):
    cdef bytes first = b"".join(pieces)
    cdef bytes body = PyBytes_FromStringAndSize(NULL, size)
    put(body, 0, first, 0)
    return body

cdef inline int put(bytes body, Py_ssize_t position, bytes data, Py_ssize_t start) except -1:
    cdef Py_ssize_t size = min(
        PyBytes_GET_SIZE(data) - start, PyBytes_GET_SIZE(body) - position
    )
    memcpy(PyBytes_AS_STRING(body) + position, PyBytes_AS_STRING(data) + start, size)
    return 0
