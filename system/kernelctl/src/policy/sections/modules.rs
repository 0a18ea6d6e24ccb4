//! `[modules]`: which are loaded, and which never by themselves. `[zram]`: swap in compressed memory.

use super::dash;
use super::sysctl::amount;
use crate::error::Result;
use crate::policy::read::{Reading, wrong};
use crate::policy::units;
use crate::step::{self, Kind, Step};
use document::{Key, Value};
use std::fmt::Write;
use std::rc::Rc;

/// What modprobe.d(5) has for it.
const BLACKLIST: &str = "/run/modprobe.d/kernelctl.conf";

pub fn modules(reading: &mut Reading<'_>, section: &Key, value: &Value) -> Result<()> {
    for (key, value) in &reading.table(section, value)?.0 {
        let (optional, name) = dash(&key.name);
        if !matches!(name, "load" | "blacklist") {
            return Err(reading.unknown(key, "modules", &["load", "blacklist"]));
        }
        for text in reading.texts(key, value)? {
            let (module, parameters) = text.split_once(' ').unwrap_or((&text, ""));
            let part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            let plain = !module.is_empty()
                && module.chars().all(part)
                && !parameters.contains(char::is_control);
            if !plain || (name == "blacklist" && !parameters.is_empty()) {
                return wrong!(reading, value.line, "'{text}' is no name of a module");
            }
            let module = module.replace('-', "_");
            if name == "blacklist" {
                reading
                    .policy
                    .blacklist
                    .push((module, reading.origin(key.line)));
                continue;
            }
            let origin = reading.origin(key.line);
            let parameters = parameters.trim();
            let space = if parameters.is_empty() { "" } else { " " };
            let step = Step::new(
                Kind::Module,
                optional,
                format_args!("module {module}"),
                format_args!("/sys/module/{module}"),
                format_args!("{}{space}{parameters}", Kind::LOADED),
                &origin,
            );
            step::put(&mut reading.policy.modules, step);
        }
    }
    for (module, origin) in &reading.policy.blacklist {
        let mut loaded = reading.policy.modules.iter();
        if let Some(loaded) = loaded.find(|step| step.module() == module) {
            return wrong!(
                reading,
                section.line,
                "'{module}' is to be loaded ({}) and never to be loaded ({origin})",
                loaded.origin
            );
        }
    }
    Ok(())
}

/// The step that keeps modules from being loaded by themselves; none if there are none.
pub fn blacklist(policy: &crate::policy::Policy) -> Option<Rc<Step>> {
    let (_, origin) = policy.blacklist.first()?;
    let mut lines = String::new();
    for (module, _) in &policy.blacklist {
        let _ = writeln!(lines, "blacklist {module}\ninstall {module} /bin/false");
    }
    Some(Step::new(
        Kind::Own,
        false,
        format_args!("modules.blacklist"),
        format_args!("{BLACKLIST}"),
        format_args!("{}", lines.trim_end()),
        origin,
    ))
}

pub fn zram(reading: &mut Reading<'_>, section: &Key, value: &Value) -> Result<()> {
    let (mut size, mut algorithm, mut priority, mut optional) = (None, "-", 100, false);
    for (key, value) in &reading.table(section, value)?.0 {
        match &*key.name {
            "size" => {
                let text = amount(value).unwrap_or_default();
                let share = units::percent(&text).filter(|share| (1..=1000).contains(share));
                let bytes = units::bytes(&text).filter(|bytes| *bytes >= 1 << 20);
                let bytes = bytes.map(|bytes| (bytes & !0xffff).to_string());
                size = match share.map(|share| format!("{share}%")).or(bytes) {
                    Some(size) => Some(size),
                    None => {
                        return wrong!(
                            reading,
                            value.line,
                            "'size' is at least 1M ('512M'), or a share of the memory ('50%')"
                        );
                    }
                };
            }
            "algorithm" => {
                algorithm = reading.text(key, value)?;
                let part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
                if algorithm.is_empty() || !algorithm.chars().all(part) {
                    return wrong!(reading, value.line, "'{algorithm}' is no algorithm");
                }
            }
            "priority" => match value
                .integer()
                .filter(|number| (0..=32767).contains(number))
            {
                Some(number) => priority = number,
                None => {
                    return wrong!(
                        reading,
                        value.line,
                        "'priority' is a number from 0 to 32767"
                    );
                }
            },
            "optional" => match value.boolean() {
                Some(boolean) => optional = boolean,
                None => return Err(reading.other(key, value, "true or false")),
            },
            _ => {
                return Err(reading.unknown(
                    key,
                    "zram",
                    &["size", "algorithm", "priority", "optional"],
                ));
            }
        }
    }
    let Some(size) = size else {
        return wrong!(reading, section.line, "zram needs a size");
    };
    let origin = reading.origin(section.line);
    reading.policy.zram = Some(Step::new(
        Kind::Zram,
        optional,
        format_args!("zram"),
        format_args!("/sys/block/zram0"),
        format_args!("{algorithm} {size} {priority}"),
        &origin,
    ));
    Ok(())
}
