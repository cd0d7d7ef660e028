"""A clock: it publishes the time, and whoever wants to know it subscribes.

    python examples/clock.py publish tcp://127.0.0.1:5556
    python examples/clock.py subscribe tcp://127.0.0.1:5556
    python examples/clock.py subscribe tcp://127.0.0.1:5556 minute hour

Start them in any order, and as many subscribers as you like. The clock knows nothing of them: it sends
what somebody has subscribed to, and drops the rest. Stop it and start it again, and its subscribers go on.
"""

from __future__ import annotations

import sys
from datetime import datetime, timezone

from twisted.internet.task import LoopingCall, react

from pyzmtp import PubSocket, SubSocket, decode_string, encode_string
from pyzmtp.net.reactor import Reactor


async def publish(reactor: Reactor, address: str) -> None:
    """Tell the time, once a second, for ever."""
    async with PubSocket(reactor) as pub:
        print("the clock is at", await pub.bind(address), flush=True)

        def tick() -> None:
            now = datetime.fromtimestamp(reactor.seconds(), timezone.utc)
            time = encode_string(f"{now:%H:%M:%S}")
            pub.try_send([b"second", time])  # the first frame is the topic
            if now.second == 0:
                pub.try_send([b"minute", time])
            if now.second == now.minute == 0:
                pub.try_send([b"hour", time])

        clock = LoopingCall(tick)
        clock.clock = reactor
        await clock.start(1)


async def subscribe(reactor: Reactor, address: str, *topics: str) -> None:
    """Print what the clock tells of these topics, or of all."""
    async with SubSocket(reactor) as sub:
        for wanted in topics or [""]:  # it means all that begin so
            sub.subscribe(encode_string(wanted))
        sub.connect(address)
        async for topic, time in sub:
            print(decode_string(topic), decode_string(time), flush=True)


async def main(reactor: Reactor, role: str, address: str, *topics: str) -> None:
    if role == "publish":
        await publish(reactor, address)
    else:
        await subscribe(reactor, address, *topics)


if __name__ == "__main__":
    react(main, sys.argv[1:])
