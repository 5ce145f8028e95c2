//! Uploads and downloads: bodies of hyper that come from files and go into them.

use std::convert::Infallible;
use std::future::ready;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use bytes::Bytes;
use folio::File;
use futures::TryStreamExt;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, BodyStream, Empty, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWriteExt, BufWriter, copy};
use tokio::net::TcpStream;
use tokio_util::io::{ReaderStream, StreamReader};

use crate::runtime::Carrier;
use crate::source::{PIECES, Paced, serve};
use crate::{LINES, Room, assert_same, pattern, pattern_in_pieces_of};

type Body = BoxBody<Bytes, io::Error>;

fn body_of(from: impl AsyncRead + Send + Sync + 'static) -> Body {
    BodyExt::boxed(StreamBody::new(ReaderStream::new(from).map_ok(Frame::data)))
}

async fn save(body: Incoming, path: PathBuf) {
    let data = BodyStream::new(body).try_filter_map(|frame| ready(Ok(frame.into_data().ok())));
    let mut from = StreamReader::new(data.map_err(io::Error::other));
    let mut to = BufWriter::new(File::create(path).await.unwrap());
    copy(&mut from, &mut to).await.unwrap();
    to.shutdown().await.unwrap();
}

/// Saves what is put at a path and gives what is asked for.
async fn answer(request: Request<Incoming>, path: PathBuf) -> Result<Response<Body>, Infallible> {
    if request.method() == Method::PUT {
        save(request.into_body(), path).await;
        return Ok(Response::new(nothing()));
    }
    Ok(Response::new(body_of(File::open(path).await.unwrap())))
}

fn nothing() -> Body {
    Empty::new().map_err(|never| match never {}).boxed()
}

fn server(path: PathBuf) -> SocketAddr {
    serve(move |stream| async move {
        let service = service_fn(move |request| answer(request, path.clone()));
        let connection =
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        connection.await.unwrap();
    })
}

async fn ask(server: SocketAddr, method: Method, body: Body) -> Incoming {
    let stream = TokioIo::new(TcpStream::connect(server).await.unwrap());
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.unwrap();
    tokio::task::spawn(connection);
    let request = Request::builder().method(method).uri("/").body(body).unwrap();
    sender.send_request(request).await.unwrap().into_body()
}

#[test]
fn an_upload_is_what_was_sent() {
    for (p, piece) in PIECES.into_iter().enumerate() {
        let room = Room::on_disk();
        let address = server(room.path("uploaded"));
        Carrier::nth(p).carry(move || {
            Box::pin(async move {
                let body = body_of(Paced::new(pattern_in_pieces_of(piece), piece));
                ask(address, Method::PUT, body).await.collect().await.unwrap();
            })
        });
        let got = std::fs::read(room.path("uploaded")).unwrap();
        assert_same(&format!("pieces of {piece}"), &got, &pattern_in_pieces_of(piece));
    }
}

#[test]
fn a_file_that_is_sent_and_saved_again_is_the_same() {
    for carrier in Carrier::ALL {
        let room = Room::on_disk();
        let (from, to) = (room.path("from"), room.path("to"));
        std::fs::write(&from, pattern(LINES)).unwrap();
        let (download, saved) = (server(from), to.clone());
        carrier.carry(move || {
            Box::pin(async move { save(ask(download, Method::GET, nothing()).await, saved).await })
        });
        assert_same(&format!("downloaded, {carrier:?}"), &std::fs::read(&to).unwrap(), &pattern(LINES));
        let upload = server(room.path("again"));
        carrier.carry(move || {
            Box::pin(async move {
                let body = body_of(File::open(to).await.unwrap());
                ask(upload, Method::PUT, body).await.collect().await.unwrap();
            })
        });
        let again = std::fs::read(room.path("again")).unwrap();
        assert_same(&format!("uploaded, {carrier:?}"), &again, &pattern(LINES));
    }
}
