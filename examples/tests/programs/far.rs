//! Programs on a storage far away: `--storage URI`.

use std::process::Command;

use crate::program;

#[cfg(not(feature = "far"))]
#[test]
fn a_program_built_for_local_files_says_so() {
    let run = Command::new(program("manifest")).args(["--storage", "s3://bucket", "/"]).output().unwrap();
    assert_eq!(run.status.code(), Some(2), "{run:?}");
    assert!(String::from_utf8_lossy(&run.stderr).contains("--features far"), "{run:?}");
}

#[cfg(feature = "far")]
mod built {
    use std::fs;
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::path::Path;
    use std::process::{Output, Stdio};

    use folio_testkit::{
        skip,
        wait::{block_on, eventually_blocking},
    };

    use super::{Command, program};

    #[test]
    fn a_uri_that_makes_no_sense_is_refused() {
        for uri in ["nowhere://bucket", "s3://", ""] {
            let run = Command::new(program("manifest")).args(["--storage", uri, "/"]).output().unwrap();
            assert_eq!(run.status.code(), Some(2), "{uri}: {run:?}");
            assert!(String::from_utf8_lossy(&run.stderr).contains("--storage"), "{uri}: {run:?}");
        }
    }

    #[test]
    fn a_manifest_of_a_storage_is_that_of_its_files() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("store");
        for number in 0..300 {
            let folder = root.join(format!("tree/{}", number % 7));
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(format!("file {number}")), format!("contents {number}\n").repeat(number))
                .unwrap();
        }
        let uri = format!("fs://{}", root.display());
        let run = Command::new(program("manifest"))
            .args(["--storage", &uri, "tree", "--out", "list"])
            .current_dir(place.path())
            .output()
            .unwrap();
        assert_eq!(run.status.code(), Some(0), "{run:?}");
        let list = fs::read_to_string(place.path().join("list")).unwrap();
        assert_eq!(list.lines().count(), 300, "{list}");
        let check = Command::new("sha256sum")
            .args(["--check", "--strict", "--quiet", "../list"])
            .current_dir(&root)
            .output()
            .unwrap();
        assert!(check.status.success(), "{check:?}");
    }

    #[test]
    fn a_table_is_converted_from_a_storage_to_it() {
        let place = tempfile::tempdir().unwrap();
        let rows: String = (0..5_000).map(|number| format!("{number},name {number}\n")).collect();
        fs::write(place.path().join("in.csv"), format!("number,name\n{rows}")).unwrap();
        let run = Command::new(program("csv_to_jsonl"))
            .args(["--storage", &format!("fs://{}", place.path().display()), "in.csv", "out.jsonl"])
            .output()
            .unwrap();
        assert!(run.status.success(), "{run:?}");
        let json = fs::read_to_string(place.path().join("out.jsonl")).unwrap();
        assert_eq!(json.lines().count(), 5_000);
        assert_eq!(json.lines().last(), Some(r#"{"number":"4999","name":"name 4999"}"#));
    }

    /// A server of S3 with an empty bucket; ended with the test.
    struct Server {
        child: std::process::Child,
        port: u16,
    }

    impl Server {
        /// `None`, said aloud, if this machine has none.
        fn start() -> Option<Server> {
            let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
            let moto = target.join("servers/venv/bin/moto_server");
            if !moto.is_file() {
                skip("programs on S3", "there is no moto: `.ci/run servers` installs it");
                return None;
            }
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut moto = Command::new(moto);
            moto.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
            let child = moto.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            let server = Server { child, port };
            let listens = || TcpStream::connect(("127.0.0.1", port)).is_ok();
            eventually_blocking("the server takes connections", listens);
            server.ask("PUT /bucket", "");
            Some(server)
        }

        /// A request without a signature, which this server does not ask for.
        fn ask(&self, request: &str, body: &str) {
            let mut line = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
            let length = body.len();
            let head = format!("Host: localhost\r\nContent-Length: {length}\r\nConnection: close");
            write!(line, "{request} HTTP/1.1\r\n{head}\r\n\r\n{body}").unwrap();
            let mut answer = String::new();
            line.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200"), "{request}: {answer}");
        }

        fn uri(&self) -> String {
            format!("s3://bucket?endpoint=http%3A%2F%2F127.0.0.1%3A{}&region=us-east-1", self.port)
        }

        fn run(&self, name: &str, args: &[&str], place: &Path) -> Output {
            Command::new(program(name))
                .args(["--storage", &self.uri()])
                .args(args)
                .current_dir(place)
                .env("AWS_ACCESS_KEY_ID", "key")
                .env("AWS_SECRET_ACCESS_KEY", "secret")
                .env("AWS_EC2_METADATA_DISABLED", "true")
                .output()
                .unwrap()
        }
    }

    impl Drop for Server {
        fn drop(&mut self) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }

    #[test]
    fn the_same_programs_run_on_s3() {
        let Some(server) = Server::start() else { return };
        let place = tempfile::tempdir().unwrap();
        for number in 0..100 {
            let (path, contents) =
                (format!("tree/{}/file-{number}", number % 7), format!("contents {number}\n").repeat(number));
            server.ask(&format!("PUT /bucket/{path}"), &contents);
            fs::create_dir_all(place.path().join(&path).parent().unwrap()).unwrap();
            fs::write(place.path().join(&path), contents).unwrap();
        }
        let run = server.run("manifest", &["tree", "--out", "list"], place.path());
        assert_eq!(run.status.code(), Some(0), "{run:?}");
        // A copy of the bucket has the sums of the bucket.
        let mut check = Command::new("sha256sum");
        check.args(["--check", "--strict", "--quiet", "list"]).current_dir(place.path());
        let check = check.output().unwrap();
        assert!(check.status.success(), "{check:?}");
        assert_eq!(fs::read_to_string(place.path().join("list")).unwrap().lines().count(), 100);

        let rows: String = (0..5_000).map(|number| format!("{number},name {number}\n")).collect();
        server.ask("PUT /bucket/in.csv", &format!("number,name\n{rows}"));
        let run = server.run("csv_to_jsonl", &["in.csv", "out.jsonl"], place.path());
        assert!(run.status.success(), "{run:?}");
        let keys = "access_key_id=key&secret_access_key=secret&disable_ec2_metadata=true";
        let engine = folio_examples::engine_on(Some(&format!("{}&{keys}", server.uri()))).unwrap();
        let json = block_on(engine.scope(folio::fs::read_to_string("out.jsonl"))).unwrap();
        assert_eq!(json.lines().count(), 5_000);
        assert_eq!(json.lines().last(), Some(r#"{"number":"4999","name":"name 4999"}"#));
    }
}
