"""How programs and results are written down: one program a line, one step a field. `format.rs` reads it.

    start mode buffering encoding errors newline opened [step …] closing=result final=result

Fields are separated by tabs, and every value is ASCII: whatever is not printable, and what the notation itself
uses, stands as `\\n`, `\\r` or `\\` and two hexadecimal digits, text as UTF-8.

start       - (no file), d (a directory), .BYTES, or #N (the N-th line that begins with C)
arguments   - (not given), or a value
step        name[ arguments]=result[~difference~result]: the second result is CPython's for the same program
            rewritten as the difference says
result      N T F   None, True, False           iN      an integer
            s b     a text, bytes               S B     a long one: length, CRC-32 of its bytes, its beginning
            [       a list: kind of its items, then each after a |
            {       a long one: length, kind, CRC-32 of its items, each followed by a zero byte
            X       StopIteration               ?       not specified
            !       an error: class, then what is known of it
"""

import codecs
import io
import zlib

VERSION = 1

# Longer values are written as digests.
WHOLE_BYTES = 64
# What a digest shows of the value, for whoever has to find out what is wrong.
SHOWN_BYTES = 16

SPECIAL = b"\\=~|"


def escaped(value):
    """Bytes or text in printable ASCII."""
    data = value.encode("utf-8") if isinstance(value, str) else bytes(value)
    known = {10: "\\n", 13: "\\r"}
    return "".join(
        known[byte] if byte in known else chr(byte) if 32 <= byte < 127 and byte not in SPECIAL else f"\\{byte:02x}"
        for byte in data
    )


def argument(value):
    return "-" if value is None else escaped(value) if isinstance(value, str) and value else "." if value == "" else str(value)


def payload(value):
    """What is to be written: a repeated one is `*count*unit`."""
    if isinstance(value, tuple):
        unit, count = value
        return f"*{count}*{escaped(unit)}"
    return "." + escaped(value)


def digest(data):
    return f"{len(data)},{zlib.crc32(data):08x},{escaped(data[:SHOWN_BYTES])}"


def result(value):
    if value is None or isinstance(value, bool):
        return {None: "N", True: "T", False: "F"}[value]
    if isinstance(value, int):
        return f"i{value}"
    if isinstance(value, (str, bytes)):
        kind = "s" if isinstance(value, str) else "b"
        data = value.encode("utf-8") if kind == "s" else value
        return kind + escaped(data) if len(data) <= WHOLE_BYTES else kind.upper() + digest(data)
    if isinstance(value, (list, tuple)):
        kind = "b" if value and isinstance(value[0], bytes) else "s"
        items = [item if kind == "b" else item.encode("utf-8") for item in value]
        if sum(map(len, items)) <= WHOLE_BYTES:
            return f"[{kind}" + "".join("|" + escaped(item) for item in items)
        return "{" + kind + f"{len(items)},{zlib.crc32(b''.join(item + bytes(1) for item in items)):08x}"
    raise TypeError(f"no notation for {value!r}")


def decode_error(error, file):
    """Where in the file the bad bytes are: the decoder's input ends where the buffer below stands."""
    start = file.buffer.tell() - len(error.object) + error.start
    return f"!D{start},{error.reason}"


def encode_error(error, text, encoding):
    """Which character of `text` it was: ends of lines may have been translated before."""
    wrong = error.object[error.start]
    for at, char in enumerate(text):
        try:
            char.encode(encoding)
        except UnicodeEncodeError:
            assert char == wrong, (text, error)
            return f"!E{at},{error.reason}"
    raise AssertionError((text, error))


def failure(error):
    """An error by the class that a caller would look for first."""
    if isinstance(error, io.UnsupportedOperation):
        return f"!U{escaped(str(error))}"
    if isinstance(error, OSError):
        return f"!O{error.errno}" if error.errno else f"!I{escaped(str(error))}"
    if isinstance(error, LookupError):
        return f"!L{escaped(str(error))}"
    if isinstance(error, ValueError):
        return f"!V{escaped(str(error))}"
    if isinstance(error, AttributeError):
        return "!A"
    if isinstance(error, StopIteration):
        return "X"
    raise error


def encoding_of(name):
    """One name for all aliases."""
    return codecs.lookup(name).name
