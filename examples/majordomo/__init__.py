"""A broker of services after the Majordomo pattern (https://rfc.zeromq.org/spec/7/).

Workers register the service that they offer, clients ask for a service by name, and the broker brings
the two together. Everybody tells the others in heartbeats that they are alive. What a worker had in
hand when it died goes to another, so a service must bear to be asked the same thing twice.
"""

from examples.majordomo.broker import Broker
from examples.majordomo.client import Client
from examples.majordomo.worker import Worker

__all__ = ["Broker", "Client", "Worker"]
