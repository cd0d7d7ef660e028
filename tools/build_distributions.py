"""Makes in dist/ what a release uploads: the sdist and, from it, a pure and a compiled wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"


def build(kind: str, source: Path, extension: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "build", f"--{kind}", "--outdir", DIST, source],
        env={**os.environ, "PYZMTP_BUILD_EXTENSION": extension},
        check=True,
    )


def main() -> None:
    shutil.rmtree(DIST, ignore_errors=True)
    build("sdist", ROOT, "no")
    [sdist] = DIST.iterdir()
    for extension in ("no", "yes"):
        # Each wheel from its own copy: what one build leaves behind must not get into the other.
        with tempfile.TemporaryDirectory() as directory:
            shutil.unpack_archive(sdist, directory, filter="data")
            [source] = Path(directory).iterdir()
            build("wheel", source, extension)
    print(*sorted(DIST.iterdir()), sep="\n")


if __name__ == "__main__":
    main()
