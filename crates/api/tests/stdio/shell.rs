//! Programs that a shell runs one after the other share a position, and go on where the one before has stopped.

use std::fs;

use folio_testkit::process::is_again;

use crate::again::{run, shell, written};

#[test]
fn the_next_program_writes_behind_this_one() {
    let name = "shell::the_next_program_writes_behind_this_one";
    if is_again(name) {
        return run(async {
            folio::stdout().write_line("one").await.unwrap();
            folio::stdout_bytes().write_all(b"two\n").await.unwrap();
            std::process::exit(0);
        });
    }
    let room = tempfile::TempDir::new().unwrap();
    for (redirect, before) in [(">", ""), (">>", "kept\n")] {
        let path = room.path().join("out");
        fs::write(&path, "kept\n").unwrap();
        let script = format!("( echo first; child; echo between; child; echo last ) {redirect} out");
        assert!(shell(name, &script).current_dir(&room).status().unwrap().success());
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(&format!("{before}first\n")), "{text}");
        let rest = written(text.as_bytes());
        assert!(rest.starts_with("one\ntwo\nbetween\n"), "{rest}");
        assert_eq!(written(rest.as_bytes()), "one\ntwo\nlast\n");
    }
}

#[test]
fn this_program_reads_where_the_one_before_has_stopped() {
    let name = "shell::this_program_reads_where_the_one_before_has_stopped";
    if is_again(name) {
        return run(async {
            while let Some(line) = folio::stdin().next_line().await.unwrap() {
                folio::stdout().write_line(&format!("child {line}")).await.unwrap();
            }
            std::process::exit(0);
        });
    }
    let room = tempfile::TempDir::new().unwrap();
    fs::write(room.path().join("in"), "1\n2\n3").unwrap();
    let script = "( read line; echo \"shell $line\"; child ) < in";
    let output = shell(name, script).current_dir(&room).output().unwrap();
    assert!(output.stdout.starts_with(b"shell 1\n"));
    assert_eq!(written(&output.stdout), "child 2\nchild 3\n");
}

#[test]
fn a_program_of_a_pipeline_reads_what_the_one_before_writes() {
    let name = "shell::a_program_of_a_pipeline_reads_what_the_one_before_writes";
    if is_again(name) {
        return run(async {
            let text = folio::stdin().read_to_string().await.unwrap();
            folio::stdout().write(&text.to_uppercase()).await.unwrap();
            std::process::exit(0);
        });
    }
    let output = shell(name, "printf 'a\\nb' | child | cat").output().unwrap();
    assert_eq!(written(&output.stdout), "A\nB");
}
