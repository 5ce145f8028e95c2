//! Many operations that are all queued before the first of them may start.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use folio::{Engine, File};

/// Operations in a burst.
pub(crate) const ASKED: u64 = 64;

/// Bytes of one write of a burst.
pub(crate) const WRITE_BYTES: usize = 128;

/// What is asked so many times.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Burst {
    /// Writes, each beginning where the one before ends.
    Writes,
    /// Appends.
    Appends,
    /// Syncs.
    Syncs,
}

type Asked = Pin<Box<dyn Future<Output = folio::Result<()>>>>;

impl Burst {
    fn ask(self, file: File, index: u64) -> Asked {
        let bytes = vec![index as u8; WRITE_BYTES];
        match self {
            Burst::Writes => {
                Box::pin(async move { file.write_bytes_at(bytes, index * WRITE_BYTES as u64).await })
            }
            Burst::Appends => Box::pin(async move { file.append_bytes(bytes).await.map(|_| ()) }),
            Burst::Syncs => Box::pin(async move { file.sync_data().await }),
        }
    }

    /// Queues the whole burst behind whatever holds `file` up, has it let go, and waits for all.
    pub(crate) async fn run(self, engine: &Engine, file: &File, let_go: impl FnOnce()) {
        let mut asked: Vec<Asked> = (0..ASKED).map(|index| self.ask(file.clone(), index)).collect();
        // Far behind the others and the last in the mailbox: when its byte is queued, all the others are.
        let last = file.clone();
        asked.push(Box::pin(async move { last.write_all_at(b".", 1 << 20).await }));
        for one in &mut asked {
            let pending = poll_fn(|cx| Poll::Ready(one.as_mut().poll(cx).is_pending())).await;
            assert!(pending, "something holds the file up");
        }
        let queued = match self {
            Burst::Writes | Burst::Appends => ASKED * WRITE_BYTES as u64 + 1,
            Burst::Syncs => 1,
        };
        while engine.snapshot().files[0].queued_bytes < queued {
            tokio::task::yield_now().await;
        }
        let_go();
        for one in asked {
            one.await.expect("the disk takes it");
        }
    }
}
