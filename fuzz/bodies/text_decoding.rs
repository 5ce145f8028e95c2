//! `Decoder` and `Reading`, fed in pieces cut anywhere, against the whole input decoded at once.
//!
//! The first four bytes of an input choose: encoding, handler and newline, and the sizes of two kinds of pieces that
//! take turns. The rest is what is decoded.

use folio::text::{Decoder, Encoding, Errors, Newline, Reading};

const HANDLERS: [Errors; 4] = [Errors::Strict, Errors::Ignore, Errors::Replace, Errors::BackslashReplace];
const NEWLINES: [Newline; 5] = [Newline::Universal, Newline::Any, Newline::Lf, Newline::Cr, Newline::CrLf];

/// What stands in a text: a character or nothing that has a meaning, and how many bytes that takes.
type Item = (Option<char>, usize);

/// What becomes of an input: its text, where it is wrong and how far, and which ends of lines it has.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    text: String,
    wrong: Option<(usize, usize)>,
    lf: bool,
    cr: bool,
    crlf: bool,
}

/// Decodes `input` in pieces and compares.
pub(crate) fn run(input: &[u8]) {
    let Some((&[encoding, manner, first, second], bytes)) = input.split_first_chunk::<4>() else { return };
    let encodings: Vec<Encoding> = Encoding::all().collect();
    let encoding = encodings[usize::from(encoding) % encodings.len()];
    let errors = HANDLERS[usize::from(manner) % 4];
    let newline = NEWLINES[usize::from(manner) / 4 % 5];
    let sizes = [1 + usize::from(first) % 16, 1 + usize::from(second) % 16];
    let found = in_pieces(encoding, errors, newline, bytes, sizes);
    let whole = match by_model(encoding, bytes) {
        Some((mark, items)) => model(mark, &items, bytes, errors, newline),
        // No model of a table, but one of its own text: pieces make no difference.
        None => in_pieces(encoding, errors, newline, bytes, [usize::MAX; 2]),
    };
    assert_eq!(found, whole, "{encoding} {errors:?} {newline:?} {sizes:?} {bytes:x?}");
}

fn in_pieces(
    encoding: Encoding,
    errors: Errors,
    newline: Newline,
    bytes: &[u8],
    sizes: [usize; 2],
) -> Outcome {
    let mut decoder = Decoder::new(encoding, errors).expect("the handler is for reading");
    let mut reading = Reading::new(newline);
    let (mut text, mut wrong, mut rest) = (String::new(), None, bytes);
    for size in sizes.into_iter().cycle() {
        let (piece, after) = rest.split_at(size.min(rest.len()));
        rest = after;
        let mut decoded = String::new();
        let result = decoder.decode(piece, piece.is_empty(), &mut decoded);
        wrong = result
            .err()
            .map(|error| (usize::try_from(error.offset()).expect("it is in memory"), error.len()));
        reading.read(&decoded, piece.is_empty() || wrong.is_some(), &mut text);
        if piece.is_empty() || wrong.is_some() {
            break;
        }
    }
    let seen = reading.seen();
    Outcome { text, wrong, lf: seen.lf, cr: seen.cr, crlf: seen.crlf }
}

/// The length of the mark and the items of a text, in one of the encodings that need no table.
fn by_model(encoding: Encoding, bytes: &[u8]) -> Option<(usize, Vec<Item>)> {
    let marked = |big: &[u8], little: &[u8]| match bytes {
        _ if bytes.starts_with(big) => (true, big.len()),
        _ if bytes.starts_with(little) => (false, little.len()),
        _ => (false, 0),
    };
    Some(match encoding.name() {
        "ascii" => (0, bytes.iter().map(|byte| (byte.is_ascii().then_some(char::from(*byte)), 1)).collect()),
        "latin_1" => (0, bytes.iter().map(|byte| (Some(char::from(*byte)), 1)).collect()),
        "utf_8" => (0, utf_8(bytes)),
        "utf_8_sig" => {
            let (_, mark) = marked(b"\xEF\xBB\xBF", b"\xEF\xBB\xBF");
            (mark, utf_8(&bytes[mark..]))
        }
        "utf_16_le" => (0, utf_16(bytes, false)),
        "utf_16_be" => (0, utf_16(bytes, true)),
        "utf_32_le" => (0, utf_32(bytes, false)),
        "utf_32_be" => (0, utf_32(bytes, true)),
        "utf_16" => {
            let (big, mark) = marked(b"\xFE\xFF", b"\xFF\xFE");
            (mark, utf_16(&bytes[mark..], big))
        }
        "utf_32" => {
            let (big, mark) = marked(b"\0\0\xFE\xFF", b"\xFF\xFE\0\0");
            (mark, utf_32(&bytes[mark..], big))
        }
        _ => return None,
    })
}

fn utf_8(bytes: &[u8]) -> Vec<Item> {
    let mut items = Vec::new();
    for chunk in bytes.utf8_chunks() {
        items.extend(chunk.valid().chars().map(|c| (Some(c), c.len_utf8())));
        items.extend((!chunk.invalid().is_empty()).then_some((None, chunk.invalid().len())));
    }
    items
}

fn utf_16(bytes: &[u8], big: bool) -> Vec<Item> {
    let (units, odd) = bytes.as_chunks::<2>();
    let units: Vec<u16> = units
        .iter()
        .map(|unit| if big { u16::from_be_bytes(*unit) } else { u16::from_le_bytes(*unit) })
        .collect();
    let decoded = char::decode_utf16(units.iter().copied());
    let mut items: Vec<Item> =
        decoded.map(|result| result.map_or((None, 2), |c| (Some(c), 2 * c.len_utf16()))).collect();
    match items.last_mut() {
        // The end came before the second half of a pair, or amid it.
        Some((None, len)) if units.last().is_some_and(|last| (0xD800..0xDC00).contains(last)) => {
            *len += odd.len()
        }
        _ => items.extend((!odd.is_empty()).then_some((None, 1))),
    }
    items
}

fn utf_32(bytes: &[u8], big: bool) -> Vec<Item> {
    let (words, odd) = bytes.as_chunks::<4>();
    let points =
        words.iter().map(|word| if big { u32::from_be_bytes(*word) } else { u32::from_le_bytes(*word) });
    let mut items: Vec<Item> = points.map(|point| (char::from_u32(point), 4)).collect();
    items.extend((!odd.is_empty()).then_some((None, odd.len())));
    items
}

/// Puts the handler's text in place of what is wrong, then translates the ends of lines one by one.
fn model(mark: usize, items: &[Item], bytes: &[u8], errors: Errors, newline: Newline) -> Outcome {
    let (mut text, mut wrong, mut offset) = (String::new(), None, mark);
    for (char, width) in items {
        match (char, errors) {
            (Some(c), _) => text.push(*c),
            (None, Errors::Strict) => {
                wrong = Some((offset, *width));
                break;
            }
            (None, Errors::Replace) => text.push('\u{FFFD}'),
            (None, Errors::BackslashReplace) => {
                text.extend(bytes[offset..offset + width].iter().map(|byte| format!("\\x{byte:02x}")));
            }
            (None, _) => {}
        }
        offset += width;
    }
    translated(&text, newline, wrong)
}

fn translated(text: &str, newline: Newline, wrong: Option<(usize, usize)>) -> Outcome {
    let mut outcome = Outcome { text: String::new(), wrong, lf: false, cr: false, crlf: false };
    if !matches!(newline, Newline::Universal | Newline::Any) {
        text.clone_into(&mut outcome.text);
        return outcome;
    }
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let end = match c {
            '\r' if chars.next_if_eq(&'\n').is_some() => {
                outcome.crlf = true;
                "\r\n"
            }
            '\r' => {
                outcome.cr = true;
                "\r"
            }
            '\n' => {
                outcome.lf = true;
                "\n"
            }
            _ => {
                outcome.text.push(c);
                continue;
            }
        };
        outcome.text += if newline == Newline::Universal { "\n" } else { end };
    }
    outcome
}
