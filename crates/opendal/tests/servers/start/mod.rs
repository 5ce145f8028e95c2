//! Servers for tests: programs of this machine on free ports of the loopback, with a folder each, ended by their process
//! IDs.

pub(crate) mod moto;
mod program;
pub(crate) mod redis;
pub(crate) mod s3;
pub(crate) mod sftp;
pub(crate) mod webdav;

pub(crate) use program::Server;
