"""Writes digests.tsv: what CPython's codecs make of everything there is, each set of answers in one number.

Run it with python3.13. `digests.rs` asks the same questions; both make the same inputs of the same random numbers. A row
has the name of an encoding, the seed of its inputs, and a CRC-32 for each of the columns below, `-` for none.

    byte HANDLER    every byte alone
    two HANDLER     every two bytes (of encodings that have characters of several)
    long            longer sequences: all of three bytes, many of four and eight, all that escape sequences lead to
    characters      every character, 256 together, under `replace`
    strict          many characters, each alone
    bytes HANDLER   seeded inputs, right and wrong
    text HANDLER    seeded texts
"""

import os
import sys
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "src", "text", "codec", "tables"))
from generate import ISO2022, WIDE, text_encodings  # noqa: E402

DECODING = ["strict", "ignore", "replace", "backslashreplace"]
ENCODING = DECODING + ["xmlcharrefreplace"]
INPUTS = 400
MASK = (1 << 64) - 1

#: Sequences that inputs are made of, apart from random bytes.
SPECIAL = [
    b"\x1b$B", b"\x1b(B", b"\x1b(J", b"\x1b(I", b"\x1b$@", b"\x1b$(D", b"\x1b$A", b"\x1b$(C", b"\x1b$)C", b"\x1b.A", b"\x1b.F",
    b"\x1bN", b"\x1b$(Q", b"\x1b$(P", b"\x1b$(O", b"\x1b&@\x1b$B", b"\x1b", b"\x1b[1m", b"\x1b$", b"\x0e", b"\x0f", b"\n", b"\r\n",
    b"~{", b"~}", b"~~", b"~\n", b"~", b"+MEI-", b"+AOk", b"+ZeVnLGee-", b"+2D3eAA-", b"+-", b"+", b"-", b"\x8f", b"\x8e",
    b"\xa4\xd4\xa4\xa1\xa4\xbf\xa4\xd4", b"\xa4\xd4", b"\x81\x30", b"\x84\x31\xa4\x39", b"\x90\x30\x81\x30", b"\xe3\x32\x9a\x35",
    b"\x88\x62", b"\x82\xf5", b"\xa4\xf7", b"\xef\xbb\xbf", b"\xff\xfe", b"\xe3\x81\x82", b"\xf0\x9f\x98\x80",
]

#: Ranges that texts are made of.
RANGES = [
    (0x20, 0x7E), (0x20, 0x7E), (0xA0, 0x17F), (0x2C6, 0x30C), (0x370, 0x5F4), (0x2010, 0x2260), (0x3000, 0x30FF), (0x304B, 0x304B),
    (0x309A, 0x309A), (0x4E00, 0x9FFF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xE000, 0xE757), (0xFF00, 0xFFE6), (0x20000, 0x2A6D6),
    (0x1F600, 0x1F64F),
]


class Random:
    """SplitMix64."""

    def __init__(self, seed):
        self.state = seed

    def below(self, bound):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        mixed = self.state
        mixed = ((mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9) & MASK
        mixed = ((mixed ^ mixed >> 27) * 0x94D049BB133111EB) & MASK
        return (mixed ^ mixed >> 31) % bound


def bytes_of(random):
    data = bytearray()
    for _ in range(random.below(12)):
        kind = random.below(8)
        if kind < 2:
            data += bytes([0x20 + random.below(0x60), 0x20 + random.below(0x60)])
        elif kind < 4:
            data += bytes([0xA1 + random.below(94), 0xA1 + random.below(94)])
        elif kind < 5:
            data += bytes([0x81 + random.below(126), 0x40 + random.below(191)])
        elif kind < 6:
            data += bytes([random.below(256)])
        else:
            data += SPECIAL[random.below(len(SPECIAL))]
    return bytes(data)


def text_of(random, encoding):
    text = ""
    for _ in range(1 + random.below(12)):
        low, high = RANGES[random.below(len(RANGES))]
        text += chr(low + random.below(high - low + 1))
    # CPython forgets to double it behind a character of two bytes, so that what it writes reads otherwise.
    return text.replace("~", "-") if encoding == "hz" else text


class Digest:
    def __init__(self):
        self.sum = 0

    def decoded(self, encoding, handler, data):
        try:
            answer = data.decode(encoding, handler).encode()
        except UnicodeDecodeError as error:
            # The position of utf-8-sig is counted behind the mark; a file's reader wants that of the file.
            skipped = 3 if encoding == "utf_8_sig" and data.startswith(b"\xef\xbb\xbf") else 0
            answer = f"!{error.start + skipped} {error.end - error.start} {error.reason}".encode()
        self.sum = zlib.crc32(answer + b"\xff", self.sum)

    def encoded(self, encoding, handler, text):
        try:
            answer = text.encode(encoding, handler)
        except UnicodeEncodeError as error:
            answer = f"!{error.start} {error.end - error.start} {error.reason}".encode()
        self.sum = zlib.crc32(answer + b"\n", self.sum)


def digest(ask, *inputs):
    found = Digest()
    for one in zip(*inputs) if len(inputs) > 1 else inputs[0]:
        ask(found, one)
    return f"{found.sum:08x}"


def byte(encoding, handler):
    return digest(lambda found, data: found.decoded(encoding, handler, data), (bytes([one]) for one in range(256)))


def two(encoding, handler):
    if handler == "strict":
        inputs = (bytes([first, second]) for first in range(256) for second in range(256))
    else:
        inputs = (b"".join(bytes([first, second, 0x0A]) for second in range(256)) for first in range(256))
    return digest(lambda found, data: found.decoded(encoding, handler, data), inputs)


def long(encoding):
    if encoding in ISO2022:
        escapes = [special for special in SPECIAL if special.startswith(b"\x1b") and len(special) > 1]
        inputs = (escape + b"\x0e" + row for escape in escapes for row in rows(b"", 0x21, 0x7E))
        return digest(lambda found, data: found.decoded(encoding, "replace", data), inputs)
    random = Random(1)
    if encoding == "gb18030":
        below = random.below
        inputs = [bytes([0x81 + below(127), 0x30 + below(10), 0x81 + below(127), 0x30 + below(10)]) for _ in range(20_000)]
        inputs += [bytes([first, second, third, fourth]) for first in (0x80, 0x81, 0x84, 0x85, 0x8F, 0x90, 0xE3, 0xE4, 0xFE, 0xFF)
                   for second in (0x30, 0x31, 0x39) for third in (0x80, 0x81, 0xA4, 0xFE, 0xFF) for fourth in (0x2F, 0x30, 0x35, 0x39, 0x3A)]
    elif encoding == "euc_kr":
        inputs = [b"\xa4\xd4\xa4%c\xa4%c\xa4%c" % (0xA1 + random.below(60), 0xA1 + random.below(60), 0xA1 + random.below(60)) for _ in range(20_000)]
    elif encoding in ("euc_jp", "euc_jis_2004", "euc_jisx0213"):
        inputs = [b"\x8f" + bytes([high, low]) for high in range(0x80, 256) for low in range(0x80, 256)]
    else:
        return "-"
    return digest(lambda found, data: found.decoded(encoding, "strict", data), inputs)


def rows(before, low, high):
    for first in range(low, high + 1):
        yield before + b"".join(bytes([first, second]) for second in range(low, high + 1))


def characters(encoding, several):
    planes = 3 if several else 1
    blocks = ([chr(point) for point in range(start, start + 256) if not 0xD800 <= point < 0xE000] for start in range(0, planes * 0x10000, 256))
    sparse = [[chr(point) for point in range(planes * 0x10000, 0x110000, 0x1003)]]
    texts = ("".join(block) for source in (blocks, sparse) for block in source if block)
    texts = (text.replace("~", "-") if encoding == "hz" else text for text in texts)
    return digest(lambda found, text: found.encoded(encoding, "replace", text), texts)


def strict(encoding):
    points = [point for point in [*range(0, 0x30000, 29), *range(0x30000, 0x110000, 0x1003)] if not 0xD800 <= point < 0xE000]
    return digest(lambda found, point: found.encoded(encoding, "strict", chr(point)), points)


def seeded(encoding, seed):
    random = Random(seed)
    inputs = [bytes_of(random) for _ in range(INPUTS)]
    texts = [text_of(random, encoding) for _ in range(INPUTS)]
    for handler in DECODING:
        # A run of UTF-7 may be gone when it is found wrong.
        absent = encoding == "utf_7" and handler == "backslashreplace"
        yield "-" if absent else digest(lambda found, data: found.decoded(encoding, handler, data), inputs)
    for handler in ENCODING:
        yield digest(lambda found, text: found.encoded(encoding, handler, text), texts)


def row(encoding, seed):
    several = encoding in WIDE or encoding in ISO2022 or encoding in ("hz", "utf_7")
    found = [byte(encoding, handler) for handler in DECODING]
    found += [two(encoding, handler) if several and (encoding, handler) != ("utf_7", "backslashreplace") else "-" for handler in DECODING]
    return [encoding, str(seed), *found, long(encoding), characters(encoding, several), strict(encoding), *seeded(encoding, seed)]


if __name__ == "__main__":
    with open(os.path.join(HERE, "digests.tsv"), "w", encoding="ascii", newline="\n") as table:
        for encoding in text_encodings():
            for seed in range(1000):
                try:
                    table.write("\t".join(row(encoding, seed)) + "\n")
                    break
                except (UnicodeEncodeError, RuntimeError):
                    pass  # Half a pair in UTF-7, or the third set of iso2022_jp_2 where CPython gives up.
