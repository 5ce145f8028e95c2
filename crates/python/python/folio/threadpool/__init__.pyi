from asyncio import AbstractEventLoop
from collections.abc import Callable
from concurrent.futures import Executor
from io import BufferedIOBase, FileIO, TextIOBase
from os import PathLike
from typing import IO, Any, Literal, overload

from typing_extensions import TypeAlias

from ..base import AiofilesContextManager, AsyncBase
from .binary import AsyncBufferedIOBase, AsyncBufferedReader, AsyncFileIO, AsyncIndirectBufferedIOBase
from .text import AsyncTextIndirectIOWrapper, AsyncTextIOWrapper

__all__ = ("open", "stderr", "stderr_bytes", "stdin", "stdin_bytes", "stdout", "stdout_bytes")

_File: TypeAlias = str | bytes | PathLike[str] | PathLike[bytes] | int
_Opener: TypeAlias = Callable[[str, int], int]
_TextMode: TypeAlias = Literal[
    "r", "rt", "tr", "w", "tw", "wt", "a", "at", "ta", "x", "tx", "xt", "+r", "r+", "+rt", "+tr", "r+t",
    "rt+", "t+r", "tr+", "+w", "w+", "+tw", "+wt", "t+w", "tw+", "w+t", "wt+", "+a", "a+", "+at", "+ta",
    "a+t", "at+", "t+a", "ta+", "+x", "x+", "+tx", "+xt", "t+x", "tx+", "x+t", "xt+",
]
_BytesMode: TypeAlias = Literal[
    "br", "rb", "bw", "wb", "ab", "ba", "bx", "xb", "+br", "+rb", "b+r", "br+", "r+b", "rb+", "+bw",
    "+wb", "b+w", "bw+", "w+b", "wb+", "+ab", "+ba", "a+b", "ab+", "b+a", "ba+", "+bx", "+xb", "b+x",
    "bx+", "x+b", "xb+",
]
_ReaderMode: TypeAlias = Literal[
    "br", "rb", "+br", "+rb", "b+r", "br+", "r+b", "rb+", "+bw", "+wb", "b+w", "bw+", "w+b", "wb+",
    "+ab", "+ba", "a+b", "ab+", "b+a", "ba+", "+bx", "+xb", "b+x", "bx+", "x+b", "xb+",
]
_WriterMode: TypeAlias = Literal[
    "bw", "wb", "ab", "ba", "bx", "xb",
]

sync_open: Callable[..., IO[Any]]

@overload
def open(
    file: _File,
    mode: _TextMode = "r",
    buffering: int = -1,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    closefd: bool = True,
    opener: _Opener | None = None,
    *,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> AiofilesContextManager[AsyncTextIOWrapper]: ...
@overload
def open(  # type: ignore[overload-overlap]
    file: _File,
    mode: _BytesMode,
    buffering: Literal[0],
    encoding: None = None,
    errors: None = None,
    newline: None = None,
    closefd: bool = True,
    opener: _Opener | None = None,
    *,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> AiofilesContextManager[AsyncFileIO]: ...
@overload
def open(
    file: _File,
    mode: _ReaderMode,
    buffering: int = -1,
    encoding: None = None,
    errors: None = None,
    newline: None = None,
    closefd: bool = True,
    opener: _Opener | None = None,
    *,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> AiofilesContextManager[AsyncBufferedReader]: ...
@overload
def open(
    file: _File,
    mode: _WriterMode,
    buffering: int = -1,
    encoding: None = None,
    errors: None = None,
    newline: None = None,
    closefd: bool = True,
    opener: _Opener | None = None,
    *,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> AiofilesContextManager[AsyncBufferedIOBase]: ...
@overload
def open(
    file: _File,
    mode: str,
    buffering: int = -1,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    closefd: bool = True,
    opener: _Opener | None = None,
    *,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> AiofilesContextManager[Any]: ...
def wrap(
    file: TextIOBase | BufferedIOBase | FileIO | IO[Any],
    *,
    loop: AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> AsyncBase[Any]: ...

stdin: AsyncTextIndirectIOWrapper
stdout: AsyncTextIndirectIOWrapper
stderr: AsyncTextIndirectIOWrapper
stdin_bytes: AsyncIndirectBufferedIOBase
stdout_bytes: AsyncIndirectBufferedIOBase
stderr_bytes: AsyncIndirectBufferedIOBase
