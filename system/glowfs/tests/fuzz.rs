//! Images that were changed at random, with digests that are right again, through every way of reading: nothing panics, nothing goes on without end.
//!
//! A fixed number of them in every run of the tests; `GLOWFS_FUZZ=SECONDS` goes on for so long, each time with others. What fails is written to
//! `target/glowfs-fuzz-SEED`, and `GLOWFS_FUZZ_SEED=SEED` does it again.

mod common;

use common::change::{Random, mutate};
use common::reading::{read_all, read_edited, seeds};
use common::{image, noise, plain_options, repair, sample};
use glowfs::delta;
use glowfs::extract::{Keep, extract};
use glowfs::reader::Image;
use glowfs::verify::verify;
use std::time::{Duration, Instant};

/// Images of every run.
const RUNS: u64 = 3000;

fn run(seed: u64, seeds: &[Vec<u8>]) {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let whole = &seeds[random.below(seeds.len())];
    let mut bytes = whole.clone();
    mutate(&mut bytes, &mut random);
    if random.below(8) > 0 {
        repair(&mut bytes);
    }
    let kept = bytes.clone();
    if std::panic::catch_unwind(|| read_all(bytes, whole)).is_err() {
        let path = format!("{}/glowfs-fuzz-{seed}", env!("CARGO_TARGET_TMPDIR"));
        let _ = std::fs::write(&path, kept);
        panic!("seed {seed}: it is {path}");
    }
}

#[test]
fn changed_images_are_read_or_refused() {
    let seeds = seeds();
    if let Some(seed) = std::env::var("GLOWFS_FUZZ_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
    {
        return run(seed, &seeds);
    }
    (0..RUNS).for_each(|seed| run(seed, &seeds));
    let seconds = std::env::var("GLOWFS_FUZZ")
        .ok()
        .and_then(|seconds| seconds.parse().ok());
    if let Some(seconds) = seconds {
        let end = Instant::now() + Duration::from_secs(seconds);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let mut seed = now.map_or(RUNS, |now| now.as_nanos() as u64);
        while Instant::now() < end {
            run(seed, &seeds);
            seed = seed.wrapping_add(1);
        }
    }
}

/// What a fuzzer that sees which code is reached has found (`system/glowfs/fuzz`).
#[test]
fn the_corpus_is_read_or_refused() {
    let seeds = seeds();
    let corpus = include_str!("corpus");
    assert!(corpus.lines().count() > 100, "the corpus is gone");
    for line in corpus.lines() {
        let data = bytes_of(line);
        let read = std::panic::catch_unwind(|| read_edited(&seeds, &data));
        assert!(read.is_ok(), "{line}");
    }
}

fn bytes_of(line: &str) -> Vec<u8> {
    line.as_bytes()
        .chunks(2)
        .map(|pair| {
            let digits = std::str::from_utf8(pair).expect("ASCII");
            u8::from_str_radix(digits, 16).expect("hexadecimal digits")
        })
        .collect()
}

#[test]
fn changed_deltas_are_applied_or_refused() {
    let mut tree = sample();
    common::add(&mut tree, "d/more", common::regular(noise(9000, 77)));
    let old = Image::open(image(&sample(), &plain_options())).expect("it is right");
    let new = Image::open(image(&tree, &plain_options())).expect("it is right");
    let mut whole = Vec::new();
    delta::make(&old, &new, &mut whole).expect("it is written");
    let mut random = Random(7);
    for _ in 0..2000 {
        let mut bytes = whole.clone();
        mutate(&mut bytes, &mut random);
        let mut made = Vec::new();
        if let Ok(identity) = delta::apply(&old, &bytes[..], &mut made) {
            // What was changed is not covered: signatures, or nothing at all.
            let made = Image::open(made).expect("it is an image");
            assert_eq!(made.identity(), identity);
            assert!(
                verify(&made, 1, &mut |_, _| ())
                    .expect("it is read")
                    .problems
                    .is_empty()
                    || identity != new.identity()
            );
        }
    }
}

#[test]
fn changed_images_are_extracted_inside_the_folder() {
    let seeds = seeds();
    let folder = tempfile::tempdir().expect("a folder");
    for seed in 0..150 {
        let mut random = Random(seed * 2 + 1);
        let mut bytes = seeds[0].clone();
        mutate(&mut bytes, &mut random);
        repair(&mut bytes);
        let Ok(image) = Image::open(bytes) else {
            continue;
        };
        let to = folder.path().join("to");
        let keep = Keep { privileged: false };
        // Holes may say any size: what is written must not be more than there is.
        let mut large = false;
        let _ = image.walk(b"", &mut |visit| {
            large |= visit.inode.size > 1 << 20;
            Ok(())
        });
        if !large {
            let _ = extract(&image, b"", &to, keep, &mut |_, _| ());
        }
        let _ = std::fs::remove_dir_all(&to);
        let left = std::fs::read_dir(folder.path())
            .expect("it is there")
            .count();
        assert_eq!(left, 0, "seed {seed} wrote beside its folder");
    }
}
