//! Real files, which are not in the repository, against what CPython reads in them.

use std::path::{Path, PathBuf};

use flate2::Crc;
use folio::text::{DecodeError, Encoder, Encoding, Errors, Newline, Options};
use folio_testkit::skip;

use crate::file::runtime;

/// The folder of the files. `corpus.py` has put `expected.tsv` into it.
const FOLDER: &str = "FOLIO_CORPUS";

#[test]
fn real_files_are_what_they_are_to_cpython() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return skip("comparing real files with CPython", &format!("{FOLDER} names no folder"));
    };
    let table = std::fs::read_to_string(folder.join("expected.tsv")).unwrap();
    let mut wrong = Vec::new();
    for row in table.lines() {
        let [path, encoding, expected @ ..] = &row.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{row}")
        };
        let found = runtime().block_on(answer(&folder.join(path), encoding));
        if found != *expected {
            wrong.push(format!("{path} in {encoding}: {found:?} instead of {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} files:\n{}", wrong.len(), table.lines().count(), wrong.join("\n"));
    assert!(table.lines().next().is_some(), "no files");
    println!("{} readings of real files are CPython's", table.lines().count());
}

/// What `corpus.py` says of a file.
async fn answer(path: &Path, encoding: &str) -> Vec<String> {
    let encoding = Encoding::for_name(encoding).unwrap();
    let mut options = Options::new();
    options.read(true).encoding(encoding).newline(Newline::Any);
    match options.open(path).await.unwrap().read_to_string().await {
        Ok(text) => {
            let mut bytes = Vec::new();
            Encoder::new(encoding, Errors::Strict).encode(&text, &mut bytes).unwrap();
            vec![sum(text.as_bytes()), sum(&bytes)]
        }
        Err(error) => {
            let source = std::error::Error::source(&error).unwrap();
            let error: &DecodeError = source.downcast_ref().unwrap();
            vec![format!("!{} {} {}", error.offset(), error.len(), error.reason())]
        }
    }
}

fn sum(bytes: &[u8]) -> String {
    let mut crc = Crc::new();
    crc.update(bytes);
    format!("{:08x}", crc.sum())
}
