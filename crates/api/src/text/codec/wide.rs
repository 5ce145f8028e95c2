//! Encodings in which a character takes one, two, three, four or eight bytes, whatever precedes them.

use std::fmt;
use std::sync::OnceLock;

use super::hangul;
use super::table::{BACK, Codes, Meaning, entries, meaning, too_few};
use super::unicode::{Step, push_ascii};

/// Keys from here on are numbers of four bytes.
const FOUR: u32 = 0x100_0000;

/// The byte before two that are a character.
const THIRD: u8 = 0x8F;

/// How many characters of the first plane the four bytes of gb18030 stand for, by their number.
const FOURS: usize = 39_420;

/// What two bytes are.
const TWO_BYTES: usize = 0x1_0000;

/// One of the encodings: character sets, the later over the earlier, and what they lack.
pub(super) struct Wide {
    layers: &'static [Layer],
    /// The layers behind the byte 0x8F, if there are any.
    third: &'static [Layer],
    own: &'static [u8],
    long: Long,
    unpacked: OnceLock<Unpacked>,
}

/// A table that encodings share, and where its keys stand in this one.
struct Layer(&'static [u8], fn(u32) -> Option<u32>);

/// What is longer than two bytes, apart from what begins with 0x8F.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Long {
    /// Nothing.
    Nothing,
    /// Four bytes that are counted through.
    Counted,
    /// A syllable of Hangul in four parts of two bytes.
    Composed,
}

/// A table that is ready.
struct Unpacked {
    /// By the first byte alone, and by two.
    values: Vec<u32>,
    third: Vec<u32>,
    four: Vec<u32>,
    codes: Codes,
    plain: bool,
}

macro_rules! file {
    ($name:literal) => {
        include_bytes!(concat!("tables/", $name, ".bin"))
    };
}

pub(super) static JISX0208: &[u8] = file!("jisx0208");
pub(super) static JISX0212: &[u8] = file!("jisx0212");
pub(super) static JISX0213_1: &[u8] = file!("jisx0213_1");
pub(super) static JISX0213_2: &[u8] = file!("jisx0213_2");
pub(super) static JISX0213_1_2000: &[u8] = file!("jisx0213_1_2000");
pub(super) static KSX1001: &[u8] = file!("ksx1001");
pub(super) static GB2312_80: &[u8] = file!("gb2312_80");

macro_rules! encodings {
    ($($name:ident: $file:literal, [$($layer:expr),*], [$($third:expr),*], $long:expr;)*) => {
        $(pub(super) static $name: Wide = Wide {
            layers: &[$($layer),*],
            third: &[$($third),*],
            own: file!($file),
            long: $long,
            unpacked: OnceLock::new(),
        };)*
    };
}

encodings! {
    SHIFT_JIS: "shift_jis", [Layer(JISX0208, sjis)], [], Long::Nothing;
    CP932: "cp932", [Layer(JISX0208, sjis)], [], Long::Nothing;
    EUC_JP: "euc_jp", [Layer(JISX0208, gr)], [Layer(JISX0212, gr)], Long::Nothing;
    SHIFT_JIS_2004: "shift_jis_2004", [Layer(JISX0208, sjis), Layer(JISX0213_1, sjis), Layer(JISX0213_2, sjis_second)], [], Long::Nothing;
    SHIFT_JISX0213: "shift_jisx0213", [Layer(JISX0208, sjis), Layer(JISX0213_1, sjis), Layer(JISX0213_2, sjis_second)], [], Long::Nothing;
    EUC_JIS_2004: "euc_jis_2004", [Layer(JISX0208, gr), Layer(JISX0213_1, gr)], [Layer(JISX0212, gr), Layer(JISX0213_2, gr)], Long::Nothing;
    EUC_JISX0213: "euc_jisx0213", [Layer(JISX0208, gr), Layer(JISX0213_1, gr)], [Layer(JISX0212, gr), Layer(JISX0213_2, gr)], Long::Nothing;
    GB2312: "gb2312", [Layer(GB2312_80, gr)], [], Long::Nothing;
    GBK: "gbk", [Layer(GB2312_80, gr)], [], Long::Nothing;
    GB18030: "gb18030", [Layer(GB2312_80, gr), Layer(file!("gbk"), same)], [], Long::Counted;
    BIG5: "big5", [], [], Long::Nothing;
    CP950: "cp950", [Layer(file!("big5"), same)], [], Long::Nothing;
    BIG5HKSCS: "big5hkscs", [Layer(file!("big5"), same)], [], Long::Nothing;
    EUC_KR: "euc_kr", [Layer(KSX1001, gr)], [], Long::Composed;
    CP949: "cp949", [Layer(KSX1001, gr)], [], Long::Nothing;
    JOHAB: "johab", [], [], Long::Nothing;
}

/// As they are.
fn same(key: u32) -> Option<u32> {
    Some(key)
}

/// With the highest bit of both bytes set.
fn gr(key: u32) -> Option<u32> {
    Some(key | 0x8080)
}

/// As Shift_JIS has them: two rows of 94 in one of 188.
fn sjis(key: u32) -> Option<u32> {
    let (row, cell) = ((key >> 8) - 0x21, (key & 0xFF) - 0x21);
    let (lead, trail) = (row / 2, cell + row % 2 * 94);
    let lead = lead + if lead < 0x1F { 0x81 } else { 0xC1 };
    let trail = trail + if trail < 0x3F { 0x40 } else { 0x41 };
    Some(lead << 8 | trail)
}

/// As Shift_JIS has the second plane: the rows in use, behind the 94 of the first.
fn sjis_second(key: u32) -> Option<u32> {
    let rows = [1, 8, 3, 4, 5, 12, 13, 14, 15].into_iter().chain(78..95);
    let row = rows.zip(0..).find(|(row, _)| *row == (key >> 8) - 0x20)?.1;
    sjis((0x7F + row) << 8 | key & 0xFF)
}

impl Wide {
    /// Whether ASCII is ASCII.
    pub(super) fn is_plain(&self) -> bool {
        self.unpacked().plain
    }

    /// Adds the characters of one byte and two that some bytes begin with; returns how many bytes they take.
    pub(super) fn read(&self, bytes: &[u8], out: &mut String) -> usize {
        let table = self.unpacked();
        let mut at = 0;
        while let Some(byte) = bytes.get(at).copied() {
            if table.plain && byte.is_ascii() {
                at += push_ascii(&bytes[at..], out);
                continue;
            }
            let (value, width) = match (meaning(table.values[usize::from(byte)]), bytes.get(at + 1)) {
                (Meaning::More, Some(second)) => {
                    (meaning(table.values[usize::from(u16::from_be_bytes([byte, *second]))]), 2)
                }
                (value, _) => (value, 1),
            };
            let Meaning::One(c) = value else { break };
            out.push(c);
            at += width;
        }
        at
    }

    /// Reads a character.
    #[inline]
    pub(super) fn step(&self, bytes: &[u8], last: bool) -> Step {
        let table = self.unpacked();
        // A value of 0 means nothing, but here.
        if bytes[0] == 0 {
            return Step::Char('\0', 1);
        }
        if let Some(step) = meaning(table.values[usize::from(bytes[0])]).step(1) {
            return step;
        }
        let Some(two) = bytes.first_chunk::<2>() else { return too_few(bytes, last) };
        if two[0] == THIRD && !table.third.is_empty() {
            let Some(three) = bytes.first_chunk::<3>() else { return too_few(bytes, last) };
            let key = usize::from(u16::from_be_bytes([three[1], three[2]]));
            return meaning(table.third[key]).step(3).unwrap_or(Step::More);
        }
        match meaning(table.values[usize::from(u16::from_be_bytes(*two))]).step(2) {
            Some(step) => step,
            None => self.step_of_many(table, bytes, last),
        }
    }

    fn step_of_many(&self, table: &Unpacked, bytes: &[u8], last: bool) -> Step {
        let wanted = if self.long == Long::Composed { hangul::BYTES } else { 4 };
        let Some(bytes) = bytes.get(..wanted) else { return too_few(bytes, last) };
        let meaning = match self.long {
            Long::Composed => hangul::composed(bytes).map_or(Meaning::Wrong(1), Meaning::One),
            Long::Counted | Long::Nothing => table.counted(bytes),
        };
        meaning.step(wanted).unwrap_or(Step::More)
    }

    /// Adds the bytes of what a text begins with, and says how many bytes of the text that is; `None` if there
    /// are none for its first character.
    #[inline]
    pub(super) fn put(&self, text: &str, out: &mut Vec<u8>) -> Option<usize> {
        if let Some((code, len)) = self.unpacked().codes.first_of(text) {
            let bytes = code.to_be_bytes();
            out.extend_from_slice(&bytes[code.leading_zeros() as usize / 8..]);
            return Some(len);
        }
        let c = text.chars().next()?;
        match self.long {
            _ if c == '\0' => out.push(0),
            Long::Composed => out.extend_from_slice(&hangul::decomposed(c)?),
            Long::Counted if c >= '\u{10000}' => {
                out.extend_from_slice(&counted(u32::from(c) - 0x1_0000 + 12_600 * 15));
            }
            Long::Counted | Long::Nothing => return None,
        }
        Some(c.len_utf8())
    }

    fn unpacked(&self) -> &Unpacked {
        self.unpacked.get_or_init(|| self.unpack())
    }

    fn unpack(&self) -> Unpacked {
        let mut values = layered(self.layers);
        let mut third = if self.third.is_empty() { Vec::new() } else { layered(self.third) };
        let mut four = if self.long == Long::Counted { vec![0; FOURS] } else { Vec::new() };
        let behind = u32::from(THIRD) << 16;
        for (key, value) in entries(self.own).take_while(|(key, _)| *key < BACK) {
            match key as usize {
                at if at < TWO_BYTES => values[at] = value,
                at if key < FOUR => third[at - behind as usize] = value,
                at => four[at - FOUR as usize] = value,
            }
        }
        let mut codes = Codes::new();
        values.iter().zip(0..).for_each(|(value, key)| codes.add(*value, key));
        third.iter().zip(behind..).for_each(|(value, key)| codes.add(*value, key));
        four.iter()
            .zip(0..)
            .for_each(|(value, number)| codes.add(*value, u32::from_be_bytes(counted(number))));
        for (key, code) in entries(self.own).skip_while(|(key, _)| *key < BACK) {
            codes.set(key - BACK, code);
        }
        let plain = (0..0x80).all(|byte| values[byte] as usize == byte);
        Unpacked { values, third, four, codes, plain }
    }
}

/// Layers over each other.
pub(super) fn overlaid(layers: impl Iterator<Item = (u32, u32)>) -> Vec<u32> {
    let mut values = vec![0; TWO_BYTES];
    for (key, value) in layers {
        values[key as usize] = value;
    }
    values
}

fn layered(layers: &[Layer]) -> Vec<u32> {
    overlaid(layers.iter().flat_map(|Layer(table, place)| {
        let own = entries(table).take_while(|(key, _)| (*key as usize) < TWO_BYTES);
        own.filter_map(|(key, value)| Some((place(key)?, value)))
    }))
}

/// Four bytes by their number: the first and third count from 0x81 to 0xFE, the others from 0x30 to 0x39.
fn counted(number: u32) -> [u8; 4] {
    let digit = |number: u32, base: u8| base + number as u8;
    [
        digit(number / 12_600, 0x81),
        digit(number / 1260 % 10, 0x30),
        digit(number / 10 % 126, 0x81),
        digit(number % 10, 0x30),
    ]
}

impl Unpacked {
    /// What four bytes are that are counted through.
    fn counted(&self, bytes: &[u8]) -> Meaning {
        let place = |at: usize, from: u8, to: u8| {
            let byte = bytes[at];
            (from..=to).contains(&byte).then(|| usize::from(byte - from))
        };
        let number = || {
            let (first, second) = (place(0, 0x81, 0xFE)?, place(1, 0x30, 0x39)?);
            let (third, fourth) = (place(2, 0x81, 0xFE)?, place(3, 0x30, 0x39)?);
            Some(first * 12_600 + second * 1260 + third * 10 + fourth)
        };
        match number() {
            Some(number) if number < FOURS && bytes[0] < 0x85 => meaning(self.four[number]),
            // The planes above the first, from 0x90 on.
            Some(number) if bytes[0] >= 0x90 => u32::try_from(number - 15 * 12_600 + 0x1_0000)
                .ok()
                .and_then(char::from_u32)
                .map_or(Meaning::Wrong(1), Meaning::One),
            Some(_) | None => Meaning::Wrong(1),
        }
    }
}

impl fmt::Debug for Wide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wide").field("long", &self.long).finish_non_exhaustive()
    }
}
