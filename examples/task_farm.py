"""A task farm: a ventilator gives out tasks, workers do them, a sink collects the results.

    python examples/task_farm.py sink tcp://127.0.0.1:5558
    python examples/task_farm.py worker tcp://127.0.0.1:5557 tcp://127.0.0.1:5558 anne
    python examples/task_farm.py worker tcp://127.0.0.1:5557 tcp://127.0.0.1:5558 bob
    python examples/task_farm.py ventilator tcp://127.0.0.1:5557 tcp://127.0.0.1:5558 2 100

Start them in any order, each in a terminal or on a machine of its own. Workers connect, so nobody has to
know them, and more of them may come at any time. Tasks are dealt out in turn, which suits tasks of one
size; for others, and where a worker's death must not cost its tasks, there is the broker in ``majordomo``.
"""

from __future__ import annotations

import random
import sys
from collections import Counter

from twisted.internet.task import react

from pyzmtp import PullSocket, PushSocket, SocketOptions, decode_json, receive_json, send_json
from pyzmtp.net.reactor import Reactor


async def ventilator(reactor: Reactor, tasks: str, results: str, workers: int, count: int) -> None:
    """Give out ``count`` numbers to be factorised, and tell the sink how many there are."""
    options = SocketOptions(linger=None)  # by default, close() gives up after five seconds
    async with PushSocket(reactor, options) as push, PushSocket(reactor, options) as sink:
        events = push.events()
        print("tasks are at", await push.bind(tasks), flush=True)
        while len(push.peers) < workers:  # or else the first one would get all
            await anext(events)
        sink.connect(results)
        await send_json(sink, {"expect": count})
        for _ in range(count):
            number = random.randrange(10**8, 10**9)
            await send_json(push, number)  # waits until a worker has room


async def worker(reactor: Reactor, tasks: str, results: str, name: str) -> None:
    """Factorise what comes, one number at a time."""
    async with PullSocket(reactor) as pull, PushSocket(reactor) as push:
        pull.connect(tasks)
        push.connect(results)
        async for [task] in pull:
            number = decode_json(task)
            result = {"number": number, "factors": factorise(number), "worker": name}
            await send_json(push, result)


def factorise(number: int) -> list[int]:
    """The prime factors: this is the work. What takes seconds would go to a thread."""
    factors, candidate = [], 2
    while candidate * candidate <= number:
        if number % candidate:
            candidate += 1
        else:
            factors.append(candidate)
            number //= candidate
    return [*factors, number]


async def sink(reactor: Reactor, results: str) -> None:
    """Print the results of one ventilator's tasks, and who has done how many of them."""
    expected: int | None = None
    done: Counter[str] = Counter()
    async with PullSocket(reactor) as pull:
        print("results are at", await pull.bind(results), flush=True)
        while expected is None or done.total() < expected:
            result = await receive_json(pull)
            if "expect" in result:
                expected = result["expect"]
            else:
                done[result["worker"]] += 1
                print(result["number"], "=", *result["factors"], flush=True)
    print(*(f"{name}: {number}" for name, number in sorted(done.items())), sep=", ")


async def main(reactor: Reactor, role: str, *arguments: str) -> None:
    if role == "ventilator":
        tasks, results, workers, count = arguments
        await ventilator(reactor, tasks, results, int(workers), int(count))
    elif role == "worker":
        await worker(reactor, *arguments)
    else:
        await sink(reactor, *arguments)


if __name__ == "__main__":
    react(main, sys.argv[1:])
