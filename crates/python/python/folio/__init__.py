"""Files for asyncio: the names and the behaviour of aiofiles, carried out by folio's engine.

    import folio as aiofiles

    async with aiofiles.open("notes.txt") as notes:
        async for line in notes:
            ...

What the page cache holds is answered at once, without a thread and without a turn of the event loop. Calls on one
file take effect one after another, in the order in which they were made.
"""

from . import fs, os, ospath, tempfile
from ._engine import Engine, ShutdownReport, Snapshot, snapshot
from ._path import Path
from .threadpool import open, stderr, stderr_bytes, stdin, stdin_bytes, stdout, stdout_bytes

__all__ = [
    "open",
    "stderr",
    "stderr_bytes",
    "stdin",
    "stdin_bytes",
    "stdout",
    "stdout_bytes",
    "tempfile",
]
