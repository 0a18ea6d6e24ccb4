//! Files that are written, renamed, moved away and full.

use super::*;
use crate::configuration::Configuration;
use std::fs;
use std::path::Path;

fn rule(path: &Path) -> Rule {
    Rule {
        path: path.into(),
        size: 4096,
        keep: 3,
        ..Configuration::default().rules.remove(0)
    }
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn lines_are_appended_and_large_files_renamed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a/b/log");
    let mut file = LogFile::open(&rule(&path), Owner::Ours, None);
    for number in 0..2000 {
        file.write(
            format!("line {number:04} {}\n", "x".repeat(90)).as_bytes(),
            0,
        );
    }
    assert!(file.problem().is_none() && !file.is_behind());
    let mut all = String::new();
    for name in ["log.3", "log.2", "log.1", "log"] {
        let text = text(&path.with_file_name(name));
        assert!(text.len() <= 4096 && text.ends_with('\n'), "{name}");
        all += &text;
    }
    // Nothing is missing in between.
    let numbers: Vec<usize> = all
        .lines()
        .map(|line| line[5..9].parse().unwrap())
        .collect();
    assert_eq!(numbers.last(), Some(&1999));
    assert!(numbers.windows(2).all(|two| two[0] + 1 == two[1]));
    assert!(!path.with_file_name("log.4").exists());
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o640
    );
}

#[test]
fn many_lines_at_once_are_parted_and_a_long_one_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let mut file = LogFile::open(&rule(&path), Owner::Ours, None);
    let lines: String = (0..100).map(|_| "x".repeat(99) + "\n").collect();
    file.write(lines.as_bytes(), 0);
    assert_eq!(text(&path).len() % 100, 0);
    let long = "y".repeat(9000) + "\n";
    file.write(long.as_bytes(), 0);
    assert_eq!(text(&path), long);
}

#[test]
fn a_line_that_another_left_unfinished_is_ended() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    fs::write(&path, "half").unwrap();
    LogFile::open(&rule(&path), Owner::Ours, None).write(b"whole\n", 0);
    assert_eq!(text(&path), "half\nwhole\n");
}

#[test]
fn nothing_but_a_file_is_written_to() {
    let dir = tempfile::tempdir().unwrap();
    let (path, other) = (dir.path().join("log"), dir.path().join("other"));
    std::os::unix::fs::symlink(&other, &path).unwrap();
    let mut file = LogFile::open(&rule(&path), Owner::Ours, None);
    file.write(b"a\n", 0);
    let told = file.problem().unwrap().to_string();
    assert!(told.contains("log: writing to it: "), "{told}");
    assert!(file.is_behind() && !other.exists());
    // Once it is away, what was kept is written.
    fs::remove_file(&path).unwrap();
    file.write(b"b\n", 0);
    assert_eq!((text(&path).as_str(), file.is_behind()), ("a\nb\n", false));
}

#[test]
fn what_finds_no_room_is_counted_and_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    // A folder in its place: nothing can be written.
    fs::create_dir(&path).unwrap();
    let mut rule = rule(&path);
    rule.size = 10 << 20;
    let mut file = LogFile::open(&rule, Owner::Ours, None);
    let line = "x".repeat(1023) + "\n";
    for _ in 0..300 {
        file.write(line.as_bytes(), 0);
    }
    file.write(b"", 7);
    fs::remove_dir(&path).unwrap();
    file.write(b"after\n", 0);
    let all = text(&path);
    assert_eq!(all.matches(&line).count(), 256);
    assert!(
        all.contains("logd[") && all.contains("]: 51 messages were lost here: "),
        "{}",
        &all[256 * 1024..]
    );
    assert!(all.ends_with("\nafter\n"));
}

#[test]
fn what_is_put_is_written_by_the_thread_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (dir.path().join("one"), dir.path().join("two"));
    let files = vec![
        LogFile::open(&rule(&one), Owner::Ours, None),
        LogFile::open(&rule(&two), Owner::Ours, None),
    ];
    let store = Store::start(files).unwrap();
    store.put([0, 1].into_iter(), b"both\n");
    store.wake();
    store.put([1].into_iter(), b"second\n");
    store.put([5].into_iter(), b"nowhere\n");
    // As another does that renames files by itself, and has it opened anew.
    while !text(&one).contains("both") {
        std::thread::yield_now();
    }
    fs::rename(&one, dir.path().join("moved")).unwrap();
    store.change(vec![rule(&one)]);
    store.put([0].into_iter(), b"new\n");
    store.end();
    assert_eq!(text(&dir.path().join("moved")), "both\n");
    assert_eq!(text(&one), "new\n");
    assert_eq!(text(&two), "both\nsecond\n");
}

#[test]
fn what_the_thread_cannot_take_is_bounded() {
    let mut waiting = Waiting::default();
    for _ in 0..WAITING / 64 + 5 {
        waiting.put(&[b'x'; 64]);
    }
    assert_eq!((waiting.lines.len(), waiting.lost), (WAITING, 5));
}
