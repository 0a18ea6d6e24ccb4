//! Whole fetches: by apt's own helper from a mirror on the loopback, and everything that can go wrong on the way.

mod common;

use std::cell::{Cell, RefCell};
use std::fs;

use alpenglow_sources::{Error, Pin, Progress, Sources, Step, silent};
use common::{Mirror, Reply, again_as_nobody, again_in_tmpfs, files, inner, lock, pin};

const BODY: &[u8] = b"the source";
/// A port where nobody listens (discard; nothing answers there on any Debian).
const DEAD: &str = "http://127.0.0.1:9/";

#[test]
fn a_file_is_fetched_checked_and_kept() {
    let mirror = Mirror::new(&[("pool/a_1~rc+2.tar.gz", Reply::File(BODY.to_vec()))]);
    let cache = tempfile::tempdir().unwrap();
    let pin = pin("1", "pool/a_1~rc+2.tar.gz", BODY);
    let sources = Sources::new(
        cache.path(),
        lock("a", [&pin]),
        vec![mirror.address.clone()],
    );
    assert_eq!(sources.cached(&pin), None);
    let steps = RefCell::new(Vec::new());
    let progress = |p: Progress<'_>| {
        assert_eq!((p.name, p.version, p.total), ("a", "1", BODY.len() as u64));
        assert!(p.done <= p.total);
        steps.borrow_mut().push(p.step);
    };
    let (used, path) = sources.fetch_first("a", &progress).unwrap();
    assert_eq!(used, &pin);
    assert_eq!(
        path,
        cache
            .path()
            .join(format!("sources/{}-a_1~rc+2.tar.gz", pin.sha256))
    );
    assert_eq!(fs::read(&path).unwrap(), BODY);
    assert!(steps.borrow().contains(&Step::Checking));
    assert_eq!(files(cache.path()), std::slice::from_ref(&path));

    // The second time nobody is asked.
    assert_eq!(sources.cached(&pin), Some(path.clone()));
    assert_eq!(mirror.count(), 1);
    assert_eq!(sources.fetch("a", &pin, &silent).unwrap(), path);
    assert_eq!(mirror.count(), 1);

    // A cut-off file in the cache does not count.
    fs::write(&path, "the").unwrap();
    assert_eq!(sources.cached(&pin), None);
    sources.fetch("a", &pin, &silent).unwrap();
    assert_eq!(fs::read(&path).unwrap(), BODY);
}

#[test]
fn a_mirror_in_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("pool")).unwrap();
    fs::write(dir.path().join("pool/a"), BODY).unwrap();
    let pins = [pin("2", "pool/gone", b"x"), pin("1", "pool/a", BODY)];
    let cache = tempfile::tempdir().unwrap();
    let mirror = format!("file:{}", dir.path().display());
    let sources = Sources::new(cache.path(), lock("a", &pins), vec![mirror]);
    let (used, path) = sources.fetch_first("a", &silent).unwrap();
    assert_eq!(used.version, "1");
    assert!(fs::symlink_metadata(&path).unwrap().is_file());
}

#[test]
fn the_first_pin_that_answers_is_used() {
    let mirror = Mirror::new(&[("pool/old", Reply::File(BODY.to_vec()))]);
    let pins = [pin("2", "pool/new", b"newer"), pin("1", "pool/old", BODY)];
    let cache = tempfile::tempdir().unwrap();
    let sources = Sources::new(cache.path(), lock("a", &pins), vec![mirror.address.clone()]);
    assert_eq!(sources.fetch_first("a", &silent).unwrap().0.version, "1");
    assert_eq!(mirror.count(), 2);
    // What is gone is not asked for again every time, but what the lock prefers is used once it is there.
    assert_eq!(sources.fetch_first("a", &silent).unwrap().0.version, "1");
    assert_eq!(mirror.count(), 2);
    mirror.set("pool/new", Reply::File(b"newer".to_vec()));
    sources.fetch("a", &pins[0], &silent).unwrap();
    assert_eq!(sources.fetch_first("a", &silent).unwrap().0.version, "2");
}

#[test]
fn mirrors_are_tried_in_order_and_upstream_last() {
    let empty = Mirror::new(&[]);
    let full = Mirror::new(&[("x/up", Reply::File(BODY.to_vec()))]);
    let pin = Pin {
        upstream: Some(format!("{}x/up", full.address)),
        ..pin("1", "pool/a", BODY)
    };
    let cache = tempfile::tempdir().unwrap();
    let mirrors = vec![empty.address.clone(), full.address.clone()];
    let sources = Sources::new(cache.path(), lock("a", [&pin]), mirrors);
    sources.fetch("a", &pin, &silent).unwrap();
    assert_eq!((empty.count(), full.count()), (1, 2));
}

#[test]
fn a_wrong_hash_is_refused_and_removed() {
    // As long as the right one, longer, and shorter.
    for wrong in [&b"the sourcf"[..], &[b'x'; 70_000][..], &b"th"[..]] {
        let mirror = Mirror::new(&[("pool/a", Reply::File(wrong.to_vec()))]);
        let pins = [pin("1", "pool/a", BODY), pin("0", "pool/other", b"other")];
        let cache = tempfile::tempdir().unwrap();
        let sources = Sources::new(cache.path(), lock("a", &pins), vec![mirror.address.clone()]);
        let error = sources.fetch_first("a", &silent).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, Error::WrongHash(_)), "{text}");
        for part in [
            "source a 1",
            "pool/a",
            &pins[0].sha256,
            "correct the hash of a in sources.lock",
        ] {
            assert!(text.contains(part), "no '{part}' in: {text}");
        }
        assert!(
            text.contains(&common::sha256(wrong)) || text.contains("more than the 10 bytes"),
            "{text}"
        );
        assert!(files(cache.path()).is_empty());
    }
}

#[test]
fn another_mirror_may_have_the_right_file() {
    let wrong = Mirror::new(&[("pool/a", Reply::File(b"the sourcf".to_vec()))]);
    let right = Mirror::new(&[("pool/a", Reply::File(BODY.to_vec()))]);
    let pin = pin("1", "pool/a", BODY);
    let cache = tempfile::tempdir().unwrap();
    let mirrors = vec![wrong.address.clone(), right.address.clone()];
    let sources = Sources::new(cache.path(), lock("a", [&pin]), mirrors);
    sources.fetch("a", &pin, &silent).unwrap();
}

#[test]
fn a_lock_with_the_wrong_length_is_named() {
    let mirror = Mirror::new(&[("pool/a", Reply::File(BODY.to_vec()))]);
    let pin = Pin {
        bytes: 11,
        ..pin("1", "pool/a", BODY)
    };
    let cache = tempfile::tempdir().unwrap();
    let sources = Sources::new(
        cache.path(),
        lock("a", [&pin]),
        vec![mirror.address.clone()],
    );
    let text = sources.fetch("a", &pin, &silent).unwrap_err().to_string();
    assert!(
        text.contains("10 bytes where sources.lock says 11"),
        "{text}"
    );
}

#[test]
fn gone_everywhere_lists_every_pin_and_address() {
    let mirrors = [Mirror::new(&[]), Mirror::new(&[])];
    let pins = [pin("2", "pool/new", b"newer"), pin("1", "pool/old", BODY)];
    let cache = tempfile::tempdir().unwrap();
    let addresses = mirrors.iter().map(|m| m.address.clone()).collect();
    let sources = Sources::new(cache.path(), lock("a", &pins), addresses);
    // Twice: that a pin is gone is remembered only where another one is at hand.
    for _ in 0..2 {
        let text = sources.fetch_first("a", &silent).unwrap_err().to_string();
        for mirror in &mirrors {
            for (version, path) in [("2", "pool/new"), ("1", "pool/old")] {
                let line = format!("\n  {version} at {}{path}: not there (404)", mirror.address);
                assert!(text.contains(&line), "no '{line}' in: {text}");
            }
        }
        assert!(text.contains("package update a --write"), "{text}");
        assert!(!text.contains("apt's configuration"), "{text}");
    }
    assert!(files(cache.path()).is_empty());
}

#[test]
fn a_mirror_that_does_not_answer_is_named() {
    let pin = pin("1", "pool/a", BODY);
    let cache = tempfile::tempdir().unwrap();
    let sources = Sources::new(cache.path(), lock("a", [&pin]), vec![DEAD.to_owned()]);
    let text = sources.fetch_first("a", &silent).unwrap_err().to_string();
    assert!(
        text.contains("http://127.0.0.1:9/pool/a: Could not connect"),
        "{text}"
    );
    assert!(text.contains("apt's configuration"), "{text}");
    assert!(!text.contains("add a pin"), "{text}");
}

#[test]
fn a_mirror_that_does_not_answer_is_asked_once() {
    let pins = [
        pin("3", "pool/c", b"c"),
        pin("2", "pool/b", b"b"),
        pin("1", "pool/a", BODY),
    ];
    let cache = tempfile::tempdir().unwrap();
    let sources = Sources::new(cache.path(), lock("a", &pins), vec![DEAD.to_owned()]);
    let text = sources.fetch_first("a", &silent).unwrap_err().to_string();
    assert_eq!(text.matches("Could not connect").count(), 1, "{text}");
    assert_eq!(
        text.matches("nobody answered there before").count(),
        2,
        "{text}"
    );
    // What is in the cache is used all the same.
    fs::write(sources.path(&pins[2]), BODY).unwrap();
    assert_eq!(sources.fetch_first("a", &silent).unwrap().0.version, "1");
}

#[test]
fn a_mirror_in_trouble_is_quoted() {
    let mirror = Mirror::new(&[("pool/a", Reply::Status("503 Service Unavailable"))]);
    let pin = pin("1", "pool/a", BODY);
    let cache = tempfile::tempdir().unwrap();
    let sources = Sources::new(
        cache.path(),
        lock("a", [&pin]),
        vec![mirror.address.clone()],
    );
    let text = sources.fetch_first("a", &silent).unwrap_err().to_string();
    assert!(text.contains("503"), "{text}");
    assert!(text.contains("apt's configuration"), "{text}");
}

#[test]
fn a_download_that_breaks_off_leaves_nothing() {
    let body = vec![b'x'; 300_000];
    let mirror = Mirror::new(&[("pool/a", Reply::Cut(body[..200_000].to_vec(), 100_000))]);
    let pin = pin("1", "pool/a", &body);
    let cache = tempfile::tempdir().unwrap();
    let sources = Sources::new(
        cache.path(),
        lock("a", [&pin]),
        vec![mirror.address.clone()],
    );
    let text = sources.fetch("a", &pin, &silent).unwrap_err().to_string();
    assert!(text.contains("pool/a"), "{text}");
    assert!(files(cache.path()).is_empty());
    // And the next run goes on from there.
    mirror.set("pool/a", Reply::File(body.clone()));
    let path = sources.fetch("a", &pin, &silent).unwrap();
    assert_eq!(fs::read(path).unwrap(), body);
}

#[test]
fn an_unknown_name_lists_the_known_ones() {
    let cache = tempfile::tempdir().unwrap();
    let sources = Sources::new(cache.path(), lock("musl", [&pin("1", "a", b"a")]), vec![]);
    let text = sources
        .fetch_first("mulse", &silent)
        .unwrap_err()
        .to_string();
    assert_eq!(
        text,
        "source 'mulse' is not in sources.lock; it lists: musl"
    );
}

#[test]
fn no_mirror_at_all() {
    let cache = tempfile::tempdir().unwrap();
    let sources = Sources::new(cache.path(), lock("a", [&pin("1", "a", b"a")]), vec![]);
    let text = sources.fetch_first("a", &silent).unwrap_err().to_string();
    assert!(text.contains("no mirror is configured"), "{text}");
}

#[test]
fn two_at_once_fetch_once() {
    let mirror = Mirror::new(&[("pool/a", Reply::File(BODY.to_vec()))]);
    let pin = pin("1", "pool/a", BODY);
    let cache = tempfile::tempdir().unwrap();
    let paths: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let sources = Sources::new(
                        cache.path(),
                        lock("a", [&pin]),
                        vec![mirror.address.clone()],
                    );
                    sources.fetch("a", &pin, &silent).unwrap()
                })
            })
            .collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert!(paths.iter().all(|path| *path == paths[0]));
    assert_eq!(mirror.count(), 1);
}

#[test]
fn progress_counts_the_bytes_that_arrive() {
    let body = vec![7; 8 << 20];
    let mirror = Mirror::new(&[("pool/a", Reply::File(body.clone()))]);
    let pin = pin("1", "pool/a", &body);
    let cache = tempfile::tempdir().unwrap();
    let sources = Sources::new(
        cache.path(),
        lock("a", [&pin]),
        vec![mirror.address.clone()],
    );
    let (last, checked) = (Cell::new(0), Cell::new(0));
    sources
        .fetch("a", &pin, &|p| match p.step {
            Step::Downloading => {
                assert!(p.done >= last.get());
                last.set(p.done);
            }
            Step::Checking => checked.set(p.done),
            _ => {}
        })
        .unwrap();
    assert_eq!(checked.get(), body.len() as u64);
}

#[test]
fn a_full_disk_is_named() {
    let Some(dir) = inner() else {
        return again_in_tmpfs("a_full_disk_is_named", "size=1m");
    };
    let body = vec![b'x'; 4 << 20];
    let mirror = Mirror::new(&[("pool/a", Reply::File(body.clone()))]);
    let pin = pin("1", "pool/a", &body);
    let sources = Sources::new(&dir, lock("a", [&pin]), vec![mirror.address.clone()]);
    let text = sources.fetch("a", &pin, &silent).unwrap_err().to_string();
    assert!(text.contains(&*dir.to_string_lossy()), "{text}");
    assert!(
        text.contains("XDG_CACHE_HOME") && text.contains("free some space"),
        "{text}"
    );
    assert!(files(&dir).is_empty());
}

#[test]
fn a_read_only_cache_is_named() {
    let Some(dir) = inner() else {
        return again_in_tmpfs("a_read_only_cache_is_named", "ro");
    };
    let pin = pin("1", "pool/a", BODY);
    let sources = Sources::new(&dir, lock("a", [&pin]), vec![DEAD.to_owned()]);
    let text = sources.fetch("a", &pin, &silent).unwrap_err().to_string();
    assert!(
        text.contains(&format!("cannot create {}", dir.display())),
        "{text}"
    );
    assert!(text.contains("XDG_CACHE_HOME"), "{text}");
}

#[test]
fn a_cache_of_somebody_else_is_named() {
    if inner().is_none() {
        return again_as_nobody("a_cache_of_somebody_else_is_named");
    }
    let pin = pin("1", "pool/a", BODY);
    let sources = Sources::new(
        "/alpenglow-no-such-cache".as_ref(),
        lock("a", [&pin]),
        vec![DEAD.to_owned()],
    );
    let text = sources.fetch("a", &pin, &silent).unwrap_err().to_string();
    assert!(
        text.contains("cannot create /alpenglow-no-such-cache/sources/tmp"),
        "{text}"
    );
    assert!(text.contains("XDG_CACHE_HOME"), "{text}");
}
