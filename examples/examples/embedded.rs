//! An actor of your own that keeps its state in a file, and lets entries that come together share a sync:
//! `cargo run --example embedded`.

use folio::File;
use folio::actor::ReadAt;
use kameo::error::Infallible;
use kameo::prelude::*;

/// Remembers entries; an entry it has acknowledged survives a power cut.
struct Ledger {
    file: File,
}

impl Actor for Ledger {
    type Args = Ledger;
    type Error = Infallible;

    async fn on_start(ledger: Ledger, _: ActorRef<Ledger>) -> Result<Ledger, Infallible> {
        Ok(ledger)
    }
}

struct Enter(&'static str);

impl Message<Enter> for Ledger {
    /// The entry's offset in the file.
    type Reply = DelegatedReply<folio::Result<u64>>;

    async fn handle(&mut self, Enter(entry): Enter, ctx: &mut Context<Self, Self::Reply>) -> Self::Reply {
        let file = self.file.clone();
        // Awaited here, so that the file has the entries in the order of the messages.
        let appended = file.append(entry.as_bytes()).await;
        // Not here: the next message would have to wait, and its sync would be another one.
        ctx.spawn(async move {
            let offset = appended?;
            file.sync_data().await?;
            Ok(offset)
        })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("ledger");
    let file = File::options().read(true).append(true).create(true).open(&path).await?;
    let actor = file.actor().ok_or("a FIFO has no actor")?;
    let ledger = Ledger::spawn(Ledger { file });

    ledger.ask(Enter("one apple;")).await?;
    let offset = ledger.ask(Enter("two pears;")).await?;

    // The actor and the handle are two ways to one file: the same order, the same cursor.
    let bytes = actor.ask(ReadAt { offset, len: 10 }).await?;
    println!("at {offset}: {}", String::from_utf8_lossy(&bytes));
    println!("in all: {}", folio::fs::read_to_string(&path).await?);
    Ok(())
}
