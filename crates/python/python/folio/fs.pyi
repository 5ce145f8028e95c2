from asyncio import AbstractEventLoop
from collections.abc import AsyncIterator
from concurrent.futures import Executor
from os import PathLike

from typing_extensions import Buffer, TypeAlias

from ._scandir import DirEntry, scandir

__all__ = [
    "DirEntry",
    "copytree",
    "glob",
    "read_bytes",
    "read_text",
    "replace_bytes",
    "rmtree",
    "scandir",
    "sync_dir",
    "walk",
    "write_bytes",
    "write_text",
]

_Path: TypeAlias = str | bytes | PathLike[str] | PathLike[bytes]

async def copytree(source: _Path, target: _Path) -> int: ...
def glob(pattern: str, root: _Path | None = None) -> AsyncIterator[str]: ...
async def read_bytes(path: _Path) -> bytes: ...
async def read_text(
    path: _Path,
    encoding: str | None = None,
    errors: str | None = None,
    *,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> str: ...
async def replace_bytes(path: _Path, data: Buffer) -> None: ...
async def rmtree(path: _Path) -> None: ...
async def sync_dir(path: _Path) -> None: ...
def walk(path: _Path) -> AsyncIterator[tuple[str, int, bool]]: ...
async def write_bytes(path: _Path, data: Buffer) -> int: ...
async def write_text(
    path: _Path,
    text: str,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    *,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> int: ...
