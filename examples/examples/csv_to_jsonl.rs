//! Turns a CSV file into lines of JSON: `cargo run --example csv_to_jsonl -- IN.csv OUT.jsonl`; with `--storage URI`, both
//! are on a storage far away (`--features far`).
//!
//! ```text
//!   lines of text ── batches ──▶ tasks that convert ── bounded channel, in order ──▶ one buffered file
//! ```
//!
//! The channel holds a few batches: while the disk is slow, sending waits, and so does reading.

use std::ffi::OsStr;

use folio::text::{Encoding, Newline, Options};
use folio::{Buffering, File};
use folio_examples::engine_on;
use lexopt::prelude::*;
use serde_json::Map;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

const BATCH_BYTES: usize = 64 * 1024;
/// Batches that are converted or wait to be written.
const BATCHES_MAX: usize = 4;

type Batches = mpsc::Sender<JoinHandle<csv::Result<String>>>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut paths, mut storage) = (Vec::new(), None);
    let mut parser = lexopt::Parser::from_env();
    while let Some(arg) = parser.next()? {
        match arg {
            Long("storage") => storage = Some(parser.value()?.string()?),
            Value(path) => paths.push(path),
            Long(_) | Short(_) => return Err(arg.unexpected().into()),
        }
    }
    let [from, to] = paths.as_slice() else {
        return Err("usage: csv_to_jsonl IN OUT [--storage URI]".into());
    };
    let engine = engine_on(storage.as_deref())?;
    engine.scope(convert_file(from, to)).await
}

async fn convert_file(from: &OsStr, to: &OsStr) -> Result<(), Box<dyn std::error::Error>> {
    // A byte order mark, as spreadsheets write it, is taken away; ends of lines are left to the CSV parser,
    // because those within quotes belong to a field.
    let encoding = Encoding::for_name("utf-8-sig")?;
    let text = Options::new().read(true).encoding(encoding).newline(Newline::Lf).open(from).await?;
    let mut options = File::options();
    options.write(true).create(true).truncate(true).buffering(Buffering::Default);
    let out = options.open(to).await?;

    let (batches, mut converted) = mpsc::channel(BATCHES_MAX);
    let reader = tokio::spawn(read(text.lines(), batches));
    while let Some(batch) = converted.recv().await {
        out.write_all(batch.await??.as_bytes()).await?;
    }
    reader.await??;
    // Writes what is buffered; dropping the file would do that too, but could not report a failure.
    Ok(out.close().await?)
}

/// Cuts the text into batches of whole records, each behind a copy of the header.
async fn read(mut lines: folio::text::Lines, batches: Batches) -> folio::Result<()> {
    let (mut header, mut batch, mut quoted) = (None, String::new(), false);
    while let Some(line) = lines.next().await.transpose()? {
        batch.push_str(&line);
        batch.push('\n');
        // RFC 4180: a quote within quotes is doubled, so an odd number of them opens or closes a field.
        quoted ^= line.matches('"').count() % 2 == 1;
        if !quoted && header.is_none() {
            header = Some(batch.clone());
        } else if !quoted && batch.len() >= BATCH_BYTES {
            send(&batches, &mut batch, &header).await;
        }
    }
    send(&batches, &mut batch, &header).await;
    Ok(())
}

async fn send(batches: &Batches, batch: &mut String, header: &Option<String>) {
    let text = std::mem::replace(batch, header.clone().unwrap_or_default());
    // If the writer has given up, it says why.
    let _ = batches.send(tokio::spawn(async move { convert(&text) })).await;
}

fn convert(csv: &str) -> csv::Result<String> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let names = reader.headers()?.clone();
    let mut json = String::new();
    for record in reader.records() {
        let record = record?;
        let fields = names.iter().zip(&record).map(|(name, field)| (name.to_owned(), field.into()));
        json += &serde_json::Value::Object(fields.collect::<Map<_, _>>()).to_string();
        json.push('\n');
    }
    Ok(json)
}
