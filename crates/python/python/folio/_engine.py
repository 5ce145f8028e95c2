"""Engines with limits of their own, and what engines count."""

from contextvars import ContextVar
from dataclasses import dataclass

from . import _folio

__all__ = ["Engine", "ShutdownReport", "Snapshot", "snapshot"]

current = ContextVar("current", default=None)

# Seconds that the end of an `async with` waits for what is under way.
SHUTDOWN_SECONDS = 30.0


@dataclass(frozen=True)
class Snapshot:
    """What an engine has done and is doing."""

    in_flight: int
    in_flight_peak: int
    open_files: int
    workers: int
    queued: int
    running: int
    in_place: int
    jobs: int
    opened: int
    closed: int
    bytes_read: int
    bytes_written: int
    writes_buffered: int
    syncs_asked: int
    syncs_issued: int
    refusals: int
    cancelled: int
    stuck: int
    unobserved_errors: int


@dataclass(frozen=True)
class ShutdownReport:
    """How the operations of an engine ended that were under way at its shutdown."""

    completed: int
    never_started: int
    abandoned: int


class Engine:
    """An engine with limits: on operations, on the bytes that they hold, and on worker threads.

    In `async with`, it carries out what the block asks for, and the tasks that the block starts. Files that were opened
    there stay its own.
    """

    def __init__(self, *, ops=None, bytes=None, workers=None):
        self._core = _folio.EngineCore(ops, bytes, workers)
        self._tokens = []

    async def __aenter__(self):
        self._tokens.append(current.set(self._core))
        return self

    async def __aexit__(self, exc_type, exc_val, exc_tb):
        current.reset(self._tokens.pop())
        if not self._tokens:
            await self.shutdown()

    async def shutdown(self, seconds=SHUTDOWN_SECONDS):
        """Ends the engine; waits that long for what is under way."""
        return ShutdownReport(**await self._core.shutdown(seconds))

    def snapshot(self):
        """Returns what the engine has done and is doing."""
        return Snapshot(**self._core.snapshot())


def snapshot():
    """Returns what the default engine has done and is doing."""
    return Snapshot(**_folio.snapshot())

