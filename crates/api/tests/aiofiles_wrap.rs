//! `tests/threadpool/test_wrap.py` of aiofiles, function by function.
//!
//! What is a `TypeError` there when the program runs does not compile here.

use std::io::{BufReader, Cursor, Read, Seek, Write};
use std::marker::PhantomData;

use folio::wrap;

/// Whether a type satisfies the bounds of a constructor of `wrap`: an inherent constant is found before a trait's,
/// and only where its bounds hold.
struct Fits<T, C>(PhantomData<(T, C)>);

trait Otherwise {
    const ANSWER: bool = false;
}

impl<T, C> Otherwise for Fits<T, C> {}

/// Stand for the constructors of these names.
struct Reader;
struct Writer;
struct ReadSeek;

impl<T: Read + Send + 'static> Fits<T, Reader> {
    const ANSWER: bool = true;
}

impl<T: Write + Send + 'static> Fits<T, Writer> {
    const ANSWER: bool = true;
}

impl<T: Read + Seek + Send + 'static> Fits<T, ReadSeek> {
    const ANSWER: bool = true;
}

macro_rules! fits {
    ($type:ty) => {
        [<Fits<$type, Reader>>::ANSWER, <Fits<$type, Writer>>::ANSWER, <Fits<$type, ReadSeek>>::ANSWER]
    };
}

#[tokio::test]
async fn test_threadpool_wrapper() {
    // `int`, `[1, 2, 3]`, `lambda x: x ** x` and the class `FileIO`: the last is a constructor, not what it makes.
    assert_eq!(fits!(i32), [false; 3]);
    assert_eq!(fits!([i32; 3]), [false; 3]);
    assert_eq!(fits!(fn(u32) -> u32), [false; 3]);
    assert_eq!(fits!(fn(&str) -> std::io::Result<std::fs::File>), [false; 3]);
    // An object that cannot go to another thread, or that borrows from this one.
    assert_eq!(fits!(std::rc::Rc<std::fs::File>), [false; 3]);

    // What can be wrapped, and by which constructors.
    assert_eq!(fits!(std::fs::File), [true; 3]);
    assert_eq!(fits!(Cursor<Vec<u8>>), [true; 3]);
    assert_eq!(fits!(flate2::read::GzDecoder<std::fs::File>), [true, true, false]);
    assert_eq!(fits!(BufReader<std::net::TcpStream>), [true, false, false]);
    assert_eq!(fits!(Vec<u8>), [false, true, false]);

    let text = wrap::read_seek(Cursor::new(b"0123456789".to_vec())).open().await.unwrap();
    assert_eq!(text.read_bytes(4).await.unwrap(), "0123");
    assert_eq!(wrap::into_inner::<Cursor<Vec<u8>>>(text).await.unwrap().position(), 4);
}
