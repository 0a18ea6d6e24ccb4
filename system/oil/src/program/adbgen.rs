//! `adbgen`: makes a file of format v3 of the text that `adbdump` prints of one (apk-adbgen(8)).
//!
//! The text is read by the schemas that print it. It is YAML's block style and no more of it: fields and items one a
//! line, deeper lines inside, texts plain, in single quotes or as a block behind `|`. What stands in comments (sizes,
//! signatures, data) is not made again. Values are laid in the order of the text, as apk lays them.

mod lines;

use super::adbdump::schema::{self, PACKAGE, Shape};
use super::arguments::Arguments;
use super::outcome::{Failure, Outcome, reason};
use super::session::Session;
use lines::{Fault, Lines, Result};
use oil::dependency::Dependency;
use oil::digest::from_hex;
use oil::format::adb::block::{BlockKind, write_block, write_header};
use oil::format::adb::reader::Value;
use oil::format::adb::writer::Writer;
use oil::format::adb::{Kind, build};
use std::io::Write as _;

/// The fields of an object.
type Schema = &'static [(&'static str, Shape)];

/// What the first line starts with, before the number of the schema.
const SCHEMA: &str = "#%SCHEMA: ";

/// Makes of each file what it says, without compression, on standard output.
pub fn run(session: &mut Session, arguments: &Arguments) -> Outcome {
    session.refuse_terminal(arguments)?;
    for path in &arguments.operands {
        let text =
            std::fs::read_to_string(path).map_err(|error| Failure::of(path, reason(&error)))?;
        let made = generate(&text).map_err(|Fault { line, reason }| {
            Failure::of(
                path,
                format_args!("ADB schema error: line {line}: {reason}"),
            )
        })?;
        session.out.write_all(&made)?;
    }
    Ok(0)
}

/// The file that a text describes.
fn generate(text: &str) -> Result<Vec<u8>> {
    let number = text
        .lines()
        .next()
        .and_then(|line| line.strip_prefix(SCHEMA));
    let number = number.and_then(|number| u32::from_str_radix(number.trim_end(), 16).ok());
    let kind = number.and_then(Kind::from_number).ok_or_else(|| Fault {
        line: 1,
        reason: format!(
            "'{SCHEMA}' is expected, and the number of the schema of a package, an index or a database"
        ),
    })?;
    let mut lines = Lines::new(text);
    let payload = payload(&mut lines, schema::of(kind), 0)?;
    if lines.next_depth().is_some() {
        return Err(lines.fault("this is inside of nothing"));
    }
    let mut out = Vec::new();
    write_header(&mut out, kind)
        .and_then(|()| write_block(&mut out, BlockKind::Adb, &payload))
        .map_err(|error| lines.fault(&error.to_string()))?;
    Ok(out)
}

/// A payload, whose root's fields are so deep.
fn payload(lines: &mut Lines<'_>, schema: Schema, depth: usize) -> Result<Vec<u8>> {
    let mut writer = Writer::new();
    let root = object(lines, &mut writer, schema, depth)?.0;
    writer
        .finish(root)
        .map_err(|error| lines.fault(&error.to_string()))
}

/// An object's fields, and the text of the first one in the schema, by which lists are ordered.
fn object<'t>(
    lines: &mut Lines<'t>,
    writer: &mut Writer,
    schema: Schema,
    depth: usize,
) -> Result<(Value, &'t str)> {
    let mut values = vec![Value::NULL; schema.len()];
    let mut name = "";
    while lines.next_depth() == Some(depth) {
        let (field, rest) = lines.field()?;
        let place = schema.iter().position(|(name, _)| *name == field);
        let Some(place) = place else {
            let known: Vec<&str> = schema.iter().map(|(name, _)| *name).collect();
            let known = known.join(", ");
            return Err(lines.fault(&format!("there is no field '{field}' here, but {known}")));
        };
        if values[place] != Value::NULL {
            return Err(lines.fault(&format!("a second '{field}'")));
        }
        if place == 0 {
            name = rest;
        }
        lines.take();
        values[place] = value(lines, writer, &schema[place].1, rest, depth)?;
    }
    if lines.next_depth().is_some_and(|next| next > depth) {
        return Err(lines.fault("it is too deep for its place"));
    }
    Ok((writer.object(&values), name))
}

/// What stands behind a field or a dash, or in the deeper lines after it.
fn value<'t>(
    lines: &mut Lines<'t>,
    writer: &mut Writer,
    shape: &Shape,
    rest: &'t str,
    depth: usize,
) -> Result<Value> {
    match shape {
        Shape::Object(schema) => {
            lines.nothing(rest)?;
            match lines.next_depth() {
                Some(inner) if inner > depth => Ok(object(lines, writer, schema, inner)?.0),
                _ => Ok(Value::NULL),
            }
        }
        Shape::List(of) => {
            lines.nothing(rest)?;
            match lines.next_depth() {
                Some(inner) if inner > depth => list(lines, writer, of, inner),
                _ => Ok(Value::NULL),
            }
        }
        _ => {
            let text = lines.text(rest, depth)?;
            scalar(writer, shape, &text).map_err(|reason| lines.fault_before(&reason))
        }
    }
}

/// The items of a list, whose dashes are so deep.
fn list(lines: &mut Lines<'_>, writer: &mut Writer, shape: &Shape, depth: usize) -> Result<Value> {
    let mut values = Vec::new();
    let mut dependencies = Vec::new();
    let mut last: Option<&str> = None;
    while lines.next_depth() == Some(depth) {
        let rest = lines.item()?;
        match shape {
            Shape::Object(schema) => {
                let Some(inner) = lines.inside_item(rest) else {
                    continue;
                };
                let (value, name) = object(lines, writer, schema, inner)?;
                // Readers look things up by halves. An index has several versions of a name.
                let versions = schema.get(1).is_some_and(|(field, _)| *field == "version");
                if last.is_some_and(|last| name < last || name == last && !versions) {
                    return Err(lines.fault_before(&format!("'{name}' is out of order")));
                }
                last = Some(name);
                values.push(value);
            }
            Shape::Package => {
                let Some(inner) = lines.inside_item(rest) else {
                    continue;
                };
                let inside = payload(lines, PACKAGE, inner)?;
                let mut block = Vec::new();
                write_block(&mut block, BlockKind::Adb, &inside)
                    .map_err(|error| lines.fault(&error.to_string()))?;
                values.push(writer.nested(&block));
            }
            Shape::Dependency => {
                lines.take();
                let text = lines.text(rest, depth)?;
                let one = Dependency::parse(&text)
                    .ok_or_else(|| lines.fault_before(&format!("'{text}' is no dependency")))?;
                dependencies.push(one);
            }
            _ => {
                lines.take();
                values.push(value(lines, writer, shape, rest, depth)?);
            }
        }
    }
    if lines.next_depth().is_some_and(|next| next > depth) {
        return Err(lines.fault("it is too deep for its place"));
    }
    Ok(match shape {
        Shape::Dependency => build::dependencies(writer, &dependencies),
        Shape::Attribute => writer.marked_array(&values),
        _ => writer.array(&values),
    })
}

/// One value of a text.
fn scalar(writer: &mut Writer, shape: &Shape, text: &str) -> std::result::Result<Value, String> {
    let is_no = |what: &str| format!("'{text}' is no {what}");
    Ok(match shape {
        Shape::Number => {
            let number = text.parse().map_err(|_| is_no("number"))?;
            writer.int(number)
        }
        Shape::Mode => {
            let mode = u32::from_str_radix(text, 8).ok();
            let mode = mode.filter(|mode| *mode <= 0o7777);
            writer.int(mode.ok_or_else(|| is_no("mode in octal digits"))?.into())
        }
        Shape::Bytes => {
            let bytes = from_hex(text.as_bytes());
            writer.blob(&bytes.ok_or_else(|| is_no("row of hexadecimal digits"))?)
        }
        Shape::Attribute => {
            let parts = text.split_once('=');
            let parts = parts.and_then(|(name, value)| Some((name, from_hex(value.as_bytes())?)));
            let (name, value) = parts.ok_or_else(|| is_no("NAME=DIGITS"))?;
            writer.blob_of(&[name.as_bytes(), b"\0", &value])
        }
        _ => writer.blob(text.as_bytes()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str, line: usize, reason: &str) {
        let text = format!("#%SCHEMA: 676B6370\n{text}");
        let fault = generate(&text).expect_err("refused");
        assert_eq!(fault.line, line, "{text}{fault:?}");
        assert!(fault.reason.contains(reason), "{text}{fault:?}");
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(generate("info:\n").expect_err("refused").line, 1);
        refused("info:\n  nme: foo\n", 3, "no field 'nme'");
        refused("info:\n  name: a\n  name: b\n", 4, "a second 'name'");
        refused("info: foo\n", 2, "'foo'");
        refused("info:\n  name:\n    a: b\n", 4, "too deep");
        refused("info:\n  name: a\n url: b\n", 4, "too deep");
        refused("info:\n  installed-size: 12k\n", 3, "'12k' is no number");
        refused("info:\n  hashes: abc\n", 3, "'abc'");
        refused("info:\n  depends:\n    - a=\n", 4, "'a=' is no dependency");
        refused("info:\n  description: \"a\"\n", 3, "single quotes");
        refused("info:\n  description: 'a\n", 3, "quote");
        refused("info:\n\tname: a\n", 3, "tab");
        refused("triggers:\n  - a\n  b\n", 4, "dash");
        refused("triggers:\n  -b\n", 3, "dash");
        refused(
            "paths:\n  - name: b\n  - name: a\n",
            4,
            "'a' is out of order",
        );
        refused(
            "paths:\n  - acl:\n      mode: 0789\n",
            4,
            "'0789' is no mode",
        );
        refused("info\n", 2, "colon");
    }

    #[test]
    fn texts_of_all_kinds() {
        let text = "#%SCHEMA: 676B6370\n# a comment\n\ninfo: # a comment\n  name: a # a comment\n  \
                    description: 'it''s: #1'\n  url: |\n    #x\n      y\n\n    z\n  maintainer: it's\n";
        let made = generate(text).expect("made");
        for part in [
            &b"\x01a"[..],
            b"\x08it's: #1",
            b"\x09#x\n  y\n\nz",
            b"\x04it's",
        ] {
            assert!(memchr::memmem::find(&made, part).is_some(), "{made:?}");
        }
    }
}
