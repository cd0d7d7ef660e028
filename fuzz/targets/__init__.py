"""The targets, each in a module of its name; see :class:`fuzz.target.Target` for what is in it."""
