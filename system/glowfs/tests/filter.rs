//! The filter for programs, beside one that asks for each instruction in turn, as `docs/glowfs-format.md` says it.

use glowfs::format::filter::Filter;
use proptest::collection::vec;
use proptest::prelude::*;

/// Where the distance is of an instruction that `bytes` begins with.
fn distance(bytes: &[u8]) -> Option<usize> {
    const OPERATIONS: [u8; 11] = [
        0x03, 0x2b, 0x39, 0x3b, 0x63, 0x83, 0x85, 0x89, 0x8b, 0x8d, 0xc7,
    ];
    let (first, second, third) = (bytes[0], bytes[1], bytes[2]);
    if first == 0xe8 || first == 0xe9 {
        return Some(1);
    }
    if first == 0x0f && second & 0xf0 == 0x80 || first == 0xff && [0x15, 0x25].contains(&second) {
        return Some(2);
    }
    let relative = first & 0xf8 == 0x48 && OPERATIONS.contains(&second) && third & 0xc7 == 5;
    relative.then_some(3)
}

fn slowly(bytes: &mut [u8]) {
    let mut at = 0;
    while at + 8 <= bytes.len() {
        let Some(from) = distance(&bytes[at..]) else {
            at += 1;
            continue;
        };
        at += from + 4;
        let field: &mut [u8; 4] = (&mut bytes[at - 4..at]).try_into().unwrap();
        if field[3] == 0 || field[3] == 0xff {
            let turned = u32::from_le_bytes(*field).wrapping_add(at as u32);
            *field = (((turned << 7) as i32) >> 7).to_le_bytes();
        }
    }
}

/// Bytes as programs have them: those that mean something to the filter more often than others.
fn program() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        0x00, 0xff, 0xe8, 0xe9, 0x0f, 0x84, 0x15, 0x25, 0x48, 0x4c, 0x8b, 0x8d, 0x05, 0x3d, 0x63,
    ]);
    vec(prop_oneof![4 => known, 1 => any::<u8>()], 0..600)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn it_finds_the_same_and_the_way_back(bytes in program()) {
        let (mut quick, mut slow) = (bytes.clone(), bytes.clone());
        Filter::X86.encode(&mut quick);
        slowly(&mut slow);
        prop_assert_eq!(&quick, &slow);
        Filter::X86.decode(&mut quick);
        prop_assert_eq!(quick, bytes);
    }
}

/// Each three bytes that an instruction can begin with, and all that cannot.
#[test]
fn every_begin_of_an_instruction_is_known() {
    for first in 0..=255 {
        for second in 0..=255 {
            for third in [0x00, 0x04, 0x05, 0x0d, 0x3d, 0x45, 0x85, 0xc5, 0xff] {
                let mut quick = [first, second, third, 1, 2, 3, 0, 0, 0, 0, 0, 0];
                let mut slow = quick;
                Filter::X86.encode(&mut quick);
                slowly(&mut slow);
                assert_eq!(quick, slow, "{first:02x} {second:02x} {third:02x}");
            }
        }
    }
}
