//! Killed on the way into each such call: the next start finds the old root or the new one, whole.

use super::traced::{Then, run};
use super::{CHANGED, copy, field, forget_progress, furnish, state, survives};

fn dies(now: bool) -> Then {
    if now { Then::Dies } else { Then::Goes }
}

fn cut_everywhere(v2: bool, generations: usize) {
    let field = field(v2);
    let template = furnish(&field);
    let old = state(&template);

    let root = field.path("root");
    copy(&template, &root);
    let (status, writes) = run("commit", generations, &root, |_| Then::Goes);
    assert_eq!(status, Some(42), "uncut");
    let new = state(&root);
    assert_ne!(old, new);
    assert!(CHANGED.iter().all(|path| new.contains_key(*path)));
    assert!(!new.contains_key("usr/lib/goes"));

    let mut forward = 0;
    for cut in 1..=writes {
        copy(&template, &root);
        let (status, _) = run("commit", generations, &root, |call| dies(call == cut));
        assert_eq!(status, None, "killed at {cut} of {writes}");
        // What recovers is cut, too, now and then.
        if cut % 8 == 0 {
            for again in (1..).step_by(5) {
                let (status, _) = run("recover", generations, &root, |call| dies(call == again));
                if let Some(status) = status {
                    assert_eq!(status, 42, "recovery after {cut}");
                    break;
                }
            }
        }
        if cut % 8 == 4 {
            forget_progress(&root);
        }
        let what = format!("cut at {cut} of {writes}");
        let survived = survives(&root, generations, [&old, &new]);
        forward += usize::from(survived.unwrap_or_else(|wrong| panic!("{what}: {wrong}")));
    }
    eprintln!("{writes} cuts, {forward} of them led to the new state");
    assert!(forward > writes / 4 && forward < writes);
}

#[test]
fn cut_at_every_write_v3() {
    cut_everywhere(false, 0);
}

#[test]
fn cut_at_every_write_v2_with_history() {
    cut_everywhere(true, 3);
}
