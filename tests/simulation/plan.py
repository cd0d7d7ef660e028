"""What is going to happen: :class:`Plan`, made of players, places and steps."""

from __future__ import annotations

from typing import Any

from attrs import evolve, frozen

__all__ = ["Place", "Plan", "Role", "Step"]


@frozen
class Role:
    """A socket in a plan. Whoever plays it may die and be followed by another.

    :ivar kind: the name of its class.
    :ivar process: where it runs, by number.
    :ivar options: with which it is made.
    :ivar reads: how it receives.
    :ivar places: where it binds or connects, by number.
    """

    kind: str
    process: int
    options: dict[str, Any]
    reads: str
    binds: bool
    places: tuple[int, ...]


@frozen
class Place:
    """An address in a plan.

    :ivar owner: the role that binds to it.
    :ivar bind, connect: the address, for either side.
    """

    owner: int
    bind: str
    connect: str


@frozen
class Step:
    """Something that is done: the name of a method of :class:`Stage`, and its arguments."""

    action: str
    arguments: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.action}({', '.join(f'{k}={v!r}' for k, v in self.arguments.items())})"


@frozen
class Plan:
    """A whole run.

    :ivar seed: where it came from, and from which chance is drawn when it is played.
    :ivar hosts: on which host each process runs.
    :ivar security: under which mechanism they talk.
    :ivar smallest: bytes that every message has at least.
    :ivar segment: the most bytes that are read at a time; ``None``: as many as Twisted reads.
    """

    seed: int
    family: str
    hosts: tuple[str, ...]
    security: str
    smallest: int
    segment: int | None
    roles: tuple[Role, ...]
    places: tuple[Place, ...]
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        lines = [f"seed {self.seed}: {self.family}, {self.security} security"]
        lines += [f"  process {number} on {host}" for number, host in enumerate(self.hosts)]
        for number, role in enumerate(self.roles):
            way = "binds" if role.binds else "connects"
            lines.append(
                f"  role {number}: {role.kind} in process {role.process} {way} to {role.places},"
                f" reads {role.reads!r}, {role.options}"
            )
        for number, place in enumerate(self.places):
            lines.append(f"  place {number}: {place.bind} of role {place.owner}")
        lines += [f"  {number:3} {step}" for number, step in enumerate(self.steps)]
        return "\n".join(lines)

    @property
    def chunk(self) -> int:
        """The most bytes that are read at a time."""
        return self.segment or 64 * 1024

    def with_steps(self, steps: tuple[Step, ...]) -> Plan:
        """The same with other steps."""
        return evolve(self, steps=steps)
