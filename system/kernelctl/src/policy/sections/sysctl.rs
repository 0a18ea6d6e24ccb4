//! `[sysctl]`: names as in sysctl.d(5), or tables in each other; `-` before a name: it is optional.

use super::dash;
use crate::error::Result;
use crate::policy::read::{Reading, wrong};
use crate::sysctl::{Assignment, path};
use document::{Data, Key, Table, Value};

pub fn sysctl(reading: &mut Reading<'_>, key: &Key, value: &Value) -> Result<()> {
    let table = reading.table(key, value)?;
    for (key, value) in &table.0 {
        let (optional, name) = dash(&key.name);
        match value.table() {
            // Parts of a name that stand by themselves are taken as they are.
            Some(inner) => nested(reading, name, inner, optional)?,
            None => match path(name) {
                Some(path) => assign(reading, path, optional, key, value)?,
                None => return no_name(reading, key),
            },
        }
    }
    Ok(())
}

fn no_name(reading: &Reading<'_>, key: &Key) -> Result<()> {
    wrong!(
        reading,
        key.line,
        "'{}' is no name of a sysctl: write it as 'vm.swappiness' or 'vm/swappiness'",
        key.name
    )
}

fn nested(reading: &mut Reading<'_>, before: &str, table: &Table, optional: bool) -> Result<()> {
    for (key, value) in &table.0 {
        let joined = format!("{before}/{}", key.name);
        match value.table() {
            Some(inner) => nested(reading, &joined, inner, optional)?,
            None => match path(&format!("/{joined}")) {
                Some(path) if !key.name.is_empty() => {
                    assign(reading, path, optional, key, value)?;
                }
                _ => return no_name(reading, key),
            },
        }
    }
    Ok(())
}

fn assign(
    reading: &mut Reading<'_>,
    path: String,
    optional: bool,
    key: &Key,
    value: &Value,
) -> Result<()> {
    let fields = match &value.data {
        Data::Array(values) => values,
        _ => std::slice::from_ref(value),
    };
    let mut text = String::new();
    for field in fields {
        let Some(field) = plain(field) else {
            let expected = "a string, a number, true or false, or a list of them";
            return Err(reading.other(key, value, expected));
        };
        if !text.is_empty() {
            text.push(' ');
        }
        text += &field;
    }
    if text.contains(char::is_control) {
        return wrong!(
            reading,
            value.line,
            "the value of '{}' has a control character",
            key.name
        );
    }
    let origin = reading.origin(key.line);
    reading.policy.sysctls.push(Assignment {
        path,
        value: Some(text.trim().to_owned()),
        optional,
        origin,
    });
    Ok(())
}

/// An amount as text, whether it is written as one or as a number.
pub fn amount(value: &Value) -> Option<String> {
    plain(value).filter(|_| value.boolean().is_none())
}

/// As the kernel takes it.
pub fn plain(value: &Value) -> Option<String> {
    match &value.data {
        Data::Text(text) => Some(text.clone()),
        Data::Integer(number) => Some(number.to_string()),
        Data::Boolean(boolean) => Some(u8::from(*boolean).to_string()),
        _ => None,
    }
}
