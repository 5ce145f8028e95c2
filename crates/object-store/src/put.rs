//! Writing objects as a whole.

use std::io::{self, IoSlice};
use std::path::PathBuf;

use folio_engine::op::{PathOp, PathRequest};
use folio_engine::storage::{IfTaken, StorageFile};
use folio_engine::{Engine, Operation};
use object_store::{PutPayload, PutResult, Result};

use crate::error::of_engine;
use crate::meta::e_tag;
use crate::staged::{self, Litter};

/// Writes an object and gives it its name, in one request.
pub(crate) async fn put(
    engine: Engine,
    path: PathBuf,
    payload: PutPayload,
    if_taken: IfTaken,
    durable: bool,
) -> Result<PutResult> {
    let tag = engine.call(request(path, payload, if_taken, durable)).await.map_err(of_engine)?;
    Ok(PutResult { e_tag: Some(tag), version: None, extensions: Default::default() })
}

fn request(
    path: PathBuf,
    payload: PutPayload,
    if_taken: IfTaken,
    durable: bool,
) -> impl PathRequest<Reply = String> {
    let bytes = payload.content_length();
    PathOp::new(Operation::Write, path, move |storage, path: PathBuf| {
        let (file, staged) = staged::create(storage, &path, durable)?;
        let litter = Litter::new(storage, staged);
        write(&*file, &payload, 0)?;
        let tag = e_tag(&file.metadata()?);
        staged::publish(&*file, litter, &path, if_taken, durable)?;
        Ok(tag)
    })
    .again()
    .holding(bytes)
}

/// Writes a payload to its place in a file.
pub(crate) fn write(file: &dyn StorageFile, payload: &PutPayload, offset: u64) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> = payload.iter().map(|bytes| IoSlice::new(bytes)).collect();
    let mut rest = slices.as_mut_slice();
    let mut at = offset;
    // Empty ones at the beginning would be taken for a write of nothing.
    IoSlice::advance_slices(&mut rest, 0);
    while !rest.is_empty() {
        match file.write_at(rest, at)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => {
                at += written as u64;
                IoSlice::advance_slices(&mut rest, written);
            }
        }
    }
    Ok(())
}
