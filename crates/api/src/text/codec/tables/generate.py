"""Writes the tables beside it, and ../known.rs, from the codecs of the Python it runs on. Run it with python3.13.

Nothing here knows what a character set contains: every table is what CPython's codecs answer when they are asked for
every sequence of bytes and every character. `../table.rs` says how a table is written down. Its keys are

    the bytes of one or two, or of three that begin with 0x8F
    FOUR + number          the four bytes of gb18030 that have this number
    BACK + character       the bytes of a character, where these are not the lowest of all that it has

and in charmaps.bin (`number << 8 | byte`, `BACK + (number << 16 | character)`) and iso2022.bin
(`BACK + (number << 20 | character)`) also the number of the encoding. A file that has the name of an encoding holds
what is left of it after the layers that it shares with others.
"""

import codecs
import encodings
import os
import pkgutil
from encodings.aliases import aliases

HERE = os.path.dirname(os.path.abspath(__file__))

#: Stands for "these bytes begin something longer"; with a number added, for so many bytes that mean nothing. Without
#: an entry, the first byte alone means nothing.
MORE = 0x110000

FOUR = 0x1000000
BACK = 0x2000000

#: Codecs that are for no text, or not for files; docs/aiofiles.md has a line for each.
LEFT_OUT = """aliases base64_codec bz2_codec charmap hex_codec idna mbcs oem punycode quopri_codec raw_unicode_escape
rot_13 undefined unicode_escape uu_codec zlib_codec""".split()

#: What Rust writes for the encodings that are no tables.
BUILT = {
    "ascii": "Kind::Ascii",
    "latin_1": "Kind::Latin1",
    "utf_8": "Kind::Utf8 { mark: false }",
    "utf_8_sig": "Kind::Utf8 { mark: true }",
    "utf_16": "Kind::Utf16(Order::Marked)",
    "utf_16_le": "Kind::Utf16(Order::Little)",
    "utf_16_be": "Kind::Utf16(Order::Big)",
    "utf_32": "Kind::Utf32(Order::Marked)",
    "utf_32_le": "Kind::Utf32(Order::Little)",
    "utf_32_be": "Kind::Utf32(Order::Big)",
    "utf_7": "Kind::Utf7",
    "hz": "Kind::Hz",
}

#: Characters of a set are asked for in the encoding that has an escape sequence for it.
SETS = {
    "jisx0208": ("iso2022_jp", b"\x1b$B", []),
    "jisx0212": ("iso2022_jp_1", b"\x1b$(D", []),
    "ksx1001": ("iso2022_kr", b"\x1b$)C\x0e", []),
    "gb2312_80": ("iso2022_jp_2", b"\x1b$A", []),
    "jisx0213_1": ("iso2022_jp_2004", b"\x1b$(Q", ["jisx0208"]),
    "jisx0213_2": ("iso2022_jp_2004", b"\x1b$(P", []),
    "jisx0213_1_2000": ("iso2022_jp_3", b"\x1b$(O", ["jisx0208", "jisx0213_1"]),
}

#: Encodings of one and two bytes, with the layers they share with others and where these stand.
WIDE = {
    "shift_jis": [("jisx0208", "sjis")],
    "cp932": [("jisx0208", "sjis")],
    "euc_jp": [("jisx0208", "gr")],
    "shift_jis_2004": [("jisx0208", "sjis"), ("jisx0213_1", "sjis"), ("jisx0213_2", "sjis2")],
    "shift_jisx0213": [("jisx0208", "sjis"), ("jisx0213_1", "sjis"), ("jisx0213_2", "sjis2")],
    "euc_jis_2004": [("jisx0208", "gr"), ("jisx0213_1", "gr")],
    "euc_jisx0213": [("jisx0208", "gr"), ("jisx0213_1", "gr")],
    "gb2312": [("gb2312_80", "gr")],
    "gbk": [("gb2312_80", "gr")],
    "gb18030": [("gb2312_80", "gr"), ("gbk", "gl")],
    "big5": [],
    "cp950": [("big5", "gl")],
    "big5hkscs": [("big5", "gl")],
    "euc_kr": [("ksx1001", "gr")],
    "cp949": [("ksx1001", "gr")],
    "johab": [],
}

#: The same behind the byte 0x8F.
THIRD = {
    "euc_jp": [("jisx0212", "gr")],
    "euc_jis_2004": [("jisx0212", "gr"), ("jisx0213_2", "gr")],
    "euc_jisx0213": [("jisx0212", "gr"), ("jisx0213_2", "gr")],
}

#: What an escape sequence of an encoding leads to, in the order in which a character is looked for.
ISO2022 = {
    "iso2022_jp": ["B", "J"],
    "iso2022_jp_1": ["B", "D", "J"],
    "iso2022_jp_2": ["B", "D", "C", "A", "J"],
    "iso2022_jp_2004": ["B", "Q", "P"],
    "iso2022_jp_3": ["B", "O", "P"],
    "iso2022_jp_ext": ["B", "D", "J", "I"],
    "iso2022_kr": ["C"],
}
MARKS = {"B": "jisx0208", "D": "jisx0212", "C": "ksx1001", "A": "gb2312_80", "Q": "jisx0213_1", "P": "jisx0213_2", "O": "jisx0213_1_2000"}

CELLS = range(0x21, 0x7F)
SCALARS = [*range(0xD800), *range(0xE000, 0x30000)]


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def zigzag(number):
    return varint(number * 2 if number >= 0 else -number * 2 - 1)


def written(table):
    """A table in bytes; see ../table.rs."""
    out, key, last = bytearray(), 0, 0
    entries = sorted(table.items())
    at = 0
    while at < len(entries):
        if entries[at][0] > key:
            out += varint((entries[at][0] - key) << 2)
            key = entries[at][0]
        end = at
        while end < len(entries) and entries[end][0] == key + end - at:
            end += 1
        block = [value for _, value in entries[at:end]]
        for kind, part in pieces(block):
            out += varint(len(part) << 2 | kind)
            if kind == 1:
                out += zigzag(part[0] - last)
                last = part[-1]
            elif kind == 2:
                for value in part:
                    out += zigzag(value - last)
                    last = value
        key, at = key + len(block), end
    return bytes(out)


def pieces(block):
    """Cuts values into runs that rise by 1, others, and zeros."""
    def rising(at):
        end = at + 1
        while end < len(block) and block[end] == block[end - 1] + 1 and block[at]:
            end += 1
        return end - at

    at, others = 0, 0
    def flush(to):
        if to > others:
            yield 2, block[others:to]
    while at < len(block):
        if block[at] == 0:
            yield from flush(at)
            end = at
            while end < len(block) and block[end] == 0:
                end += 1
            yield 3, block[at:end]
            at = others = end
        elif rising(at) >= 3:
            yield from flush(at)
            end = at + rising(at)
            yield 1, block[at:end]
            at = others = end
        else:
            at += 1
    yield from flush(at)


def save(name, table):
    with open(os.path.join(HERE, name + ".bin"), "wb") as file:
        file.write(written(table))


def value(text):
    """A character, or two of them in one number."""
    if len(text) == 1:
        return ord(text)
    first, second = map(ord, text)
    assert 0x11 <= first <= 0xFFFF and second <= 0xFFFF
    return first << 16 | second


def asked(name, data):
    """What bytes mean: a value, MORE and more, or 0 for nothing."""
    try:
        return value(data.decode(name))
    except UnicodeDecodeError as error:
        if error.start > 0:
            return 0
        if error.reason == "incomplete multibyte sequence":
            return MORE
        return MORE + error.end if error.end > 1 else 0


def over(layers, places):
    """The layers as Rust puts them on each other."""
    table = {}
    for layer, place in layers:
        for key, character in places[layer].items():
            to = PLACES[place](key)
            if to is not None:
                table[to] = character
    return {key: character for key, character in table.items() if character}


def sjis(key):
    row, cell = (key >> 8) - 0x21, (key & 0xFF) - 0x21
    lead, trail = row >> 1, cell + (row & 1) * 94
    return (lead + (0x81 if lead < 0x1F else 0xC1)) << 8 | trail + (0x40 if trail < 0x3F else 0x41)


#: The rows of the second plane that Shift_JIS has, two to a byte from 0xF0 on.
SECOND = [1, 8, 3, 4, 5, 12, 13, 14, 15, *range(78, 95)]


def sjis2(key):
    row = (key >> 8) - 0x20
    return sjis(0x7F00 + SECOND.index(row) * 0x100 | key & 0xFF) if row in SECOND else None


PLACES = {"gl": lambda key: key, "gr": lambda key: key | 0x8080, "sjis": sjis, "sjis2": sjis2}


def patch(real, base):
    """What turns one table into the other."""
    gone = {key: 0 for key in base if key not in real}
    return {**gone, **{key: value for key, value in real.items() if base.get(key) != value}}


def sets():
    """Every character set: what is saved of it, and the whole."""
    saved, whole = {}, {}
    for name, (encoding, escape, under) in SETS.items():
        real = {}
        for high in CELLS:
            for low in CELLS:
                try:
                    text = (escape + bytes([high, low])).decode(encoding)
                except UnicodeDecodeError:
                    continue
                real[high << 8 | low] = value(text)
        saved[name] = patch(real, over([(layer, "gl") for layer in under], saved))
        whole[name] = real
        save(name, saved[name])
    return saved, whole


def encodable(name):
    """All characters that an encoding has, alone."""
    for point in SCALARS:
        try:
            yield point, chr(point).encode(name)
        except UnicodeEncodeError:
            pass
    for point in range(0x30000, 0x110000, 0x101):
        try:
            chr(point).encode(name)
            assert name == "gb18030"
        except UnicodeEncodeError:
            pass


def inverse(tables):
    """Characters to the lowest code in the first table that has them."""
    back = {}
    for table, code in tables:
        for key, character in sorted(table.items()):
            if character < MORE:
                back.setdefault(character, code | key)
    return back


def wide(name, places):
    """Saves an encoding of several bytes."""
    real = {byte: asked(name, bytes([byte])) for byte in range(256)}
    for lead in [byte for byte in range(256) if real[byte] == MORE]:
        real |= {lead << 8 | trail: asked(name, bytes([lead, trail])) for trail in range(256)}
    real = {key: character for key, character in real.items() if character}
    if name in THIRD:
        # A lead is one whatever follows it, so the table need not say that three bytes follow this one.
        real = {key: character for key, character in real.items() if key >> 8 != 0x8F}
    places[name] = patch(real, over(WIDE[name], places))
    tables, kept = [(real, 0)], dict(places[name])
    if name in THIRD:
        pairs = [(high, low) for high in range(256) for low in range(256)]
        third = {high << 8 | low: found for high, low in pairs if (found := asked(name, bytes([0x8F, high, low])))}
        kept |= {0x8F0000 | key: found for key, found in patch(third, over(THIRD[name], places)).items()}
        tables.append((third, 0x8F0000))
    if name == "gb18030":
        four = {number: found for number in range(39420) if (found := asked(name, numbered(number).to_bytes(4)))}
        kept |= {FOUR + number: character for number, character in four.items()}
        tables.append(({numbered(number): character for number, character in four.items()}, 0))
    codes = {}
    for point, data in encodable(name):
        if (name, len(data)) == ("euc_kr", 8) or (name == "gb18030" and point > 0xFFFF):
            continue  # There is a rule for these.
        codes[point] = int.from_bytes(data)
    save(name, kept | {BACK + point: code for point, code in patch(codes, inverse(tables)).items()})


def numbered(number):
    """Four bytes of gb18030."""
    return 0x81308130 + (number // 12600 << 24 | number // 1260 % 10 << 16 | number // 10 % 126 << 8 | number % 10)


def iso2022(name, whole):
    """What is not the first of the sets that have a character."""
    tables = []
    for number, mark in enumerate(ISO2022[name]):
        if mark in "JI":
            table = {cell: asked(name, b"\x1b(" + mark.encode() + bytes([cell])) for cell in range(0x20, 0x7F)}
            table = {cell: character for cell, character in table.items() if character >= 0x80}
        else:
            table = whole[MARKS[mark]]
        tables.append((table, number + 1 << 16))
    codes = {}
    for point, data in encodable(name):
        if point < 0x80:
            assert data == bytes([point])
            continue
        data = data.removesuffix(b"\x1b(B").removesuffix(b"\x0f").removeprefix(b"\x1b").replace(b"\x0e", b"")
        width = len(data) - 2 if data.startswith(b"$") else len(data) - 1
        mark, code = data[:width].strip(b"$()").decode(), data[width:]
        codes[point] = ISO2022[name].index(mark) + 1 << 16 | int.from_bytes(code)
    return patch(codes, inverse(tables))


def charmaps(names):
    """Saves all encodings of single bytes."""
    table = {}
    for number, name in enumerate(names):
        real = {byte: ord(text) for byte in range(256) if (text := bytes([byte]).decode(name, "ignore"))}
        table |= {number << 8 | byte: character for byte, character in real.items()}
        codes = {point: int.from_bytes(data) | 0x100 for point, data in encodable(name)}
        lowest = {character: byte | 0x100 for byte, character in sorted(real.items(), reverse=True)}
        table |= {BACK + (number << 16 | point): code for point, code in patch(codes, lowest).items()}
    save("charmaps", table)


def known(names, charmapped):
    """The list of encodings in Rust."""
    lines = [
        "//! Every encoding there is: its name, how it is carried out, what else it is called.",
        "//!",
        "//! Written by `tables/generate.py`.",
        "",
        "use super::kind::{Entry, Kind, Order};",
        "use super::{charmap, iso2022, wide};",
        "",
        f"const _: () = assert!(charmap::CHARMAPS == {len(charmapped)});",
        "",
        "macro_rules! encodings {",
        "    ($($name:literal, $kind:expr, [$($alias:literal),* $(,)?];)*) => {",
        "        pub(super) static ENCODINGS: &[Entry] = &[$(Entry {",
        "            name: $name,",
        "            kind: $kind,",
        "            aliases: &[$($alias),*],",
        "        }),*];",
        "    };",
        "}",
        "",
        "encodings! {",
    ]
    for name in names:
        others = sorted(alias for alias, target in aliases.items() if target == name != alias and alias == alias.lower())
        if name in BUILT:
            kind = BUILT[name]
        elif name in WIDE:
            kind = f"Kind::Wide(&wide::{name.upper()})"
        elif name in ISO2022:
            kind = f"Kind::Iso2022(&iso2022::{name.upper()})"
        else:
            kind = f"Kind::Charmap({charmapped.index(name)})"
        lines.append(f'    "{name}", {kind}, [{", ".join(chr(34) + alias + chr(34) for alias in others)}];')
    with open(os.path.join(HERE, "..", "known.rs"), "w", encoding="utf-8", newline="\n") as file:
        file.write("\n".join([*lines, "}", ""]))


def text_encodings():
    """The names of the modules, but those that another name leads away from."""
    for module in pkgutil.iter_modules(encodings.__path__):
        name = module.name
        if name not in LEFT_OUT and aliases.get(name, name) == name:
            yield name


if __name__ == "__main__":
    names = list(text_encodings())
    charmapped = [name for name in names if name not in BUILT and name not in WIDE and name not in ISO2022]
    places, whole = sets()
    for name in WIDE:
        wide(name, places)
    others = {}
    for number, name in enumerate(ISO2022):
        others |= {BACK + (number << 20 | point): code for point, code in iso2022(name, whole).items()}
    save("iso2022", others)
    charmaps(charmapped)
    known(names, charmapped)
