//! logctl: reads what was written.

mod filter;
mod follow;
mod options;
mod reader;

use crate::configuration;
use crate::error::{Error, Result};
use crate::escape;
use crate::names::{FACILITIES, LEVELS};
use crate::record::{self, Record};
use crate::time::Time;
use common::arguments::DONE;
use document::json::Json;
use filter::Filter;
use options::{Given, PROGRAM};
use reader::Reader;
use std::collections::VecDeque;
use std::io::{BufWriter, Stdout, Write};

/// Runs the program with the words behind its name; its exit status.
pub fn main(words: Vec<String>) -> u8 {
    match options::parse(words, Time::now()) {
        Ok(given) => PROGRAM.status(read(given).map(|()| DONE)),
        Err(stop) => PROGRAM.stop(stop),
    }
}

fn read(given: Given) -> Result<()> {
    let path = match &given.file {
        Some(path) => path.clone(),
        None => {
            let all = configuration::read(&given.folder)?;
            let first = all.rules.into_iter().next();
            first.map_or_else(|| configuration::MESSAGES.into(), |rule| rule.path)
        }
    };
    let shown = path.display().to_string();
    let watch = given
        .follow
        .then(|| follow::Watch::new(&path))
        .transpose()
        .map_err(Error::file(&shown, "watching its folder"))?;
    let mut reader =
        Reader::open(&path, given.filter.since).map_err(Error::file(&shown, "reading it"))?;
    let mut shower = Shower {
        filter: given.filter,
        json: given.json,
        last: given.lines,
        held: VecDeque::new(),
        out: BufWriter::new(std::io::stdout()),
        gone: false,
    };
    loop {
        let read = reader.read(&mut |line| shower.line(line));
        read.map_err(Error::file(&shown, "reading it"))?;
        shower.flush();
        let Some(watch) = watch.as_ref().filter(|_| !shower.gone) else {
            return Ok(());
        };
        watch
            .wait()
            .map_err(Error::file(&shown, "watching its folder"))?;
    }
}

/// What prints the lines that are wanted.
struct Shower {
    filter: Filter,
    json: bool,
    /// Only so many of the last.
    last: Option<usize>,
    held: VecDeque<Vec<u8>>,
    out: BufWriter<Stdout>,
    /// Nobody reads it any more.
    gone: bool,
}

impl Shower {
    /// Takes a line without its end; whether more is wanted.
    fn line(&mut self, line: &[u8]) -> bool {
        let Some(record) = record::parse(line).filter(|record| self.filter.takes(record)) else {
            return !self.gone;
        };
        let mut shown = match self.json {
            true => json(&record).into_bytes(),
            false => line.to_vec(),
        };
        shown.push(b'\n');
        match self.last {
            None => self.gone |= self.out.write_all(&shown).is_err(),
            Some(most) => {
                self.held.push_back(shown);
                if self.held.len() > most {
                    self.held.pop_front();
                }
            }
        }
        !self.gone
    }

    /// All that there is was read: what comes later is shown as it comes.
    fn flush(&mut self) {
        self.last = None;
        for line in std::mem::take(&mut self.held) {
            self.gone |= self.out.write_all(&line).is_err();
        }
        self.gone |= self.out.flush().is_err();
    }
}

/// A record as an object of JSON.
fn json(record: &Record<'_>) -> String {
    let mut json = Json::default();
    json.object();
    json.key("time");
    json.string(&record.time.to_string());
    json.key("facility");
    json.string(FACILITIES[usize::from(record.facility) % FACILITIES.len()]);
    json.key("level");
    json.string(LEVELS[usize::from(record.level & 7)]);
    if let Some(sender) = record.sender {
        json.key("uid");
        json.number(sender.uid);
        json.key("pid");
        json.number(sender.pid);
    }
    json.key("program");
    json.bytes(record.program);
    json.key("text");
    json.bytes(&escape::undo(record.text));
    json.end();
    json.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_becomes_an_object() {
        let line = b"2026-11-26T07:02:11.123456Z daemon.info uid=5 sshd[123]: a\\nb \\x1b\\\\";
        let expected = "{\"time\":\"2026-11-26T07:02:11.123456Z\",\"facility\":\"daemon\",\"level\":\"info\",\"uid\":5,\
                        \"pid\":123,\"program\":\"sshd\",\"text\":\"a\\nb \\u001b\\\\\"}";
        assert_eq!(json(&record::parse(line).unwrap()), expected);
        let line = b"2026-11-26T07:02:11Z kern.emerg kernel: x";
        let found = json(&record::parse(line).unwrap());
        assert!(
            !found.contains("uid") && found.contains("\"kern\""),
            "{found}"
        );
    }
}
