from asyncio import AbstractEventLoop
from concurrent.futures import Executor
from os import PathLike
from typing import Any

from typing_extensions import TypeAlias

__all__ = [
    "abspath",
    "exists",
    "getatime",
    "getctime",
    "getmtime",
    "getsize",
    "isdir",
    "isfile",
    "islink",
    "ismount",
    "samefile",
    "sameopenfile",
]

_Path: TypeAlias = str | bytes | PathLike[str] | PathLike[bytes]

async def abspath(
    path: Any,
    *,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> Any: ...
async def getatime(
    filename: _Path | int,
    *,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> float: ...
async def getctime(
    filename: _Path | int,
    *,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> float: ...
async def getmtime(
    filename: _Path | int,
    *,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> float: ...
async def getsize(
    filename: _Path | int,
    *,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> int: ...
async def exists(
    path: _Path | int,
    *,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> bool: ...
async def isdir(
    s: _Path | int,
    *,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> bool: ...
async def isfile(
    path: _Path | int,
    *,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> bool: ...
async def islink(
    path: _Path,
    *,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> bool: ...
async def ismount(
    path: _Path | int,
    *,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> bool: ...
async def samefile(
    f1: _Path | int,
    f2: _Path | int,
    *,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> bool: ...
async def sameopenfile(
    fp1: int,
    fp2: int,
    *,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> bool: ...
