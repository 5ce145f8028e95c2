"""Carries out the steps of a program with CPython, as they are or rewritten as the deliberate differences say."""

import codecs
import io
import os
import warnings

import notation

warnings.simplefilter("ignore")


def unmarked(width):
    """utf-16 or utf-32 as `bytes.decode` has it: without a mark, the lowest byte comes first."""
    strict = codecs.lookup(f"utf-{width}")
    judge = getattr(codecs, f"utf_{width}_ex_decode")
    little = getattr(codecs, f"utf_{width}_le_decode")

    class Decoder(strict.incrementaldecoder):
        def _buffer_decode(self, data, errors, final):
            if self.decoder is None and judge(data, "ignore", 0, final)[2] == 0 and len(data) >= width // 8:
                self.decoder = little
            return super()._buffer_decode(data, errors, final) if self.decoder is None else self.decoder(data, errors, final)

    # By this name TextIOWrapper knows what it may write without the codec's help.
    return dict(name=f"utf-{width}", incrementaldecoder=Decoder, incrementalencoder=strict.incrementalencoder)


def whole_marks():
    """utf-8-sig that judges the beginning of a mark when the file ends there, as `bytes.decode` does."""
    strict = codecs.lookup("utf-8-sig")

    class Decoder(strict.incrementaldecoder):
        def _buffer_decode(self, data, errors, final):
            if final and self.first and len(data) < len(codecs.BOM_UTF8):
                self.first = 0
            return super()._buffer_decode(data, errors, final)

    return dict(name="utf-8-sig", incrementaldecoder=Decoder, incrementalencoder=strict.incrementalencoder)


def tolerant(name):
    name = name.replace("_", "-")
    made = {"utf-8-sig-tolerant": whole_marks, "utf-16-tolerant": lambda: unmarked(16), "utf-32-tolerant": lambda: unmarked(32)}
    if name not in made:
        return None
    strict = codecs.lookup(name.replace("-tolerant", ""))
    return codecs.CodecInfo(encode=strict.encode, decode=strict.decode, **made[name]())


codecs.register(tolerant)

# Which rewriting reads which encoding otherwise.
TOLERANT = {"utf-8-sig": "marks-are-whole", "utf-16": "marks-are-optional", "utf-32": "marks-are-optional"}


# What folio looks at where CPython looks at its buffer.
AHEAD_BYTES = 8192


class Runner:
    """One program at one file, under the rewritings that are named; what they mean is said where they are done."""

    def __init__(self, path, arguments, rewritings=()):
        self.path = path
        self.arguments = dict(arguments)
        self.binary = "b" in arguments["mode"]
        self.rewritings = rewritings
        self.file = None
        self.detached = None
        # What each step returned to a `tell`, by the number of the step.
        self.told = []
        # Text was read since the last seek or write, so that the buffer below stands further on.
        self.ahead = False
        # Ends of lines that were met so far.
        self.seen = set()
        # Something was written that no read has been told of.
        self.unseen = False
        # A decoder's complaint, which loses the chunk that it was about.
        self.refused = False

    def open(self):
        given = {name: value for name, value in self.arguments.items() if value is not None}
        try:
            encoding = notation.encoding_of(given["encoding"])
        except (KeyError, LookupError):
            encoding = None
        if not self.binary and self.rewrites(TOLERANT.get(encoding)):
            given["encoding"] = encoding + "-tolerant"
        try:
            self.file = open(self.path, **given)
        except Exception as error:
            return notation.failure(error)
        if self.rewrites("seekable-as-opened"):
            # Asked now, CPython does not take a file whose first seek fails for one that has no positions.
            self.file.seekable()
        if self.rewrites("text-before-bad-bytes") and not self.binary:
            # Nothing is decoded before it is asked for, so that what precedes bad bytes is given out first.
            self.file._CHUNK_SIZE = 1
        return "N"

    def perform(self, name, args):
        """Returns the result of one step in its notation."""
        self.told.append(None)
        self.look()
        try:
            return self.noted(getattr(self, "do_" + name)(*args))
        except TypeError:
            # A handler that handles characters was given bytes; everything else is of the right type.
            self.refused = True
            return "!T"
        except UnicodeDecodeError as error:
            self.refused = True
            return notation.decode_error(error, self.file)
        except UnicodeEncodeError as error:
            text = args[0] if name == "w" else self.failing
            return notation.encode_error(error, expanded(text), self.file.encoding)
        except Exception as error:
            return notation.failure(error)

    def noted(self, value):
        return value if isinstance(value, Noted) else notation.result(value)

    def rewrites(self, difference):
        return difference in self.rewritings

    # Reading.

    def reading(self, call):
        self.see()
        self.ahead = True
        if not self.retreats():
            return call()
        # A read that fails has read nothing: the next one begins where it began.
        before = self.file.tell()
        try:
            return call()
        except (UnicodeDecodeError, TypeError) as error:
            noted = getattr(error, "noted", None) or self.complaint(error)
            self.refused = True
            self.file.seek(before)
            return noted

    def complaint(self, error):
        return Noted("!T" if isinstance(error, TypeError) else notation.decode_error(error, self.file))

    def retreats(self):
        return self.rewrites("text-before-bad-bytes") and not self.binary and not self.file.closed and self.file.readable()

    def do_r(self, *count):
        if not self.retreats() or not count or count[0] is None or count[0] < 0:
            return self.reading(lambda: self.file.read(*count))
        return self.reading(lambda: self.characters(*count))

    def characters(self, count):
        """Fewer than asked for before bytes that mean nothing, as at the end."""
        found = ""
        while len(found) < count:
            before = self.file.tell()
            try:
                char = self.file.read(1)
            except (UnicodeDecodeError, TypeError) as error:
                error.noted = self.complaint(error)
                if self.universal() and self.stands_before_return(before):
                    # Nothing comes after this carriage return.
                    offset, flags = self.parts(before)
                    offset += len("\ufeff".encode(self.unmarked())) if offset == 0 and self.marked() else 0
                    self.file.seek(offset + self.width() | flags << 64)
                    return found + ("\n" if self.arguments["newline"] is None else "\r")
                if not found:
                    raise
                self.file.seek(before)
                break
            if not char:
                break
            found += char
        return found

    def stands_before_return(self, cookie):
        offset, _ = self.parts(cookie)
        if offset is None:
            return False
        with open(self.path, "rb") as file:
            file.seek(offset)
            if offset == 0 and self.marked():
                file.read(len("\ufeff".encode(self.unmarked())))
            return file.read(self.width()) == "\r".encode(self.unmarked())

    def width(self):
        """Bytes of a carriage return."""
        return len("\r".encode(self.unmarked()))

    def do_l(self, *count):
        if count == (0,) and self.rewrites("newlines-stay") and not self.binary and self.is_readable():
            # Nothing is looked at for nothing.
            return ""
        if not self.retreats():
            return self.reading(lambda: self.file.readline(*count))
        return self.reading(lambda: self.line(*count))

    def line(self, count=-1):
        if count == 0:
            return ""
        before = self.file.tell()
        try:
            return self.file.readline(count)
        except (UnicodeDecodeError, TypeError) as error:
            error.noted = self.complaint(error)
            self.file.seek(before)
            try:
                # It may be whole after all: nothing comes after a carriage return before bad bytes.
                found = self.characters(1 << 20) if self.universal() else ""
            except (UnicodeDecodeError, TypeError):
                found = ""
            if found.endswith(("\n", "\r")):
                return found
            self.file.seek(before)
            # Nor does it take more than as many characters as were asked for.
            if 0 < count and len(found := self.characters(count)) == count:
                return found
            self.file.seek(before)
            raise

    def do_ls(self, *hint):
        self.see()
        return self.lines(*hint)

    def do_n(self):
        return self.reading(self.advance)

    def tells_always(self):
        """Whether lines are taken so that `tell` stays allowed, which other rewritings rely on."""
        needing = ("tell-while-iterating", "update-where-the-reader-is", "text-before-bad-bytes")
        return any(map(self.rewrites, needing))

    def advance(self):
        if not self.tells_always():
            return next(self.file)
        # As aiofiles iterates, so that `tell` is not forbidden.
        line = self.line() if self.retreats() else self.file.readline()
        if not line:
            raise StopIteration
        return line

    def lines(self, hint=-1):
        if not self.tells_always():
            return self.reading(lambda: self.file.readlines(hint))
        found = []
        while line := self.do_l():
            if isinstance(line, Noted):
                return line
            found.append(line)
            if hint is not None and 0 < hint < sum(map(len, found)):
                break
        return found

    def see(self):
        """What was written is in the file before it is read, which read1 forgets before CPython 3.13. And text
        that is read on behind it does not begin with another byte order mark."""
        if self.rewrites("reads-see-writes") and self.unseen and not self.file.closed and self.file.readable():
            self.file.flush()
            if not self.binary:
                self.file.seek(self.here())
        self.unseen = False

    def do_r1(self, *count):
        self.see()
        if self.lacks("read1") or self.rewrites("no-read-buffer") and self.is_readable():
            return self.file.read(count[0] if count and count[0] >= 0 else AHEAD_BYTES)
        return self.file.read1(*count)

    def do_ra(self):
        self.see()
        return self.file.read() if self.lacks("readall") else self.file.readall()

    def do_ri(self, size):
        buffer = bytearray(size)
        return bytes(buffer[: self.file.readinto(buffer)])

    def do_p(self, *count):
        self.see()
        if self.lacks("peek") and not self.is_readable() and not self.file.closed:
            raise io.UnsupportedOperation("File not open for reading" if isinstance(self.file, io.FileIO) else "peek")
        if self.lacks("peek") or self.rewrites("no-read-buffer") and self.is_readable():
            # What comes next, whatever a buffer happens to hold of it.
            place = self.file.tell()
            found = self.file.read(AHEAD_BYTES)
            self.file.seek(place)
            return found
        return self.file.peek(*count)

    def lacks(self, name):
        """Whether it is another of Python's classes that has the method; folio has one type for all."""
        return self.rewrites("one-type") and not self.detached and not hasattr(self.file, name)

    def is_readable(self):
        return not self.file.closed and self.file.readable()

    # Writing.

    def do_w(self, data):
        self.settle(data)
        return self.append(lambda: self.write(data))

    def do_wl(self, *lines):
        self.settle(*lines)
        lines = [line for line in lines if not self.is_nothing(line)]
        if self.rewrites("lines-together") and not self.binary and not self.file.closed and self.file.writable():
            # None is written if one cannot be.
            for self.failing in lines:
                codecs.getincrementalencoder(self.file.encoding)(self.file.errors).encode(expanded(self.failing))

        def each():
            for line in lines:
                self.failing = line
                yield expanded(line)

        return self.append(lambda: self.file.writelines(each()))

    def write(self, data):
        return 0 if self.is_nothing(data) else self.file.write(expanded(data))

    def is_nothing(self, data):
        """Writing nothing writes nothing, not even a byte order mark."""
        return data == "" and self.rewrites("nothing-is-nothing") and not self.file.closed and self.file.writable()

    def do_tr(self, *size):
        self.settle()
        return self.file.truncate(*size)

    def do_fl(self):
        return self.file.flush()

    def settle(self, *data):
        """A text file is written and cut where its reader is, not where its buffer is."""
        if data and all(map(self.is_nothing, data)):
            return
        if self.rewrites("update-where-the-reader-is") and not self.binary and self.ahead:
            self.file.seek(self.here())
        if data and self.rewrites("marks-at-the-start") and not self.binary and self.appends() and self.marked():
            self.file.seek(0, 2)
        self.ahead = False

    def marked(self):
        """Whether the encoding has a byte order mark."""
        return self.unmarked() != notation.encoding_of(self.file.encoding.replace("-tolerant", ""))

    def appends(self):
        return "a" in self.arguments["mode"] and not self.file.closed

    def append(self, call):
        """What is appended is in the file, so that the cursor is behind it."""
        self.unseen = True
        value = call()
        if self.rewrites("append-where-the-cursor-is") and self.appends():
            self.file.flush()
        return value

    # The cursor.

    def do_s(self, offset, *whence):
        target = self.told[int(offset[1:])] if isinstance(offset, str) else offset
        if target is None:
            return Noted("?")
        if self.rewrites("tell-is-an-offset") and not self.binary and (target, *whence) == (0, 1):
            self.file.seek(self.here())
            value = self.file.tell()
        else:
            value = self.file.seek(target, *whence)
        self.ahead = False
        self.refused = False
        return self.placed(value)

    def do_t(self):
        value = self.file.tell()
        self.told[-1] = self.here() if self.rewrites("tell-is-an-offset") and not self.binary else value
        return self.placed(value)

    def placed(self, value):
        """What a `tell` or a seek returned."""
        if self.binary:
            return value
        if self.retreats() and self.marked() and self.parts(value)[0] == 0:
            # In front of the first character may be behind the mark.
            return Noted("?")
        return self.position(value)

    def position(self, cookie):
        """A text file's position; rewritten, it is the offset in bytes without the state of the decoder."""
        if not self.rewrites("tell-is-an-offset"):
            return cookie
        offset = self.parts(cookie)[0]
        return Noted("?") if offset is None else offset

    def here(self):
        """Where the reader is, as something to seek to that a decoder cannot have half of an end of line in."""
        cookie = self.file.tell()
        offset, flags = self.parts(cookie)
        # At the very start there is nothing to know.
        return cookie if offset is None else offset and offset | flags << 64

    def parts(self, cookie):
        """The offset in bytes that a cookie means, if it means one, and what the decoder has to know of what
        stands before it."""
        if cookie < 1 << 64:
            return cookie, 0
        start, flags, skipped = cookie & (1 << 64) - 1, cookie >> 64 & (1 << 32) - 1, cookie >> 128 & (1 << 32) - 1
        if not self.universal() or not flags & 1:
            return None if skipped else start, flags
        # A carriage return waits for what follows. It was given out if what follows was looked at and it is skipped.
        if skipped > 1:
            return None, flags
        return start if skipped else start - self.width(), flags & ~1

    def universal(self):
        """Whether both characters of CRLF are one end of line."""
        return self.arguments["newline"] in (None, "")

    def unmarked(self):
        """The encoding without its byte order mark."""
        name = notation.encoding_of(self.file.encoding.replace("-tolerant", ""))
        return {"utf-16": "utf-16-le", "utf-32": "utf-32-le", "utf-8-sig": "utf-8"}.get(name, name)

    # What it is.

    def do_tty(self):
        return self.file.isatty()

    def do_sk(self):
        return self.file.seekable()

    def do_rd(self):
        return self.file.readable()

    def do_wr(self):
        return self.file.writable()

    def do_mo(self):
        return self.file.mode

    def do_na(self):
        return self.file.name == self.path

    def do_fn(self):
        return isinstance(self.file.fileno(), int)

    def do_cl(self):
        return self.file.closed

    def do_nl(self):
        found = self.seen if self.rewrites("newlines-stay") else self.newlines()
        return [end for end in ("\r", "\n", "\r\n") if end in found]

    def newlines(self):
        found = getattr(self.file, "newlines", None)
        return () if found is None else (found,) if isinstance(found, str) else found

    def look(self):
        """Ends of lines that were seen stay so, whatever a seek or a write makes CPython forget."""
        if not self.binary and self.file and not self.detached:
            self.seen.update(self.newlines())

    def do_en(self):
        return notation.encoding_of(self.file.encoding.replace("-tolerant", ""))

    def do_er(self):
        return self.file.errors

    def do_lb(self):
        return self.file.line_buffering

    # The end.

    def do_c(self):
        return self.file.close()

    def do_d(self):
        self.detached = self.file.detach()
        return None

    def do_k(self):
        """What another process sees."""
        return self.disk()

    def disk(self):
        if os.path.isdir(self.path):
            return False
        try:
            with open(self.path, "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def finish(self):
        """Closes what is open; returns what closing said and what is on the disk."""
        closing = self.perform("c", ()) if self.file else "N"
        if self.detached:
            self.detached.close()
        return closing, notation.result(self.disk())


class Noted(str):
    """A result that is in its notation already."""


def expanded(data):
    """What is to be written: `(unit, count)` stands for a repetition."""
    return data[0] * data[1] if isinstance(data, tuple) else data
