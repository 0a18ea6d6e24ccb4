//! What the settings do that the reference does not have.

use super::assign::{not, switch};
use super::draft::Draft;
use super::error::Problem;
use super::lines::{Operator, Value};
use super::{
    Calendar, Condition, ConditionKind, Options, Sandbox, Timer, capabilities as caps, values,
};
use std::time::Duration;

type Done = Result<(), Problem>;

pub fn log_buffer_keep(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    draft.log.keep_newest = match value.text.as_slice() {
        b"newest" => true,
        b"oldest" => false,
        other => return Err(not(other, "one of newest, oldest")),
    };
    Ok(())
}

fn size(text: &[u8]) -> Result<u64, Problem> {
    let expected = "a size in bytes, such as 4096, 64K, 100M or 2G";
    values::size(text).ok_or_else(|| not(text, expected))
}

pub fn logfile_max_size(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    draft.log.max_size = size(&value.text)?;
    Ok(())
}

pub fn logfile_keep(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    let keep = values::number(&value.text, 1000).and_then(|keep| u32::try_from(keep).ok());
    draft.log.keep = keep.ok_or_else(|| not(&value.text, "a whole number from 0 to 1000"))?;
    Ok(())
}

/// Switches one option.
pub fn option(draft: &mut Draft<'_>, value: &Value, option: Options) -> Done {
    let on = switch(value)?;
    draft.made.options.set(option, on);
    Ok(())
}

pub fn socket_activation(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    option(draft, value, Options::ON_DEMAND)
}

pub fn cgroup(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    let on = switch(value)?;
    draft.made.options.set(Options::OWN_CGROUP, on);
    draft.made.options.set(Options::NO_OWN_CGROUP, !on);
    Ok(())
}

/// What is to be written to a file of the cgroup, once.
fn write(draft: &mut Draft<'_>, file: &'static str, content: Vec<u8>) {
    let files = &mut draft.extra().cgroup;
    files.retain(|(other, _)| *other != file);
    files.push((file, content.into()));
}

pub fn cgroup_size(draft: &mut Draft<'_>, value: &Value, file: &'static str) -> Done {
    let content = size_or_max(&value.text)?;
    write(draft, file, content);
    Ok(())
}

fn size_or_max(text: &[u8]) -> Result<Vec<u8>, Problem> {
    match text {
        b"max" => Ok(text.to_vec()),
        _ => Ok(size(text)?.to_string().into_bytes()),
    }
}

/// A percentage of one processor, or what the kernel takes: a quota in microseconds or `max`, then a period.
pub fn cgroup_cpu_max(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    const PERIOD: u64 = 100_000;
    let text = value.text.as_slice();
    let plain =
        |word: &[u8]| values::number(word, 1_000_000_000_000).is_some_and(|number| number >= 1000);
    let mut words = text.split(|byte| *byte == b' ');
    let content = match text.strip_suffix(b"%") {
        Some(percent) => values::number(percent, 1_000_000)
            .filter(|percent| *percent > 0)
            .map(|percent| format!("{} {PERIOD}", percent * PERIOD / 100).into_bytes()),
        None => {
            let quota = words
                .next()
                .is_some_and(|word| word == b"max" || plain(word));
            let period = words.next().is_none_or(plain);
            (quota && period && words.next().is_none()).then(|| text.to_vec())
        }
    };
    let expected = "a percentage such as 50%, or a quota ('max' or microseconds) and a period";
    let content = content.ok_or_else(|| not(text, expected))?;
    write(draft, "cpu.max", content);
    Ok(())
}

pub fn cgroup_weight(draft: &mut Draft<'_>, value: &Value, file: &'static str) -> Done {
    let weight = values::number(&value.text, 10_000).filter(|weight| *weight > 0);
    let weight = weight.ok_or_else(|| not(&value.text, "a whole number from 1 to 10000"))?;
    write(draft, file, weight.to_string().into_bytes());
    Ok(())
}

/// `MAJOR:MINOR` and limits: `rbps=`, `wbps=` (sizes), `riops=`, `wiops=`. One line a device.
pub fn cgroup_io_max(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    let expected = "MAJOR:MINOR and limits such as rbps=1M wiops=120 (of rbps, wbps, riops, wiops)";
    let wrong = || not(&value.text, expected);
    let mut words = value.words();
    let device = words.next().ok_or_else(wrong)?;
    let mut numbers = device.split(|byte| *byte == b':');
    let number = |text: Option<&[u8]>| text.and_then(|text| values::number(text, 1 << 20));
    let (major, minor) = (number(numbers.next()), number(numbers.next()));
    if major.is_none() || minor.is_none() || numbers.next().is_some() || value.words.len() < 2 {
        return Err(wrong());
    }
    let mut content = device.to_vec();
    for word in words {
        let at = word
            .iter()
            .position(|byte| *byte == b'=')
            .ok_or_else(wrong)?;
        let (name, limit) = (&word[..at], &word[at + 1..]);
        if ![&b"rbps"[..], b"wbps", b"riops", b"wiops"].contains(&name) {
            return Err(wrong());
        }
        content.push(b' ');
        content.extend_from_slice(&word[..=at]);
        content.append(&mut size_or_max(limit)?);
    }
    draft.extra().cgroup.push(("io.max", content.into()));
    Ok(())
}

pub fn cgroup_pids_max(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    let text = value.text.as_slice();
    let number = || values::number(text, 1 << 22).filter(|number| *number > 0);
    let content = match text {
        b"max" => text.to_vec(),
        _ => match number() {
            Some(number) => number.to_string().into_bytes(),
            None => return Err(not(text, "'max' or a whole number from 1 to 4194304")),
        },
    };
    write(draft, "pids.max", content);
    Ok(())
}

fn timer<'a>(draft: &'a mut Draft<'_>) -> &'a mut Timer {
    draft.extra().timer.get_or_insert_default()
}

pub fn timer_starts(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    let name = draft.preload(&value.text)?;
    if values::service_name(&name).is_err() {
        return Err(not(&name, "a name for a service"));
    }
    timer(draft).starts = name;
    Ok(())
}

pub fn timer_time(
    draft: &mut Draft<'_>,
    value: &Value,
    place: fn(&mut Timer) -> &mut Option<Duration>,
) -> Done {
    let expected = "a time such as 30, 1.5s, 10m, 6h, 1d or 1w";
    let time = values::long_time(&value.text).ok_or_else(|| not(&value.text, expected))?;
    *place(timer(draft)) = Some(time);
    Ok(())
}

pub fn timer_calendar(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    let expected = "five fields as crontab(5) has them (minute hour day month weekday) that come true some day";
    let calendar = Calendar::parse(&value.text).ok_or_else(|| not(&value.text, expected))?;
    timer(draft).calendar.push(calendar);
    Ok(())
}

pub fn condition(draft: &mut Draft<'_>, value: &Value, kind: ConditionKind) -> Done {
    let (inverted, text) = match value.text.strip_prefix(b"!") {
        Some(text) => (true, text.trim_ascii_start()),
        None => (false, value.text.as_slice()),
    };
    let fits = match kind {
        ConditionKind::Path => text.first().is_some_and(|byte| b"/$".contains(byte)),
        ConditionKind::KernelWord => !text.is_empty() && !text.contains(&b' '),
        ConditionKind::Device => !text.is_empty() && text[0] != b'/',
    };
    if !fits {
        return Err(not(
            &value.text,
            match kind {
                ConditionKind::Path => {
                    "an absolute path, with '!' before it if it must not be there"
                }
                ConditionKind::KernelWord => "one word, with '!' before it if it must not be there",
                ConditionKind::Device => {
                    "a name below /dev or /sys/class, with '!' before it if it must not be there"
                }
            },
        ));
    }
    draft.extra().conditions.push(Condition {
        kind,
        inverted,
        value: text.into(),
    });
    Ok(())
}

/// Paths, one or more a line.
pub fn paths(
    draft: &mut Draft<'_>,
    value: &Value,
    place: fn(&mut Sandbox) -> &mut Vec<Box<[u8]>>,
) -> Done {
    for word in value.words() {
        // A variable may bring the slash.
        if !word.first().is_some_and(|byte| b"/$".contains(byte)) {
            return Err(not(word, "an absolute path"));
        }
        place(&mut draft.extra().sandbox).push(word.into());
    }
    Ok(())
}

pub fn capability_bounding(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    let mut bits = draft.made.extra().sandbox.bounding.unwrap_or(0);
    for word in value
        .text
        .split(|byte| b" ,".contains(byte))
        .filter(|word| !word.is_empty())
    {
        if word != b"none" {
            let expected = "a capability's name, such as CAP_NET_RAW, or none";
            bits |= caps::bit(word).ok_or_else(|| not(word, expected))?;
        }
    }
    draft.extra().sandbox.bounding = Some(bits);
    Ok(())
}

pub fn seccomp_allow(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    for word in value.words() {
        let named = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'_';
        if !word.iter().all(named) {
            return Err(not(word, "a system call's name, such as openat"));
        }
        let known = crate::launch::sandbox::seccomp::number(word).is_some();
        let allowed = &mut draft.extra().sandbox.seccomp;
        let allowed = allowed.get_or_insert_default();
        if known {
            allowed.push(word.into());
        } else {
            // Other architectures, for which the description may be meant too, have others.
            let what = "is no system call of this architecture, and is passed over";
            draft.warn("seccomp-allow", Problem::Unsuitable(word.into(), what));
        }
    }
    Ok(())
}
