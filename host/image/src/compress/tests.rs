use std::io::Read as _;
use std::process::{Command, Stdio};

use super::*;

/// Machine code and text: this very test program, from the start.
fn sample(length: usize) -> Vec<u8> {
    let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    program.into_iter().cycle().take(length).collect()
}

/// Undoes a compression by other code than made it, wherever there is some.
fn decompress(kind: Compression, packed: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    match kind {
        Compression::None => out.extend(packed),
        Compression::Gzip => {
            flate2::read::GzDecoder::new(packed)
                .read_to_end(&mut out)
                .unwrap();
        }
        Compression::Lzma => {
            let stream = Stream::new_lzma_decoder(u64::MAX).unwrap();
            liblzma::read::XzDecoder::new_stream(packed, stream)
                .read_to_end(&mut out)
                .unwrap();
        }
        Compression::Xz(_) => {
            liblzma::read::XzDecoder::new(packed)
                .read_to_end(&mut out)
                .unwrap();
        }
        Compression::Zstd => {
            zstd::stream::copy_decode(packed, &mut out).unwrap();
        }
        Compression::Lz4 => {
            let (magic, mut rest) = packed.split_at(4);
            assert_eq!(magic, [0x02, 0x21, 0x4c, 0x18]);
            while !rest.is_empty() {
                let (length, after) = rest.split_at(4);
                let length = u32::from_le_bytes(length.try_into().unwrap()) as usize;
                let block = lz4_flex::block::decompress(&after[..length], lz4::BLOCK).unwrap();
                out.extend(block);
                rest = &after[length..];
            }
        }
    }
    out
}

#[test]
fn names_parse_back() {
    for kind in Compression::ALL {
        assert_eq!(kind.name().parse::<Compression>().unwrap(), kind);
    }
    let error = "bzip3".parse::<Compression>().unwrap_err().to_string();
    assert!(
        error.contains("'bzip3'") && error.contains("zstd"),
        "{error}"
    );
}

#[test]
fn what_goes_in_comes_out_and_always_the_same() {
    for length in [0, 1, 100, 4096, 300_000] {
        let bytes = sample(length);
        for kind in Compression::ALL {
            let packed = kind.compress(&bytes).unwrap();
            assert!(decompress(kind, &packed) == bytes, "{kind}, {length} bytes");
            // In small pieces, too.
            let mut encoder = kind.encoder(Vec::new(), length as u64).unwrap();
            for piece in bytes.chunks(777) {
                encoder.write_all(piece).unwrap();
                encoder.flush().unwrap();
            }
            assert!(
                encoder.finish().unwrap() == packed,
                "{kind}, {length} bytes"
            );
            if length > 100_000 && kind != Compression::None {
                assert!(packed.len() < length * 2 / 3, "{kind}: {}", packed.len());
            }
        }
    }
}

#[test]
fn a_second_block_of_lz4() {
    let bytes = [sample(300_000), vec![0; lz4::BLOCK]].concat();
    let packed = Compression::Lz4.compress(&bytes).unwrap();
    assert!(decompress(Compression::Lz4, &packed) == bytes);
}

/// The kernel tells kinds apart by the first two bytes (lib/decompress.c).
#[test]
fn the_kernel_knows_the_first_bytes() {
    let start = |kind: Compression| kind.compress(&sample(5000)).unwrap()[..2].to_vec();
    assert_eq!(start(Compression::Gzip), [0x1f, 0x8b]);
    assert_eq!(start(Compression::Lzma), [0x5d, 0x00]);
    assert_eq!(start(Compression::Xz(Some(Bcj::X86))), [0xfd, 0x37]);
    assert_eq!(start(Compression::Lz4), [0x02, 0x21]);
    assert_eq!(start(Compression::Zstd), [0x28, 0xb5]);
}

/// What a header asks the kernel's memory for.
#[test]
fn windows_are_small() {
    for (length, expected) in [(100, 1 << 12), (300_000, 1 << 19), (1_300_000, 1 << 20)] {
        let bytes = sample(length);
        let lzma = Compression::Lzma.compress(&bytes).unwrap();
        let dictionary = u32::from_le_bytes(lzma[1..5].try_into().unwrap());
        assert_eq!(u64::from(dictionary), expected);

        // Block header: size, flags, filter id 0x21 with one byte of properties: 2 * log2 - 24 for powers of two.
        let xz = Compression::Xz(None).compress(&bytes).unwrap();
        assert_eq!((xz[6], xz[7]), (0, 1), "a CRC32 check");
        assert_eq!((xz[13], xz[14], xz[15]), (0, 0x21, 1));
        assert_eq!(u32::from(xz[16]), 2 * u64::ilog2(expected) - 24);

        let zstd = Compression::Zstd.compress(&bytes).unwrap();
        let single_segment = zstd[4] & 0x20 != 0;
        let window = if single_segment {
            length as u64
        } else {
            1 << (10 + (zstd[5] >> 3))
        };
        assert!(window <= expected, "{window}");
        assert_ne!(zstd[4] & 0x04, 0, "a checksum");
    }
}

/// Other programs read what we write: all that are installed are asked, and at least one must be.
#[test]
fn programs_read_it() {
    let bytes = sample(200_000);
    let mut asked = 0;
    for (kind, program) in [
        (Compression::Gzip, "gzip"),
        (Compression::Lzma, "xz"),
        (Compression::Xz(None), "xz"),
        (Compression::Xz(Some(Bcj::X86)), "xz"),
        (Compression::Zstd, "zstd"),
        (Compression::Lz4, "lz4"),
    ] {
        let mut child = match Command::new(program)
            .arg("-dc")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
        {
            Ok(child) => child,
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                eprintln!("not tried: {program}(1) is not installed here");
                continue;
            }
            Err(e) => panic!("{program}: {e}"),
        };
        let mut stdin = child.stdin.take().unwrap();
        let packed = kind.compress(&bytes).unwrap();
        let writer = std::thread::spawn(move || stdin.write_all(&packed));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        assert!(output.status.success(), "{program} on {kind}");
        assert!(output.stdout == bytes, "{program} on {kind}");
        asked += 1;
    }
    assert!(asked > 0, "Debian always has gzip");
}
