"""Decorators that give a class the methods and attributes of the file below."""


def delegate_to_executor(*attrs):
    """Adds methods that run on a worker."""

    def decorate(cls):
        for name in attrs:
            setattr(cls, name, _delegated(name))
        return cls

    return decorate


def proxy_method_directly(*attrs):
    """Adds methods that run at once."""

    def decorate(cls):
        for name in attrs:
            setattr(cls, name, _direct(name))
        return cls

    return decorate


def proxy_property_directly(*attrs):
    """Adds attributes."""

    def decorate(cls):
        for name in attrs:
            setattr(cls, name, property(_attribute(name)))
        return cls

    return decorate


def cond_delegate_to_executor(*attrs):
    """Adds methods that run on a worker once the file is on the disk, and at once while it is in memory."""

    def decorate(cls):
        for name in attrs:
            setattr(cls, name, _delegated_if_rolled(name))
        return cls

    return decorate


# Methods of Python's files that take no arguments.
_BARE = {
    "close",
    "detach",
    "fileno",
    "flush",
    "isatty",
    "readable",
    "readall",
    "rollover",
    "seekable",
    "tell",
    "writable",
}


def _named(name, method, bare):
    chosen = bare if name in _BARE else method
    chosen.__name__ = name
    return chosen


def _delegated(name):
    async def method(self, *args, **kwargs):
        return await self._call(name, args, kwargs)

    async def bare(self):
        return await self._call(name, (), {})

    return _named(name, method, bare)


def _direct(name):
    def method(self, *args, **kwargs):
        return getattr(self._file, name)(*args, **kwargs)

    def bare(self):
        return getattr(self._file, name)()

    return _named(name, method, bare)


def _attribute(name):
    def attribute(self):
        return getattr(self._file, name)

    return attribute


def _delegated_if_rolled(name):
    async def method(self, *args, **kwargs):
        if self._file._rolled:
            return await self._call(name, args, kwargs)
        return getattr(self._file, name)(*args, **kwargs)

    async def bare(self):
        return await method(self)

    return _named(name, method, bare)
