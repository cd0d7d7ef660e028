"""``python -m tests.simulation.mutants``: see the package."""

from __future__ import annotations

import argparse
import sys

from .mutant import MUTANTS

__all__ = ["main"]


def main() -> int:
    """Look for each mutant; return 1 if one of them is not found."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="which (all)")
    parser.add_argument("--seeds", type=int, default=2000, help="how many to play at most (2000)")
    parser.add_argument("--first", type=int, default=0, help="the first of them (0)")
    arguments = parser.parse_args()
    missed = 0
    print(f"{'mutant':18} {'in':36} {'seed':>5} {'after':>5}  rule")
    for mutant in MUTANTS:
        if arguments.names and mutant.name not in arguments.names:
            continue
        finding = mutant.hunt(arguments.seeds, arguments.first)
        where = mutant.path.removeprefix("pyzmtp/")
        if finding is None:
            missed += 1
            print(f"{mutant.name:18} {where:36} not found in {arguments.seeds}", flush=True)
        else:
            seed, seeds, rule = finding.seed, finding.seeds, finding.rule
            print(f"{mutant.name:18} {where:36} {seed:5} {seeds:5}  {rule}", flush=True)
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
