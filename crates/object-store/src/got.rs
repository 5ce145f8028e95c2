//! What a get has found, before it is turned into a stream.

use std::ops::Range;
use std::path::Path as FilePath;
use std::sync::Arc;

use bytes::Bytes;
use folio_engine::op::Subject;
use folio_engine::storage::{Identity, Storage, StorageFile};
use object_store::{GetOptions, ObjectMeta, Result};

use crate::error::generic;

/// The range that is asked for, if the conditions hold.
pub(crate) fn within(options: &GetOptions, meta: &ObjectMeta) -> Result<Range<u64>> {
    options.check_preconditions(meta)?;
    match &options.range {
        Some(range) => range.as_range(meta.size).map_err(generic),
        None => Ok(0..meta.size),
    }
}

pub(crate) struct Got {
    pub(crate) meta: ObjectMeta,
    pub(crate) range: Range<u64>,
    pub(crate) body: Body,
}

pub(crate) enum Body {
    Whole(Bytes),
    Open(OpenFile),
}

/// An open file whose object is read piece by piece.
#[derive(Clone)]
pub(crate) struct OpenFile {
    pub(crate) path: Arc<FilePath>,
    pub(crate) file: Arc<dyn StorageFile>,
}

impl Subject for OpenFile {
    fn path(&self) -> &FilePath {
        &self.path
    }

    /// None: what is read was opened before.
    fn identities(&self, _: &dyn Storage) -> Vec<Identity> {
        Vec::new()
    }
}
