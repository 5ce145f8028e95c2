//! std, called directly: the floor.

use std::fs::{self, File, Metadata};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use crate::contender::Column;
use crate::everyday::{EverydayRival, Sink};
use crate::job::Everyday;

/// Bytes that folio's buffered files keep back, for [`StdSameBuffer`].
const SAME_BUFFER_BYTES: usize = 256 * 1024;

/// std, with the buffers it has by default.
#[derive(Debug)]
pub(crate) struct StdFs;

impl EverydayRival for StdFs {
    const COLUMN: Column = Column::Std;
    type Sink = BufWriter<File>;

    fn takes(job: Everyday) -> bool {
        !matches!(job, Everyday::Tell(_))
    }

    async fn create(path: &Path) -> io::Result<BufWriter<File>> {
        File::create(path).map(BufWriter::new)
    }

    async fn lines(path: &Path, mut see: impl FnMut(&str) + Send) -> io::Result<()> {
        for line in BufReader::new(File::open(path)?).lines() {
            see(&line?);
        }
        Ok(())
    }

    async fn read(path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    async fn metadata(path: &Path) -> io::Result<Metadata> {
        fs::metadata(path)
    }

    async fn try_exists(path: &Path) -> io::Result<bool> {
        fs::exists(path)
    }

    async fn walk(root: &Path, mut see: impl FnMut(&Path, bool) + Send) -> io::Result<()> {
        see(root, true);
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                let (path, is_dir) = (entry.path(), entry.file_type()?.is_dir());
                see(&path, is_dir);
                if is_dir {
                    folders.push(path);
                }
            }
        }
        Ok(())
    }

    async fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
        replace(path, contents)
    }

    async fn copy(from: &Path, to: &Path) -> io::Result<u64> {
        fs::copy(from, to)
    }
}

/// What users of the crate `tempfile` write, with the syncs that a power cut asks for. Nothing of the old file is kept.
pub(super) fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let mut next = tempfile::NamedTempFile::new_in(dir)?;
    next.write_all(contents)?;
    next.as_file().sync_all()?;
    next.persist(path)?;
    File::open(dir)?.sync_all()
}

/// std's `BufWriter` with as large a buffer as folio's, so that the row shows what the size alone does.
#[derive(Debug)]
pub(crate) struct StdSameBuffer;

impl EverydayRival for StdSameBuffer {
    const COLUMN: Column = Column::StdSameBuffer;
    type Sink = BufWriter<File>;

    fn takes(job: Everyday) -> bool {
        job == Everyday::BufferedWrites
    }

    async fn create(path: &Path) -> io::Result<BufWriter<File>> {
        File::create(path).map(|file| BufWriter::with_capacity(SAME_BUFFER_BYTES, file))
    }
}

impl Sink for BufWriter<File> {
    async fn write_all(&mut self, block: &[u8]) -> io::Result<()> {
        Write::write_all(self, block)
    }

    async fn flush(&mut self) -> io::Result<()> {
        Write::flush(self)
    }
}
