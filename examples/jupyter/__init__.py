"""A Jupyter client: it runs code in a kernel, and shows what the code puts out while it runs.

    python -m ipykernel_launcher -f /tmp/kernel.json &
    python -m examples.jupyter /tmp/kernel.json "1 + 1" "for word in 'one', 'two': print(word)"
    python -m examples.jupyter /tmp/kernel.json "name = input('Who are you? ')" "print('Hello', name)"

A kernel of any language will do, other clients may use it at the same time, and Ctrl-C interrupts the code.
The protocol has five sockets and signed messages: https://jupyter-client.readthedocs.io
"""

from examples.jupyter.kernel import Kernel, KernelDied
from examples.jupyter.session import Message, Session

__all__ = ["Kernel", "KernelDied", "Message", "Session"]
