//! The console against scripted guests.

use super::*;
use crate::testing;
use std::io::BufRead;

/// Long enough to never pass where the answer is certain to come.
const LONG: Duration = Duration::from_secs(60);
/// Short, where it is certain not to come.
const SHORT: Duration = Duration::from_millis(150);

#[test]
fn finds_across_pieces_and_drops_carriage_returns() {
    let (mut console, mut guest, _in) = testing::console(Stop::default(), None);
    thread::spawn(move || {
        for piece in ["one\r\ntwo\r", "\nmin lo", "gin:", " rest"] {
            guest.write_all(piece.as_bytes()).unwrap();
            thread::sleep(Duration::from_millis(20));
        }
    });
    let found = console.expect(&["never", "login: "], LONG).unwrap();
    assert_eq!((found.which, found.before.as_str()), (1, "one\ntwo\nmin "));
    assert_eq!(console.expect(&["rest"], LONG).unwrap().before, "");
    // Consumed is consumed: the guest has ended and said nothing more.
    assert_eq!(console.expect(&["login: "], LONG), Err(Trouble::Ended));
}

#[test]
fn the_pattern_that_begins_first_is_found() {
    let (mut console, mut guest, _in) = testing::console(Stop::default(), None);
    guest.write_all(b"..b..a").unwrap();
    let found = console.expect(&["a", "b"], LONG).unwrap();
    assert_eq!((found.which, found.before.as_str()), (1, ".."));
    assert_eq!(console.expect(&["a", "b"], LONG).unwrap().which, 0);
}

#[test]
fn lines_reach_the_guest() {
    let (mut console, mut guest, input) = testing::console(Stop::default(), None);
    let answering = thread::spawn(move || {
        let mut line = String::new();
        io::BufReader::new(input).read_line(&mut line).unwrap();
        guest.write_all(format!("got {line}").as_bytes()).unwrap();
    });
    console.send_line("root").unwrap();
    console.expect(&["got root\n"], LONG).unwrap();
    answering.join().unwrap();
    assert!(console.send_line("root").is_err());
}

#[test]
fn a_panic_is_recognised_with_its_last_words() {
    for text in [
        "[    1.52] Kernel panic - not syncing: No working init found.\r\n[ 1.6] CPU: 0\r\n\
         [    1.53] ---[ end Kernel panic - not syncing: No working init found. ]---\r\n",
        "Kernel panic - not syncing: No working init found.\nmore\n",
    ] {
        let (mut console, mut guest, _in) = testing::console(Stop::default(), None);
        guest.write_all(text.as_bytes()).unwrap();
        let line = "Kernel panic - not syncing: No working init found.".to_owned();
        assert_eq!(
            console.expect(&["login: "], LONG),
            Err(Trouble::Panic(line))
        );
        assert!(console.last_lines().len() >= 2);
    }
}

#[test]
fn a_fault_is_kept_and_nothing_else_is_one() {
    for (text, fault) in [
        (
            "[    3.85] kernel BUG at mm/usercopy.c:102!\r\n[ 3.85] Oops: invalid opcode: 0000 [#1]\r\n",
            Some("kernel BUG at mm/usercopy.c:102!"),
        ),
        (
            "BUG: kernel NULL pointer dereference, address: 8\n",
            Some("BUG: kernel NULL pointer dereference, address: 8"),
        ),
        (
            "[    9.00] BUG: workqueue lockup - pool cpus=0 stuck for 30s!\n",
            None,
        ),
        ("what says BUG: it is one\n[    1.00] x: Oops: no\n", None),
    ] {
        let (mut console, mut guest, _in) = testing::console(Stop::default(), None);
        guest.write_all(text.as_bytes()).unwrap();
        guest.write_all(b"login: ").unwrap();
        console.expect(&["login: "], LONG).unwrap();
        assert_eq!(console.fault(), fault);
    }
}

#[test]
fn a_panic_and_then_the_end_is_a_panic() {
    let (mut console, mut guest, _in) = testing::console(Stop::default(), None);
    guest
        .write_all(b"Kernel panic - not syncing: Attempted to kill init!\n")
        .unwrap();
    drop(guest);
    let trouble = console.expect(&["login: "], LONG);
    assert!(matches!(trouble, Err(Trouble::Panic(_))), "{trouble:?}");
    let (mut console, mut guest, _in) = testing::console(Stop::default(), None);
    guest.write_all(b"Kernel panic - not syncing: x\n").unwrap();
    drop(guest);
    let trouble = console.expect_end(LONG);
    assert!(matches!(trouble, Err(Trouble::Panic(_))), "{trouble:?}");
}

#[test]
fn output_that_mentions_a_panic_is_none() {
    let (mut console, mut guest, _in) = testing::console(Stop::default(), None);
    guest
        .write_all(b"grep found: Kernel panic - not syncing\n# echo [x] Kernel panic\ndone\n")
        .unwrap();
    console.expect(&["done\n"], LONG).unwrap();
    assert_eq!(
        console.expect(&["more"], SHORT),
        Err(Trouble::TimedOut(SHORT))
    );
}

#[test]
fn waiting_ends_at_each_limit() {
    let (mut console, _guest, _in) = testing::console(Stop::default(), Some(SHORT));
    assert_eq!(console.expect(&["x"], LONG), Err(Trouble::Silent(SHORT)));
    let (mut console, _guest, _in) = testing::console(Stop::default(), None);
    assert_eq!(console.expect(&["x"], SHORT), Err(Trouble::TimedOut(SHORT)));
    assert_eq!(console.expect_end(SHORT), Err(Trouble::TimedOut(SHORT)));
    console.listen(SHORT).unwrap();
}

#[test]
fn the_stop_flag_ends_waiting() {
    let stop = Stop::default();
    let (mut console, _guest, _in) = testing::console(stop.clone(), None);
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(20));
        stop.raise();
    });
    assert_eq!(console.expect(&["x"], LONG), Err(Trouble::Interrupted));
}

#[test]
fn the_past_is_bounded_and_harmless() {
    let (mut console, mut guest, _in) = testing::console(Stop::default(), None);
    let writing = thread::spawn(move || {
        for n in 0..20_000 {
            writeln!(guest, "line {n}").unwrap();
        }
        guest.write_all(b"\n\n\x1b[2Jend").unwrap();
    });
    console.expect(&["[2Jend"], LONG).unwrap();
    writing.join().unwrap();
    let lines = console.last_lines();
    assert_eq!(lines.len(), SHOWN);
    assert_eq!(lines[SHOWN - 2], "line 19999");
    assert_eq!(lines[SHOWN - 1], "\u{fffd}[2Jend");
    assert_eq!(console.past.len(), KEPT);
}

#[test]
fn what_was_not_consumed_can_be_taken() {
    let (mut console, mut guest, _in) = testing::console(Stop::default(), None);
    guest.write_all(b"a\xffb").unwrap();
    drop(guest);
    console.expect_end(LONG).unwrap();
    assert_eq!(console.take(), "a\u{fffd}b");
    assert_eq!(console.take(), "");
}
