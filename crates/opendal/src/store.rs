//! A store: the operator, what it can do, and how this crate uses it.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use folio_engine::storage::Identity;
use opendal::{Capability, Operator};

use crate::budget::Budget;
use crate::key::Key;
use crate::limits::{PART_BYTES, PARTS_AT_ONCE, READ_AHEAD_BYTES_MAX, WHOLE_BYTES_MAX};

/// The bit that no device number of an operating system has.
const NO_DEVICE_OF_A_SYSTEM: u64 = 1 << 63;

/// How a store is used.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) read_ahead_bytes_max: u64,
    pub(crate) part_bytes: usize,
    pub(crate) parts_at_once: usize,
    pub(crate) whole_bytes_max: u64,
    /// `None` if it is decided by what is known of the service.
    pub(crate) publishes_at_close: Option<bool>,
    /// `None` if it is decided by what is known of the service.
    pub(crate) appends: Option<bool>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            read_ahead_bytes_max: READ_AHEAD_BYTES_MAX,
            part_bytes: PART_BYTES,
            parts_at_once: PARTS_AT_ONCE,
            whole_bytes_max: WHOLE_BYTES_MAX,
            publishes_at_close: None,
            appends: None,
        }
    }
}

/// What all files of one storage share.
#[derive(Clone)]
pub(crate) struct Store {
    pub(crate) operator: Operator,
    pub(crate) can: Capability,
    pub(crate) options: Options,
    pub(crate) ahead: Arc<Budget>,
    scheme: &'static str,
    device: u64,
    /// Its keys are random, so that no one can choose two names with one number.
    numbers: RandomState,
}

impl Store {
    pub(crate) fn new(operator: Operator, options: Options) -> Store {
        let info = operator.info();
        let numbers = RandomState::new();
        let device = numbers.hash_one("device") | NO_DEVICE_OF_A_SYSTEM;
        let (can, scheme, ahead) = (info.capability(), info.scheme(), Arc::default());
        Store { operator, can, options, ahead, scheme, device, numbers }
    }

    /// The identity of the file or directory of this name.
    pub(crate) fn identity(&self, name: &[u8]) -> Identity {
        Identity { device: self.device, inode: self.numbers.hash_one(name) }
    }

    /// The number of the entry `name` of a directory.
    pub(crate) fn number_in(&self, dir: &Key, name: &[u8]) -> u64 {
        let mut bytes = dir.as_bytes().to_vec();
        if !dir.is_root() {
            bytes.push(b'/');
        }
        bytes.extend_from_slice(name);
        self.identity(&bytes).inode
    }

    /// Refuses an operation for want of a capability, by OpenDAL's name of it.
    pub(crate) fn require(&self, has: bool, operation: &str, capability: &str) -> io::Result<()> {
        match has {
            true => Ok(()),
            false => {
                Err(self.refuse(format_args!("cannot {operation}: its capability `{capability}` is false")))
            }
        }
    }

    /// A refusal: `why` goes on after the store's name.
    pub(crate) fn refuse(&self, why: impl fmt::Display) -> io::Error {
        io::Error::new(ErrorKind::Unsupported, format!("the store ({}) {why}", self.scheme))
    }

    /// Bytes of one part of an upload, within what the store takes; `None` if it takes a file only as a whole.
    pub(crate) fn part_bytes(&self) -> Option<usize> {
        let at_least = self.can.write_multi_min_size.unwrap_or(1).max(1);
        let at_most = self.can.write_multi_max_size.unwrap_or(usize::MAX).max(at_least);
        self.can.write_can_multi.then(|| self.options.part_bytes.clamp(at_least, at_most))
    }

    /// A name beside `key` that no other caller has.
    pub(crate) fn staging(&self, key: &Key) -> Key {
        let number = RandomState::new().hash_one(key.as_bytes());
        key.beside(&format!(".folio-replace-{}-{number:016x}", std::process::id()))
    }

    /// Whether an append is one.
    pub(crate) fn require_appends(&self) -> io::Result<()> {
        self.require(self.can.write_can_append, "append", "write_can_append")?;
        match self.options.appends.unwrap_or(self.scheme != OVERWRITING) {
            true => Ok(()),
            false => Err(self.refuse("may keep only the appended bytes: few of its servers can append")),
        }
    }

    /// Whether a file that is written takes its name when it is closed, as a whole and in one step.
    pub(crate) fn publishes_at_close(&self) -> bool {
        self.options.publishes_at_close.unwrap_or_else(|| PUBLISHING.contains(&self.scheme))
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("operator", &self.operator).field("options", &self.options).finish()
    }
}

/// The service whose servers take an append and mostly replace the file by it: of AWS, only directory buckets look at where the
/// bytes are to go.
const OVERWRITING: &str = "s3";

/// The services that make an object visible as a whole: object stores by completing an upload, databases by one statement.
/// No capability of OpenDAL says so.
const PUBLISHING: [&str; 33] = [
    "azblob",
    "b2",
    "cacache",
    "cloudflare-kv",
    "cos",
    "d1",
    "dashmap",
    "etcd",
    "foundationdb",
    "gcs",
    "gridfs",
    "memcached",
    "memory",
    "mini-moka",
    "moka",
    "mongodb",
    "mysql",
    "obs",
    "oss",
    "persy",
    "postgresql",
    "redb",
    "redis",
    "rocksdb",
    "s3",
    "sled",
    "sqlite",
    "supabase",
    "surrealdb",
    "swift",
    "tikv",
    "tos",
    "upyun",
];
