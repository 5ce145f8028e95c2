from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from typing_extensions import Self

__all__ = ["Engine", "ShutdownReport", "Snapshot", "snapshot"]

SHUTDOWN_SECONDS: float
current: ContextVar[Any]

@dataclass(frozen=True)
class Snapshot:
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
    completed: int
    never_started: int
    abandoned: int

class Engine:
    def __init__(
        self, *, ops: int | None = None, bytes: int | None = None, workers: int | None = None
    ) -> None: ...
    async def __aenter__(self) -> Self: ...
    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None: ...
    async def shutdown(self, seconds: float = 30.0) -> ShutdownReport: ...
    def snapshot(self) -> Snapshot: ...

def snapshot() -> Snapshot: ...
