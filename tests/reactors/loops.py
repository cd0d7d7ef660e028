"""How each reactor is started: :data:`LOOPS`."""

from __future__ import annotations

import os
import queue
import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any, Final

from attrs import frozen

from . import completion_port
from .completion_only import CompletionOnlyReactor

__all__ = ["LOOPS", "Loop", "Running"]

#: Milliseconds between two events of a toolkit's own timer.
_TICK: Final = 10


@frozen
class Running:
    """A reactor that is ready to run.

    :ivar reactor: what sockets are given.
    :ivar version: of the toolkit.
    :ivar ticks: how often the toolkit's own timer has fired.
    :ivar run: runs it until it is stopped.
    :ivar finish: takes the toolkit apart, before the reactor is stopped.
    :ivar real: where to look for descriptors that were left.
    """

    reactor: Any
    version: str = ""
    ticks: Callable[[], int] | None = None
    run: Callable[[], object] | None = None
    finish: Callable[[], object] | None = None
    real: Any = None


@frozen
class Loop:
    """A reactor, and the loop that it runs in.

    :ivar start: makes and installs it; raises :exc:`ImportError` where it is not installed.
    :ivar display: whether it needs an X server.
    """

    name: str
    about: str
    start: Callable[[], Running]
    display: bool = False


class _Ticker:
    """Counts the events of a toolkit's own timer."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> bool:
        self.count += 1
        return True  # GLib: call me again

    def total(self) -> int:
        """How many there were."""
        return self.count


def _installed() -> Any:
    """The global reactor, of which only this module and the worker may know."""
    from twisted.internet import reactor

    return reactor


def _plain(module: str) -> Running:
    """A reactor of Twisted's own."""
    import_module(f"twisted.internet.{module}").install()
    return Running(_installed())


def _asyncio(loop: Any, version: str) -> Running:
    ticker = _Ticker()

    def tick() -> None:
        ticker()
        loop.call_later(_TICK / 1000, tick)

    loop.call_later(_TICK / 1000, tick)
    import_module("twisted.internet.asyncioreactor").install(loop)
    return Running(_installed(), version, ticker.total)


def _start_asyncio() -> Running:
    # Twisted cannot use what is the default on Windows.
    return _asyncio(import_module("asyncio").SelectorEventLoop(), "")


def _start_uvloop() -> Running:
    uvloop = import_module("uvloop")
    return _asyncio(uvloop.new_event_loop(), uvloop.__version__)


def _qt_application(ticker: _Ticker) -> tuple[Any, str]:
    """A Qt application with a window and a timer."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ["QT_API"] = "pyside6"
    core, widgets = import_module("PySide6.QtCore"), import_module("PySide6.QtWidgets")
    application = widgets.QApplication([])
    window = widgets.QLabel("pyzmtp")
    window.show()
    timer = core.QTimer(application)
    timer.timeout.connect(ticker)
    timer.start(_TICK)
    application.kept = window, timer
    return application, core.qVersion()


def _start_qasync() -> Running:
    ticker = _Ticker()
    application, version = _qt_application(ticker)
    loop = import_module("qasync").QEventLoop(application)
    import_module("twisted.internet.asyncioreactor").install(loop)
    return Running(_installed(), version, ticker.total)


def _start_qt_reactor() -> Running:
    ticker = _Ticker()
    _, version = _qt_application(ticker)
    import_module("qreactor").install()
    return Running(_installed(), version, ticker.total)


def _start_glib() -> Running:
    glib = import_module("gi.repository.GLib")
    ticker = _Ticker()
    import_module("twisted.internet.gireactor").install()
    glib.timeout_add(_TICK, ticker)
    version = f"{glib.MAJOR_VERSION}.{glib.MINOR_VERSION}.{glib.MICRO_VERSION}"
    return Running(_installed(), version, ticker.total)


def _start_gtk3() -> Running:
    import_module("gi").require_version("Gtk", "3.0")
    gio, glib = import_module("gi.repository.Gio"), import_module("gi.repository.GLib")
    gtk = import_module("gi.repository.Gtk")
    ticker = _Ticker()
    import_module("twisted.internet.gireactor").install()
    reactor = _installed()
    application = gtk.Application(flags=gio.ApplicationFlags.NON_UNIQUE)

    def activate(_: object) -> None:
        window = gtk.ApplicationWindow(application=application)
        window.add(gtk.Label(label="pyzmtp"))
        window.show_all()

    application.connect("activate", activate)
    reactor.registerGApplication(application)
    glib.timeout_add(_TICK, ticker)
    version = f"{gtk.MAJOR_VERSION}.{gtk.MINOR_VERSION}.{gtk.MICRO_VERSION}"
    return Running(reactor, version, ticker.total)


def _start_tk() -> Running:
    tkinter = import_module("tkinter")
    support = import_module("twisted.internet.tksupport")
    root = tkinter.Tk()
    tkinter.Label(root, text="pyzmtp").pack()
    ticker = _Ticker()

    def tick() -> None:
        ticker()
        root.after(_TICK, tick)

    root.after(_TICK, tick)
    support.install(root)

    def finish() -> None:
        support.uninstall()
        root.destroy()

    version = str(root.tk.call("info", "patchlevel"))
    return Running(_installed(), version, ticker.total, finish=finish)


def _start_wx() -> Running:
    wx = import_module("wx")
    import_module("twisted.internet.wxreactor").install()
    reactor = _installed()
    application = wx.App()
    ticker = _Ticker()
    frame = wx.Frame(None, title="pyzmtp")  # without one its main loop has nothing to do
    frame.Show()
    timer = wx.Timer(frame)
    frame.Bind(wx.EVT_TIMER, lambda _: ticker())
    timer.Start(_TICK)
    reactor.registerWxApp(application)
    return Running(reactor, wx.version(), ticker.total, finish=timer.Stop)


def _start_threaded_select() -> Running:
    """The loop that it is interleaved with takes functions from a queue, and does so for good."""
    import_module("twisted.internet._threadedselect").install()
    reactor = _installed()
    functions: queue.Queue[Callable[[], object] | None] = queue.Queue()
    ticker = _Ticker()

    def run() -> None:
        reactor.interleave(functions.put)
        reactor.addSystemEventTrigger("after", "shutdown", functions.put, None)
        while True:
            try:
                function = functions.get(timeout=_TICK / 1000)
            except queue.Empty:
                ticker()
                continue
            if function is None:
                return
            function()

    return Running(reactor, "", None, run)


def _start_completion_only() -> Running:
    real = import_module("twisted.internet.selectreactor").SelectReactor()
    reactor = CompletionOnlyReactor(real)
    import_module("twisted.internet.main").installReactor(reactor)
    return Running(reactor, real=real)


def _start_completion_ports() -> Running:
    reactor = completion_port.new_reactor()
    import_module("twisted.internet.main").installReactor(reactor)
    return Running(reactor)


LOOPS: Final = [
    Loop("select", "select()", partial(_plain, "selectreactor")),
    Loop("poll", "poll()", partial(_plain, "pollreactor")),
    Loop("epoll", "epoll (Linux)", partial(_plain, "epollreactor")),
    Loop("kqueue", "kqueue (macOS, BSD)", partial(_plain, "kqreactor")),
    Loop("iocp", "completion ports (Windows)", partial(_plain, "iocpreactor")),
    Loop("asyncio", "asyncio", _start_asyncio),
    Loop("uvloop", "asyncio with uvloop", _start_uvloop),
    Loop("qasync", "Qt 6, through asyncio with qasync", _start_qasync),
    Loop("qt-reactor", "Qt 6, with qt-reactor", _start_qt_reactor),
    Loop("glib", "GLib", _start_glib),
    Loop("gtk3", "GTK 3", _start_gtk3, display=True),
    Loop("tk", "Tk", _start_tk, display=sys.platform == "linux"),
    Loop("wx", "wxPython", _start_wx, display=True),
    Loop("threadedselect", "_threadedselect, in a loop of somebody else's", _start_threaded_select),
    Loop("completion-only", "no IReactorFDSet, as strict as IOCP", _start_completion_only),
    Loop(
        "iocp-emulated", "Twisted's IOCP reactor on ports made of select()", _start_completion_ports
    ),
]
