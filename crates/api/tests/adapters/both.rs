//! Adapters that read and write one file, or two, at once.

use folio::File;
use tokio::io::{
    AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader, BufStream, copy,
    copy_bidirectional, join, split,
};
use tokio::net::TcpStream;
use tokio_util::codec::{Framed, LinesCodec};
use tokio_util::io::SyncIoBridge;

use crate::runtime::{Carrier, Work};
use crate::source::{Paced, serve};
use crate::{LINES, Room, assert_same, pattern};

/// A file that is read and written.
async fn update(room: &Room, bytes: &[u8]) -> File {
    let path = room.path("both");
    std::fs::write(&path, bytes).unwrap();
    File::options().read(true).write(true).open(path).await.unwrap()
}

fn check(work: impl Fn(Room) -> Work<()> + Copy + Send + 'static) {
    for carrier in Carrier::ALL {
        for in_memory in [false, true] {
            carrier.carry(move || work(if in_memory { Room::in_memory() } else { Room::on_disk() }));
        }
    }
}

#[test]
fn a_peer_that_echoes_gives_back_what_a_file_sent() {
    check(|room| {
        Box::pin(async move {
            let address = serve(|stream| async move {
                let (mut reads, mut writes) = stream.into_split();
                copy(&mut reads, &mut writes).await.unwrap();
            });
            let from = update(&room, &pattern(LINES)).await;
            let to = File::create(room.path("to")).await.unwrap();
            let mut files = join(from, to);
            let mut socket = TcpStream::connect(address).await.unwrap();
            let (sent, received) = copy_bidirectional(&mut files, &mut socket).await.unwrap();
            assert_eq!((sent, received), (140_000, 140_000));
            assert_same("the echo", &std::fs::read(room.path("to")).unwrap(), &pattern(LINES));
        })
    });
}

#[test]
fn a_stream_over_a_file_reads_on_where_it_wrote() {
    check(|room| {
        Box::pin(async move {
            let mut stream = BufStream::with_capacity(100, 100, update(&room, &pattern(100)).await);
            for number in 0..50 {
                let mut line = String::new();
                stream.read_line(&mut line).await.unwrap();
                assert_eq!(line, format!("{:06}\n", 2 * number));
                let at = stream.stream_position().await.unwrap();
                assert_eq!(at, 14 * number + 7);
                stream.write_all(b"......\n").await.unwrap();
                stream.flush().await.unwrap();
            }
            let got = std::fs::read(room.path("both")).unwrap();
            let wanted: String = (0..50).map(|number| format!("{:06}\n......\n", 2 * number)).collect();
            assert_same("every second line", &got, wanted.as_bytes());
        })
    });
}

#[test]
fn halves_of_a_file_share_its_cursor() {
    check(|room| {
        Box::pin(async move {
            let (mut reads, mut writes) = split(update(&room, &pattern(10)).await);
            let mut line = [0; 7];
            for _ in 0..5 {
                reads.read_exact(&mut line).await.unwrap();
                writes.write_all(b"halves\n").await.unwrap();
            }
            writes.shutdown().await.unwrap();
            let mut file = reads.unsplit(writes);
            file.seek(std::io::SeekFrom::Start(0)).await.unwrap();
            let mut all = String::new();
            AsyncReadExt::read_to_string(&mut file, &mut all).await.unwrap();
            let wanted: String = (0..5).map(|number| format!("{:06}\nhalves\n", 2 * number)).collect();
            assert_eq!(all, wanted);
        })
    });
}

#[test]
fn frames_that_were_written_are_read_again() {
    check(|room| {
        Box::pin(async move {
            use futures::{SinkExt, StreamExt};
            let mut framed = Framed::new(update(&room, b"").await, LinesCodec::new());
            for number in 0..1_000 {
                framed.feed(format!("{number:06}")).await.unwrap();
            }
            SinkExt::<String>::flush(&mut framed).await.unwrap();
            framed.get_mut().seek(std::io::SeekFrom::Start(0)).await.unwrap();
            for number in 0..1_000 {
                assert_eq!(framed.next().await.unwrap().unwrap(), format!("{number:06}"));
            }
        })
    });
}

/// Methods of a file and adapters over it are used side by side: what is `read` is folio's, a reader goes by the trait.
#[test]
fn methods_and_adapters_on_one_file_see_one_file() {
    check(|room| {
        Box::pin(async move {
            let mut file = update(&room, b"").await;
            copy(&mut Paced::new(pattern(1_000), 100), &mut file).await.unwrap();
            assert_eq!(file.metadata().await.unwrap().len(), 7_000);
            assert_eq!(file.stream_position().await.unwrap(), 7_000);
            file.write_all(b"by method\n").await.unwrap();
            AsyncWriteExt::write_all(&mut file, b"by trait\n").await.unwrap();
            assert_eq!(file.read_bytes_at(7_000, 100).await.unwrap(), "by method\nby trait\n");
            file.rewind().await.unwrap();
            let mut reader = BufReader::with_capacity(7, file);
            let mut line = String::new();
            reader.read_line(&mut line).await.unwrap();
            let file = reader.into_inner();
            assert_eq!((line.as_str(), &*file.read_bytes(7).await.unwrap()), ("000000\n", &b"000001\n"[..]));
            file.sync_all().await.unwrap();
            file.close().await.unwrap();
            assert_eq!(std::fs::read(room.path("both")).unwrap().len(), 7_019);
        })
    });
}

#[test]
fn a_bridge_to_blocking_code_writes_and_reads_what_it_is_given() {
    let room = Room::on_disk();
    let peers = crate::runtime::peers();
    let file = peers.block_on(update(&room, b""));
    let mut bridge = SyncIoBridge::new_with_handle(file, peers.handle().clone());
    for piece in pattern(LINES).chunks(1_400) {
        std::io::Write::write_all(&mut bridge, piece).unwrap();
    }
    std::io::Write::flush(&mut bridge).unwrap();
    assert_same("written", &std::fs::read(room.path("both")).unwrap(), &pattern(LINES));
    std::io::Seek::rewind(&mut bridge).unwrap();
    let mut all = Vec::new();
    std::io::Read::read_to_end(&mut bridge, &mut all).unwrap();
    bridge.shutdown().unwrap();
    assert_same("read", &all, &pattern(LINES));
}
