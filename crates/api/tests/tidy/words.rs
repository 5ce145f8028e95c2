//! Words that have been retired: the field has better ones, or a sentence with them needs a second reading.

use crate::source::Source;

/// Names in code that have been retired, alone or as a part of a longer one, each with its successor.
const NAMES: [(&str, &str); 22] = [
    ("Asker", "Receiver"),
    ("Behind", "WriteBuffer"),
    ("Bell", "Waker"),
    ("Desk", "FileState"),
    ("Errand", "RunningRequest"),
    ("Errands", "RunningRequests"),
    ("Facts", "RequestInfo"),
    ("Heard", "Reported"),
    ("Journey", "InFlightChunk"),
    ("LastWords", "FinalFlush"),
    ("Letter", "Envelope"),
    ("Lives", "Incarnations"),
    ("Nudge", "Waker"),
    ("Offered", "BufferOutcome"),
    ("Opening", "OpenFile"),
    ("Parting", "FinalWrites"),
    ("Patience", "AdaptiveSpin"),
    ("Portion", "Chunk"),
    ("Queued", "PendingOp"),
    ("Replier", "Sender"),
    ("Services", "EngineContext"),
    ("Steward", "SupervisorHandle"),
];

/// Words of code in lower case that have been retired, as parts of names between underscores.
const PARTS: [&str; 9] =
    ["asker", "desk", "errand", "journey", "nudge", "parting", "portion", "replier", "steward"];

/// Phrases in comments and pages that have been retired, each with what to say instead.
const PHRASES: [(&str, &str); 17] = [
    ("by whoever", "name the caller, the reader, the worker"),
    ("errand", "request"),
    ("errands", "requests"),
    ("heard", "received, reported"),
    ("hears", "receives, is answered"),
    ("is a no", "`false`, a refusal"),
    ("keep back", "buffer"),
    ("keeps back", "buffers"),
    ("kept back", "buffered"),
    ("last words", "final flush"),
    ("nobody", "no caller, no reader, no worker"),
    ("portion", "chunk"),
    ("portions", "chunks"),
    ("somebody", "a caller, a reader, a worker"),
    ("told", "notified, answered, set"),
    ("unheard", "unreported"),
    ("whoever", "the caller, the reader, the worker"),
];

/// Refuses retired words in shipped code and its comments.
pub(crate) fn retired_words_are_gone(source: &Source) -> Vec<String> {
    let shipped = source.path.starts_with("crates/") && source.path.contains("/src/");
    if !shipped {
        return Vec::new();
    }
    let names = source.shipped().flat_map(|(i, line)| {
        let found = line.split(|c: char| !c.is_alphanumeric() && c != '_').filter_map(retired_name);
        found.map(move |offence| (i, offence)).collect::<Vec<_>>()
    });
    let comments = (0..source.lines.len()).filter(|i| !source.test[*i]).map(|i| (i, comment(source, i)));
    let offences = names.chain(retired_phrases(comments));
    offences.map(|(i, offence)| format!("{}: {offence}", source.at(i))).collect()
}

/// Refuses retired phrases in a page.
pub(crate) fn retired_phrases_are_gone(path: &str, text: &str) -> Vec<String> {
    let offences = retired_phrases(text.lines().enumerate());
    offences.into_iter().map(|(i, offence)| format!("{path}:{}: {offence}", i + 1)).collect()
}

fn retired_name(name: &str) -> Option<String> {
    let type_name = NAMES.iter().find(|(retired, _)| *retired == name);
    let part = PARTS.iter().find(|part| name.split('_').any(|found| found == **part));
    type_name
        .map(|(retired, instead)| format!("`{retired}` is retired: {instead}"))
        .or_else(|| part.map(|part| format!("`{part}` is retired in names")))
}

/// The comment at the end of a line, or that is the line.
fn comment(source: &Source, line: usize) -> &str {
    let text = &source.lines[line];
    let code = source.code[line].trim_end().chars().count();
    let start = text.char_indices().nth(code).map_or(text.len(), |(start, _)| start);
    &text[start..]
}

/// Finds phrases even where a line break divides them; what is quoted as code counts as one word.
fn retired_phrases<'a>(lines: impl Iterator<Item = (usize, &'a str)>) -> Vec<(usize, String)> {
    let words: Vec<(usize, String)> =
        lines.flat_map(|(i, line)| words(line).map(move |word| (i, word))).collect();
    let mut offences = Vec::new();
    for (phrase, instead) in PHRASES {
        let wanted: Vec<&str> = phrase.split(' ').collect();
        let found = words.windows(wanted.len());
        let found = found.filter(|found| found.iter().map(|(_, word)| word).eq(wanted.iter()));
        offences.extend(found.map(|found| (found[0].0, format!("{phrase:?} is retired: {instead}"))));
    }
    offences
}

fn words(line: &str) -> impl Iterator<Item = String> {
    let bare = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric() && c != '`').to_lowercase();
    line.split_whitespace().map(bare).filter(|word| !word.is_empty())
}

#[test]
fn each_rule_catches_a_planted_offence() {
    use crate::plant;

    let (path, rule) = ("crates/engine/src/a.rs", retired_words_are_gone);
    plant(rule, path, "struct Desk;", true);
    plant(rule, path, "fn f(desk: u8) {}", true);
    plant(rule, path, "fn take_portion() {}", true);
    plant(rule, path, "struct DeskLamp;\nlet proportion = 1;", false);
    plant(rule, path, "const DESK: &str = \"Desk\";", false);
    plant(rule, "crates/api/src/a.rs", "struct Desk;", true);
    plant(rule, "crates/engine/tests/a.rs", "struct Desk;", false);
    plant(rule, path, "#[cfg(test)]\nmod tests {\n    struct Desk;\n    // nobody\n}", false);

    plant(rule, path, "/// Wakes whoever waits.", true);
    plant(rule, path, "f(); // the bytes that were kept\ng(); // nothing\n", false);
    plant(rule, path, "/// The bytes that were kept\n/// back until then.", true);
    plant(rule, path, "/// Nobody has heard of it.", true);
    plant(rule, path, "f(); // Told once.", true);
    plant(rule, path, "let nobody = \"told\"; // `told` is what kameo calls it", false);

    let page = |text| retired_phrases_are_gone("docs/a.md", text).len();
    assert_eq!(page("One portion at a time;\nwhoever comes next is told."), 3);
    assert_eq!(page("One chunk at a time; the next caller is notified."), 0);
}
