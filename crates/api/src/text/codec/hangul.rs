//! Syllables of Hangul in four parts, as KS X 1001 composes those that it has no cell for.

/// The byte before each part.
const ROW: u8 = 0xA4;

/// The part that says that three letters follow, and the letter that is none.
const FILLER: u8 = 0xD4;

/// Bytes of a syllable.
pub(super) const BYTES: usize = 8;

/// The first syllable and the last.
const FIRST: char = '가';
const LAST: char = '힣';

/// The letters that a syllable begins with, in order.
const INITIAL: &str = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ";

/// Vowels; there are as many between the first and the last.
const VOWEL_FIRST: char = 'ㅏ';
const VOWELS: u32 = 21;

/// The letters that it may end with, in order.
const FINAL: &str = "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ";

/// Letters that it may end with, none included.
const FINALS: u32 = 28;

/// The syllable that eight bytes are.
pub(super) fn composed(bytes: &[u8]) -> Option<char> {
    let (pairs, []) = bytes.as_chunks::<2>() else { return None };
    let &[[ROW, FILLER], [ROW, initial], [ROW, vowel], [ROW, last]] = pairs else { return None };
    let initial = position(INITIAL, letter(initial)?)?;
    let vowel = u32::from(letter(vowel)?).checked_sub(u32::from(VOWEL_FIRST)).filter(|at| *at < VOWELS)?;
    let last = if last == FILLER { 0 } else { position(FINAL, letter(last)?)? + 1 };
    char::from_u32(u32::from(FIRST) + (initial * VOWELS + vowel) * FINALS + last)
}

/// The eight bytes of a syllable.
pub(super) fn decomposed(syllable: char) -> Option<[u8; BYTES]> {
    let number = (FIRST..=LAST).contains(&syllable).then(|| u32::from(syllable) - u32::from(FIRST))?;
    let initial = cell(INITIAL.chars().nth((number / FINALS / VOWELS) as usize)?);
    let vowel = cell(VOWEL_FIRST) + (number / FINALS % VOWELS) as u8;
    let last = match number % FINALS {
        0 => FILLER,
        at => cell(FINAL.chars().nth(at as usize - 1)?),
    };
    Some([ROW, FILLER, ROW, initial, ROW, vowel, ROW, last])
}

fn position(letters: &str, letter: char) -> Option<u32> {
    letters.chars().zip(0..).find(|(other, _)| *other == letter).map(|(_, at)| at)
}

/// The letters stand in the row as they do in Unicode.
fn letter(cell: u8) -> Option<char> {
    char::from_u32(u32::from('ㄱ') + u32::from(cell.checked_sub(0xA1)?))
}

fn cell(letter: char) -> u8 {
    0xA1 + (u32::from(letter) - u32::from('ㄱ')) as u8
}
