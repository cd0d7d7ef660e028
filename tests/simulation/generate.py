"""From a seed to a plan: :func:`plan_of`."""

from __future__ import annotations

from random import Random
from typing import Any, Final

from attrs import evolve, frozen

from .kinds import KINDS
from .plan import Place, Plan, Role, Step

__all__ = ["FAMILIES", "Family", "plan_of"]


@frozen
class Family:
    """Sockets that can talk to each other: those of the left with those of the right.

    :ivar most: how many there are on each side at the most.
    """

    name: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    most: tuple[int, int] = (3, 3)


FAMILIES: Final = (
    Family("pipeline", ("Push",), ("Pull",)),
    Family("pipeline", ("Push",), ("Pull",)),
    Family("scatter", ("Scatter",), ("Gather",)),
    Family("pair", ("Pair",), ("Pair",), (1, 1)),
    Family("channel", ("Channel",), ("Channel",), (1, 1)),
    Family("dealers", ("Dealer",), ("Dealer",)),
    Family("router", ("Dealer",), ("Router",)),
    Family("router", ("Dealer",), ("Router",)),
    Family("server", ("Client",), ("Server",)),
    Family("requests", ("Req", "Requester"), ("Rep",)),
    Family("requests", ("Req", "Requester"), ("Rep",)),
    Family("service", ("Req", "Requester"), ("Rep",)),
    Family("topics", ("Pub", "XPub"), ("Sub", "Sub", "XSub")),
    Family("topics", ("Pub", "XPub"), ("Sub", "Sub", "XSub")),
    Family("groups", ("Radio",), ("Dish",)),
)

_HOSTS: Final = ("north", "south", "east")
_MARKS: Final = (1, 1, 2, 3, 5, 10, 1000, 1000)
_TOPICS: Final = (b"", b"A", b"AB", b"ABC", b"ABD", b"B", b"BA", b"C")
_READS: Final = ("from", "from", "from", "one", "try", "batch", "iterate", "consume")
#: What may go wrong, and what else is done; each plan leaves some of it out.
_ACTIONS: Final = {
    "send": 30,
    "receive": 14,
    "ask": 20,
    "cancel_send": 2,
    "cancel_receive": 2,
    "pause": 3,
    "subscribe": 5,
    "unsubscribe": 4,
    "configure": 2,
    "unbind": 1,
    "bind": 2,
    "disconnect": 2,
    "connect": 3,
    "close": 2,
    "enter": 3,
    "kill": 2,
    "restart": 4,
    "reset": 3,
    "cut": 2,
    "half_close": 1,
    "stall": 3,
    "partition": 2,
    "conditions": 5,
    "stranger": 1,
}
#: What is tried when all is calm, and by whom.
_EXERCISES: Final = {
    "spread": "keeps",
    "burst": "keeps",
    "farewell": "keeps",
    "turns": "receives",
    "name": "named",
    "publish": "publishes",
    "ask": "asks",
}


def plan_of(seed: int) -> Plan:
    """The plan that a seed stands for."""
    return _Author(seed).plan()


class _Author:
    """Writes a plan, all of it by chance."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = random = Random(seed)
        self.family = random.choice(FAMILIES)
        self.hosts = tuple(random.choice(_HOSTS) for _ in range(random.choice((1, 1, 2, 3, 4))))
        self.security = random.choice(("NULL",) * 7 + ("PLAIN", "PLAIN", "CURVE"))
        self.in_bytes = random.random() < 0.15
        self.large = random.random() < 0.25  # large messages, and lines that they can pass
        self.roles: list[Role] = []
        self.places: list[Place] = []

    def plan(self) -> Plan:
        random = self.random
        sides = [
            [random.choice(kinds) for _ in range(random.randint(1, most))]
            for kinds, most in zip(
                (self.family.left, self.family.right), self.family.most, strict=True
            )
        ]
        if random.random() < 0.5:
            sides.reverse()
        binders, connecters = sides
        if self.family.name == "service":
            binders, connecters = ["Proxy"], [*binders, *connecters]
        for kind in binders:
            self.add_role(kind, True)
        for kind in connecters:
            self.add_role(kind, False)
            self.choose_places(len(self.roles) - 1, len(binders))
        if self.security != "NULL" and self.family.name not in ("pair", "channel", "service"):
            self.add_role(connecters[0], False, intruder=True)
            self.choose_places(len(self.roles) - 1, len(binders))
        steps = [*self.opening(), *self.chaos(), *self.judgement()]
        if random.random() < 0.5:
            steps += [*self.chaos(), *self.judgement()]
        elif random.random() < 0.3:
            steps += self.chaos()
        steps.append(Step("end", {"linger": random.choice((0.0, 0.5, 2.0))}))
        return Plan(
            seed=self.seed,
            family=self.family.name,
            hosts=self.hosts,
            security=self.security,
            smallest=40 if self.in_bytes else 1,
            segment=random.choice((150, 400)) if self.in_bytes else None,
            roles=tuple(self.roles),
            places=tuple(self.places),
            steps=tuple(steps),
        )

    # Roles and places

    def add_role(self, kind: str, binds: bool, intruder: bool = False) -> None:
        random, number = self.random, len(self.roles)
        can = KINDS[kind]
        reads = random.choice(_READS) if can.receives or kind == "XPub" else "none"
        options = self.options(kind, binds)
        if intruder:
            reads = "intruder"
        process = random.randrange(len(self.hosts))
        self.roles.append(Role(kind, process, options, reads, binds, ()))
        if binds:
            ways = ["tcp", random.choice(("tcp", "ipc", "inproc", "inproc", "ws"))]
            # All who come have to reach both sides of a proxy.
            if kind == "Proxy":
                ways = ["tcp", random.choice(("tcp", "ws"))]
            elif ways[0] == ways[1]:
                ways.pop()
            places = tuple(self.add_place(number, process, way) for way in ways)
            self.roles[number] = evolve(self.roles[number], places=places)

    def options(self, kind: str, binds: bool) -> dict[str, Any]:
        random = self.random
        options: dict[str, Any] = {}
        if kind in ("Dealer", "Req") and random.random() < 0.5:
            options["routing_id"] = b"role %d" % len(self.roles)
        options |= {
            "send_hwm": random.choice(_MARKS),
            "receive_hwm": random.choice(_MARKS),
            "linger": random.choice((0.0, 0.5, 2.0)),
        }
        if self.in_bytes:
            options["send_hwm_bytes"] = random.choice((0, 100, 500))
            options["receive_hwm_bytes"] = random.choice((0, 100, 500))
        if random.random() < 0.3:
            options["heartbeat_interval"] = interval = random.choice((0.5, 1.0))
            options["heartbeat_ttl"] = random.choice((0.0, 3 * interval))
            options["heartbeat_timeout"] = random.choice((None, 1.5 * interval))
        if not binds:
            options["reconnect_interval"] = random.choice((0.05, 0.1, 0.3))
            options["reconnect_interval_max"] = random.choice((0.0, 0.0, 1.0))
            options["immediate"] = random.random() < 0.15
        if kind == "Rep":
            options["send_hwm"], options["send_hwm_bytes"] = 1000, 0  # it drops what has no room
        if kind == "Router" and random.random() < 0.4:
            options["router_mandatory"] = random.random() < 0.5
            options["router_handover"] = random.random() < 0.5
        if kind == "Req":
            # A ROUTER would find the next connection with an old reply.
            options["req_correlate"] = "routing_id" in options or random.random() < 0.5
        if kind == "XPub":
            options["xpub_verbose"] = random.random() < 0.3
        if kind in ("Pub", "XPub") and random.random() < 0.2:
            options["xpub_nodrop"] = True
        if random.random() < 0.15:
            options["handshake_timeout"] = 1.0
        return options

    def add_place(self, owner: int, process: int, way: str) -> int:
        number, host = len(self.places), self.hosts[process]
        port = 5000 + number
        bind, connect = {
            "tcp": (f"tcp://*:{port}", f"tcp://{host}:{port}"),
            "ws": (f"ws://*:{port}/", f"ws://{host}:{port}/"),
            "ipc": (f"ipc:///run/{number}", f"ipc:///run/{number}"),
            "inproc": (f"inproc://{number}", f"inproc://{number}"),
        }[way]
        self.places.append(Place(owner, bind, connect))
        return number

    def choose_places(self, number: int, binders: int) -> None:
        """Where a connecter connects: each binder at one place at the most, and one of them at least."""
        random, role = self.random, self.roles[number]
        chosen: list[int] = []
        for owner in random.sample(range(binders), binders):
            if not chosen or random.random() < 0.7:
                offered = self.roles[owner].places
                if self.family.name == "service":
                    offered = offered[1:] if KINDS[role.kind].serves else offered[:1]
                reachable = [place for place in offered if self.reaches(role, place)]
                inproc = [place for place in reachable if "inproc" in self.places[place].bind]
                chosen.append(random.choice([*reachable, *inproc]))
        if role.reads == "intruder":
            chosen = [place for place in chosen if "inproc" not in self.places[place].bind]
        self.roles[number] = evolve(role, places=tuple(chosen))

    def reaches(self, role: Role, place: int) -> bool:
        where = self.places[place]
        owner = self.roles[where.owner]
        if where.bind.startswith("inproc"):
            return role.process == owner.process
        if where.bind.startswith("ipc"):
            return self.hosts[role.process] == self.hosts[owner.process]
        return True

    # Steps

    def opening(self) -> list[Step]:
        """All come, in any order, and time passes meanwhile."""
        random = self.random
        steps = [Step("make", {"role": number}) for number in range(len(self.roles))]
        entering = [Step("enter", {"role": number}) for number in range(len(self.roles))]
        random.shuffle(steps)
        random.shuffle(entering)
        for step in entering:
            steps.append(step)
            if random.random() < 0.5:
                steps.append(self.time())
        if random.random() < 0.4:
            steps.insert(random.randrange(len(steps)), self.conditions())
        for number, role in enumerate(self.roles):
            for _ in range(random.randint(1, 3) if KINDS[role.kind].subscribes else 0):
                topic = random.choice(_TOPICS)
                steps.append(Step("subscribe", {"role": number, "topic": topic}))
        return steps

    def chaos(self) -> list[Step]:
        random = self.random
        weights = {
            action: weight * random.choice((0, 1, 1, 3)) for action, weight in _ACTIONS.items()
        }
        for action in ("send", "receive", "ask"):
            weights[action] = _ACTIONS[action]
        names, chances = list(weights), list(weights.values())
        steps: list[Step] = []
        for _ in range(random.randint(15, 60)):
            made: Step | None = getattr(self, random.choices(names, chances)[0])()
            if made is not None:
                steps.append(made)
                if random.random() < 0.5:
                    steps.append(self.time())
        return steps

    def judgement(self) -> list[Step]:
        random = self.random
        steps = [Step("calm", {"revived": random.random() < 0.7})]
        possible = [
            (what, role)
            for what, ability in _EXERCISES.items()
            for role in range(len(self.roles))
            if getattr(KINDS[self.roles[role].kind], ability)
        ]
        possible += [
            ("silence", role)
            for role in range(len(self.roles))
            if "heartbeat_interval" in self.roles[role].options and random.random() < 0.3
        ]
        for _ in range(8):
            what, role = random.choice(possible)
            arguments = {
                "what": what,
                "role": role,
                "count": random.randint(1, 10),
                "sizes": self.sizes(),
                "topic": random.choice(_TOPICS) + random.choice((b"", b"x")),
            }
            steps.append(Step("exercise", arguments))
        return steps

    def time(self) -> Step:
        random = self.random
        what = random.random()
        if what < 0.35:
            return Step("rounds", {"count": random.randint(1, 4)})
        if what < 0.7:
            return Step("settle", {})
        return Step("advance", {"seconds": random.choice((0.01, 0.1, 0.5, 2.0, 7.0))})

    def sizes(self) -> tuple[int, ...]:
        random = self.random
        if self.in_bytes:
            return (40,)
        if self.large and random.random() < 0.15:
            return (0, random.choice((70_000, 150_000, 300_000)), 3)
        sizes = (0, 1, 2, 7, 50, 240, 249, 250, 251, 255, 256, 257, 1000)
        return tuple(random.choice(sizes) for _ in range(random.choice((1, 1, 1, 2, 3, 5))))

    def role_that(self, *abilities: str) -> int | None:
        """Any role with one of these abilities."""
        able = [
            number
            for number, role in enumerate(self.roles)
            if any(getattr(KINDS[role.kind], ability) for ability in abilities)
            and role.reads != "intruder"
        ]
        return self.random.choice(able) if able else None

    def send(self) -> Step | None:
        random = self.random
        role = self.role_that("sends")
        if role is None:
            return self.ask()
        arguments = {
            "role": role,
            "how": random.choice(("try", "send", "batch")),
            "count": random.choice((1, 2, 3, 5, 10, 20, 40)),
            "sizes": self.sizes(),
            "topic": random.choice(_TOPICS) + random.choice((b"", b"x")),
            "to": random.randrange(len(self.roles)),
        }
        return Step("send", arguments)

    def ask(self) -> Step | None:
        role = self.role_that("asks")
        if role is None:
            return None
        timeout = self.random.choice((None, None, 0.0, 0.2, 1.0, 5.0))
        return Step("ask", {"role": role, "sizes": self.sizes(), "timeout": timeout})

    def receive(self) -> Step | None:
        reading = [
            number
            for number, role in enumerate(self.roles)
            if role.reads not in ("none", "intruder")
        ]
        if not reading:
            return self.ask()
        count = self.random.choice((1, 2, 5, 20))
        return Step("receive", {"role": self.random.choice(reading), "count": count})

    def cancel_send(self) -> Step | None:
        role = self.role_that("sends", "asks")
        which = self.random.randrange(10)
        return None if role is None else Step("cancel_send", {"role": role, "which": which})

    def cancel_receive(self) -> Step | None:
        role = self.role_that("receives")
        which = self.random.randrange(10)
        return None if role is None else Step("cancel_receive", {"role": role, "which": which})

    def pause(self) -> Step | None:
        role = self.role_that("receives")
        pausing = self.random.random() < 0.6
        return None if role is None else Step("pause", {"role": role, "pausing": pausing})

    def subscribe(self) -> Step | None:
        role = self.role_that("subscribes")
        topic = self.random.choice(_TOPICS)
        return None if role is None else Step("subscribe", {"role": role, "topic": topic})

    def unsubscribe(self) -> Step | None:
        role = self.role_that("subscribes")
        topic = self.random.choice(_TOPICS)
        return None if role is None else Step("unsubscribe", {"role": role, "topic": topic})

    def configure(self) -> Step:
        random = self.random
        role = random.randrange(len(self.roles))
        option = random.choice(("send_hwm", "receive_hwm"))
        if self.roles[role].kind == "Rep":
            option = "receive_hwm"
        value = random.choice((1, 2, 5, 20))
        return Step("configure", {"role": role, "option": option, "value": value})

    def _at_place(self, action: str, binds: bool) -> Step:
        roles = [number for number, role in enumerate(self.roles) if role.binds is binds]
        role = self.random.choice(roles)
        places = self.roles[role].places
        if not places:
            return Step("settle", {})
        return Step(action, {"role": role, "place": self.random.choice(places)})

    def bind(self) -> Step:
        return self._at_place("bind", True)

    def unbind(self) -> Step:
        return self._at_place("unbind", True)

    def connect(self) -> Step:
        return self._at_place("connect", False)

    def disconnect(self) -> Step:
        return self._at_place("disconnect", False)

    def close(self) -> Step:
        linger = self.random.choice((0.0, 0.5, 2.0))
        return Step("close", {"role": self.random.randrange(len(self.roles)), "linger": linger})

    def enter(self) -> Step:
        return Step("revive", {"role": self.random.randrange(len(self.roles))})

    def kill(self) -> Step:
        process = self.random.randrange(len(self.hosts))
        return Step("kill", {"process": process, "power_cut": self.random.random() < 0.5})

    def restart(self) -> Step:
        return Step("restart", {"process": self.random.randrange(len(self.hosts))})

    def reset(self) -> Step:
        return Step("reset", {"which": self.random.randrange(100)})

    def cut(self) -> Step:
        side = self.random.choice(("client", "server"))
        return Step("cut", {"which": self.random.randrange(100), "side": side})

    def half_close(self) -> Step:
        side = self.random.choice(("client", "server"))
        return Step("half_close", {"which": self.random.randrange(100), "side": side})

    def stall(self) -> Step:
        stalled = self.random.random() < 0.6
        return Step("stall", {"which": self.random.randrange(100), "stalled": stalled})

    def partition(self) -> Step:
        random = self.random
        one, other = (random.randrange(len(self.hosts)) for _ in range(2))
        return Step("partition", {"one": one, "other": other, "parted": random.random() < 0.6})

    def conditions(self) -> Step:
        random = self.random
        one, other = (random.randrange(len(self.hosts)) for _ in range(2))
        values: dict[str, Any] = random.choice(
            (
                {"latency": 0.01, "jitter": 0.05},
                {"latency": 0.1},
                {"bandwidth": 20_000.0},
                {"buffer": 50},
                {"buffer": 700, "split": 0.5},
                {"split": 1.0},
                {"coalesce": 0.02},
                {} if self.large else {"segment_size": 1},
                {} if self.large else {"segment_size": 7},
            )
        )
        return Step("conditions", {"one": one, "other": other, "values": values})

    def stranger(self) -> Step:
        random = self.random
        place = random.randrange(len(self.places))
        return Step("stranger", {"place": place, "noise": random.randrange(6)})
