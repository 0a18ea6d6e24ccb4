//! Packages that are read one after another are each what they are alone, whatever they are read beside.

use crate::place::{Place, spec};
use oil::format::compress::Compression;
use oil::make::{write_v2, write_v3};
use oil::stream::{self, Opened, Trust};
use std::collections::VecDeque;
use std::fs;
use std::sync::Mutex;
use std::thread;

/// Packages of both formats and all compressions, small and larger than what is made ahead, and each of them damaged.
fn files(place: &Place) -> Vec<Vec<u8>> {
    let mut number = 1_u64;
    let mut files = Vec::new();
    for size in [0, 70_000, 3 << 20] {
        let content = std::iter::repeat_with(|| {
            number = number
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (number >> 60) as u8
        });
        fs::write(
            place.path("tree/content"),
            content.take(size).collect::<Vec<_>>(),
        )
        .unwrap();
        let tree = place.tree();
        for compression in [
            Compression::Deflate(0),
            Compression::None,
            Compression::Deflate(1),
            Compression::Zstd(1),
        ] {
            let mut file = Vec::new();
            write_v3(&mut file, &spec("thing"), Some(&tree), &[], compression).unwrap();
            files.push(file);
        }
        let mut file = Vec::new();
        write_v2(
            &mut file,
            &spec("thing"),
            Some(&tree),
            &[],
            place.folder.path(),
        )
        .unwrap();
        files.push(file);
    }
    let good = files.clone();
    for (nth, file) in good.iter().enumerate() {
        for place in [file.len() / 2, file.len() - 30, file.len() - 1] {
            let mut bad = file.clone();
            bad[place] ^= 1 << (nth % 8);
            files.push(bad);
        }
        files.push(file[..file.len() / 3].to_vec());
    }
    files.push(b"no package".to_vec());
    files.push(Vec::new());
    files
}

fn told(result: oil::error::Result<stream::Metadata>) -> String {
    match result {
        Ok(metadata) => format!("{metadata:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn each_as_alone() {
    let place = Place::new(&[]);
    let files = files(&place);
    let alone: Vec<_> = files
        .iter()
        .map(|file| told(stream::verify(&file[..], &Trust::Anything)))
        .collect();
    assert!(
        alone
            .iter()
            .filter(|text| text.starts_with("Metadata"))
            .count()
            >= 15
    );
    for (threads, step) in [(1, 1), (1, 2), (1, 13), (2, 5)] {
        // Steps that share no divisor with their number come to all.
        let order = (0..files.len()).map(|nth| nth * step % files.len());
        let left = Mutex::new(order.collect::<VecDeque<_>>());
        let found = Mutex::new(vec![None; files.len()]);
        // Of some the file is not opened before their turn, and some are not to be had at once.
        let next = |at_once: bool| {
            let mut left = left.lock().unwrap();
            let is_late = left.front().is_some_and(|nth| at_once && nth % 11 == 3);
            (!is_late).then(|| left.pop_front()).flatten()
        };
        let work = |nth: usize, opened: Option<Opened>| {
            let result = match opened {
                Some(opened) => opened.verify(&Trust::Anything),
                None => stream::verify(&files[nth][..], &Trust::Anything),
            };
            found.lock().unwrap()[nth] = Some(told(result));
            true
        };
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    stream::in_turn(
                        threads,
                        next,
                        |queue, &nth| queue.open(&files[nth][..]).ok().filter(|_| nth % 5 != 2),
                        work,
                    );
                });
            }
        });
        for (nth, (found, alone)) in found
            .into_inner()
            .unwrap()
            .into_iter()
            .zip(&alone)
            .enumerate()
        {
            assert_eq!(
                found.as_ref(),
                Some(alone),
                "{nth} by {threads} in steps of {step}"
            );
        }
    }
}

#[test]
fn no_more_once_it_is_enough() {
    let mut done = 0;
    let mut tasks = 0..10;
    stream::in_turn(
        1,
        |_| tasks.next(),
        |_, _| None,
        |task, _| {
            done += 1;
            task < 2
        },
    );
    assert_eq!(done, 3);
}
