//! Several who replace one file, and those who read it meanwhile.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use folio::fs::RenameOptions;
use folio::{Engine, ReplaceOptions, fs};
use folio_testkit::errno::EEXIST;
use tempfile::TempDir;

use crate::{WAYS, durabilities};

const REPLACERS: usize = 16;

const READERS: usize = 4;

/// Replacements by each, with each durability.
const ROUNDS: usize = 30;

/// Contents that tell whether they are whole: one byte, repeated, of a length that it decides.
fn contents(round: usize) -> Vec<u8> {
    vec![(round % 251) as u8; 1 + round % 251 * 997]
}

fn is_whole(found: &[u8]) -> bool {
    found.first().is_some_and(|first| found == contents(usize::from(*first)))
}

#[test]
fn a1_of_many_who_replace_a_file_at_once_no_reader_sees_a_torn_one() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    let engine = Engine::builder().start().unwrap();
    for (durability, options) in durabilities() {
        let room = TempDir::new().unwrap();
        let path = room.path().join("file");
        std::fs::write(&path, contents(0)).unwrap();
        let (over, seen) = (AtomicBool::new(false), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..READERS {
                scope.spawn(|| {
                    while !over.load(Ordering::Relaxed) {
                        let found = std::fs::read(&path).unwrap();
                        assert!(is_whole(&found), "{durability:?}: {} bytes, torn", found.len());
                        seen.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            let replacers: Vec<_> = (0..REPLACERS)
                .map(|replacer| {
                    let (path, options, engine) = (path.clone(), options.clone(), engine.clone());
                    runtime.spawn(async move {
                        for round in 0..ROUNDS {
                            let way = WAYS[(replacer + round) % WAYS.len()];
                            let contents = contents(replacer * ROUNDS + round);
                            engine.scope(way.replace(&path, &contents, &options)).await.unwrap();
                            let found = engine.scope(fs::read(&path)).await.unwrap();
                            assert!(is_whole(&found), "{} bytes, torn", found.len());
                        }
                    })
                })
                .collect();
            let replaced: Vec<_> = replacers.into_iter().map(|replacer| runtime.block_on(replacer)).collect();
            over.store(true, Ordering::Relaxed);
            replaced.into_iter().for_each(|replaced| replaced.unwrap());
        });
        assert_eq!(std::fs::read_dir(room.path()).unwrap().count(), 1, "{durability:?}: litter");
        assert!(seen.load(Ordering::Relaxed) > READERS, "somebody has read");
    }
}

#[test]
fn a2_of_many_who_ask_for_a_free_name_at_once_one_gets_it_whole() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    for round in 0..20 {
        let room = TempDir::new().unwrap();
        let path = room.path().join("file");
        let options = ReplaceOptions::new().create_new(true).clone();
        let writers: Vec<_> = (0..REPLACERS)
            .map(|writer| {
                let (path, options) = (path.clone(), options.clone());
                runtime.spawn(async move {
                    let way = WAYS[(round + writer) % WAYS.len()];
                    way.replace(&path, &contents(writer), &options).await.map(|()| writer)
                })
            })
            .collect();
        let outcomes: Vec<_> = writers.into_iter().map(|writer| runtime.block_on(writer).unwrap()).collect();
        let winners: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
        assert_eq!(winners.len(), 1, "{outcomes:?}");
        let lost = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
        assert!(lost.map(|error| error.raw_os_error()).all(|errno| errno == Some(EEXIST)), "{outcomes:?}");
        assert_eq!(std::fs::read(&path).unwrap(), contents(*winners[0]));
        assert_eq!(std::fs::read_dir(room.path()).unwrap().count(), 1);
    }
}

/// The same of names: each of many is renamed to one, and each of many loses to another.
#[test]
fn of_many_who_rename_to_a_free_name_at_once_one_gets_it() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    for _ in 0..20 {
        let room = TempDir::new().unwrap();
        let at = |name: &str| room.path().join(name);
        let writers: Vec<_> = (0..REPLACERS)
            .map(|writer| {
                let (from, to) = (at(&writer.to_string()), at("file"));
                std::fs::write(&from, writer.to_string()).unwrap();
                runtime.spawn(async move { RenameOptions::new().no_clobber(true).rename(from, to).await })
            })
            .collect();
        let outcomes: Vec<_> = writers.into_iter().map(|writer| runtime.block_on(writer).unwrap()).collect();
        let winners: Vec<_> = (0..REPLACERS).filter(|writer| outcomes[*writer].is_ok()).collect();
        assert_eq!(winners.len(), 1, "{outcomes:?}");
        assert_eq!(std::fs::read_to_string(at("file")).unwrap(), winners[0].to_string());
        assert_eq!(std::fs::read_dir(room.path()).unwrap().count(), REPLACERS);
    }
}

#[test]
fn names_are_exchanged_in_one_step_whatever_they_name() {
    let room = TempDir::new().unwrap();
    let at = |name: &str| room.path().join(name);
    let exchange = RenameOptions::new().exchange(true).clone();
    std::fs::write(at("file"), "file").unwrap();
    std::fs::create_dir(at("dir")).unwrap();
    std::fs::write(at("dir/inner"), "inner").unwrap();
    let rename = |one: &str, other: &str| folio_testkit::wait::block_on(exchange.rename(at(one), at(other)));
    if let Err(error) = rename("file", "dir") {
        assert_eq!(error.kind(), std::io::ErrorKind::Unsupported, "{error}");
        return folio_testkit::skip("exchanging names", "this system cannot");
    }
    assert_eq!(std::fs::read_to_string(at("file/inner")).unwrap(), "inner");
    assert_eq!(std::fs::read_to_string(at("dir")).unwrap(), "file");
    assert!(rename("dir", "missing").is_err());
    assert!(rename("file", "file/inner").is_err());
    assert_eq!(std::fs::read_dir(room.path()).unwrap().count(), 2);

    // A reader of one name always finds one of the two.
    std::fs::write(at("blue"), "blue").unwrap();
    std::fs::write(at("green"), "green").unwrap();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let found = std::fs::read_to_string(at("blue")).unwrap();
                assert!(["blue", "green"].contains(&&*found), "{found}");
            }
        });
        let (blue, green) = (at("blue"), at("green"));
        folio_testkit::wait::block_on(swap(&exchange, &blue, &green));
        over.store(true, Ordering::Relaxed);
    });
    assert_eq!(std::fs::read_to_string(at("blue")).unwrap(), "blue");
}

async fn swap(exchange: &RenameOptions, one: &Path, other: &Path) {
    for _ in 0..200 {
        exchange.rename(one, other).await.unwrap();
    }
}
