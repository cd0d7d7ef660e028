"""``python -m tests.simulation``: see the package."""

from __future__ import annotations

import argparse
import sys
import time

from .generate import plan_of
from .run import play, shrink

__all__ = ["main"]


def main() -> int:
    """Play seeds; return 1 if one of them fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="play this one, and tell its plan")
    parser.add_argument("--seeds", type=int, default=100, help="how many to play (100)")
    parser.add_argument("--first", type=int, default=0, help="the first of them (0)")
    parser.add_argument("--stop", action="store_true", help="stop at the first that fails")
    parser.add_argument("--digests", type=int, help="tell the digests of so many runs, and no more")
    parser.add_argument("--trace", action="store_true", help="with --seed: tell what happens")
    arguments = parser.parse_args()
    if arguments.seed is not None:
        return _play_one(arguments.seed, arguments.trace)
    if arguments.digests is not None:
        for seed in range(arguments.digests):
            print(play(plan_of(seed)).digest)
        return 0
    return _play_many(range(arguments.first, arguments.first + arguments.seeds), arguments.stop)


def _play_one(seed: int, tracing: bool) -> int:
    plan = plan_of(seed)
    outcome = play(plan, tracing)
    print(plan)
    if tracing:
        print("\n".join(outcome.trace))
    print(f"{outcome.steps} steps, {outcome.received} messages, digest {outcome.digest}")
    if outcome.violation is None:
        return 0
    print(outcome.violation)
    shorter = shrink(plan, outcome.violation.kind)
    print(f"\nThe same with {len(shorter.steps)} instead of {len(plan.steps)} steps:\n\n{shorter}")
    print(play(shorter).violation)
    return 1


def _play_many(seeds: range, stop: bool) -> int:
    begun = time.process_time()
    messages = failed = 0
    for seed in seeds:
        outcome = play(plan_of(seed))
        messages += outcome.received
        if outcome.violation is not None:
            failed += 1
            print(f"seed {seed}: {outcome.violation}", flush=True)
            if stop:
                break
    took = time.process_time() - begun
    print(f"{len(seeds)} seeds, {messages} messages, {failed} failures in {took:.1f} s of CPU")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
