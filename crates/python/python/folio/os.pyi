import os
from asyncio import AbstractEventLoop
from concurrent.futures import Executor
from os import PathLike, statvfs_result
from typing import Any

from typing_extensions import TypeAlias

from . import ospath as path
from .base import wrap as wrap

__all__ = [
    "access",
    "getcwd",
    "listdir",
    "makedirs",
    "mkdir",
    "path",
    "readlink",
    "remove",
    "removedirs",
    "rename",
    "renames",
    "replace",
    "rmdir",
    "scandir",
    "stat",
    "symlink",
    "unlink",
    "wrap",
]
__all__ += ["link", "sendfile", "statvfs"]

_Path: TypeAlias = str | bytes | PathLike[str] | PathLike[bytes]

async def access(
    path: _Path | int,
    mode: int,
    *,
    dir_fd: int | None = None,
    effective_ids: bool = False,
    follow_symlinks: bool = True,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> bool: ...
async def getcwd(
    *,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> str: ...
async def link(
    src: _Path,
    dst: _Path,
    *,
    src_dir_fd: int | None = None,
    dst_dir_fd: int | None = None,
    follow_symlinks: bool = True,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> None: ...
async def listdir(
    path: Any = None,
    *,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> list[Any]: ...
async def makedirs(
    name: _Path,
    mode: int = 0o777,
    exist_ok: bool = False,
    *,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> None: ...
async def mkdir(
    path: _Path,
    mode: int = 0o777,
    *,
    dir_fd: int | None = None,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> None: ...
async def readlink(
    path: Any,
    *,
    dir_fd: int | None = None,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> Any: ...
async def remove(
    path: _Path,
    *,
    dir_fd: int | None = None,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> None: ...
async def unlink(
    path: _Path,
    *,
    dir_fd: int | None = None,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> None: ...
async def rmdir(
    path: _Path,
    *,
    dir_fd: int | None = None,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> None: ...
async def removedirs(
    name: _Path,
    *,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> None: ...
async def rename(
    src: _Path,
    dst: _Path,
    *,
    src_dir_fd: int | None = None,
    dst_dir_fd: int | None = None,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> None: ...
async def replace(
    src: _Path,
    dst: _Path,
    *,
    src_dir_fd: int | None = None,
    dst_dir_fd: int | None = None,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> None: ...
async def renames(
    old: _Path,
    new: _Path,
    *,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> None: ...
async def scandir(
    path: Any = None,
    *,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> Any: ...
async def sendfile(
    out_fd: int,
    in_fd: int,
    offset: int | None,
    count: int,
    *,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> int: ...
async def stat(
    path: _Path | int,
    *,
    dir_fd: int | None = None,
    follow_symlinks: bool = True,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> os.stat_result: ...
async def statvfs(
    path: _Path | int,
    *,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> statvfs_result: ...
async def symlink(
    src: _Path,
    dst: _Path,
    target_is_directory: bool = False,
    *,
    dir_fd: int | None = None,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> None: ...
