//! [folio](https://docs.rs/folio)'s files on storage that is far away: S3 and its kin, GCS, Azure, HDFS, WebDAV, SFTP, Redis and
//! whatever else OpenDAL reaches.
//!
//! ```
//! use opendal::{Operator, services::Memory};   // or S3, Gcs, Azblob, Webdav, Sftp, Redis …
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = folio::Engine::builder().storage(folio_opendal::storage(Operator::new(Memory::default())?)).start()?;
//! engine
//!     .scope(async {
//!         folio::fs::write("logs/today", "it is the same File").await?;
//!         let log = folio::File::open("logs/today").await?;
//!         let mut word = [0; 4];
//!         log.read_exact_at(&mut word, 10).await?;
//!         assert_eq!(&word, b"same");
//!         Ok::<(), folio::Error>(())
//!     })
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! # How it works
//!
//! A path is a key: `/a/b`, `a/b` and `./a/c/../b` are the key `a/b`. No worker waits for a store; operations have the
//! order, permits, deadlines and cancellation of all others.
//!
//! **Reads** are ranged requests for exactly what is asked for; neighbours that are asked for in the same turn of the executor
//! are one request. The second read that begins where the one before ended fetches 256 KiB, and from then on the next window
//! is fetched while the present one is read, each twice as long, up to [8 MiB](OpenDal::read_ahead_bytes_max), and 256 MiB for all
//! files of a storage together. A file stays at the version that was opened: once it was replaced, reads go on in a store that keeps
//! versions, and otherwise fail with `ESTALE`. (A store without ETags cannot tell versions apart; there a read may return bytes of the
//! new one.)
//!
//! **Writes** go in order, from the beginning. Small ones are collected to [parts](OpenDal::part_bytes), which are sent
//! [side by side](OpenDal::parts_at_once). On object stores and databases the file is visible once it is closed or synced, as a whole, and not at
//! all if anything failed; until then the old one is. Servers of files (SFTP, HDFS, WebDAV, OpenDAL's `fs`) show it while it is written, and what was
//! sent before a failure stays; there `fs::replace` is what publishes as a whole. A sync completes the file, so that it takes no more writes. A store that takes files only as a whole (Redis, WebDAV)
//! gets them from memory, [up to a bound](OpenDal::whole_bytes_max).
//!
//! **Directories** of most stores are parts of keys: whatever has keys below it is one, and an empty one is an object whose key
//! ends in a slash. Writing `a/b/c` creates those above it. A look-up of a file is one request, of a directory or of nothing two.
//!
//! Retries, timeouts and limits are OpenDAL's layers: give the operator those that it shall have. `ConcurrentLimitLayer` counts a
//! file that is being sent and a listing under way as an operation until its end, so that a walk may wait for itself; its limit on HTTP
//! requests counts requests.
//!
//! # What is refused
//!
//! What a store cannot do is refused at once, with an error that names the operation and OpenDAL's name of the capability
//! (`ErrorKind::Unsupported`). Nothing is made of other operations.
//!
//! | | needs |
//! |---|---|
//! | opening for reading and writing, writing within a file, changing its length, permissions, owners, times, locks, links | no store can |
//! | `create_new` | `write_with_if_not_exists`; two who create a file at once learn at `close` who was second. It may be opened for reading too, but reads are refused |
//! | appending | `write_can_append`, except on S3 ([why](OpenDal::appends)); each append is a request of its own, so that a buffered file is worth it |
//! | `fs::replace` | a service known to make a file visible in one step, otherwise `rename` ([how](OpenDal::publishes_at_close)) |
//! | `fs::rename` of a file | `rename`; with `no_clobber` or `exchange` no store can |
//! | `fs::copy` | `copy` |
//! | listing, and removing directories | `list` |
//! | creating directories | `create_dir` |
//!
//! Without a condition in one request, two callers may both succeed: in removing one file, in creating one directory; and what is
//! written into a directory while it is removed may stay.
//!
//! # What is made up
//!
//! Permissions (`0o644`, `0o755`), owners (0) and the identity of files, which is a hash of the key. All times are that of the last change,
//! or the epoch where the store keeps none.
//!
//! # When not to use it
//!
//! For local disks, on which folio itself knows more than OpenDAL's `fs`; for many small writes within files; and for names that
//! begin or end in white space, which OpenDAL drops: they are refused.
//!
//! # Cancellation
//!
//! A read that is dropped gives its request up, unless others wait for it. A write that is dropped loses no byte that it was
//! called with before others. A close that is dropped goes on. What a process leaves that is killed in the middle of an upload is not
//! visible, but stored: give buckets a rule that removes unfinished uploads.

mod attributes;
mod budget;
mod directory;
mod error;
mod key;
mod limits;
mod list;
mod look_up;
mod names;
mod open;
mod read;
mod storage;
mod store;
mod write;

use std::sync::Arc;

use folio_engine::storage::Storage;

pub use storage::OpenDal;

/// Returns a storage of everything below the operator's root, for [`Engine::builder`](folio_engine::Engine::builder).
/// [`OpenDal`] has what can be set.
///
/// ```
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use opendal::{Operator, services::Memory};
///
/// let operator = Operator::new(Memory::default())?;
/// let engine = folio::Engine::builder().storage(folio_opendal::storage(operator)).start()?;
/// # Ok(())
/// # }
/// ```
pub fn storage(operator: opendal::Operator) -> Arc<dyn Storage> {
    OpenDal::new(operator).storage()
}
