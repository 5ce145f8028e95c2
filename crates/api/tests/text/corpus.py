"""Says what CPython reads in real files: python3.13 corpus.py FOLDER writes FOLDER/expected.tsv for `corpus.rs`.

A file in a folder that has the name of an encoding, as in the tests of chardet (`EUC-JP/x.xml`, `utf-8-sig/y.txt`,
`windows-1254-turkish/z.xml`), is read in that; any other in every encoding that CPython can read it in.

    path encoding crc-of-the-text crc-of-what-is-written        or
    path encoding !start length reason
"""

import codecs
import os
import sys
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "src", "text", "codec", "tables"))
from generate import LEFT_OUT, text_encodings  # noqa: E402


def named(folder):
    """The encoding that a folder is called by, with or without a language behind it."""
    while folder:
        try:
            found = codecs.lookup(folder)
        except LookupError:
            folder = folder.rpartition("-")[0]
            continue
        return None if found.name.replace("-", "_") in LEFT_OUT else folder
    return None


def answer(data, encoding):
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        skipped = 3 if codecs.lookup(encoding).name == "utf-8-sig" and data.startswith(codecs.BOM_UTF8) else 0
        return [f"!{error.start + skipped} {error.end - error.start} {error.reason}"]
    return [f"{zlib.crc32(text.encode()):08x}", f"{zlib.crc32(text.encode(encoding)):08x}"]


def rows(root):
    for folder, _, names in sorted(os.walk(root)):
        for name in sorted(names):
            path = os.path.join(folder, name)
            if name.endswith((".py", ".tsv", ".tar.gz")):
                continue
            with open(path, "rb") as file:
                data = file.read()
            own = named(os.path.basename(folder))
            for encoding in [own] if own else text_encodings():
                try:
                    found = answer(data, encoding)
                except UnicodeEncodeError:
                    continue  # Half a pair that UTF-7 has made.
                if own or not found[0].startswith("!"):
                    yield os.path.relpath(path, root), encoding, *found


if __name__ == "__main__":
    with open(os.path.join(sys.argv[1], "expected.tsv"), "w", encoding="utf-8", newline="\n") as table:
        for row in rows(sys.argv[1]):
            table.write("\t".join(row) + "\n")
