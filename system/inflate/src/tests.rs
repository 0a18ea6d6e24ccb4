//! What zlib makes, undone as zlib undoes it.

use super::*;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use proptest::prelude::*;
use std::io::BufReader;

fn deflate(data: &[u8], level: u32) -> Vec<u8> {
    let mut state = Compress::new(Compression::new(level), false);
    let mut out = Vec::with_capacity(data.len() * 2 + 100);
    let status = state.compress_vec(data, &mut out, FlushCompress::Finish);
    assert_eq!(status.unwrap(), Status::StreamEnd);
    out
}

type Stream<'f> = Inflate<BufReader<&'f [u8]>>;

fn stream(file: &[u8], piece: usize) -> Stream<'_> {
    Inflate::new(BufReader::with_capacity(piece, file))
}

/// What a stream gives, and how many bytes it leaves. Before it makes more, `before` is asked.
fn read<'f>(
    mut stream: Stream<'f>,
    mut before: impl FnMut(&mut Stream<'f>),
) -> Option<(Vec<u8>, usize)> {
    let mut data = Vec::new();
    loop {
        before(&mut stream);
        let made = stream.fill_buf().ok()?;
        if made.is_empty() {
            break;
        }
        // Not all of it at once.
        let length = made.len().min(70_000);
        data.extend_from_slice(&made[..length]);
        stream.consume(length);
    }
    let input = stream.input();
    Some((data, input.buffer().len() + input.get_ref().len()))
}

/// By ours, of pieces of this size; what follows is left.
fn ours(file: &[u8], piece: usize) -> Option<(Vec<u8>, usize)> {
    read(stream(file, piece), |_| {})
}

/// The same of two, the second made beside the first and then read.
fn both(files: [&[u8]; 2], piece: usize, ahead: usize) -> [Option<(Vec<u8>, usize)>; 2] {
    let reader = BufReader::with_capacity(piece, files[1]);
    let mut second = Inflate::with(reader, Buffers::with_room(ahead));
    let first = read(stream(files[0], piece), |first| {
        first.make_beside(&mut second);
    });
    [first, read(second, |_| {})]
}

fn zlibs(file: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut state = Decompress::new(false);
    let mut data = Vec::new();
    loop {
        data.reserve(1 << 16);
        let before = (state.total_in(), state.total_out());
        let rest = &file[before.0 as usize..];
        let status = state.decompress_vec(rest, &mut data, FlushDecompress::None);
        match status.ok()? {
            Status::StreamEnd => return Some((data, file.len() - state.total_in() as usize)),
            _ if before == (state.total_in(), state.total_out()) => return None,
            _ => {}
        }
    }
}

/// Numbers that are the same each time.
fn numbers(mut state: u64) -> impl FnMut() -> u64 {
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

/// Data of several kinds: some that repeats from near and far, some of few and of many different bytes.
fn samples() -> Vec<Vec<u8>> {
    let mut number = numbers(9);
    let mut all = vec![Vec::new(), b"x".to_vec(), vec![7; 300_000]];
    for kinds in [2_u64, 30, 256] {
        all.push((0..200_000).map(|_| (number() % kinds) as u8).collect());
    }
    // Bytes of which each is half as frequent as the one before: the longest codes.
    all.push(
        (0..200_000)
            .map(|_| number().trailing_zeros() as u8)
            .collect(),
    );
    for back in [1_usize, 2, 3, 7, 8, 9, 100, 32_768] {
        let mut data: Vec<u8> = (0..back).map(|_| number() as u8).collect();
        while data.len() < 250_000 {
            let length = 3 + number() as usize % 400;
            for _ in 0..length {
                data.push(data[data.len() - back]);
            }
            data.push(number() as u8);
        }
        all.push(data);
    }
    all
}

#[test]
fn what_zlib_makes() {
    for data in samples() {
        for level in [0, 1, 6, 9] {
            let file = [&deflate(&data, level)[..], b"behind"].concat();
            for piece in [1, 17, 4096, 1 << 20] {
                let (found, left) = ours(&file, piece).unwrap();
                assert!(found == data, "{} {level} {piece}", data.len());
                assert_eq!(left, 6);
            }
        }
    }
}

#[test]
fn two_at_once_as_one_after_the_other() {
    let samples = samples();
    let mut files = Vec::new();
    for data in &samples {
        files.extend([0, 1, 9].map(|level| [&deflate(data, level)[..], b"behind"].concat()));
    }
    for (nth, file) in files.iter().enumerate() {
        let other = &files[(nth * 7 + 5) % files.len()];
        let alone = [file, other].map(|file| ours(file, 1 << 20));
        for (piece, ahead) in [
            (1 << 20, 1 << 20),
            (4096, 10 << 20),
            (17, 100_000),
            (1 << 20, 0),
        ] {
            assert!(
                both([file, other], piece, ahead) == alone,
                "{nth} {piece} {ahead}"
            );
        }
    }
}

#[test]
fn one_that_is_damaged_does_not_harm_the_other() {
    let mut number = numbers(8);
    let data: Vec<u8> = (0..3000).map(|_| number().trailing_zeros() as u8).collect();
    let good = deflate(&data, 6);
    let expected = Some((data, 0));
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let alone = zlibs(&bad);
        for (files, results) in [
            ([&good, &bad], [&expected, &alone]),
            ([&bad, &good], [&alone, &expected]),
        ] {
            let found = both(files.map(|file| &file[..]), 1 << 16, 0);
            assert!(found.each_ref() == results, "{bit}");
        }
    }
    for length in 0..good.len() {
        let found = both([&good, &good[..length]], 100, 1 << 20);
        assert!(found == [expected.clone(), None], "{length}");
    }
}

#[test]
fn nothing_is_made_of_what_was_cut_off() {
    let mut number = numbers(3);
    let data: Vec<u8> = (0..3000).map(|_| (number() % 20) as u8).collect();
    for level in [0, 1, 9] {
        let file = deflate(&data, level);
        for length in 0..file.len() {
            assert_eq!(ours(&file[..length], 100), None, "{length}");
        }
    }
}

#[test]
fn damaged_as_zlib_sees_it() {
    let mut number = numbers(5);
    let mut data: Vec<u8> = (0..2000).map(|_| number().trailing_zeros() as u8).collect();
    data.extend_from_within(100..900);
    for level in [0, 1, 6] {
        let file = deflate(&data, level);
        // Most of what there is to be seen is in the tables at the beginning.
        for bit in (0..file.len() * 8).filter(|bit| bit < &2000 || bit % 7 == 0) {
            let mut bad = file.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            let expected = zlibs(&bad);
            assert!(ours(&bad, 1 << 16) == expected, "{level} {bit}");
            assert!(ours(&bad, 3) == expected, "{level} {bit}");
        }
    }
}

/// Blocks whose code of distances has one code or none, and codes that are none: by hand, lowest bit first.
#[test]
fn few_codes() {
    let bits = |text: &str| -> Vec<u8> {
        let bits: Vec<u8> = text.bytes().filter(|bit| b"01".contains(bit)).collect();
        let byte = |bits: &[u8]| {
            let each = bits.iter().enumerate();
            each.fold(0, |byte, (place, bit)| byte | (bit - b'0') << place)
        };
        bits.chunks(8).map(byte).collect()
    };
    // Last, dynamic; 257 literals, 1 distance, 18 codes of lengths: those of 18 and 1 are of one bit.
    let head = "1 01 00000 00000 0111 000 000 100 000 000 000 000 000 000 000 000 000 000 000 000 000 000 100";
    // 1 is 0 and 18 is 1: 138 and 118 literals without a code, the end's of one bit; then the distance's.
    let literals = "1 1111111 1 1101011 0";
    for (text, good) in [
        // The code of one distance, which is not used.
        (format!("{head} {literals} 0 0"), true),
        // The other code of the end's table stands for nothing.
        (format!("{head} {literals} 0 1 0000000000000000"), false),
        // All 19 lengths' codes of no bits.
        (
            format!("1 01 00000 00000 1111 {} 000000000000", "000 ".repeat(19)),
            false,
        ),
        // Stored, with a length that is not told twice.
        (
            "1 00 00000 1000000000000000 1111111111111111 00000000".to_owned(),
            false,
        ),
        // The kind of block that there is not.
        ("1 11 00000 00000000".to_owned(), false),
        // Fixed codes: a length, then a distance beyond the beginning.
        ("1 10 0000001 00000 0000000".to_owned(), false),
        // Fixed codes: the end alone.
        ("1 10 0000000".to_owned(), true),
    ] {
        let file = bits(&text);
        assert_eq!(ours(&file, 64).is_some(), good, "{text}");
        assert_eq!(zlibs(&file), ours(&file, 1), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_bytes(file in proptest::collection::vec(any::<u8>(), 0..400), piece in 1..64_usize) {
        prop_assert_eq!(ours(&file, piece), zlibs(&file));
    }
}
