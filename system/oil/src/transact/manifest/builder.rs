//! Writes manifests.

use super::{Action, Folder, Item, Owner, Part, Tree};
use crate::database::record::Acl;
use crate::digest;
use std::io::Write as _;

/// A manifest on its way.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    pub text: Vec<u8>,
    number: u32,
}

impl Builder {
    /// Behind metadata.
    pub fn new(head: &[u8]) -> Self {
        Self {
            text: head.to_vec(),
            number: 0,
        }
    }

    fn line(&mut self, letter: u8, value: impl std::fmt::Display) {
        self.text.extend_from_slice(&[letter, b':']);
        // Writing to memory does not fail.
        let _ = writeln!(self.text, "{value}");
    }

    fn raw(&mut self, letter: u8, value: &[u8]) {
        self.text.reserve(value.len() + 3);
        self.text.push(letter);
        self.text.push(b':');
        self.text.extend_from_slice(value);
        self.text.push(b'\n');
    }

    fn owner(&mut self, owner: Option<Owner>) {
        let Some(owner) = owner else { return };
        let text = |number: Option<u32>| number.map_or("-".to_owned(), |number| number.to_string());
        let numbers = format!(" {} {}", text(owner.numbers.0), text(owner.numbers.1));
        self.raw(
            b'o',
            &[owner.user, b" ", owner.group, numbers.as_bytes()].concat(),
        );
    }

    pub fn folder(&mut self, folder: &Folder) {
        self.raw(b'F', folder.path);
        if folder.acl != Acl::of_root(0o755) {
            self.line(b'M', folder.acl);
        }
        if folder.volume > 0 {
            self.line(b'v', folder.volume);
        }
        if let Some(Tree { number, top }) = folder.tree {
            self.line(b't', format_args!("{number} {top}"));
        }
        for (name, value) in &folder.xattrs {
            let (name, value) = (digest::hex(name), digest::hex(value));
            self.line(b'x', format_args!("{name} {value}"));
        }
        self.owner(folder.owner);
    }

    pub fn item(&mut self, item: &Item) {
        self.raw(b'R', item.name);
        if item.acl != Acl::of_root(0o644) {
            self.line(b'a', item.acl);
        }
        if let Some(digest) = item.digest {
            self.raw(b'Z', digest.short().text().as_bytes());
        }
        if item.number != self.number {
            self.line(b'j', item.number);
        }
        self.number = item.number + 1;
        self.owner(item.owner);
        match item.action {
            Action::Place => {}
            Action::Beside => self.raw(b'n', b"beside"),
            Action::Leave => self.raw(b'n', b"leave"),
            Action::Stay(None) => self.raw(b'n', b"stay"),
            Action::Stay(Some(time)) => self.line(b'n', format_args!("stay {time}")),
        }
        if let Some(keep) = item.keep {
            self.text.extend_from_slice(b"k:");
            keep.write_name(&mut self.text);
            self.text.push(b'\n');
        }
    }

    /// An item without anything unpacked.
    pub fn gone(&mut self, item: &Item) {
        let number = self.number;
        self.item(&Item {
            number,
            ..item.clone()
        });
    }

    /// An item whose text was written before, when its number was the one after the last.
    pub fn copied(&mut self, text: &[u8], number: u32) {
        self.text.extend_from_slice(text);
        if number != self.number {
            self.line(b'j', number);
        }
        self.number = number + 1;
    }

    pub fn part(&mut self, part: &Part) {
        match part {
            Part::Folder(folder) => self.folder(folder),
            Part::Item(item) => self.item(item),
        }
    }
}
