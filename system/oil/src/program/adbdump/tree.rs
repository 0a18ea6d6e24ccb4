//! Values as a tree, and the tree as text.

use super::schema::{PACKAGE, Shape};
use crate::program::serialize::{json_text, yaml_text};
use oil::dependency::{Dependency, Op};
use oil::error::Result;
use oil::format::adb::reader::{Payload, Slots, Value};
use oil::format::adb::{Kind, tag};
use oil::version::Version;
use std::fmt::Write as _;

/// A value.
pub enum Node {
    /// A text, and whether it is to keep its lines.
    Text(String, bool),
    /// A number.
    Number(u64),
    /// Permission bits.
    Mode(u64),
    /// Fields that are there.
    Object(Vec<(&'static str, Node)>),
    /// Values, and whether it was said how many there are.
    List(Vec<Node>),
    /// A payload of its own, with the lines before it.
    Nested(String, Box<Node>),
}

/// The fields of an object.
pub fn object(
    slots: &Slots<'_>,
    schema: &'static [(&'static str, Shape)],
    kind: Kind,
) -> Result<Node> {
    let mut fields = Vec::new();
    for (number, (name, shape)) in schema.iter().enumerate() {
        let value = slots.get(number + 1);
        if value != Value::NULL {
            fields.push((*name, node(&slots.payload(), value, shape, kind)?));
        }
    }
    Ok(Node::Object(fields))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn node(payload: &Payload<'_>, value: Value, shape: &Shape, kind: Kind) -> Result<Node> {
    Ok(match shape {
        Shape::Text => Node::Text(text(payload.blob(value)?), false),
        Shape::Script => Node::Text(text(payload.blob(value)?), true),
        Shape::Bytes => Node::Text(oil::digest::hex(payload.blob(value)?), false),
        Shape::Number => Node::Number(payload.int(value)?.unwrap_or(0)),
        Shape::Mode => Node::Mode(payload.int(value)?.unwrap_or(0)),
        Shape::Attribute => {
            let bytes = payload.blob(value)?;
            let end = bytes
                .iter()
                .position(|byte| *byte == 0)
                .unwrap_or(bytes.len());
            let rest = bytes.get(end + 1..).unwrap_or_default();
            Node::Text(
                format!("{}={}", text(&bytes[..end]), oil::digest::hex(rest)),
                false,
            )
        }
        Shape::Dependency => {
            let slots = payload.slots(value, tag::OBJECT)?;
            let version = text(slots.blob(2)?);
            let usual = if version.is_empty() {
                Op::ANY
            } else {
                Op::EQUAL
            };
            let bits = payload.int(slots.get(3))?.map(|bits| bits as u8);
            let dependency = Dependency {
                name: text(slots.blob(1)?),
                version: Version::from_text(version),
                op: bits.and_then(Op::from_bits).unwrap_or(usual),
            };
            Node::Text(dependency.to_string(), false)
        }
        Shape::Object(schema) => object(&payload.slots(value, tag::OBJECT)?, schema, kind)?,
        Shape::List(of) => {
            let slots = payload.slots(value, tag::ARRAY)?;
            let values = slots.values().map(|value| node(payload, value, of, kind));
            Node::List(values.collect::<Result<_>>()?)
        }
        Shape::Package => {
            // A block: its header says how long it is.
            let block = payload.blob(value)?;
            let head = block
                .first_chunk()
                .map_or(4, |head| u32::from_le_bytes(*head));
            let bytes = block.get(4..head as usize).unwrap_or_default();
            let root = Payload::new(bytes)?.root()?;
            let lines = super::header(bytes, Kind::Package.number());
            Node::Nested(lines, Box::new(object(&root, PACKAGE, Kind::Package)?))
        }
    })
}

/// An object's fields as YAML, so many columns in.
pub fn fields(list: &[(&'static str, Node)], indent: usize, out: &mut String) {
    for (name, value) in list {
        let _ = write!(out, "{:indent$}{name}:", "");
        yaml(value, indent, out);
    }
}

/// What follows a field's name.
fn yaml(node: &Node, indent: usize, out: &mut String) {
    match node {
        Node::Text(text, true) => {
            out.push_str(" |\n");
            // As apk, which shows no empty ones.
            for line in text.split('\n').filter(|line| !line.is_empty()) {
                let _ = writeln!(out, "{:1$}{line}", "", indent + 2);
            }
        }
        Node::Text(text, false) => {
            let _ = writeln!(out, " {}", yaml_text(text));
        }
        Node::Number(number) => {
            let _ = writeln!(out, " {number}");
        }
        Node::Mode(mode) => {
            // As C's `%#o`.
            let zero = if *mode == 0 { "" } else { "0" };
            let _ = writeln!(out, " {zero}{mode:o}");
        }
        Node::Object(list) => {
            out.push('\n');
            fields(list, indent + 2, out);
        }
        Node::List(list) => {
            let _ = writeln!(out, " # {} items", list.len());
            for one in list {
                item(one, indent + 2, out);
            }
        }
        Node::Nested(_, inner) => yaml(inner, indent, out),
    }
}

/// One of a list.
fn item(node: &Node, indent: usize, out: &mut String) {
    let mut text = String::new();
    match node {
        Node::Object(list) => fields(list, indent + 2, &mut text),
        Node::Nested(lines, inner) => {
            for line in lines.lines() {
                let _ = writeln!(text, "{:1$}{line}", "", indent + 2);
            }
            if let Node::Object(list) = inner.as_ref() {
                fields(list, indent + 2, &mut text);
            }
        }
        other => {
            yaml(other, indent, &mut text);
            let _ = write!(out, "{:indent$}-{text}", "");
            return;
        }
    }
    // The first field stands beside the dash.
    let _ = write!(out, "{:indent$}- {}", "", text.trim_start());
    if text.is_empty() {
        out.push_str("# empty object\n");
    }
}

/// A value as JSON.
pub fn json(node: &Node, indent: usize, out: &mut String) {
    match node {
        Node::Text(text, _) => out.push_str(&json_text(text)),
        Node::Number(number) | Node::Mode(number) => {
            let _ = write!(out, "{number}");
        }
        Node::Nested(_, inner) => json(inner, indent, out),
        Node::Object(list) => {
            out.push_str("{\n");
            for (place, (name, value)) in list.iter().enumerate() {
                let _ = write!(out, "{:1$}\"{name}\": ", "", indent + 2);
                json(value, indent + 2, out);
                out.push_str(if place + 1 < list.len() { ",\n" } else { "\n" });
            }
            let _ = write!(out, "{:indent$}}}", "");
        }
        Node::List(list) => {
            let _ = write!(out, "[\n{:1$}", "", indent + 2);
            for (place, value) in list.iter().enumerate() {
                json(value, indent + 2, out);
                match (place + 1 < list.len(), value) {
                    (false, _) => out.push('\n'),
                    (true, Node::Object(_) | Node::Nested(..)) => out.push_str(", "),
                    (true, _) => {
                        let _ = write!(out, ",\n{:1$}", "", indent + 2);
                    }
                }
            }
            let _ = write!(out, "{:indent$}]", "");
        }
    }
}
