//! Universal newlines against a model that sees the whole text at once.

use folio::text::{Newline, Reading};
use folio_testkit::{Random, seeds};

const ALL: [Newline; 5] = [Newline::Universal, Newline::Any, Newline::Lf, Newline::Cr, Newline::CrLf];

#[test]
fn a_text_cut_anywhere_reads_like_the_whole() {
    for newline in ALL {
        for text in ["a\nb\r\nc\rd\r\r\ne", "\r", "\r\n", "\n\r", "\r\r\n\n", "é\r\nü\r"] {
            let cuts: Vec<usize> = (0..=text.len()).filter(|cut| text.is_char_boundary(*cut)).collect();
            for (i, first) in cuts.iter().enumerate() {
                for second in &cuts[i..] {
                    check(newline, &[&text[..*first], &text[*first..*second], &text[*second..]]);
                }
            }
        }
    }
}

#[test]
fn random_text_in_random_pieces_reads_like_the_whole() {
    seeds(500, |seed| {
        let mut random = Random::new(seed);
        let mut piece =
            || -> String { (0..random.index(6)).map(|_| ["\r", "\n", "a", "é"][random.index(4)]).collect() };
        let pieces: Vec<String> = (0..6).map(|_| piece()).collect();
        let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
        ALL.iter().for_each(|newline| check(*newline, &pieces));
    });
}

#[track_caller]
fn check(newline: Newline, pieces: &[&str]) {
    let whole = pieces.concat();
    let expected = match newline {
        Newline::Universal => whole.replace("\r\n", "\n").replace('\r', "\n"),
        Newline::Any | Newline::Lf | Newline::Cr | Newline::CrLf => whole.clone(),
    };
    let without = whole.replace("\r\n", "");
    let looks = matches!(newline, Newline::Universal | Newline::Any);
    let ends =
        [("cr", without.contains('\r')), ("crlf", whole.contains("\r\n")), ("lf", without.contains('\n'))];
    let ends: Vec<&str> = ends.iter().filter(|(_, met)| *met && looks).map(|(name, _)| *name).collect();
    let ends = if ends.is_empty() { "-".to_owned() } else { ends.join(",") };
    assert_eq!(seen_of(newline, pieces), (expected, ends), "{newline:?} {pieces:?}");
}

/// What is read from the pieces, and which ends of lines were seen: their names in alphabetical order.
pub(crate) fn seen_of(newline: Newline, pieces: &[&str]) -> (String, String) {
    let mut reading = Reading::new(newline);
    let mut out = String::new();
    for (i, piece) in pieces.iter().enumerate() {
        reading.read(piece, i + 1 == pieces.len(), &mut out);
    }
    let seen = reading.seen();
    let ends = [("cr", seen.cr), ("crlf", seen.crlf), ("lf", seen.lf)];
    let ends: Vec<&str> = ends.iter().filter(|(_, met)| *met).map(|(name, _)| *name).collect();
    (out, if ends.is_empty() { "-".to_owned() } else { ends.join(",") })
}

/// The lines of a text that has been read, each with its end, found character by character.
pub(crate) fn lines_of(newline: Newline, text: &str) -> Vec<String> {
    let ends: &[&str] = match newline {
        Newline::Universal | Newline::Lf => &["\n"],
        Newline::Any => &["\r\n", "\r", "\n"],
        Newline::Cr => &["\r"],
        Newline::CrLf => &["\r\n"],
    };
    let mut lines = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at < text.len() {
        let end = ends.iter().find(|end| text.as_bytes()[at..].starts_with(end.as_bytes()));
        at += end.map_or(1, |end| end.len());
        if end.is_some() {
            lines.push(text[start..at].to_owned());
            start = at;
        }
    }
    lines.extend((start < text.len()).then(|| text[start..].to_owned()));
    lines
}
