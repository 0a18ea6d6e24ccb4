//! `[[pressure]]`: what is done when processes wait too long for memory, devices or processors.

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
    let name = reading.text(key, value)?.trim_matches('/');
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
    let mut doing = None;
    let (mut amount, mut pause, mut signal) = (64 << 20, 5_000_000, SIGNALS[0].1);
    let mut further: Option<(&Key, &str)> = None;
    for (key, value) in &table.0 {
        let found = match &*key.name {
            "reclaim" => Doing::Reclaim {
                group: group(reading, key, value)?,
                amount,
            },
            "freeze" => Doing::Freeze {
                group: group(reading, key, value)?,
                pause,
            },
            "kill" => Doing::Kill {
                group: group(reading, key, value)?,
            },
            "tell" => Doing::Tell {
                service: reading.text(key, value)?.to_owned(),
                signal,
            },
            "amount" => {
                match written(value)
                    .and_then(|text| units::bytes(&text))
                    .filter(|bytes| *bytes > 0)
                {
                    Some(bytes) => amount = bytes,
                    None => return wrong!(reading, value.line, "'amount' is a size: '64M'"),
                }
                further = Some((key, "reclaim"));
                continue;
            }
            "time" => {
                pause = time(reading, key, value)?;
                further = Some((key, "freeze"));
                continue;
            }
            "signal" => {
                let name = reading.text(key, value)?;
                let name = name.strip_prefix("SIG").unwrap_or(name);
                match SIGNALS.iter().find(|(known, _)| *known == name) {
                    Some((_, number)) => signal = *number,
                    None => {
                        let known: Vec<&str> = SIGNALS.iter().map(|(known, _)| *known).collect();
                        return wrong!(
                            reading,
                            value.line,
                            "'signal' is one of {}",
                            known.join(", ")
                        );
                    }
                }
                further = Some((key, "tell"));
                continue;
            }
            _ => {
                let known = [
                    "reclaim", "amount", "freeze", "time", "tell", "signal", "kill",
                ];
                return Err(reading.unknown(key, "an action", &known));
            }
        };
        if doing.replace((key, found)).is_some() {
            return wrong!(
                reading,
                key.line,
                "an action is one thing; write another '{{ … }}' for the next"
            );
        }
    }
    let Some((key, mut doing)) = doing else {
        return wrong!(reading, line, "an action is one of {}", ACTIONS.join(", "));
    };
    if let Some((other, of)) = further.filter(|(_, of)| *of != key.name) {
        return wrong!(
            reading,
            other.line,
            "'{}' belongs to '{of}', not to '{}'",
            other.name,
            key.name
        );
    }
    match &mut doing {
        Doing::Reclaim { amount: own, .. } => *own = amount,
        Doing::Freeze { group, pause: own } => {
            *own = pause;
            if group.is_empty() {
                return wrong!(
                    reading,
                    key.line,
                    "all of the system cannot be frozen: name a group"
                );
            }
        }
        Doing::Tell { signal: own, .. } => *own = signal,
        Doing::Kill { .. } => {}
    }
    Ok(Action { doing })
}
