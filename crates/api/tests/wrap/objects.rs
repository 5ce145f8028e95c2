//! What any object can do as a file, and what it cannot.

use std::io::{Cursor, Read, Seek, SeekFrom, Write};

use flate2::Compression;
use flate2::read::{DeflateDecoder, GzDecoder};
use flate2::write::GzEncoder;
use folio::{Error, Operation, text, wrap};
use folio_testkit::{Random, seeds};
use tokio::io::AsyncReadExt;

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_gzip_reader_is_read_like_any_file() {
    let text: Vec<u8> = (0..100_000_u32).flat_map(|number| format!("line {number}\n").into_bytes()).collect();
    let mut file = wrap::reader(GzDecoder::new(Cursor::new(zipped(&text)))).open().await.unwrap();
    let head = file.read_bytes(7).await.unwrap();
    assert_eq!(head, "line 0\n");
    assert_eq!(file.stream_position().await.unwrap(), 7);
    let mut rest = Vec::new();
    file.read_to_end(&mut rest).await.unwrap();
    assert!(rest == text[7..]);
    assert_eq!(file.read_bytes(1).await.unwrap(), "");
    file.close().await.unwrap();
}

#[tokio::test]
async fn text_stands_on_objects_too() {
    let options = text::Options::new().encoding_name("utf-16").to_owned();
    let encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let file = wrap::writer(encoder).open().await.unwrap();
    let mut output = options.open_file(file.clone()).unwrap();
    for line in ["first", "second €"] {
        output.write_line(line).await.unwrap();
    }
    let bytes = wrap::into_inner::<GzEncoder<Vec<u8>>>(file).await.unwrap().finish().unwrap();
    let file = wrap::reader(GzDecoder::new(Cursor::new(bytes))).open().await.unwrap();
    let mut input = options.open_file(file).unwrap();
    assert_eq!(input.next_line().await.unwrap().as_deref(), Some("first"));
    assert!(input.tell().await.is_err(), "it has no positions");
    assert_eq!(input.read_to_string().await.unwrap(), "second €\n");
    let file = wrap::read_seek(Cursor::new(b"one\ntwo\n".to_vec())).open().await.unwrap();
    let mut lines = text::Options::new().open_file(file).unwrap();
    lines.next_line().await.unwrap();
    let place = lines.tell().await.unwrap();
    assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("two"));
    lines.seek(SeekFrom::Start(place)).await.unwrap();
    assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("two"));
}

#[tokio::test]
async fn closing_a_gzip_writer_finishes_it() {
    let room = tempfile::TempDir::new().unwrap();
    let path = room.path().join("log.gz");
    let encoder = GzEncoder::new(std::fs::File::create(&path).unwrap(), Compression::fast());
    let finish = |encoder: GzEncoder<std::fs::File>| encoder.finish()?.sync_all();
    let file = wrap::writer(encoder).named(&path).on_close(finish).open().await.unwrap();
    file.write_all(b"first\n").await.unwrap();
    assert_eq!(file.append(b"second\n").await.unwrap(), 6);
    file.close().await.unwrap();
    let mut text = String::new();
    GzDecoder::new(std::fs::File::open(&path).unwrap()).read_to_string(&mut text).unwrap();
    assert_eq!(text, "first\nsecond\n");
}

#[tokio::test]
async fn entries_of_a_zip_archive_are_written_and_read() {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("notes.txt", zip::write::SimpleFileOptions::default()).unwrap();
    let entry = wrap::writer(archive).open().await.unwrap();
    entry.write_all(b"kept in the archive").await.unwrap();
    let archive: zip::ZipWriter<Cursor<Vec<u8>>> = wrap::into_inner(entry).await.unwrap();
    let bytes = folio::run(|| archive.finish()).await.unwrap().unwrap().into_inner();

    let mut archive = zip::ZipArchive::new(Cursor::new(bytes.clone())).unwrap();
    let (start, len) = {
        let entry = archive.by_name("notes.txt").unwrap();
        (entry.data_start(), entry.compressed_size())
    };
    let mut data = Cursor::new(bytes);
    data.seek(SeekFrom::Start(start)).unwrap();
    let mut entry = wrap::reader(DeflateDecoder::new(Read::take(data, len))).open().await.unwrap();
    let mut text = String::new();
    entry.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "kept in the archive");
}

#[tokio::test]
async fn the_cursor_begins_where_the_object_stands() {
    let mut object = Cursor::new(b"0123456789".to_vec());
    object.set_position(4);
    let file = wrap::read_seek(object).open().await.unwrap();
    assert_eq!(file.stream_position().await.unwrap(), 4);
    assert_eq!(file.read_bytes(2).await.unwrap(), "45");
    assert_eq!(file.seek(SeekFrom::End(-1)).await.unwrap(), 9);
    assert_eq!(file.read_bytes(2).await.unwrap(), "9");
    assert_eq!(file.read_bytes_at(1, 3).await.unwrap(), "123");
    assert_eq!(file.stream_position().await.unwrap(), 10);
}

#[test]
fn an_object_that_can_seek_behaves_like_a_file() {
    seeds(20, |seed| {
        let mut random = Random::new(seed);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let room = tempfile::TempDir::new().unwrap();
            let mut options = folio::File::options();
            let real = options.read(true).write(true).create(true).open(room.path().join("f")).await.unwrap();
            let object = wrap::read_write_seek(Cursor::new(Vec::new())).open().await.unwrap();
            for _ in 0..60 {
                let (place, len) = (random.within(0..200), random.index(40));
                let bytes = random.bytes(len);
                match random.index(6) {
                    0 => assert_eq!(
                        real.read_bytes_at(place, len).await.unwrap(),
                        object.read_bytes_at(place, len).await.unwrap()
                    ),
                    1 => {
                        real.write_all_at(&bytes, place).await.unwrap();
                        object.write_all_at(&bytes, place).await.unwrap();
                    }
                    2 => assert_eq!(
                        real.seek(SeekFrom::Start(place)).await.unwrap(),
                        object.seek(SeekFrom::Start(place)).await.unwrap()
                    ),
                    3 => {
                        assert_eq!(real.read_bytes(len).await.unwrap(), object.read_bytes(len).await.unwrap())
                    }
                    4 => {
                        real.write_all(&bytes).await.unwrap();
                        object.write_all(&bytes).await.unwrap();
                    }
                    _ => assert_eq!(
                        real.append_bytes(bytes.clone()).await.unwrap(),
                        object.append_bytes(bytes).await.unwrap()
                    ),
                }
            }
            assert_eq!(
                real.seek(SeekFrom::End(0)).await.unwrap(),
                object.seek(SeekFrom::End(0)).await.unwrap()
            );
        });
    });
}

#[tokio::test]
async fn without_seek_nothing_is_done_at_an_offset() {
    fn check(error: Error, operation: Operation) {
        assert_eq!((error.raw_os_error(), error.operation()), (Some(29), operation), "{error}");
    }
    let input = wrap::reader(&b"0123"[..]).open().await.unwrap();
    check(input.read_at(&mut [0; 1], 0).await.unwrap_err(), Operation::Read);
    check(input.seek(SeekFrom::Start(0)).await.unwrap_err(), Operation::Seek);
    check(input.seek(SeekFrom::End(0)).await.unwrap_err(), Operation::Seek);
    check(input.seek(SeekFrom::Current(1)).await.unwrap_err(), Operation::Seek);
    let asked = input.actor().unwrap().ask(folio::actor::ReadAt { offset: 0, len: 1 }).await;
    check(asked.unwrap_err().err().unwrap(), Operation::Read);
    assert_eq!(input.read_bytes(4).await.unwrap(), "0123");

    let output = wrap::writer(Vec::new()).open().await.unwrap();
    check(output.write_all_at(b"x", 0).await.unwrap_err(), Operation::Write);
    check(output.seek(SeekFrom::Start(0)).await.unwrap_err(), Operation::Seek);
    output.write_all(b"01").await.unwrap();
    assert_eq!(output.append(b"23").await.unwrap(), 2);
    output.write_all(b"45").await.unwrap();
    assert_eq!(output.stream_position().await.unwrap(), 6);
    assert_eq!(wrap::into_inner::<Vec<u8>>(output).await.unwrap(), b"012345");
}

#[tokio::test]
async fn what_only_a_disk_has_is_unsupported_and_leaves_the_file_sound() {
    fn check<T>(result: folio::Result<T>) {
        let error = result.err().unwrap();
        assert!(error.is_unsupported() && !error.may_have_happened(), "{error}");
        assert_eq!(error.kind(), std::io::ErrorKind::Unsupported);
        assert!(error.path().unwrap().starts_with("scratch"), "{error}");
    }
    let file = wrap::read_write_seek(Cursor::new(Vec::new())).named("scratch").open().await.unwrap();
    file.write_all(b"0123").await.unwrap();
    check(file.set_len(1).await);
    check(file.metadata().await);
    check(file.lock().await);
    check(file.unlock().await);
    check(file.set_times(std::fs::FileTimes::new()).await);
    check(file.run(|_| ()).await);
    check(file.clone().into_std().await);
    check(wrap::into_inner::<Vec<u8>>(file.clone()).await);
    check(wrap::into_inner::<std::fs::File>(file.clone()).await);
    file.sync_all().await.unwrap();
    assert_eq!(wrap::into_inner::<Cursor<Vec<u8>>>(file).await.unwrap().into_inner(), b"0123");
}

#[tokio::test]
async fn an_object_taken_back_is_gone_for_the_other_handles() {
    let file = wrap::writer(Vec::new()).open().await.unwrap();
    let other = file.clone();
    other.write_all(b"before").await.unwrap();
    assert_eq!(wrap::into_inner::<Vec<u8>>(file).await.unwrap(), b"before");
    let error = other.write_all(b"after").await.unwrap_err();
    assert!(error.to_string().contains("taken back"), "{error}");
    assert!(wrap::into_inner::<Vec<u8>>(other.clone()).await.unwrap_err().is_unsupported());
}

#[tokio::test]
async fn a_direction_that_was_not_given_is_refused_as_on_a_descriptor() {
    let input = wrap::read_seek(Cursor::new(vec![0])).open().await.unwrap();
    assert_eq!(input.write_all(b"x").await.unwrap_err().raw_os_error(), Some(9));
    let output = wrap::write_seek(Cursor::new(vec![0])).open().await.unwrap();
    assert_eq!(output.read_bytes(1).await.unwrap_err().raw_os_error(), Some(9));
}
