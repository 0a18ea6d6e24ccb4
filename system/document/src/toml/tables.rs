//! Tables: which may be extended by what follows, and which not.

use super::scan::Scan;
use super::strings;
use crate::{Data, Key, Table, Value};

/// How a table came to be, which decides what may be added to it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Made {
    /// Part of the name of another: `[a.b]` makes `a`. It may still get a header of its own.
    Implied,
    /// By its header.
    Header,
    /// By a key with dots. Keys of the same section may add to it; no header may stand for it.
    Dotted,
}

/// A table that can still grow.
struct Open {
    made: Made,
    line: u32,
    /// The header under which dotted keys made it.
    section: u32,
    members: Vec<(Key, Member)>,
}

enum Member {
    Value(Value),
    Table(Open),
    /// `[[…]]`
    Tables(Vec<Open>),
}

impl Open {
    fn new(made: Made, line: u32, section: u32) -> Self {
        Self {
            made,
            line,
            section,
            members: Vec::new(),
        }
    }

    fn find(&mut self, name: &str) -> Option<usize> {
        self.members.iter().position(|(key, _)| key.name == name)
    }

    fn close(self) -> Table {
        let members = self.members.into_iter().map(|(key, member)| {
            let (line, data) = match member {
                Member::Value(value) => return (key, value),
                Member::Table(table) => (table.line, Data::Table(table.close())),
                Member::Tables(tables) => {
                    let values = tables.into_iter().map(|table| Value {
                        line: table.line,
                        data: Data::Table(table.close()),
                    });
                    (key.line, Data::Array(values.collect()))
                }
            };
            (key, Value { line, data })
        });
        Table(members.collect())
    }
}

/// Reads a whole document.
pub fn read(scan: &mut Scan<'_>) -> Result<Table, String> {
    let mut top = Open::new(Made::Header, 1, 0);
    let mut path: Vec<Key> = Vec::new();
    let mut section = 0;
    loop {
        scan.space()?;
        if scan.peek().is_none() {
            return Ok(top.close());
        }
        if scan.peek() != Some('[') {
            let table = current(&mut top, &path)?;
            statement(scan, table, section)?;
        } else {
            section += 1;
            let several = scan.rest().starts_with("[[");
            scan.take(if several { "[[" } else { "[" });
            path = scan.keys()?;
            scan.expect(if several { "]]" } else { "]" })?;
            header(&mut top, &path, several, section)?;
        }
        scan.end_of_line()?;
    }
}

/// The table of the last header.
fn current<'t>(top: &'t mut Open, path: &[Key]) -> Result<&'t mut Open, String> {
    let mut table = top;
    for key in path {
        let at = table.find(&key.name).ok_or("a table is lost")?;
        table = match &mut table.members[at].1 {
            Member::Table(inner) => inner,
            Member::Tables(tables) => tables.last_mut().ok_or("a table is lost")?,
            Member::Value(_) => return Err("a table is lost".to_owned()),
        };
    }
    Ok(table)
}

fn header(top: &mut Open, path: &[Key], several: bool, section: u32) -> Result<(), String> {
    let Some((last, before)) = path.split_last() else {
        return Ok(());
    };
    let mut table = top;
    for key in before {
        let at = match table.find(&key.name) {
            Some(at) => at,
            None => {
                let inner = Open::new(Made::Implied, key.line, section);
                table.members.push((key.clone(), Member::Table(inner)));
                table.members.len() - 1
            }
        };
        table = match &mut table.members[at].1 {
            Member::Table(inner) => inner,
            Member::Tables(tables) => tables.last_mut().ok_or("a table is lost")?,
            Member::Value(value) => return Err(not_again(&key.name, value.line)),
        };
    }
    let made = Open::new(Made::Header, last.line, section);
    let there = table.find(&last.name);
    let first = there.map_or(0, |at| table.members[at].0.line);
    match there {
        None if several => table
            .members
            .push((last.clone(), Member::Tables(vec![made]))),
        None => table.members.push((last.clone(), Member::Table(made))),
        Some(at) => match &mut table.members[at].1 {
            Member::Tables(tables) if several => tables.push(made),
            Member::Table(inner) if !several && inner.made == Made::Implied => {
                inner.made = Made::Header;
                inner.line = last.line;
            }
            Member::Table(inner) => return Err(not_again(&last.name, inner.line)),
            Member::Tables(_) => return Err(not_again(&last.name, first)),
            Member::Value(value) => return Err(not_again(&last.name, value.line)),
        },
    }
    Ok(())
}

fn not_again(name: &str, line: u32) -> String {
    format!("'{name}' is there already, in line {line}")
}

/// `key = value`
fn statement(scan: &mut Scan<'_>, table: &mut Open, section: u32) -> Result<(), String> {
    let keys = scan.keys()?;
    scan.expect("=")?;
    scan.blanks();
    let (last, before) = keys.split_last().ok_or("a key is expected")?;
    let mut table = table;
    for key in before {
        let at = match table.find(&key.name) {
            Some(at) => at,
            None => {
                let inner = Open::new(Made::Dotted, key.line, section);
                table.members.push((key.clone(), Member::Table(inner)));
                table.members.len() - 1
            }
        };
        let first = table.members[at].0.line;
        table = match &mut table.members[at].1 {
            Member::Table(inner) => {
                // What another header's keys made is complete.
                let own = inner.made == Made::Dotted && inner.section == section;
                if !own && inner.made != Made::Implied {
                    return Err(not_again(&key.name, inner.line));
                }
                (inner.made, inner.section) = (Made::Dotted, section);
                inner
            }
            Member::Tables(_) => return Err(not_again(&key.name, first)),
            Member::Value(value) => return Err(not_again(&key.name, value.line)),
        };
    }
    if let Some(at) = table.find(&last.name) {
        return Err(not_again(&last.name, table.members[at].0.line));
    }
    let value = value(scan)?;
    table.members.push((last.clone(), Member::Value(value)));
    Ok(())
}

fn value(scan: &mut Scan<'_>) -> Result<Value, String> {
    let line = scan.line();
    let data = match scan.peek() {
        Some('"' | '\'') => Data::Text(strings::any(scan)?),
        Some('[') => Data::Array(list(scan)?),
        Some('{') => Data::Table(inline(scan)?),
        _ => scan.word()?,
    };
    Ok(Value { line, data })
}

fn list(scan: &mut Scan<'_>) -> Result<Vec<Value>, String> {
    scan.deeper()?;
    scan.expect("[")?;
    let mut values = Vec::new();
    loop {
        scan.space()?;
        if scan.take("]") {
            break;
        }
        values.push(value(scan)?);
        scan.space()?;
        if !scan.take(",") {
            scan.expect("]")?;
            break;
        }
    }
    scan.back();
    Ok(values)
}

/// `{ a = 1, b.c = 2 }`
fn inline(scan: &mut Scan<'_>) -> Result<Table, String> {
    scan.deeper()?;
    scan.expect("{")?;
    let mut table = Open::new(Made::Dotted, scan.line(), 0);
    loop {
        scan.space()?;
        if scan.take("}") {
            break;
        }
        statement(scan, &mut table, 0)?;
        scan.space()?;
        if !scan.take(",") {
            scan.expect("}")?;
            break;
        }
    }
    scan.back();
    Ok(table.close())
}
