"""Builds the optional accelerator; everything else about the package is in pyproject.toml.

PYZMTP_BUILD_EXTENSION says whether to build it: ``auto`` (the default) tries, and goes on without
it where it cannot be built; ``yes`` fails where it cannot be built; ``no`` does not try.
"""

from __future__ import annotations

import os
import platform
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext

# The accelerator is the pure modules named here, compiled a second time under another name. Their
# types are in the .pxd beside the compiled module: Cython looks for it under the module's name.
COMPILED = {
    f"pyzmtp._speedups.{Path(source).stem}": source
    for source in (
        "pyzmtp/net/fired.py",
        "pyzmtp/patterns/distributor.py",
        "pyzmtp/patterns/envelope.py",
        "pyzmtp/patterns/fair_queue.py",
        "pyzmtp/patterns/load_balancer.py",
        "pyzmtp/patterns/pipe.py",
        "pyzmtp/patterns/subscription_trie.py",
        "pyzmtp/wire/framing.py",
        "pyzmtp/wire/sendable.py",
    )
}

MODE = os.environ.get("PYZMTP_BUILD_EXTENSION", "auto")
if MODE not in ("auto", "yes", "no"):
    raise SystemExit(f"PYZMTP_BUILD_EXTENSION={MODE!r}: it takes auto, yes or no")


class BuildExtensions(build_ext):
    """Compiles all extensions; in ``auto`` none is kept where one of them could not be compiled."""

    def run(self) -> None:
        self.failed = False
        super().run()
        if self.failed:
            # What was built, and what an earlier build left, must not be taken for the whole.
            for extension in self.extensions:
                Path(self.get_ext_fullpath(extension.name)).unlink(missing_ok=True)
            self.extensions = []
        self.distribution.ext_modules = self.extensions

    def build_extension(self, extension: Extension) -> None:
        if self.failed:
            return
        try:
            from Cython.Build import cythonize

            [generated] = cythonize(
                extension,
                build_dir=self.build_temp,  # no .c file beside the source
                compiler_directives={"annotation_typing": False},  # types: in the .pxd, only there
                force=True,  # Cython does not see that the .py depends on that .pxd
            )
            extension.sources = generated.sources
            super().build_extension(extension)
        except Exception as error:  # Cython's, the compiler's and a missing Cython's have no base
            if not extension.optional:
                raise
            self.failed = True
            self.warn(f"pyzmtp does without compiled modules: {extension.name} failed: {error!r}")


class BuildWheel(bdist_wheel):
    """Compiles first, so that a wheel that came out without extensions is tagged as pure."""

    def run(self) -> None:
        self.run_command("build_ext")
        self.root_is_pure = not self.distribution.has_ext_modules()
        super().run()


# PyPy's JIT runs the pure modules faster than its C API lets compiled ones be.
wanted = MODE == "yes" or (MODE == "auto" and platform.python_implementation() == "CPython")

setup(
    cmdclass={"build_ext": BuildExtensions, "bdist_wheel": BuildWheel},
    ext_modules=[
        Extension(name, [source], optional=MODE == "auto")
        for name, source in (COMPILED.items() if wanted else ())
    ],
)
