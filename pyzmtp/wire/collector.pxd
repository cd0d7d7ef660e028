# The compiled form of collector.py, for modules that cimport it under the name they import it by.

cdef extern from "Python.h":
    void PyObject_GC_UnTrack(void *)

cdef inline int untrack(list message) except -1:
    PyObject_GC_UnTrack(<void *> message)
    return 0
