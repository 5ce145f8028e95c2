//! Operations that resolve a path: its symbolic links, its home directory.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use super::{PathOp, PathRequest};
use crate::error::Operation;
use crate::storage::Storage;

/// Resolves the symbolic links of an absolute path as far as the path exists, like CPython's `realpath`.
pub fn real_path(path: PathBuf) -> impl PathRequest<Reply = PathBuf> {
    PathOp::new(Operation::Canonicalize, path, |storage, path| {
        let mut resolving = Resolving { done: PathBuf::new(), ahead: Vec::new(), links: HashMap::new() };
        resolving.enqueue(&path);
        Ok(resolving.resolve(storage))
    })
}

/// A path that is being resolved.
struct Resolving {
    /// The resolved part, without links.
    done: PathBuf,
    /// The parts still to resolve, the next one last.
    ahead: Vec<Part>,
    /// The links met so far, with their targets.
    links: HashMap<PathBuf, Link>,
}

enum Part {
    /// The root, which replaces everything before it.
    Root,
    /// The parent of the resolved part.
    Up,
    /// A name in the resolved part.
    Name(OsString),
    /// The end of this link's contents.
    EndOf(PathBuf),
}

enum Link {
    /// Its contents are being resolved: meeting the link again is a circle.
    Open,
    /// The resolved target.
    To(PathBuf),
}

impl Resolving {
    fn enqueue(&mut self, path: &Path) {
        self.ahead.extend(path.components().rev().filter_map(|component| match component {
            Component::Prefix(_) | Component::RootDir => Some(Part::Root),
            Component::CurDir => None,
            Component::ParentDir => Some(Part::Up),
            Component::Normal(name) => Some(Part::Name(name.to_owned())),
        }));
    }

    fn resolve(mut self, storage: &dyn Storage) -> PathBuf {
        while let Some(next) = self.ahead.pop() {
            match next {
                Part::EndOf(link) => drop(self.links.insert(link, Link::To(self.done.clone()))),
                Part::Name(name) => {
                    let path = self.done.join(&name);
                    match self.links.get(&path) {
                        Some(Link::To(target)) => self.done.clone_from(target),
                        // The rest of a path through a circle cannot be looked up.
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
        // A name that is not a readable link stands for itself.
        let Ok(target) = storage.read_link(&path) else {
            self.done = path;
            return;
        };
        self.links.insert(path.clone(), Link::Open);
        self.ahead.push(Part::EndOf(path));
        self.enqueue(&target);
    }

    fn rest(mut self) -> PathBuf {
        while let Some(next) = self.ahead.pop() {
            self.step(next);
        }
        self.done
    }

    /// Resolves one part by its text alone.
    fn step(&mut self, next: Part) {
        match next {
            Part::Root => self.done = PathBuf::from("/"),
            // The root is its own parent.
            Part::Up => drop(self.done.pop()),
            Part::Name(name) => self.done.push(name),
            Part::EndOf(_) => {}
        }
    }
}

/// Asks for the home directory of a user, by default of the user of this process; errors name `path`.
pub fn home_dir(user: Option<OsString>, path: PathBuf) -> impl PathRequest<Reply = Option<PathBuf>> {
    PathOp::new(Operation::Canonicalize, path, move |storage, _| storage.home_dir(user.as_deref()))
}
