//! What the documentation of a public function must say.

use crate::source::{Source, word};

/// Crates whose public functions are somebody's interface.
const DOCUMENTED: [&str; 2] = ["crates/engine/src/", "crates/api/src/"];

/// Refuses a public function that can fail and does not say when.
pub(crate) fn fallible_functions_say_when(source: &Source) -> Vec<String> {
    let silent = functions(source).filter(|f| f.is_fallible() && !f.docs.contains("# Errors"));
    silent.map(|f| format!("{}: a fallible public function needs `# Errors`", source.at(f.line))).collect()
}

/// Refuses a public asynchronous function that does not say what dropping it does.
pub(crate) fn futures_say_what_dropping_does(source: &Source) -> Vec<String> {
    let silent = functions(source).filter(|f| f.is_async() && !f.docs.contains("# Cancellation"));
    silent.map(|f| format!("{}: a public async function needs `# Cancellation`", source.at(f.line))).collect()
}

/// A public function: where it is, what is written above it, and everything before its body.
struct Function {
    line: usize,
    docs: String,
    signature: String,
}

impl Function {
    fn is_fallible(&self) -> bool {
        self.signature.split_once("->").is_some_and(|(_, returned)| word(returned, "Result"))
    }

    fn is_async(&self) -> bool {
        let returns_future =
            self.signature.split_once("->").is_some_and(|(_, returned)| word(returned, "Future"));
        returns_future || self.signature.starts_with("pub async fn ")
    }
}

fn functions(source: &Source) -> impl Iterator<Item = Function> {
    let documented = DOCUMENTED.iter().any(|root| source.path.starts_with(root));
    let starts =
        source.shipped().filter(move |(_, line)| documented && is_public_function(line.trim_start()));
    starts.map(|(line, _)| Function {
        line,
        docs: docs_above(source, line),
        signature: signature(&source.code[source.item(line)]),
    })
}

fn is_public_function(line: &str) -> bool {
    ["pub fn ", "pub async fn ", "pub const fn "].iter().any(|start| line.starts_with(start))
}

/// The item's code up to its body.
fn signature(code: &[String]) -> String {
    let text = code.join(" ");
    let end = text.find(['{', ';']).unwrap_or(text.len());
    text[..end].trim_start().to_owned()
}

/// The documentation and attributes that stand right above a line.
fn docs_above(source: &Source, line: usize) -> String {
    let above = source.lines[..line].iter().rev();
    let docs = above.take_while(|line| {
        let line = line.trim_start();
        line.starts_with("///") || line.starts_with("#[")
    });
    docs.map(String::as_str).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_rule_catches_a_planted_offence() {
    use crate::plant;

    let (path, errors) = ("crates/api/src/file.rs", fallible_functions_say_when);
    plant(errors, path, "/// Reads.\npub fn read() -> io::Result<()> {}", true);
    plant(errors, path, "/// Reads.\npub async fn read(\n    len: usize,\n) -> Result<Bytes> {}", true);
    plant(errors, path, "/// Reads.\n///\n/// # Errors\n#[inline]\npub fn read() -> Result<()> {}", false);
    plant(errors, path, "pub(crate) fn read() -> Result<()> {}\nfn f() -> Result<()> {}", false);
    plant(errors, path, "pub fn len(from: Result<()>) -> u64 {}", false);
    plant(errors, "benches/src/lib.rs", "pub fn read() -> Result<()> {}", false);

    let cancellation = futures_say_what_dropping_does;
    plant(cancellation, path, "/// Reads.\npub async fn read() {}", true);
    plant(cancellation, path, "pub fn read() -> impl Future<Output = ()> {}", true);
    plant(cancellation, path, "/// # Cancellation\npub async fn read() {}", false);
    plant(cancellation, path, "pub fn read() {}", false);
}
