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
}
