//! One suite for every store, through folio's own names: each operation either does what it does on a disk, or is refused
//! at once, or keeps less than its promise; and which of these it is stands in docs/stores.md.

mod directories;
mod ground;
mod names;
mod reading;
mod shown;
mod writing;

use std::pin::Pin;

use folio::{Engine, Error, Result, fs};
use opendal::{Operator, services};

use crate::start::{moto, redis, s3, sftp, webdav};
use ground::Ground;
use shown::Column;

/// What an operation turned out to be on a store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Outcome {
    /// It does what it does on a disk.
    Yes,
    /// It fails at once with an error that says what the store lacks, and nothing has changed.
    Refused,
    /// The store carries it out and keeps less than folio's promise; docs/stores.md says what.
    Less,
}

type Running<'a> = Pin<Box<dyn Future<Output = Result<Outcome>> + Send + 'a>>;

/// One check: the operation as docs/stores.md names it, and what shows it.
type Check = (&'static str, for<'a> fn(&'a Ground) -> Running<'a>);

/// The object that no refused operation may change.
const KEPT: &str = "/kept";

/// Runs every check on a store.
async fn conform(operator: &Operator) -> Column {
    let engine = Engine::builder().storage(folio_opendal::storage(operator.clone()));
    let engine = engine.start().expect("an engine starts");
    let checks = [reading::CHECKS, writing::CHECKS, names::CHECKS, directories::CHECKS].concat();
    let mut column = Vec::new();
    for (number, (name, check)) in checks.into_iter().enumerate() {
        let on = Ground::new(operator.clone(), number);
        let ran = engine.scope(async {
            fs::write(KEPT, name).await.unwrap_or_else(|error| panic!("before `{name}`: {error}"));
            let ran = check(&on).await;
            assert_eq!(operator.read(KEPT).await.expect("it is there").to_vec(), name.as_bytes(), "{name}");
            ran
        });
        column.push((name, outcome(name, ran.await)));
    }
    column
}

fn outcome(name: &str, ran: Result<Outcome>) -> Outcome {
    match ran {
        Ok(outcome) => outcome,
        Err(error) if error.is_unsupported() => refused(name, &error),
        Err(error) => panic!("`{name}` neither holds nor is refused: {error}"),
    }
}

/// A refusal is for a person to read: it names the operation, the path, and what is missing.
fn refused(name: &str, error: &Error) -> Outcome {
    let text = error.to_string();
    assert_eq!(error.kind(), std::io::ErrorKind::Unsupported, "`{name}`: {text}");
    assert!(text.starts_with("could not ") && text.contains("/c"), "`{name}`: {text}");
    assert!(!error.may_have_happened() || error.raw_os_error().is_none(), "`{name}`: {text}");
    Outcome::Refused
}

#[tokio::test]
async fn on_memory() {
    let operator = Operator::new(services::Memory::default()).expect("it needs no settings");
    shown::compare("memory", &conform(&operator).await);
}

#[tokio::test]
async fn on_local_files() {
    let room = tempfile::tempdir().expect("a folder can be made");
    let service = services::Fs::default().root(room.path().to_str().expect("it is text"));
    let operator = Operator::new(service).expect("the settings are complete");
    shown::compare("local files", &conform(&operator).await);
}

#[tokio::test]
async fn on_s3() {
    let Some(server) = moto::start() else { return };
    shown::compare("S3", &conform(&s3::operator(server.address())).await);
}

#[tokio::test]
async fn on_webdav() {
    let Some(server) = webdav::start() else { return };
    shown::compare("WebDAV", &conform(&webdav::operator(server.address())).await);
}

#[tokio::test]
async fn on_redis() {
    let Some(server) = redis::start() else { return };
    shown::compare("Redis", &conform(&redis::operator(server.address())).await);
}

#[test]
fn on_sftp() {
    sftp::at_home("conformance::on_sftp", async |server| {
        shown::compare("SFTP", &conform(&sftp::operator(&server, server.address())).await);
    });
}
