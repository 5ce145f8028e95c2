"""Whole files and trees, in one call each."""

from ._folio import copytree, glob, read_bytes, replace_bytes, rmtree, sync_dir, walk, write_bytes
from ._scandir import DirEntry, scandir
from .base import wrap

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


def _read_text(path, encoding=None, errors=None):
    with open(path, encoding=encoding, errors=errors) as file:
        return file.read()


def _write_text(path, text, encoding=None, errors=None, newline=None):
    with open(path, "w", encoding=encoding, errors=errors, newline=newline) as file:
        return file.write(text)


read_text = wrap(_read_text)
write_text = wrap(_write_text)
