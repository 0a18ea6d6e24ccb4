//! Lists of packages as text for people, as YAML and as JSON, in the forms that apk writes.

use super::arguments::invalid;
use super::fields::{Field, Value};
use super::outcome::Failure;
use std::fmt::Write as _;
use std::io::{self, Write};

/// A form of output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Default,
    /// YAML.
    Yaml,
    /// JSON.
    Json,
}

impl Format {
    /// The one that the command line names.
    pub fn parse(text: Option<&str>) -> Result<Self, Failure> {
        match text {
            None | Some("default") => Ok(Self::Default),
            Some("yaml") => Ok(Self::Yaml),
            Some("json") => Ok(Self::Json),
            Some(other) => Err(invalid("format", other)),
        }
    }
}

/// A text as JSON has it, with its quotes.
pub fn json_text(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            letter if u32::from(letter) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", u32::from(letter));
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

/// A text as YAML has it: plain where it can be.
pub fn yaml_text(text: &str) -> String {
    let first = text.chars().next().unwrap_or(' ');
    let needs = text.contains('\n');
    if needs {
        let lines: Vec<String> = text.lines().map(|line| format!("    {line}")).collect();
        return format!("|\n{}", lines.join("\n"));
    }
    let odd = "&*!|>'\"%@`{}[],?#-:".contains(first) && first != '-'
        || text.contains(": ")
        || text.contains(" #")
        || text.ends_with(':')
        || text.is_empty();
    if odd {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        text.to_owned()
    }
}

/// Writes a list of packages, each with its fields.
pub fn packages(
    out: &mut impl Write,
    format: Format,
    list: &[Vec<(Field, Value)>],
) -> io::Result<()> {
    match format {
        Format::Default => {
            for (place, fields) in list.iter().enumerate() {
                if place > 0 {
                    writeln!(out)?;
                }
                fields
                    .iter()
                    .try_for_each(|(field, value)| plain(out, *field, value))?;
            }
            Ok(())
        }
        Format::Yaml => {
            writeln!(out, "# {} items", list.len())?;
            for fields in list {
                if fields.is_empty() {
                    writeln!(out, "- # empty object")?;
                }
                for (place, (field, value)) in fields.iter().enumerate() {
                    let indent = if place == 0 { "- " } else { "  " };
                    yaml(out, indent, field.name(), value)?;
                }
            }
            Ok(())
        }
        Format::Json => {
            writeln!(out, "[")?;
            for (place, fields) in list.iter().enumerate() {
                writeln!(out, "{}", if place == 0 { "  {" } else { "  }, {" })?;
                for (number, (field, value)) in fields.iter().enumerate() {
                    let comma = if number + 1 < fields.len() { "," } else { "" };
                    json(out, field.name(), value, comma)?;
                }
            }
            writeln!(out, "{}]", if list.is_empty() { "" } else { "  }\n" })
        }
    }
}

/// Writes a list of words.
pub fn words(out: &mut impl Write, format: Format, list: &[String]) -> io::Result<()> {
    match format {
        Format::Default => list.iter().try_for_each(|word| writeln!(out, "{word}")),
        Format::Yaml => {
            writeln!(out, "# {} items", list.len())?;
            list.iter()
                .try_for_each(|word| writeln!(out, "- {}", yaml_text(word)))
        }
        Format::Json => {
            writeln!(out, "[")?;
            for (place, word) in list.iter().enumerate() {
                let comma = if place + 1 < list.len() { "," } else { "" };
                writeln!(out, "  {}{comma}", json_text(word))?;
            }
            writeln!(out, "]")
        }
    }
}

fn plain(out: &mut impl Write, field: Field, value: &Value) -> io::Result<()> {
    let title = field.title();
    match value {
        Value::Text(text) => writeln!(out, "{title}: {text}"),
        Value::Number(number) => writeln!(out, "{title}: {number}"),
        Value::Words(list) | Value::Gathered(list) if list.is_empty() => writeln!(out, "{title}:"),
        Value::Words(list) | Value::Gathered(list) => writeln!(out, "{title}: {}", list.join(" ")),
        Value::Lines(list) => {
            writeln!(out, "{title}:")?;
            list.iter().try_for_each(|line| writeln!(out, "  {line}"))
        }
    }
}

fn yaml(out: &mut impl Write, indent: &str, name: &str, value: &Value) -> io::Result<()> {
    match value {
        Value::Text(text) => writeln!(out, "{indent}{name}: {}", yaml_text(text)),
        Value::Number(number) => writeln!(out, "{indent}{name}: {number}"),
        Value::Words(list) | Value::Gathered(list) | Value::Lines(list) => {
            write!(out, "{indent}{name}:")?;
            if let Value::Words(list) = value {
                write!(out, " # {} items", list.len())?;
            }
            writeln!(out)?;
            list.iter()
                .try_for_each(|one| writeln!(out, "    - {}", yaml_text(one)))
        }
    }
}

fn json(out: &mut impl Write, name: &str, value: &Value, comma: &str) -> io::Result<()> {
    match value {
        Value::Text(text) => writeln!(out, "    \"{name}\": {}{comma}", json_text(text)),
        Value::Number(number) => writeln!(out, "    \"{name}\": {number}{comma}"),
        Value::Words(list) | Value::Gathered(list) | Value::Lines(list) => {
            writeln!(out, "    \"{name}\": [")?;
            for (place, one) in list.iter().enumerate() {
                let comma = if place + 1 < list.len() { "," } else { "" };
                writeln!(out, "      {}{comma}", json_text(one))?;
            }
            writeln!(out, "    ]{comma}")
        }
    }
}
