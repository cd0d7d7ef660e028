"""The broker is tried in memory: on good lines and bad ones, and while hosts come and go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from attrs import evolve
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import deferLater

from examples.majordomo import Broker, Client, Worker
from examples.majordomo.commands import CLIENT, HEARTBEAT, READY, REPLY, WORKER
from pyzmtp import DealerSocket, ReqSocket, RequestTimeout
from pyzmtp.testing import Conditions, FailureLog, MemoryNetwork, MemoryReactor

ADDRESS = "tcp://broker:5555"

CONDITIONS = {
    "perfect": Conditions(),
    "far": Conditions(latency=0.05),
    "shaky": Conditions(latency=0.01, jitter=0.1),
    "cut": Conditions(split=1.0),
    "byte by byte": Conditions(segment_size=1),
    "joined": Conditions(coalesce=0.02),
    "slow": Conditions(bandwidth=20_000),
    "narrow": Conditions(buffer=64),
    "far and narrow": Conditions(latency=0.01, buffer=200),
    "everything": Conditions(
        latency=0.01, jitter=0.02, split=0.5, coalesce=0.005, bandwidth=50_000, buffer=500
    ),
}


class Stage:
    """A broker on its host, and workers and clients on theirs, all closed in the end."""

    def __init__(self, network: MemoryNetwork) -> None:
        self.network = network
        self.asked: Counter[bytes] = Counter()
        self.workers: list[Worker] = []
        self.clients: list[Client] = []
        self.broker_host = network.reactor("broker")
        self.start_broker()

    def start_broker(self) -> None:
        self.broker = Broker(self.broker_host)
        self.network.run(self.broker.start("tcp://*:5555"))

    def restart_broker(self) -> None:
        self.broker_host = self.broker_host.restart()
        self.start_broker()

    def worker(self, service: bytes = b"echo", takes: float = 0.0) -> MemoryReactor:
        """A worker that echoes; return its host."""
        host = self.network.reactor(f"worker {len(self.workers)}")

        async def echo(body: list[bytes]) -> list[bytes]:
            self.asked[body[0]] += 1
            await deferLater(host, takes)
            return [b"re", *body]

        worker = Worker(host, service, echo)
        worker.start(ADDRESS)
        self.workers.append(worker)
        return host

    def client(self) -> Client:
        client = Client(self.network.reactor(f"client {len(self.clients)}"), ADDRESS)
        self.clients.append(client)
        return client

    def ready(self, workers: int = 1, service: bytes = b"echo") -> None:
        """Wait until so many workers have registered."""
        self.network.until(lambda: self.broker.workers(service) == workers)

    def ask(self, client: Client, *bodies: bytes) -> None:
        """Ask the echo service for all of these at once; each must get its own reply."""
        asking = [Deferred.fromCoroutine(client.ask(b"echo", body, timeout=20)) for body in bodies]
        replies = self.network.run(gatherResults(asking), within=20)
        assert replies == [[b"re", body] for body in bodies]

    def close(self) -> None:
        ending = [*(client.close() for client in self.clients), self.broker.stop()]
        ending += [worker.stop() for worker in self.workers]
        self.network.run(gatherResults(map(Deferred.fromCoroutine, ending)), within=30)


@pytest.fixture
def stage(memory_network: MemoryNetwork) -> Iterator[Stage]:
    stage = Stage(memory_network)
    yield stage
    stage.close()


@pytest.fixture(params=list(CONDITIONS.values()), ids=list(CONDITIONS))
def line(request: pytest.FixtureRequest, memory_network: MemoryNetwork) -> Conditions:
    """How bytes travel, which is one thing after the other."""
    memory_network.conditions = conditions = request.param
    assert isinstance(conditions, Conditions)
    return conditions


seeds = pytest.mark.parametrize("memory_seed", range(5))

# On every line


def test_a_request_gets_its_reply(line: Conditions, stage: Stage) -> None:
    stage.worker()
    stage.ask(stage.client(), b"hello")


def test_a_request_waits_for_a_worker(line: Conditions, stage: Stage) -> None:
    asking = Deferred.fromCoroutine(stage.client().ask(b"echo", b"x", timeout=60))
    stage.network.advance(10)
    assert not asking.called
    stage.worker()
    assert stage.network.run(asking, within=10) == [b"re", b"x"]


def test_large_bodies_come_through_whole(line: Conditions, stage: Stage) -> None:
    stage.worker()
    big = bytes(range(256)) * 8
    stage.ask(stage.client(), big, big[:-1], b"")


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_many_requests_each_get_their_own_reply(
    line: Conditions, stage: Stage, workers: int
) -> None:
    for _ in range(workers):
        stage.worker()
    stage.ready(workers)
    bodies = [b"%d" % number for number in range(20)]
    stage.ask(stage.client(), *bodies)
    assert stage.asked == Counter(bodies)


def test_two_services_do_not_mix(line: Conditions, stage: Stage) -> None:
    stage.worker(b"echo")
    stage.worker(b"other")
    client = stage.client()
    asking = Deferred.fromCoroutine(client.ask(b"other", b"1"))
    stage.ask(client, b"2")
    assert stage.network.run(asking, within=5) == [b"re", b"1"]


def test_the_broker_tells_which_services_there_are(line: Conditions, stage: Stage) -> None:
    stage.worker()
    stage.ready()
    client = stage.client()
    for service, status in ((b"echo", b"200"), (b"nothing", b"404")):
        assert stage.network.run(client.ask(b"mmi.service", service), within=5) == [status]


def test_a_worker_that_stops_takes_its_leave(line: Conditions, stage: Stage) -> None:
    stage.worker()
    stage.ready()
    stage.network.run(stage.workers[0].stop(), within=2)
    stage.network.until(lambda: stage.broker.workers(b"echo") == 0, within=1)


def test_silence_is_bridged_by_heartbeats(line: Conditions, stage: Stage) -> None:
    stage.worker()
    stage.ready()
    [connection] = stage.network.connections
    stage.network.advance(20)
    assert stage.broker.workers(b"echo") == 1
    assert stage.network.connections == [connection]


# When hosts die


@seeds
@pytest.mark.parametrize("death", ["kill", "crash"])
def test_what_a_worker_had_in_hand_goes_to_another(
    stage: Stage, death: str, memory_seed: int
) -> None:
    victim = stage.worker(takes=1.0)
    stage.ready()
    asking = Deferred.fromCoroutine(stage.client().ask(b"echo", b"x", timeout=30))
    stage.network.until(lambda: stage.asked[b"x"] == 1)
    getattr(victim, death)()
    stage.workers.clear()
    stage.worker()
    assert stage.network.run(asking, within=10) == [b"re", b"x"]
    assert stage.asked[b"x"] == 2
    stage.ready(1)


@seeds
@pytest.mark.parametrize("death", ["kill", "crash"])
def test_the_broker_may_die_and_come_back(stage: Stage, death: str, memory_seed: int) -> None:
    stage.worker()
    client = stage.client()
    stage.ask(client, b"before")
    getattr(stage.broker_host, death)()
    asking = Deferred.fromCoroutine(client.ask(b"echo", b"meanwhile", timeout=3, attempts=10))
    stage.network.advance(4)
    assert not asking.called
    stage.restart_broker()
    assert stage.network.run(asking, within=20) == [b"re", b"meanwhile"]
    stage.ask(client, b"after")


@seeds
@pytest.mark.parametrize("seconds", [0.1, 1.0, 5.0])
def test_a_worker_that_was_cut_off_works_on(stage: Stage, seconds: float, memory_seed: int) -> None:
    host = stage.worker()
    stage.ready()
    stage.network.partition(host)
    asking = Deferred.fromCoroutine(stage.client().ask(b"echo", b"x", attempts=10))
    stage.network.advance(seconds)
    assert not asking.called
    stage.network.heal()
    assert stage.network.run(asking, within=10) == [b"re", b"x"]
    stage.ready(1)


@seeds
def test_connections_that_break_are_made_again(stage: Stage, memory_seed: int) -> None:
    stage.worker(takes=0.01)
    stage.worker(takes=0.01)
    stage.ready(2)
    client = stage.client()
    bodies = [b"%d" % number for number in range(30)]
    asking = gatherResults(
        [Deferred.fromCoroutine(client.ask(b"echo", body, timeout=20)) for body in bodies]
    )
    for _ in range(3):
        stage.network.advance(0.03)
        connections = stage.network.connections_of(stage.broker_host)
        stage.network.random.choice(connections).reset()
    assert stage.network.run(asking, within=60) == [[b"re", body] for body in bodies]


@seeds
def test_a_client_that_dies_leaves_nothing_behind(stage: Stage, memory_seed: int) -> None:
    stage.worker(takes=1.0)
    stage.ready()
    host = stage.network.reactor("mortal")
    mortal = Client(host, ADDRESS)
    Deferred.fromCoroutine(mortal.ask(b"echo", b"x"))
    stage.network.until(lambda: stage.asked[b"x"] == 1)
    host.kill()
    stage.ask(stage.client(), b"y")


@seeds
def test_a_client_gives_up_in_the_end(stage: Stage, memory_seed: int) -> None:
    asking = stage.client().ask(b"nobody", b"x", timeout=1, attempts=3)
    with pytest.raises(RequestTimeout):
        stage.network.run(asking, within=4)
    assert stage.network.seconds() == pytest.approx(3)


@seeds
def test_the_longest_idle_worker_is_next(stage: Stage, memory_seed: int) -> None:
    served: list[int] = []
    for number in range(3):

        async def note(body: list[bytes], number: int = number) -> list[bytes]:
            served.append(number)
            return body

        worker = Worker(stage.network.reactor(), b"note", note)
        worker.start(ADDRESS)
        stage.workers.append(worker)
        stage.ready(number + 1, b"note")
    client = stage.client()
    for _ in range(9):
        stage.network.run(client.ask(b"note", b"x"), within=5)
    assert served == [0, 1, 2] * 3


# Strangers


@pytest.mark.parametrize(
    "message",
    [
        [b""],
        [b"no empty frame"],
        [b"", b"MDPX99", b"echo", b"x"],
        [b"", CLIENT],
        [b"", CLIENT, b"echo"],
        [b"", WORKER],
        [b"", WORKER, b"\xff"],
        [b"", WORKER, READY],
        [b"", WORKER, REPLY, b"x"],
        [b"", WORKER, HEARTBEAT],
        [b"a", b"b", b"c"],
        [b"", b"", b""],
    ],
    ids=str,
)
@pytest.mark.parametrize("times", [1, 3])
def test_nonsense_harms_nobody(
    stage: Stage, message: list[bytes], times: int, logged_failures: FailureLog
) -> None:
    stage.worker()
    stage.ready()

    async def stranger() -> None:
        async with DealerSocket(stage.network.reactor("stranger")) as dealer:
            await dealer.connect(ADDRESS)
            for _ in range(times):
                await dealer.send(message)

    stage.network.run(stranger(), within=5)
    stage.ask(stage.client(), b"still there")
    assert logged_failures.failures == []


@pytest.mark.parametrize("noise", [b"GET / HTTP/1.1\r\n\r\n", bytes(100), b"\xff" * 100, b""])
def test_who_speaks_no_zmtp_is_turned_away(stage: Stage, noise: bytes) -> None:
    stage.worker()
    stranger = stage.network.raw_connect(5555, "broker")
    stranger.send(noise)
    stage.ask(stage.client(), b"hello")
    stage.network.advance(10)
    assert stranger.closed is not None


@seeds
def test_a_plain_req_can_ask_too(stage: Stage, memory_seed: int) -> None:
    stage.worker()

    async def ask() -> list[bytes]:
        async with ReqSocket(stage.network.reactor("req")) as req:
            req.connect(ADDRESS)
            return await req.request([CLIENT, b"echo", b"x"], timeout=5)

    assert stage.network.run(ask(), within=5) == [CLIENT, b"echo", b"re", b"x"]


@pytest.mark.parametrize("memory_seed", range(12))
def test_all_goes_wrong_at_once(stage: Stage, memory_seed: int) -> None:
    """Whatever breaks, each request gets its own reply in the end."""
    network = stage.network
    network.conditions = evolve(CONDITIONS["everything"], bandwidth=None)
    hosts = [stage.worker(takes=0.05) for _ in range(3)]
    client = stage.client()
    bodies = [b"%d" % number for number in range(10)]
    asking = gatherResults(
        [Deferred.fromCoroutine(client.ask(b"echo", body, attempts=50)) for body in bodies]
    )
    for _ in range(6):
        network.advance(network.random.uniform(0, 0.5))
        if network.connections:
            network.random.choice(network.connections).reset()
        network.partition(network.random.choice(hosts))
        network.advance(network.random.uniform(0, 1.0))
        network.heal()
    stage.broker_host.crash()
    network.advance(1)
    stage.restart_broker()
    assert network.run(asking, within=120) == [[b"re", body] for body in bodies]
