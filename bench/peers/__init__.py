"""The implementations that are measured, one file each.

Such a file has two names: ``ROLES``, a dict from role name to :data:`bench.model.Role`, and
``versions()``, which returns what is being measured, name to version. It is imported only in the
child process that plays a role of it, so it may import whatever it measures at the top.
"""
