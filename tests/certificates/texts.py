"""Certificate files as other programs write them, and keys to put into ours."""

from __future__ import annotations

# zmq_curve(7), "Test key values".
PUBLIC = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
SECRET = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"
OTHER = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"

PYZMQ = f"""\
#   ****  Generated on 2026-11-23 12:00:00.123456 by pyzmq  ****
#   ZeroMQ CURVE **Secret** Certificate
#   DO NOT PROVIDE THIS FILE TO OTHER USERS nor change its permissions.

metadata
    email = ph@example.com
    full name = Pieter # the first
    quoted = "a = b"
    color = #fff
    broken = "no end
curve
    public-key = "{PUBLIC}"
    secret-key = "{SECRET}"
"""

CZMQ = f"""\
#   ****  Generated on 2026-11-23 12:00:00 by CZMQ  ****
#   ZeroMQ CURVE **Secret** Certificate
#   DO NOT PROVIDE THIS FILE TO OTHER USERS nor change its permissions.

metadata
    email = "ph@example.com"
    name = "Pieter #1"
    version = "1"
    empty = ""
    flag
curve
    public-key = "{PUBLIC}"
    secret-key = "{SECRET}"
"""

PUBLIC_ONLY = f'metadata\ncurve\n    public-key = "{PUBLIC}"\n'


def public_text(key: str) -> str:
    """A certificate of a public key alone."""
    return f'curve\n    public-key = "{key}"\n'
