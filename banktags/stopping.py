"""A command that is told to end, by Ctrl-C or SIGTERM, does so with one line and exit code 128 + the signal's number.

The signal becomes an exception wherever the command is at that moment. On its way dbt catches it and reports a fault
of its own, DuckDB calls it an interrupted query, an import a module that is half there: whatever it has become, the
command was told to end, and that alone is said. Nothing is imported here that takes time: a command may be told to end
before it has read its own modules. Why: DECISIONS 102.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
#: What is said where the command knows no better.
LINE = "Stopped before the end. Run the same command again."

_told: list[int] = []


class Stopped(KeyboardInterrupt):
    """The command was told to end."""


def is_told() -> bool:
    """Whether the command was told to end."""
    return bool(_told)


def check_not_stopped() -> None:
    """Go no further where the command was told to end, whoever has caught the signal on its way.

    Raises:
        Stopped: it was.
    """
    if _told:
        raise Stopped


def exit_code() -> int:
    """The exit code of a command that was told to end."""
    return 128 + (_told[0] if _told else signal.SIGINT)


@contextmanager
def listening() -> Iterator[None]:
    """While it lasts, the signals raise ``Stopped``; a second one ends the process at once.

    The first may come while this begins: it stands within ``ending_with``.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) is _tell:
        yield
        return
    _told.clear()
    handlers, hook = {number: signal.getsignal(number) for number in SIGNALS}, sys.unraisablehook
    try:
        # Python would print a traceback where the signal meets a finalizer.
        sys.unraisablehook = lambda unraisable: None if _told else hook(unraisable)
        for number in SIGNALS:
            signal.signal(number, _tell)
        yield
    finally:
        sys.unraisablehook = hook
        for number, handler in handlers.items():
            signal.signal(number, handler)


@contextmanager
def ending_with(line: str = LINE) -> Iterator[None]:
    """Have what is told to end within say ``line``, and end; what ends by itself, having said why, is left to do so.

    Raises:
        SystemExit: it was told to end.
    """
    try:
        yield
    except BaseException as error:
        if not _told and not isinstance(error, KeyboardInterrupt):
            raise
        if not isinstance(error, SystemExit) or _is_of_signal(error):
            print(line, file=sys.stderr)
        raise SystemExit(exit_code()) from None


def _is_of_signal(error: BaseException | None) -> bool:
    """Whether a library has made an end in silence of the signal, as typer does while it reads the command line."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return error is not None


def _tell(number: int, _: FrameType | None) -> None:
    if _told:
        os._exit(exit_code())
    _told.append(number)
    raise Stopped
