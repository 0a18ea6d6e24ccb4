//! `adbdump`: the values of a file of format v3 as text, by their schemas.

pub mod schema;
mod tree;

use super::arguments::{Arguments, invalid};
use super::outcome::{FAILED, Failure, Outcome};
use super::serialize::Format;
use super::session::{Session, settings};
use oil::error::{Error, Result};
use oil::format::adb::block::{BlockKind, Blocks, MAX_INDEX, MAX_SIGNATURE, Signed};
use oil::format::adb::reader::Payload;
use oil::format::compress::Decoder;
use oil::keys::Keys;
use std::fs::File;
use std::io::Read;
use std::io::Write as _;
use tree::Node;

/// How many digits of a signature are shown.
const SHOWN: usize = 76;

/// Prints files.
pub fn run(session: &mut Session, arguments: &Arguments) -> Outcome {
    let format = match arguments.value("format") {
        None | Some("yaml") => Format::Yaml,
        Some("json") => Format::Json,
        Some(other) => return Err(invalid("format", other)),
    };
    let mut settings = settings(arguments)?;
    settings.installed = false;
    let context = session.open_with(&settings)?;
    for file in &arguments.operands {
        let text = dump(file, format, &context.keys).map_err(|error| Failure {
            text: format!("{file}: {}", reason(&error)),
            status: FAILED,
        })?;
        session.out.write_all(text.as_bytes())?;
    }
    Ok(0)
}

fn reason(error: &Error) -> String {
    match error {
        Error::Unknown => "ADB header error".to_owned(),
        other => super::outcome::reason_of(other),
    }
}

fn dump(path: &str, format: Format, keys: &Keys) -> Result<String> {
    let file: Box<dyn Read> = Box::new(File::open(path)?);
    let (decoder, _) = Decoder::new(file)?;
    let (mut blocks, kind) = Blocks::new(decoder)?;
    let payload = blocks.read_payload(MAX_INDEX)?;
    let root = tree::object(&Payload::new(&payload)?.root()?, schema::of(kind), kind)?;
    if format == Format::Json {
        let mut text = String::new();
        tree::json(&root, 0, &mut text);
        text.push('\n');
        return Ok(text);
    }
    let mut text = header(&payload, kind.number());
    if let Node::Object(fields) = &root {
        tree::fields(fields, 0, &mut text);
    }
    let mut signed = Signed::new(kind, &payload);
    while let Some(block) = blocks.next_block()? {
        match block.kind {
            BlockKind::Signature => {
                let bytes = blocks.read_block(MAX_SIGNATURE)?;
                text.push_str(&signature(&bytes, &mut signed, keys));
            }
            BlockKind::Data => {
                text.push_str(&format!("# data block, size: {}\n", block.size));
                loop {
                    let length = blocks.fill()?.len();
                    if length == 0 {
                        break;
                    }
                    blocks.consume(length);
                }
            }
            BlockKind::Adb => {
                return Err(Error::Block {
                    offset: 0,
                    reason: "a second payload",
                });
            }
        }
    }
    Ok(text)
}

/// The lines before a payload.
fn header(payload: &[u8], schema: u32) -> String {
    let (compat, version) = (payload.first().unwrap_or(&0), payload.get(1).unwrap_or(&0));
    format!(
        "#%SCHEMA: {schema:08X}\n# ADB block, size: {}, compat: {compat}, ver: {version}\n",
        payload.len()
    )
}

fn signature(bytes: &[u8], signed: &mut Signed<'_>, keys: &Keys) -> String {
    let verdict = match signed.verify(bytes, keys) {
        Ok(Some(_)) => "OK".to_owned(),
        Ok(None) => Error::Untrusted.to_string(),
        Err(error) => error.to_string(),
    };
    let (version, hash) = (bytes.first().unwrap_or(&0), bytes.get(1).unwrap_or(&0));
    let id = oil::digest::hex(bytes.get(2..18).unwrap_or_default());
    let rest = oil::digest::hex(bytes.get(18..).unwrap_or_default());
    let shown = &rest[..rest.len().min(SHOWN)];
    let more = if rest.len() > SHOWN { ".." } else { "" };
    format!("# sig v{version:02x} h{hash:02x} {id}{shown}{more}: {verdict}\n")
}
