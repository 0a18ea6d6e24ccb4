//! What an error of the kernel's means for a value, and the way out.

use crate::step::{Kind, Step};
use rustix::io::Errno;

/// Of what there is not.
pub fn absent(step: &Step) -> String {
    match step.kind {
        Kind::Sysctl => format!(
            "there is no {}: the kernel lacks it, or its module is not loaded yet; write '-' before the key to do without",
            step.path
        ),
    }
}

pub fn reading(step: &Step, errno: Errno) -> String {
    format!("reading {}: {}", step.path, words(errno))
}

pub fn writing(step: &Step, value: &str, errno: Errno) -> String {
    let told = format!("writing '{value}' to {}: {}", step.path, words(errno));
    let way_out = match errno {
        Errno::NOENT | Errno::NOTDIR => return absent(step),
        Errno::ACCESS | Errno::PERM => {
            "run it as root; if it is, the value is read-only, or locked until the next start of the system"
        }
        Errno::ROFS => "it is mounted read-only: in a container, set it outside",
        Errno::INVAL | Errno::RANGE | Errno::DOM => "the kernel takes no such value here",
        Errno::NOSPC => {
            "there is not so much left to give: ask for less, or take it from others first"
        }
        _ => return told,
    };
    format!("{told}: {way_out}")
}

fn words(errno: Errno) -> String {
    crate::error::reason(&errno.into())
}
