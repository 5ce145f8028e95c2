//! Trees as the world has them: of any depth and width, with names of any length, beside others who change them, with
//! folders that refuse and things that are no files.

mod deep;
mod exchanged;
mod ground;
mod refused;
mod special;
mod wide;
