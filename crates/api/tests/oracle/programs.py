"""Chooses programs: what the file holds, how it is opened, and steps that suit what became of it so far."""

import itertools
import random

MODES_TEXT = ["r", "w", "a", "x", "r+", "w+", "a+", "x+"]
MODES_BINARY = ["rb", "wb", "ab", "xb", "rb+", "wb+", "ab+", "xb+"]
# The same in other orders, and with a `t`.
SPELLED = {
    "r": ["rt", "tr"], "w": ["wt", "tw"], "a": ["at"], "x": ["xt"], "r+": ["+r", "r+t", "rt+", "+tr"],
    "w+": ["+w", "wt+"], "a+": ["+at", "a+t"], "x+": ["tx+"], "rb": ["br"], "wb": ["bw"], "ab": ["ba"], "xb": ["bx"],
    "rb+": ["r+b", "+rb", "b+r", "br+"], "wb+": ["w+b", "+bw"], "ab+": ["a+b", "+ab"], "xb+": ["x+b", "bx+"],
}
MODES_WRONG = [
    "", "b", "t", "+", "+t", "rw", "ra", "wa", "xw", "rwx", "rr", "r++", "rbb", "rtt", "z", "r ", "R", "U", "rU", "rbU", "wU",
    "U+", "rbt", "wtb", "tb", "rw+b", "é", "r\n", "rrw",
]
BUFFERING_TEXT = [None, -1, 1, 16, 100, 8192, -2]
BUFFERING_BINARY = [None, 0, -1, 1, 2, 16, 100, 4096, 65536, -5]
ENCODINGS = [
    None, "utf-8", "ascii", "latin-1", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be",
    "cp1252",
]
ALIASES = {
    "utf-8": ["UTF-8", "utf8", "U8", "utf_8"], "ascii": ["us-ascii", "ASCII", "646"], "latin-1": ["iso-8859-1", "L1", "latin1"],
    "utf-8-sig": ["UTF_8_SIG"], "utf-16": ["utf16", "U16"], "utf-16-le": ["UTF-16LE"], "utf-16-be": ["utf_16_be"],
    "utf-32": ["u32"], "utf-32-le": ["utf-32le"], "utf-32-be": ["UTF-32BE"], "cp1252": ["windows-1252", "1252"],
}
ENCODINGS_WRONG = ["klingon", "", "utf-9", "hex", "rot13"]
ERRORS = [None, "strict", "ignore", "replace", "backslashreplace", "xmlcharrefreplace"]
ERRORS_REFUSED = ["surrogateescape", "surrogatepass", "namereplace", "nope"]
NEWLINES = [None, "", "\n", "\r", "\r\n"]
NEWLINES_WRONG = ["x", "\n\r", "\r\n\n", " ", "\n\n", "\v"]

# Read whole at once by CPython, whose chunks of text are of this size.
CHUNK = 8192
STEPS_MAX = 12

ENDS = ["\n", "\n", "\r\n", "\r"]
WORDS = ["a", "b", "line", "one two", "0123456789", "x=1", "\t", " ", "\\n", "~|"]
# No end of a line to Python's files, though str.splitlines takes them for one.
NO_ENDS = ["\v", "\f", "\x1c", "\0"]
BEYOND = {
    "ascii": [],
    "latin-1": ["é", "ÿ", "\x85", "\x81"],
    "cp1252": ["é", "€", "ÿ", "“"],
}
WIDE = ["é", "€", "😀", "\ufeff", "\u2028", "\x85", "\uffff", "\U0010ffff", "日本"]
BAD = [b"\xff", b"\xe2\x82", b"\xc3", b"\xf0\x9f\x98", b"\xed\xa0\x80", b"\xc0\x80", b"\x80", b"\xfe", b"\x81", b"\x00\xd8", b"\xd8\x00", b"\x9d\x8f"]
MARKS = [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\0\0", b"\0\0\xfe\xff"]


class Dice(random.Random):
    """Choices that come out the same in every version of Python."""

    def pick(self, options):
        return options[int(self.random() * len(options))]

    def weighted(self, *pairs):
        at = self.random() * sum(weight for weight, _ in pairs)
        for weight, option in pairs:
            at -= weight
            if at < 0:
                return option
        return pairs[-1][1]

    def chance(self, percent):
        return self.random() * 100 < percent

    def below(self, end):
        return int(self.random() * end)


def some_text(dice, encoding, pieces):
    """Words, ends of lines, and characters beyond ASCII that the encoding has."""
    beyond = BEYOND.get(encoding, WIDE)
    kinds = [(6, WORDS), (4, ENDS), (3, beyond or WORDS), (0.5, NO_ENDS)]
    return "".join(dice.pick(dice.weighted(*kinds)) for _ in range(pieces))


def long_contents():
    """Files above one chunk, with something that matters around its border."""
    lines = "".join(f"line {number} of many\n" for number in range(500))
    wide = "".join(f"é{number}€😀\n" for number in range(800))
    brim = "".join(f"{number:07}\n" for number in range(CHUNK // 8))
    yield "utf-8", lines.encode()
    yield "utf-8", lines.replace("\n", "\r\n").encode()
    yield "utf-8", lines.replace("\n", "\r").encode()
    yield "utf-8", (brim[:-1] + "\r\nlast\r\n").encode()
    yield "utf-8", (brim[:-2] + "\r\n" + "\r" * 5 + "\n").encode()
    yield "utf-8", brim.encode()
    yield "utf-8", (brim[:-1] + "€" + lines).encode()
    yield "utf-8", wide.encode()
    yield "utf-8", brim.encode() + b"ok\n\xffbad\n" + lines.encode()
    yield "utf-8", lines.encode() + b"\xe2\x82"
    yield "utf-8-sig", ("\ufeff" + wide).encode()
    yield "ascii", lines.encode()
    yield "ascii", lines.encode() + "é\n".encode()
    yield "latin-1", (brim + "éÿ\n" * 300).encode("latin-1")
    yield "cp1252", (brim + "“é€”\r\n" * 300).encode("cp1252")
    yield "utf-16", wide.encode("utf-16")
    yield "utf-16", b"\xfe\xff" + wide.encode("utf-16-be")
    yield "utf-16-le", wide.replace("\n", "\r\n").encode("utf-16-le")
    yield "utf-16-be", wide.encode("utf-16-be")
    yield "utf-32", wide[:3000].encode("utf-32")
    yield "utf-32", b"\0\0\xfe\xff" + wide[:3000].encode("utf-32-be")
    yield "utf-32-le", wide[:3000].encode("utf-32-le")
    yield "utf-32-be", wide[:3000].encode("utf-32-be")


LONG = list(long_contents())


def small_content(dice, mode, encoding):
    encoding = encoding if encoding in ENCODINGS[1:] else "utf-8"
    if dice.chance(6):
        return b""
    encode = dice.pick(ENCODINGS[1:]) if dice.chance(4) else encoding
    data = bytearray(some_text(dice, encode, dice.below(14)).encode(encode, "ignore"))
    if encode in ("utf-16", "utf-32"):
        # With the mark of either order, or none.
        data = bytearray(data[len("".encode(encode)) :])
        # What is written behind a mark of the other order follows the machine's, not the mark's.
        order = dice.pick(["le", None] if "+" in mode or "a" in mode else ["le", "be", None])
        if order:
            data[:0] = "\ufeff".encode(f"{encode}-{order}")
        if order == "be":
            width = int(encode[-2:]) // 8
            for at in range(width, len(data), width):
                data[at : at + width] = data[at : at + width][::-1]
    if dice.chance(18):
        at = dice.below(len(data) + 1)
        data[at:at] = dice.pick(BAD)
    if encoding == "cp1252" and dice.chance(20):
        data += dice.pick([b"\x81", b"\x8d\n", b"\x9dx"])
    if dice.chance(5):
        data = data[: dice.below(len(data) + 1)]
    if dice.chance(3):
        data[:0] = dice.pick(MARKS)
    if dice.chance(15) and encode not in ("utf-16", "utf-32"):
        data += "\n".encode(encode)
    return bytes(data)


class Start:
    """What is there before the file is opened."""

    def __init__(self, data=None, number=None, directory=False):
        self.data = data
        self.number = number
        self.directory = directory


def start_for(dice, mode, encoding):
    creates = any(letter in mode for letter in "wax")
    if "x" in mode and dice.chance(85) or dice.chance(25 if creates else 2):
        return Start()
    if dice.chance(1):
        return Start(directory=True)
    if dice.chance(8):
        fitting = [number for number, (of, _) in enumerate(LONG) if of == (encoding or "utf-8")]
        if "+" in mode or "a" in mode:
            fitting = [number for number in fitting if LONG[number][1][:4] not in (b"\0\0\xfe\xff", b"\xfe\xff\0\xe9")]
        number = dice.pick(fitting or range(len(LONG)))
        return Start(LONG[number][1], number)
    return Start(small_content(dice, mode, encoding))


def arguments(mode, buffering=None, encoding=None, errors=None, newline=None):
    return {"mode": mode, "buffering": buffering, "encoding": encoding, "errors": errors, "newline": newline}


def openings(dice, count):
    """How files are opened: each pair of values of two arguments, and the rest at random."""
    fixed = [("binary", arguments(mode, buffering)) for mode in MODES_BINARY for buffering in BUFFERING_BINARY]
    fixed += [("text", arguments(*row)) for row in text_rows(dice)]
    fixed += [("wrong", row) for row in wrong_rows()]
    fixed += [("refused", arguments(mode, None, encoding, errors)) for mode in MODES_TEXT for errors in ERRORS_REFUSED for encoding in (None, "ascii")]
    assert len(fixed) < count, len(fixed)
    for kind, row in fixed:
        yield kind, row
    for _ in range(count - len(fixed)):
        kind = dice.weighted((38, "binary"), (62, "text"))
        if kind == "binary":
            yield kind, arguments(dice.pick(MODES_BINARY), dice.pick(BUFFERING_BINARY))
        else:
            encoding = dice.pick(ENCODINGS) if dice.chance(60) else "utf-8"
            yield kind, arguments(
                dice.weighted((30, "r"), (30, "r+"), (40, dice.pick(MODES_TEXT))), dice.pick(BUFFERING_TEXT), encoding,
                dice.pick(ERRORS), dice.pick(NEWLINES),
            )


def text_rows(dice):
    """Every mode with every encoding and end of line; buffering and handlers take turns."""
    rows = list(itertools.product(MODES_TEXT, ENCODINGS, NEWLINES))
    for at, (mode, encoding, newline) in enumerate(rows):
        turn = at + at // len(NEWLINES) + at // (len(NEWLINES) * len(ENCODINGS))
        buffering = BUFFERING_TEXT[turn % len(BUFFERING_TEXT)]
        errors = ERRORS[(turn // 2 + at) % len(ERRORS)]
        yield mode, buffering, encoding, errors, newline
    for pair in itertools.product(BUFFERING_TEXT, ERRORS):
        yield dice.pick(MODES_TEXT), pair[0], dice.pick(ENCODINGS), pair[1], dice.pick(NEWLINES)


def wrong_rows():
    """What `open` refuses, in modes that would create or cut the file too."""
    for mode in MODES_WRONG:
        yield arguments(mode)
    for mode in ("r", "w", "a", "x", "r+", "w+"):
        yield arguments(mode, 0)
        for encoding in ENCODINGS_WRONG:
            yield arguments(mode, None, encoding)
        for newline in NEWLINES_WRONG:
            yield arguments(mode, None, None, None, newline)
    for mode in ("rb", "wb", "ab", "xb", "rb+"):
        yield arguments(mode, None, "utf-8")
        yield arguments(mode, None, "klingon")
        yield arguments(mode, 0, None, "strict")
        yield arguments(mode, None, None, "nope")
        yield arguments(mode, None, None, None, "\n")
        yield arguments(mode, None, None, None, "x")
        yield arguments(mode, 16, "ascii", "ignore", "")


def spelled(dice, row):
    """The same in other words now and then."""
    row = dict(row)
    if row["mode"] in SPELLED and dice.chance(12):
        row["mode"] = dice.pick(SPELLED[row["mode"]])
    if row["encoding"] in ALIASES and dice.chance(20):
        row["encoding"] = dice.pick(ALIASES[row["encoding"]])
    return row
