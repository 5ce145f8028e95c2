//! Writes a file, reads it back, and says how much of that needed no other thread:
//! `cargo run --example hello`.

use folio::{Engine, File, fs};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("hello.txt");

    // The names of tokio::fs; change the import and keep the code.
    fs::write(&path, "Hello, file!\n").await?;
    print!("{}", fs::read_to_string(&path).await?);

    // A handle: methods take &self, and clones share the file and its cursor.
    let file = File::options().read(true).append(true).open(&path).await?;
    let offset = file.clone().append(b"Hello again!\n").await?;
    let mut line = vec![0; 13];
    file.read_at(&mut line, offset).await?;
    print!("{}", String::from_utf8_lossy(&line));
    file.close().await?;

    let counters = Engine::global().snapshot().counters;
    println!("in place: {}, changes of thread: {}", counters.in_place, counters.hops);
    Ok(())
}
