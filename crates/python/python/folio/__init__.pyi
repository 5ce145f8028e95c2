from . import fs as fs
from . import os as os
from . import ospath as ospath
from . import tempfile as tempfile
from ._engine import Engine as Engine
from ._engine import ShutdownReport as ShutdownReport
from ._engine import Snapshot as Snapshot
from ._engine import snapshot as snapshot
from ._path import Path as Path
from .threadpool import open as open
from .threadpool import stderr as stderr
from .threadpool import stderr_bytes as stderr_bytes
from .threadpool import stdin as stdin
from .threadpool import stdin_bytes as stdin_bytes
from .threadpool import stdout as stdout
from .threadpool import stdout_bytes as stdout_bytes

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
