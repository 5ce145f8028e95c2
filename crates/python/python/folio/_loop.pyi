from asyncio import AbstractEventLoop
from typing import Any
from weakref import WeakKeyDictionary

drivers: WeakKeyDictionary[Any, Any]

def running() -> AbstractEventLoop: ...
def turn() -> Any: ...
