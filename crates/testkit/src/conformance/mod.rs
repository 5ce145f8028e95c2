//! One suite of checks for every storage: the sentences of the port's contracts, one check each.

mod attributes;
mod contents;
mod directories;
mod ground;
mod handles;
mod names;
mod sharing;
mod trees;

use std::path::PathBuf;
use std::sync::Arc;

use folio_engine::storage::Storage;

use ground::Ground;

/// One check: its promise and the function that shows it.
type Check = (&'static str, fn(&Ground));

/// Runs every check of the port's contracts against a storage.
///
/// `make` is called once for each check and returns a storage and an existing empty directory in it. What a
/// storage reports as `Unsupported` (symbolic links, listings) is passed over.
///
/// # Panics
///
/// If the storage breaks a contract; the failing check is named on standard error.
pub fn conformance(make: impl Fn() -> (Arc<dyn Storage>, PathBuf)) {
    let checks = [
        contents::CHECKS,
        names::CHECKS,
        directories::CHECKS,
        trees::CHECKS,
        attributes::CHECKS,
        sharing::CHECKS,
        handles::CHECKS,
    ];
    for (name, check) in checks.concat() {
        let (storage, root) = make();
        let _named = Named { name };
        check(&Ground::new(storage, root));
    }
}

/// Names the check when it panics.
struct Named {
    name: &'static str,
}

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("conformance: the storage breaks the promise that {}", self.name);
        }
    }
}
