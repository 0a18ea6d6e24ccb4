//! Power cuts, on a file system that really forgets: the root lies on a disk whose power is cut at each system call that
//! writes, and is recovered.

use super::disk::{Disk, command, is_possible};
use super::field::with_mounts;
use super::traced::{Then, run};
use super::{CHANGED, copy, field, forget_progress, furnish, state, survives};
use std::fs;

/// Generations of history that are kept.
const GENERATIONS: usize = 3;

/// What became of a transaction at its cuts.
#[derive(Debug, Default)]
struct Cuts {
    /// Cuts after which the old state was found, and the new one.
    old: usize,
    new: usize,
    /// What was wrong after others.
    wrong: Vec<String>,
    /// Whether the new state is found after the last cut, when the transaction says that it is done.
    lasts: bool,
}

/// Does `verb` on a root in ext4 with these mount options, and cuts the power at each call that writes.
fn cut_everywhere(verb: &str, options: &str, eager: bool) -> Cuts {
    let field = field(false);
    let template = furnish(&field);
    let old = state(&template);
    let root = field.path("root");
    copy(&template, &root);
    let (status, _) = run("commit", GENERATIONS, &root, |_| Then::Goes);
    assert_eq!(status, Some(42), "uncut");
    let new = state(&root);
    assert!(CHANGED.iter().all(|path| new.contains_key(*path)));
    fs::remove_dir_all(&root).expect("ours");

    let mut disk = Disk::new(&field.path("."), options, |place| {
        command("cp", &["-a", "-T"], &[&template, place]);
    });
    let root = disk.place.clone();
    let mut cuts = Cuts::default();
    let mut cut = |what: &str, eager: bool, cuts: &mut Cuts| {
        if eager {
            disk.hurry();
        }
        disk.cut(|after| {
            forget_progress(after);
            match survives(after, GENERATIONS, [&old, &new]) {
                Ok(is_new) => {
                    cuts.old += usize::from(!is_new);
                    cuts.new += usize::from(is_new);
                    cuts.lasts = is_new;
                }
                Err(wrong) => {
                    cuts.wrong.push(format!("{what}: {wrong}"));
                    cuts.lasts = false;
                }
            }
        });
    };
    let (status, calls) = run(verb, GENERATIONS, &root, |call| {
        if verb == "careless" && !cuts.wrong.is_empty() {
            return Then::Goes;
        }
        cut(&format!("call {call}"), eager, &mut cuts);
        Then::Goes
    });
    assert_eq!(status, Some(42), "{calls} calls");
    cut("the end", false, &mut cuts);
    disk.done();
    eprintln!(
        "{verb}, {options}, eager: {eager}: {calls} calls, old {}, new {}, wrong {}",
        cuts.old,
        cuts.new,
        cuts.wrong.len()
    );
    cuts
}

fn lasts(options: &str, eager: bool) {
    if !is_possible() {
        return;
    }
    let ran = with_mounts(|| {
        let cuts = cut_everywhere("commit", options, eager);
        assert!(cuts.wrong.is_empty(), "{}", cuts.wrong[0]);
        assert!(cuts.old > 0 && cuts.new > 0 && cuts.lasts, "{cuts:?}");
    });
    assert!(ran, "root has mount namespaces");
}

#[test]
fn power_cut_before_anything_is_written_back() {
    lasts("data=ordered", false);
}

#[test]
fn power_cut_with_names_ahead_of_data() {
    lasts("data=ordered", true);
}

#[test]
fn power_cut_with_names_ahead_of_data_written_in_any_order() {
    lasts("data=writeback", true);
}

/// The same cuts find something if the transaction does not wait for the disk: they do take data away.
#[test]
fn power_cut_of_a_transaction_that_does_not_wait() {
    if !is_possible() {
        return;
    }
    let ran = with_mounts(|| {
        let cuts = cut_everywhere("careless", "data=ordered", true);
        assert!(!cuts.wrong.is_empty(), "{cuts:?}");
    });
    assert!(ran, "root has mount namespaces");
}
