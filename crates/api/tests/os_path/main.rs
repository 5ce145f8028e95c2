//! What CPython's `os`, `os.path` and `glob` offer and std has under other names or not at all.

mod attributes;
mod dropped;
mod glob_options;
mod globbing;
mod globs;
mod ground;
mod os;
mod paths;
mod relocating;
mod space;
mod untested_upstream;
mod walk_options;
mod walking;
