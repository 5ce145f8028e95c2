//! Operations that turn a path into another: without links, with a home directory.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use super::{PathOp, PathRequest};
use crate::error::Operation;
use crate::storage::Storage;

/// Resolves the symbolic links of an absolute path as far as it leads somewhere, as CPython's `realpath` does.
pub fn real_path(path: PathBuf) -> impl PathRequest<Reply = PathBuf> {
    PathOp::new(Operation::Canonicalize, path, |storage, path| {
        let mut resolving = Resolving { done: PathBuf::new(), ahead: Vec::new(), links: HashMap::new() };
        resolving.enqueue(&path);
        Ok(resolving.resolve(storage))
    })
}

/// A path that is being resolved.
struct Resolving {
    /// The part without links.
    done: PathBuf,
    /// What is still to be resolved, the next last.
    ahead: Vec<Ahead>,
    /// Links that were met, and what each has turned out to lead to.
    links: HashMap<PathBuf, Link>,
}

enum Ahead {
    /// The root: everything before it counts no more.
    Root,
    /// The parent of what is done.
    Up,
    /// A name in what is done.
    Name(OsString),
    /// What this link contains ends here.
    EndOf(PathBuf),
}

enum Link {
    /// What it contains is being resolved: meeting it again leads in a circle.
    Open,
    /// Leads here.
    To(PathBuf),
}

impl Resolving {
    fn enqueue(&mut self, path: &Path) {
        self.ahead.extend(path.components().rev().filter_map(|component| match component {
            Component::Prefix(_) | Component::RootDir => Some(Ahead::Root),
            Component::CurDir => None,
            Component::ParentDir => Some(Ahead::Up),
            Component::Normal(name) => Some(Ahead::Name(name.to_owned())),
        }));
    }

    fn resolve(mut self, storage: &dyn Storage) -> PathBuf {
        while let Some(next) = self.ahead.pop() {
            match next {
                Ahead::EndOf(link) => drop(self.links.insert(link, Link::To(self.done.clone()))),
                Ahead::Name(name) => {
                    let path = self.done.join(&name);
                    match self.links.get(&path) {
                        Some(Link::To(target)) => self.done.clone_from(target),
                        // A circle leads nowhere: from here on the text is all there is.
                        Some(Link::Open) => {
                            self.done.push(name);
                            return self.rest();
                        }
                        None => self.enter(path, storage),
                    }
                }
                other => self.step(other),
            }
        }
        self.done
    }

    fn enter(&mut self, path: PathBuf, storage: &dyn Storage) {
        // Whatever is no link, or cannot be asked, stands for itself.
        let Ok(target) = storage.read_link(&path) else {
            self.done = path;
            return;
        };
        self.links.insert(path.clone(), Link::Open);
        self.ahead.push(Ahead::EndOf(path));
        self.enqueue(&target);
    }

    fn rest(mut self) -> PathBuf {
        while let Some(next) = self.ahead.pop() {
            self.step(next);
        }
        self.done
    }

    /// By the text alone.
    fn step(&mut self, next: Ahead) {
        match next {
            Ahead::Root => self.done = PathBuf::from("/"),
            // Above the root is the root.
            Ahead::Up => drop(self.done.pop()),
            Ahead::Name(name) => self.done.push(name),
            Ahead::EndOf(_) => {}
        }
    }
}

/// Asks where the home directory of a user is, or of the one this process runs as; errors name `path`, for which it
/// is wanted.
pub fn home_dir(user: Option<OsString>, path: PathBuf) -> impl PathRequest<Reply = Option<PathBuf>> {
    PathOp::new(Operation::Canonicalize, path, move |storage, _| storage.home_dir(user.as_deref()))
}
