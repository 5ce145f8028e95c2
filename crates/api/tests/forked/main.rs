//! After a fork nothing waits for threads that were not copied: the child has a default engine of its own, and what
//! belongs to its parent's engines says so.
//!
//! `child` makes processes that fork, `cases` is what happens in them.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

mod cases;
mod child;

use child::check;

#[test]
fn the_child_has_a_default_engine_of_its_own() {
    check("default_engine", "done\n");
}

#[test]
fn each_child_of_a_line_of_forks_has_one() {
    check("line_of_forks", "1 2 3 done\n");
}

#[test]
fn files_of_the_parent_say_that_they_are() {
    check("files", "done\n");
}

#[test]
fn engines_of_the_parent_say_that_they_are() {
    check("engines", "done\n");
}

#[test]
fn streams_of_the_parent_say_that_they_are_and_stay_the_parents() {
    check("streams", "done\n");
}

#[test]
fn what_the_parent_keeps_back_is_written_by_the_parent_alone() {
    check("kept_back", "done\n");
}

#[test]
fn what_the_parent_has_to_remove_is_removed_by_the_parent_alone() {
    check("temporary", "done\n");
}

#[test]
fn the_standard_streams_are_each_processs_own() {
    check("standard", "parent\nchild\ndone\n");
}

#[test]
fn locks_that_the_parents_threads_held_are_not_met() {
    check("under_load", "done\n");
}
