"""Writes oracle.tsv: what CPython makes of bytes, characters and ends of lines. Run it with python3.11.

    D encoding handler bytes   text | !start len reason     decoding
    E encoding handler text    bytes | !character           encoding
    B encoding                 256 texts, `-` if undefined  every single byte
    N newline text             read seen lines              reading ends of lines
    W newline text             written                      writing ends of lines

Bytes and texts are in hexadecimal, texts as UTF-8.
"""

import io
import os
import random
import tempfile

PURE = ["ascii", "latin-1", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]
SINGLE = """cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 cp866 cp874 iso8859_2 iso8859_3 iso8859_4
iso8859_5 iso8859_6 iso8859_7 iso8859_8 iso8859_10 iso8859_13 iso8859_14 iso8859_15 iso8859_16 koi8_r koi8_u mac_roman
mac_cyrillic""".split()
WIDE = ["gbk", "gb18030", "big5hkscs", "euc_jp", "cp932", "cp949"]
DECODING = ["strict", "ignore", "replace", "backslashreplace"]
ENCODING = DECODING + ["xmlcharrefreplace"]
NEWLINES = [("None", None), ("empty", ""), ("lf", "\n"), ("cr", "\r"), ("crlf", "\r\n")]
dice = random.Random(20240607)


def hexed(text):
    return (text if isinstance(text, bytes) else text.encode("utf-8")).hex() or "."


def decoded(data, encoding, handler):
    try:
        return hexed(data.decode(encoding, handler))
    except UnicodeDecodeError as error:
        # The position of utf-8-sig is counted behind the mark; a file's reader wants that of the file.
        skipped = 3 if encoding == "utf-8-sig" and data.startswith(b"\xef\xbb\xbf") else 0
        return f"!{error.start + skipped} {error.end - error.start} {error.reason}"


def encoded(text, encoding, handler):
    try:
        return hexed(text.encode(encoding, handler))
    except UnicodeEncodeError as error:
        return f"!{error.start}"


def damaged(encoding):
    """Good text with some bytes changed, lost or added, and plain noise."""
    alphabet = ["a", "\n", "é", "€", "😀", "\ufeff", "\uffff", "\U0010ffff"]
    good = "".join(dice.choices(alphabet, k=dice.randrange(5))).encode(encoding, "ignore")
    data = bytearray(good)
    for _ in range(dice.randrange(3)):
        at = dice.randrange(len(data) + 1)
        byte = dice.choice([0, 0x61, 0x80, 0xBF, 0xC0, 0xC2, 0xD8, 0xDC, 0xE0, 0xED, 0xF0, 0xF4, 0xF5, 0xFE, 0xFF])
        data[at : at + dice.randrange(2)] = bytes([byte] * dice.randrange(3))
    return bytes(data)


def codecs():
    for encoding in PURE:
        inputs = {damaged(encoding) for _ in range(24)}
        for data in sorted(inputs):
            for handler in DECODING:
                yield "D", encoding, handler, hexed(data), decoded(data, encoding, handler)
    for encoding in SINGLE:
        texts = [bytes([byte]).decode(encoding, "ignore") for byte in range(256)]
        yield "B", encoding, " ".join(hexed(text) if text else "-" for text in texts)
    for encoding in PURE + SINGLE + WIDE:
        for text in ["a", "aé€😀z", "Ж…дом", "日本語 한국어 中文", "é", "ÿ\x80"]:
            for handler in ENCODING if encoding in PURE else ["strict", "replace"]:
                yield "E", encoding, handler, hexed(text), encoded(text, encoding, handler)
    for encoding in WIDE:
        for _ in range(25):
            points = [dice.choice([dice.randrange(0x20, 0x7E), dice.randrange(0x3041, 0x3093), dice.randrange(0x4E00, 0x9FA5), dice.randrange(0xAC00, 0xD7A3)]) for _ in range(12)]
            text = "".join(map(chr, points)).encode(encoding, "ignore").decode(encoding)
            yield "E", encoding, "strict", hexed(text), encoded(text, encoding, "strict")
            yield "D", encoding, "strict", encoded(text, encoding, "strict"), hexed(text)


def seen(newlines):
    found = (newlines,) if isinstance(newlines, str) else newlines or ()
    names = {"\r": "cr", "\n": "lf", "\r\n": "crlf"}
    return ",".join(sorted(names[end] for end in found)) or "-"


def newlines():
    texts = ["a\nb\r\nc\rd\r\r\ne", "", "\r", "\n", "\r\n", "\r\r", "\n\r", "x\r", "x\x0b\x0c\x1c\x85\u2028y\n"]
    texts += ["".join(dice.choices("\r\nab", k=dice.randrange(1, 12))) for _ in range(24)]
    path = os.path.join(tempfile.mkdtemp(), "text")
    for text in texts:
        for name, newline in NEWLINES:
            with io.TextIOWrapper(io.BytesIO(text.encode()), "utf-8", newline=newline) as file:
                read = file.read()
                ends = seen(file.newlines)
            with io.TextIOWrapper(io.BytesIO(text.encode()), "utf-8", newline=newline) as file:
                lines = " ".join(hexed(line) for line in file)
            yield "N", name, hexed(text), hexed(read), ends, lines
            with open(path, "w", newline=newline, encoding="utf-8") as file:
                file.write(text)
            with open(path, "rb") as file:
                yield "W", name, hexed(text), hexed(file.read())


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "oracle.tsv"), "w", encoding="ascii", newline="\n") as table:
        for row in [*codecs(), *newlines()]:
            table.write("\t".join(row) + "\n")
