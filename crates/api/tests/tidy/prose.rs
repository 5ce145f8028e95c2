//! What the documentation of a public function must say.

use crate::source::{Source, word};

/// Crates whose public functions are somebody's interface.
const DOCUMENTED: [&str; 2] = ["crates/engine/src/", "crates/api/src/"];

/// Refuses a public function that can fail and does not say when.
pub(crate) fn fallible_functions_say_when(source: &Source) -> Vec<String> {
    let silent = functions(source).filter(|f| f.is_fallible() && !f.docs.contains("# Errors"));
    silent.map(|f| format!("{}: a fallible public function needs `# Errors`", source.at(f.line))).collect()
}

/// What opens the words on dropping a future.
const CANCELLATION: &str = "# Cancellation";

/// Refuses a public asynchronous function of which nothing says what dropping it does: the function, the block that it
/// stands in, its type, or its module.
pub(crate) fn futures_say_what_dropping_does(sources: &[Source]) -> Vec<String> {
    let told = |root: &str| -> Vec<String> {
        let own = sources.iter().filter(|source| source.path.starts_with(root));
        own.flat_map(types_that_say).collect()
    };
    DOCUMENTED.iter().flat_map(|root| silent_futures(root, sources, &told(root))).collect()
}

fn silent_futures(root: &str, sources: &[Source], types: &[String]) -> Vec<String> {
    let modules: Vec<&str> =
        sources.iter().filter(|source| front_says(source)).map(|s| s.path.as_str()).collect();
    let own = sources.iter().filter(|source| source.path.starts_with(root));
    let silent = own.flat_map(|source| {
        let room =
            source.path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/mod.rs"));
        let by_module = modules.contains(&&*source.path) || modules.contains(&&*room);
        functions(source).filter(|f| f.is_async() && !f.docs.contains(CANCELLATION)).filter_map(move |f| {
            let says = match owner(source, f.line) {
                Some((name, docs)) => docs.contains(CANCELLATION) || types.contains(&name),
                None => false,
            };
            (!says && !by_module).then(|| source.at(f.line))
        })
    });
    silent
        .map(|at| format!("{at}: neither this function nor its type or module says what dropping it does"))
        .collect()
}

/// Whether the module's own words say it.
fn front_says(source: &Source) -> bool {
    let front = source.lines.iter().take_while(|line| line.starts_with("//!"));
    front.into_iter().any(|line| line.contains(CANCELLATION))
}

/// The public types whose own words say it.
fn types_that_say(source: &Source) -> Vec<String> {
    let types = source.shipped().filter_map(|(line, text)| {
        let rest = text.strip_prefix("pub struct ").or_else(|| text.strip_prefix("pub enum "))?;
        docs_above(source, line).contains(CANCELLATION).then(|| first_word(rest))
    });
    types.collect()
}

/// The type that a method belongs to, and the words above its `impl`; `None` for a free function.
fn owner(source: &Source, line: usize) -> Option<(String, String)> {
    if !source.code[line].starts_with(' ') {
        return None;
    }
    let start = (0..line).rev().find(|line| source.code[*line].starts_with("impl"))?;
    let rest = source.code[start].trim_start_matches("impl");
    let name = match rest.strip_prefix('<') {
        Some(generic) => generic.split_once("> ").map_or("", |(_, name)| name),
        None => rest.trim_start(),
    };
    Some((first_word(name), docs_above(source, start)))
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
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

    fn cancellation(source: &Source) -> Vec<String> {
        futures_say_what_dropping_does(std::slice::from_ref(source))
    }
    plant(cancellation, path, "/// Reads.\npub async fn read() {}", true);
    plant(cancellation, path, "pub fn read() -> impl Future<Output = ()> {}", true);
    plant(cancellation, path, "/// # Cancellation\npub async fn read() {}", false);
    plant(cancellation, path, "pub fn read() {}", false);
    let method = "impl<T: Read> File<T> {\n    pub async fn read() {}\n}";
    plant(cancellation, path, &format!("pub struct File;\n{method}"), true);
    plant(cancellation, path, &format!("/// # Cancellation\npub struct Other;\n{method}"), true);
    plant(cancellation, path, &format!("/// # Cancellation\n#[must_use]\npub struct File;\n{method}"), false);
    plant(cancellation, path, &format!("/// # Cancellation\n{method}"), false);
    plant(cancellation, path, "//! # Cancellation\n\npub async fn read() {}", false);
    plant(cancellation, path, &format!("//! # Cancellation\n\n{method}"), false);
}
