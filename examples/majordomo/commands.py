"""What clients, workers and the broker say to each other (RFC 7)."""

CLIENT = b"MDPC01"
WORKER = b"MDPW01"

READY = b"\x01"
REQUEST = b"\x02"
REPLY = b"\x03"
HEARTBEAT = b"\x04"
DISCONNECT = b"\x05"

#: Seconds between two heartbeats, and how many may be missing.
INTERVAL = 0.5
PATIENCE = 4
