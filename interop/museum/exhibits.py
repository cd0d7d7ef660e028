"""What is on show: the libzmq versions, where each comes from and what each of them can do."""

from __future__ import annotations

import attrs


@attrs.frozen
class Exhibit:
    """One libzmq version, inside a package from the Python package index."""

    #: The version that `zmq_version` has to report.
    libzmq: str

    #: The package and its version, as pip takes them.
    requirement: str

    #: The Python that the package runs on, major and minor.
    python: str

    #: ZMTP version which it speaks with a peer that could do better.
    zmtp: tuple[int, int]

    #: Arguments of `setup.py build_ext --inplace`; None where there is a wheel.
    build: tuple[str, ...] | None = None

    #: Whether it has `ZMQ_HEARTBEAT_IVL` (4.2 on).
    heartbeats: bool = False

    #: Its security mechanisms beside NULL: 4.3.1 has PLAIN, but says WELCOME where HELLO belongs, and so
    #: can talk to nobody but itself.
    mechanisms: tuple[str, ...] = ("PLAIN", "CURVE")

    #: Whether its publishers filter, and its XPUB tells of subscriptions (3.x on).
    subscriptions_travel: bool = True

    #: Whether its XSUB sends what is no subscription (4.x on).
    xsub_sends_messages: bool = True

    #: Whether its XPUB hands out what is no subscription: 4.x does, but 4.3.0 to 4.3.2 end with a
    #: segmentation fault (libzmq issue 3656).
    xpub_takes_messages: bool = True

    #: The options that set its high-water marks.
    high_water_marks: tuple[str, ...] = ("SNDHWM", "RCVHWM")

    @property
    def zmtp_name(self) -> str:
        """The ZMTP version in a word."""
        return ".".join(map(str, self.zmtp))


EXHIBITS = (
    Exhibit("4.3.4", "pyzmq==22.3.0", "3.8", zmtp=(3, 1), heartbeats=True),
    Exhibit(
        "4.3.2",
        "pyzmq==19.0.2",
        "3.8",
        zmtp=(3, 0),
        heartbeats=True,
        xpub_takes_messages=False,
    ),
    Exhibit(
        "4.3.1",
        "pyzmq==18.0.2",
        "3.7",
        zmtp=(3, 0),
        heartbeats=True,
        mechanisms=("CURVE",),
        xpub_takes_messages=False,
    ),
    Exhibit("4.2.5", "pyzmq==17.1.2", "3.6", zmtp=(3, 0), heartbeats=True),
    Exhibit("4.1.6", "pyzmq==16.0.4", "3.6", zmtp=(3, 0)),
    Exhibit(
        "3.2.2",
        "pyzmq==13.0.0",
        "2.7",
        zmtp=(2, 0),
        build=("--zmq=bundled",),
        mechanisms=(),
        xsub_sends_messages=False,
        xpub_takes_messages=False,
    ),
    Exhibit(
        "2.1.11",
        "pyzmq-static==2.1.11.2",
        "2.7",
        zmtp=(1, 0),
        build=(),
        mechanisms=(),
        subscriptions_travel=False,
        xsub_sends_messages=False,
        xpub_takes_messages=False,
        high_water_marks=("HWM",),
    ),
)
