import sys
from asyncio import AbstractEventLoop
from concurrent.futures import Executor
from os import PathLike
from typing import Any

from typing_extensions import TypeAlias

from ..base import AiofilesContextManager
from .temptypes import AsyncSpooledTemporaryFile, AsyncTemporaryDirectory

_Dir: TypeAlias = str | PathLike[str]

__all__ = ["NamedTemporaryFile", "SpooledTemporaryFile", "TemporaryDirectory", "TemporaryFile"]

if sys.version_info >= (3, 12):
    def NamedTemporaryFile(
        mode: str = "w+b",
        buffering: int = -1,
        encoding: str | None = None,
        newline: str | None = None,
        suffix: str | None = None,
        prefix: str | None = None,
        dir: _Dir | None = None,
        delete: bool = True,
        delete_on_close: bool = True,
        loop: AbstractEventLoop | None = None,
        executor: Executor | None = None,
        *,
        errors: str | None = None,
    ) -> AiofilesContextManager[Any]: ...

else:
    def NamedTemporaryFile(
        mode: str = "w+b",
        buffering: int = -1,
        encoding: str | None = None,
        newline: str | None = None,
        suffix: str | None = None,
        prefix: str | None = None,
        dir: _Dir | None = None,
        delete: bool = True,
        loop: AbstractEventLoop | None = None,
        executor: Executor | None = None,
        *,
        errors: str | None = None,
    ) -> AiofilesContextManager[Any]: ...

def TemporaryFile(
    mode: str = "w+b",
    buffering: int = -1,
    encoding: str | None = None,
    newline: str | None = None,
    suffix: str | None = None,
    prefix: str | None = None,
    dir: _Dir | None = None,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
    *,
    errors: str | None = None,
) -> AiofilesContextManager[Any]: ...
def SpooledTemporaryFile(
    max_size: int = 0,
    mode: str = "w+b",
    buffering: int = -1,
    encoding: str | None = None,
    newline: str | None = None,
    suffix: str | None = None,
    prefix: str | None = None,
    dir: _Dir | None = None,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
    *,
    errors: str | None = None,
) -> AiofilesContextManager[AsyncSpooledTemporaryFile]: ...
def TemporaryDirectory(
    suffix: str | None = None,
    prefix: str | None = None,
    dir: _Dir | None = None,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
    *,
    ignore_cleanup_errors: bool = False,
    delete: bool = True,
) -> AiofilesContextManagerTempDir: ...

class AiofilesContextManagerTempDir(AiofilesContextManager[AsyncTemporaryDirectory]):
    async def __aenter__(self) -> str: ...  # type: ignore[override]

def wrap(
    base_io_obj: Any,
    file: Any,
    *,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> Any: ...
