from abc import ABCMeta
from asyncio import AbstractEventLoop
from collections.abc import Awaitable, Callable, Coroutine, Generator
from concurrent.futures import Executor
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Generic, TypeVar

from typing_extensions import Self

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)

__all__ = ["AiofilesContextManager", "AsyncBase", "AsyncIndirectBase", "wrap"]

# Also takes the keywords `loop` and `executor`.
def wrap(func: Callable[..., _T]) -> Callable[..., Coroutine[Any, Any, _T]]: ...

class AsyncBase(Generic[_T], metaclass=ABCMeta):
    def __init__(
        self, file: Any, loop: AbstractEventLoop | None, executor: Executor | None
    ) -> None: ...
    def __aiter__(self) -> Self: ...
    async def __anext__(self) -> _T: ...

class AsyncIndirectBase(AsyncBase[_T]):
    def __init__(
        self,
        name: str,
        loop: AbstractEventLoop | None,
        executor: Executor | None,
        indirect: Callable[[], Any],
    ) -> None: ...

class AiofilesContextManager(Awaitable[_T_co], AbstractAsyncContextManager[_T_co, None], Generic[_T_co]):
    def __init__(self, coro: Awaitable[_T_co]) -> None: ...
    def __await__(self) -> Generator[Any, Any, _T_co]: ...
    async def __aenter__(self) -> _T_co: ...
    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None: ...
