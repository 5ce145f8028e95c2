//! Opening files: what a store can do with one, and what is refused.

use std::io;
use std::sync::Arc;

use folio_engine::storage::{AsyncFile, OpenRequest, Opened};
use rustix::io::Errno;

use crate::directory::OpenDir;
use crate::error::error;
use crate::key::Key;
use crate::look_up::Found;
use crate::read::FarFile;
use crate::store::Store;
use crate::write::{Outgoing, Target};

/// Opens what the request asks for.
pub(crate) async fn open(store: &Arc<Store>, key: Key, request: &OpenRequest) -> io::Result<Opened> {
    let writes = request.write || request.append;
    if request.custom_flags != 0 {
        return Err(store.refuse("knows no flags of the system"));
    }
    // The names of std that create a file ask for reading too, and few programs do read it then.
    if request.read && writes && !request.create_new {
        return Err(store.refuse("gives a file either for reading or for writing, not for both"));
    }
    if !writes {
        return open_for_reading(store, key).await;
    }
    store.require(store.can.write, "write", "write")?;
    if key.is_of_dir && (request.create || request.create_new) {
        return Err(error(Errno::ISDIR));
    }
    let (target, position) = match (request.create_new, request.append) {
        (true, _) => (new_file(store, &key).await?, 0),
        (false, true) => end_of_file(store, &key, request.create).await?,
        (false, false) => (contents(store, &key, request).await?, 0),
    };
    let file = Outgoing::start(store.clone(), key.clone(), target, position);
    Ok(opened(store, &key, Arc::new(file), position))
}

/// Opens the new contents of a file, which take its name on completion.
pub(crate) async fn replace(store: &Arc<Store>, key: Key, refuses_taken: bool) -> io::Result<Opened> {
    store.require(store.can.write, "write", "write")?;
    if key.is_of_dir || store.is_dir(&key).await? {
        return Err(error(Errno::ISDIR));
    }
    let target = match (store.publishes_at_close(), refuses_taken) {
        (true, true) => {
            let operation = "replace a file unless its name is taken";
            store.require(store.can.write_with_if_not_exists, operation, "write_with_if_not_exists")?;
            Target::Contents { refuses_taken }
        }
        (true, false) => Target::Contents { refuses_taken },
        (false, true) => {
            return Err(store.refuse("shows a file while it is written, and renames it without a condition"));
        }
        (false, false) => {
            let operation = "replace a file in one step";
            store.require(store.can.rename, operation, "rename")?;
            Target::Renamed { staging: store.staging(&key) }
        }
    };
    let file = Outgoing::start(store.clone(), key.clone(), target, 0);
    Ok(opened(store, &key, Arc::new(file), 0))
}

async fn open_for_reading(store: &Arc<Store>, key: Key) -> io::Result<Opened> {
    store.require(store.can.read, "read", "read")?;
    match store.look_up(&key).await? {
        None => Err(error(Errno::NOENT)),
        Some(Found::Dir(found)) => {
            let dir = OpenDir::new(store, &key, found.as_ref());
            let mut opened = opened(store, &key, Arc::new(dir), 0);
            opened.directory = Some(true);
            Ok(opened)
        }
        Some(Found::File(found)) if !found.is_file() => {
            Err(store.refuse("says neither that it is a file nor how long it is"))
        }
        Some(Found::File(found)) => {
            let file = FarFile::new(store.clone(), key.clone(), &found);
            let len = file.len();
            Ok(opened(store, &key, Arc::new(file), len))
        }
    }
}

/// A file that must not be there yet. The store decides on completion; this look-up is for those who would write for
/// nothing.
async fn new_file(store: &Store, key: &Key) -> io::Result<Target> {
    let operation = "create a file only if its name is free";
    store.require(store.can.write_with_if_not_exists, operation, "write_with_if_not_exists")?;
    match store.look_up(key).await? {
        None => Ok(Target::Contents { refuses_taken: true }),
        Some(_) => Err(error(Errno::EXIST)),
    }
}

async fn end_of_file(store: &Store, key: &Key, creates: bool) -> io::Result<(Target, u64)> {
    store.require_appends()?;
    match store.look_up(key).await? {
        None if creates => Ok((Target::Appended { is_new: true }, 0)),
        None => Err(error(Errno::NOENT)),
        Some(Found::Dir(_)) => Err(error(Errno::ISDIR)),
        Some(Found::File(found)) => Ok((Target::Appended { is_new: false }, found.content_length())),
    }
}

/// The contents of a file from its beginning.
async fn contents(store: &Store, key: &Key, request: &OpenRequest) -> io::Result<Target> {
    let target = Target::Contents { refuses_taken: false };
    if request.create && request.truncate {
        return match store.is_dir(key).await? {
            true => Err(error(Errno::ISDIR)),
            false => Ok(target),
        };
    }
    match store.look_up(key).await? {
        None if request.create => Ok(target),
        None => Err(error(Errno::NOENT)),
        Some(Found::Dir(_)) => Err(error(Errno::ISDIR)),
        Some(Found::File(found)) if request.truncate || found.content_length() == 0 => Ok(target),
        Some(Found::File(_)) => {
            Err(store.refuse("cannot write within a file: it takes whole ones (`truncate`), in order"))
        }
    }
}

fn opened(store: &Store, key: &Key, file: Arc<dyn AsyncFile>, len: u64) -> Opened {
    let mut opened = Opened::asynchronous(file, store.identity(key.as_bytes()), len);
    opened.directory = Some(false);
    opened
}
