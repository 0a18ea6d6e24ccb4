//! `[[pressure]]`: what is done when processes wait too long for memory, devices or processors.

use super::first;
use super::sysctl::amount as written;
use crate::error::Result;
use crate::policy::read::{Reading, wrong};
use crate::policy::units;
use crate::pressure::{Action, Doing, Room, SIGNALS, Trigger};
use document::{Key, Table, Value};

const KEYS: &[&str] = &[
    "group",
    "resource",
    "kind",
    "stall",
    "window",
    "calm",
    "available",
    "actions",
];
const ACTIONS: &[&str] = &["reclaim", "freeze", "tell", "kill"];

/// What can be said further, and of which action.
const FURTHER: &[(&str, &str)] = &[
    ("amount", "reclaim"),
    ("time", "freeze"),
    ("signal", "tell"),
];

pub fn pressure(reading: &mut Reading<'_>, section: &Key, value: &Value) -> Result<()> {
    let Some(values) = value.array() else {
        return Err(reading.other(section, value, "a list of tables: [[pressure]]"));
    };
    for value in values {
        let trigger = trigger(reading, value.line, reading.table(section, value)?)?;
        reading.policy.triggers.push(trigger);
    }
    Ok(())
}

fn trigger(reading: &Reading<'_>, line: u32, table: &Table) -> Result<Trigger> {
    let mut trigger = Trigger {
        group: String::new(),
        resource: "memory",
        full: false,
        stall: 0,
        window: 1_000_000,
        calm: 10_000_000,
        available: None,
        actions: Vec::new(),
        origin: reading.origin(line),
    };
    for (key, value) in &table.0 {
        match &*key.name {
            "group" => trigger.group = group(reading, key, value)?,
            "resource" => {
                let text = reading.text(key, value)?;
                let known = ["memory", "io", "cpu"];
                match known.iter().find(|known| **known == text) {
                    Some(known) => trigger.resource = known,
                    None => {
                        return wrong!(
                            reading,
                            value.line,
                            "'resource' is 'memory', 'io' or 'cpu'"
                        );
                    }
                }
            }
            "kind" => match reading.text(key, value)? {
                "some" => trigger.full = false,
                "full" => trigger.full = true,
                _ => return wrong!(reading, value.line, "'kind' is 'some' or 'full'"),
            },
            "stall" => trigger.stall = time(reading, key, value)?,
            "window" => trigger.window = time(reading, key, value)?,
            "calm" => trigger.calm = time(reading, key, value)?,
            "available" => {
                let text = reading.text(key, value)?;
                let share = units::percent(text).filter(|share| *share <= 100);
                let room = share
                    .map(Room::Share)
                    .or(units::bytes(text).map(Room::Bytes));
                if room.is_none() {
                    return wrong!(
                        reading,
                        value.line,
                        "'available' is a share of the memory, such as '10%', or an amount, such as '64M'"
                    );
                }
                trigger.available = room;
            }
            "actions" => {
                let Some(values) = value.array() else {
                    return Err(reading.other(
                        key,
                        value,
                        "a list of tables: [{ reclaim = \"GROUP\", amount = \"64M\" }]",
                    ));
                };
                for value in values {
                    trigger
                        .actions
                        .push(action(reading, value.line, reading.table(key, value)?)?);
                }
            }
            _ => return Err(reading.unknown(key, "pressure", KEYS)),
        }
    }
    // Documentation/accounting/psi.rst
    if !(500_000..=10_000_000).contains(&trigger.window) {
        return wrong!(reading, line, "'window' is from 500ms to 10s");
    }
    if trigger.stall == 0 || trigger.stall > trigger.window {
        return wrong!(
            reading,
            line,
            "'stall' is needed: a time within the window, such as '150ms'"
        );
    }
    if trigger.actions.is_empty() {
        return wrong!(reading, line, "'actions' is needed: what is to be done");
    }
    Ok(trigger)
}

/// A group, or `/` for all.
fn group(reading: &Reading<'_>, key: &Key, value: &Value) -> Result<String> {
    let name = crate::cgroup::plain(reading.text(key, value)?);
    match name.is_empty() || super::groups::is_name(name) {
        true => Ok(name.to_owned()),
        false => wrong!(reading, value.line, "'{name}' is no name of a group"),
    }
}

fn time(reading: &Reading<'_>, key: &Key, value: &Value) -> Result<u64> {
    let text = value.text().and_then(units::micros);
    match text.or(value
        .integer()
        .and_then(|number| u64::try_from(number).ok()))
    {
        Some(micros) => Ok(micros),
        None => {
            wrong!(
                reading,
                value.line,
                "'{}' is a time: '150ms', '1s', or microseconds",
                key.name
            )
        }
    }
}

fn action(reading: &Reading<'_>, line: u32, table: &Table) -> Result<Action> {
    let mut doing: Option<(&Key, &Value)> = None;
    for (key, value) in &table.0 {
        let name = &*key.name;
        if ACTIONS.contains(&name) {
            if doing.replace((key, value)).is_some() {
                return wrong!(
                    reading,
                    key.line,
                    "an action is one thing; write another '{{ … }}' for the next"
                );
            }
        } else if !FURTHER.iter().any(|(further, _)| *further == name) {
            let known = [
                "reclaim", "amount", "freeze", "time", "tell", "signal", "kill",
            ];
            return Err(reading.unknown(key, "an action", &known));
        }
    }
    let Some((key, value)) = doing else {
        return wrong!(reading, line, "an action is one of {}", ACTIONS.join(", "));
    };
    let mut given: Option<(&Key, &Value)> = None;
    for (other, value) in &table.0 {
        let Some((_, of)) = FURTHER.iter().find(|(name, _)| *name == other.name) else {
            continue;
        };
        if *of != key.name {
            return wrong!(
                reading,
                other.line,
                "'{}' belongs to '{of}', not to '{}'",
                other.name,
                key.name
            );
        }
        given = Some((other, value));
    }
    let doing = match &*key.name {
        "reclaim" => Doing::Reclaim {
            group: group(reading, key, value)?,
            amount: match given {
                Some((_, value)) => amount(reading, value)?,
                None => 64 << 20,
            },
        },
        "freeze" => {
            let group = group(reading, key, value)?;
            if group.is_empty() {
                return wrong!(
                    reading,
                    key.line,
                    "all of the system cannot be frozen: name a group"
                );
            }
            let pause = match given {
                Some((key, value)) => time(reading, key, value)?,
                None => 5_000_000,
            };
            Doing::Freeze { group, pause }
        }
        "tell" => Doing::Tell {
            service: reading.text(key, value)?.to_owned(),
            signal: match given {
                Some((key, value)) => signal(reading, key, value)?,
                None => SIGNALS[0].1,
            },
        },
        _ => Doing::Kill {
            group: group(reading, key, value)?,
        },
    };
    Ok(Action { doing })
}

fn amount(reading: &Reading<'_>, value: &Value) -> Result<u64> {
    let bytes = written(value).and_then(|text| units::bytes(&text));
    match bytes {
        Some(bytes) if bytes > 0 => Ok(bytes),
        _ => wrong!(reading, value.line, "'amount' is a size: '64M'"),
    }
}

fn signal(reading: &Reading<'_>, key: &Key, value: &Value) -> Result<i32> {
    let name = reading.text(key, value)?;
    let name = name.strip_prefix("SIG").unwrap_or(name);
    match SIGNALS.iter().find(|(known, _)| *known == name) {
        Some((_, number)) => Ok(*number),
        None => wrong!(
            reading,
            value.line,
            "'signal' is one of {}",
            first(SIGNALS).join(", ")
        ),
    }
}
