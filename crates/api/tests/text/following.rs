//! Lines by `next` and `next_line`, without a trait of another crate.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use folio::text;

const LINES: usize = 3_000;

fn contents() -> String {
    (0..LINES).map(|line| format!("line {line} {}\n", "x".repeat(line % 200))).collect()
}

/// Tells all lines by each way: by `next`, by `next_line`, and by `next` in futures that are dropped while they are
/// pending, as in a `select!` that loses.
macro_rules! check {
    ($name:ident, |$path:ident| $open:expr, $text:expr) => {
        #[tokio::test]
        async fn $name() {
            let room = tempfile::tempdir().unwrap();
            let $path = &room.path().join("lines");
            std::fs::write($path, contents()).unwrap();
            let expected: Vec<String> = contents().lines().map(str::to_owned).collect();
            let (mut lines, mut told) = ($open, Vec::new());
            while let Some(line) = lines.next().await {
                told.push($text(line.unwrap()));
            }
            assert!(told == expected && lines.next().await.is_none(), "next");
            let (mut lines, mut told) = ($open, Vec::new());
            while let Some(line) = lines.next_line().await.unwrap() {
                told.push($text(line));
            }
            assert!(told == expected && lines.next_line().await.unwrap().is_none(), "next_line");
            let (mut lines, mut told) = ($open, Vec::new());
            loop {
                let polled = pin!(lines.next()).poll(&mut Context::from_waker(Waker::noop()));
                match polled {
                    Poll::Ready(Some(line)) => told.push($text(line.unwrap())),
                    Poll::Ready(None) => break,
                    Poll::Pending => tokio::task::yield_now().await,
                }
            }
            assert!(told == expected, "dropped futures lose a line");
        }
    };
}

check!(lines_of_text, |path| text::open(path).await.unwrap().lines(), |line: String| line);
check!(
    lines_of_bytes,
    |path| folio::open(path, "rb").await.unwrap().binary().unwrap().lines(),
    |line: bytes::Bytes| String::from_utf8(line.to_vec()).unwrap().trim_end_matches('\n').to_owned()
);
