//! From a policy file to what it asks for: its sections, and those of the profile that is chosen.

use super::sections;
use crate::cgroup::Group;
use crate::error::{Error, Result, told};
use crate::pressure::Trigger;
use crate::step::Step;
use crate::sysctl::Assignment;
use common::Root;
use document::Origin;
use document::{Data, Key, Table, Value, json, toml};
use std::fmt;
use std::path::PathBuf;
use std::rc::Rc;

/// Where the policy is unless another is named: the machine's own, or else that of what it was installed from.
const USUAL: &str = "/etc/kernelctl.toml";
const GIVEN: &str = "/lib/kernelctl.toml";

/// What a policy asks for.
#[derive(Debug, Default)]
pub struct Policy {
    /// The file; empty: there is none.
    pub file: String,
    /// The chosen profile; empty: none.
    pub profile: String,
    pub sysctls: Vec<Assignment>,
    /// Files below /sys; a path may be a pattern.
    pub knobs: Vec<Rc<Step>>,
    pub modules: Vec<Rc<Step>>,
    /// Modules that are never loaded by themselves.
    pub blacklist: Vec<(String, Origin)>,
    pub zram: Option<Rc<Step>>,
    /// The group that all groups are in; empty: the top.
    pub cgroup_root: String,
    pub groups: Vec<Group>,
    pub triggers: Vec<Trigger>,
}

/// Reads the policy of that name, or the usual one if there is one, for a profile or for the one that it names itself.
///
/// # Errors
/// [`Error::syntax`] for what it does not say right, [`Error::file`].
pub fn read(root: &Root, named: Option<String>, profile: Option<String>) -> Result<Box<Policy>> {
    let is_named = named.is_some();
    let (shown, path) = match named {
        Some(named) => (named.clone(), PathBuf::from(named)),
        None if !root.at(USUAL).exists() => (GIVEN.to_owned(), root.at(GIVEN)),
        None => (USUAL.to_owned(), root.at(USUAL)),
    };
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if !is_named && error.kind() == std::io::ErrorKind::NotFound => {
            return match profile {
                None => Ok(Box::default()),
                Some(profile) => Err(told!(
                    "there is no profile '{profile}', because there is no {USUAL}: write it, or name another with --policy"
                )),
            };
        }
        Err(error) => {
            return Err(Error::file(&shown, "reading it", error));
        }
    };
    parse(&shown, &text, profile.as_deref())
}

/// The same for a file's text.
///
/// # Errors
/// [`Error::syntax`]
pub fn parse(shown: &str, text: &[u8], profile: Option<&str>) -> Result<Box<Policy>> {
    let foreign = shown.ends_with(".json") || text.trim_ascii_start().starts_with(b"{");
    let file: Rc<str> = shown.into();
    let at = |line| Origin::new(shown, line);
    let read = match foreign {
        false => toml::parse(text).map(Data::Table),
        true => json::parse(text).map(|value| value.data),
    };
    let table = match read {
        Ok(Data::Table(table)) => table,
        Ok(_) => {
            return Err(Error::syntax(&at(1), format_args!("a policy is an object")));
        }
        Err(error) => {
            return Err(Error::syntax(
                &at(error.line),
                format_args!("{}", error.what),
            ));
        }
    };
    let mut policy = Box::new(Policy::default());
    shown.clone_into(&mut policy.file);
    let mut reading = Reading {
        file: file.clone(),
        foreign,
        policy: &mut policy,
    };
    if foreign {
        reading.foreign(&table)?;
        return Ok(policy);
    }
    reading.document(&table, profile)?;
    Ok(policy)
}

/// An error at a line of what is read, as a result: [`Reading::wrong`] of a text as for `format!`.
macro_rules! wrong {
    ($reading:expr, $line:expr, $($text:tt)*) => {
        Err($reading.wrong($line, format_args!($($text)*)))
    };
}
pub(crate) use wrong;

/// A policy that is being read.
pub struct Reading<'a> {
    pub file: Rc<str>,
    /// JSON, as another distribution has it.
    pub foreign: bool,
    pub policy: &'a mut Policy,
}

impl Reading<'_> {
    pub fn origin(&self, line: u32) -> Origin {
        let file = self.file.clone();
        Origin { file, line }
    }

    /// An error at a line; `wrong!` makes a result of it.
    #[cold]
    #[inline(never)]
    pub fn wrong(&self, line: u32, what: fmt::Arguments<'_>) -> Box<Error> {
        Error::syntax(&self.origin(line), what)
    }

    /// That a key is none of those that there are.
    #[cold]
    #[inline(never)]
    pub fn unknown(&self, key: &Key, within: &str, known: &[&str]) -> Box<Error> {
        self.wrong(
            key.line,
            format_args!(
                "{within} has no key '{}'; there are: {}",
                key.name,
                known.join(", ")
            ),
        )
    }

    /// That a value is of another kind.
    #[cold]
    #[inline(never)]
    pub fn other(&self, key: &Key, value: &Value, expected: &str) -> Box<Error> {
        self.wrong(
            value.line,
            format_args!("'{}' is {expected}, not {}", key.name, value.kind()),
        )
    }

    pub fn table<'v>(&self, key: &Key, value: &'v Value) -> Result<&'v Table> {
        match value.table() {
            Some(table) => Ok(table),
            None => Err(self.other(key, value, "a table")),
        }
    }

    pub fn text<'v>(&self, key: &Key, value: &'v Value) -> Result<&'v str> {
        match value.text() {
            Some(text) => Ok(text),
            None => Err(self.other(key, value, "a string")),
        }
    }

    /// One string, or a list of them.
    pub fn texts(&self, key: &Key, value: &Value) -> Result<Vec<String>> {
        match &value.data {
            Data::Text(text) => Ok(vec![text.clone()]),
            Data::Array(values) => {
                let mut texts = Vec::new();
                for value in values {
                    texts.push(self.text(key, value)?.to_owned());
                }
                Ok(texts)
            }
            _ => Err(self.other(key, value, "a string or a list of strings")),
        }
    }

    fn document(&mut self, table: &Table, chosen: Option<&str>) -> Result<()> {
        let (mut profile, mut profiles) = (None, None);
        for (key, value) in &table.0 {
            match &*key.name {
                "profile" => profile = Some((value.line, self.text(key, value)?)),
                "profiles" => profiles = Some(self.table(key, value)?),
                _ => sections::read(self, key, value, &["profile", "profiles"])?,
            }
        }
        // A mistake in a profile is told even when another is chosen.
        if let Some(profiles) = profiles {
            for (key, value) in &profiles.0 {
                let mut other = Policy::default();
                let mut reading = Reading {
                    file: self.file.clone(),
                    foreign: self.foreign,
                    policy: &mut other,
                };
                reading.profile(profiles, key, value, &mut Vec::new())?;
            }
        }
        let chosen = chosen.map(|name| (0, name)).or(profile);
        let Some((line, name)) = chosen else {
            return Ok(());
        };
        name.clone_into(&mut self.policy.profile);
        let found = profiles.and_then(|all| all.0.iter().find(|(key, _)| key.name == name));
        match (found, profiles) {
            (Some((key, value)), Some(profiles)) => {
                self.profile(profiles, key, value, &mut Vec::new())
            }
            _ => {
                let (mut there, mut before) = (String::new(), "there are: ");
                for (key, _) in profiles.iter().flat_map(|all| &all.0) {
                    there += before;
                    there += &key.name;
                    before = ", ";
                }
                if there.is_empty() {
                    there += "there are none: write [profiles.NAME]";
                }
                wrong!(self, line, "there is no profile '{name}'; {there}")
            }
        }
    }

    /// What a profile includes comes before what it says itself.
    fn profile<'v>(
        &mut self,
        all: &'v Table,
        name: &'v Key,
        value: &'v Value,
        above: &mut Vec<&'v str>,
    ) -> Result<()> {
        let table = self.table(name, value)?;
        above.push(&name.name);
        for (key, value) in table.0.iter().filter(|(key, _)| key.name == "include") {
            for included in self.texts(key, value)? {
                if above.contains(&&*included) {
                    return wrong!(self, value.line, "profile '{included}' includes itself");
                }
                match all.0.iter().find(|(key, _)| key.name == included) {
                    Some((key, value)) => self.profile(all, key, value, above)?,
                    None => {
                        return wrong!(
                            self,
                            value.line,
                            "there is no profile '{included}' to include"
                        );
                    }
                }
            }
        }
        above.pop();
        for (key, value) in table.0.iter().filter(|(key, _)| key.name != "include") {
            sections::read(self, key, value, &["include"])?;
        }
        Ok(())
    }

    /// `kernel-policy.json`: profile, cgroup_root, groups, sysctl.
    fn foreign(&mut self, table: &Table) -> Result<()> {
        for (key, value) in &table.0 {
            match &*key.name {
                "profile" => self.policy.profile = self.text(key, value)?.to_owned(),
                "sysctl" => sections::sysctl(self, key, value)?,
                "cgroup_root" => sections::cgroup_root(self, key, value)?,
                "groups" => sections::foreign_groups(self, key, value)?,
                _ => {
                    let known = ["profile", "cgroup_root", "groups", "sysctl"];
                    return Err(self.unknown(key, "the policy", &known));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, profile: Option<&str>) -> String {
        let name = if text.starts_with('{') {
            "p.json"
        } else {
            "p.toml"
        };
        match parse(name, text.as_bytes(), profile) {
            Ok(policy) => policy
                .sysctls
                .iter()
                .map(|a| {
                    let dash = if a.optional { "-" } else { "" };
                    let value = a.value.as_deref().unwrap_or("");
                    format!("{}:{dash}{}={value};", a.origin.line, a.path)
                })
                .collect(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn sysctls_of_a_policy() {
        let text = "[sysctl]\nvm.swappiness = 10\n\"net/ipv4/conf/eth0.1/rp_filter\" = true\n\
                    -net.ipv4.tcp_rmem = [4096, 87380]\nkernel = { x = 'a b', \"y\" = false }\nnet.ipv4.conf.\"e.1\".z = -1\n'-a.*.b'=1";
        assert_eq!(
            shown(text, None),
            "2:vm/swappiness=10;3:net/ipv4/conf/eth0.1/rp_filter=1;4:-net/ipv4/tcp_rmem=4096 87380;\
             5:kernel/x=a b;5:kernel/y=0;6:net/ipv4/conf/e.1/z=-1;7:-a/*/b=1;"
        );
        assert_eq!(
            shown(
                "{\"profile\":\"x\",\n\"sysctl\":{\"vm.swappiness\":\"10\"}}",
                None
            ),
            "2:vm/swappiness=10;"
        );
    }

    #[test]
    fn profiles_include_others_and_come_last() {
        let text = "profile = \"a\"\nsysctl.k.x = 1\n[profiles.a]\ninclude = \"b\"\nsysctl.k.x = 2\n\
                    [profiles.b.sysctl]\nk.x = 3\n[profiles.c]\ninclude = [\"a\"]";
        assert_eq!(shown(text, None), "2:k/x=1;7:k/x=3;5:k/x=2;");
        assert_eq!(shown(text, Some("b")), "2:k/x=1;7:k/x=3;");
        assert_eq!(shown(text, Some("c")), "2:k/x=1;7:k/x=3;5:k/x=2;");
        assert_eq!(
            shown(text, Some("d")),
            "p.toml: there is no profile 'd'; there are: a, b, c"
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_line_and_key() {
        for (text, told) in [
            (
                "a = 1",
                "p.toml:1: the policy has no key 'a'; there are: profile, profiles, sysctl, thp, ksm, scheduler, cpu, block, sysfs, modules, zram, cgroup_root, groups, pressure",
            ),
            (
                "\nprofile = 1",
                "p.toml:2: 'profile' is a string, not a number",
            ),
            ("sysctl = 1", "p.toml:1: 'sysctl' is a table, not a number"),
            (
                "[sysctl]\nvm.x = [[1]]",
                "p.toml:2: 'x' is a string, a number, true or false, or a list of them, not a list",
            ),
            (
                "[sysctl]\n\"..\" = 1",
                "p.toml:2: '..' is no name of a sysctl: write it as 'vm.swappiness' or 'vm/swappiness'",
            ),
            (
                "[sysctl]\nvm.x = \"a\\nb\"",
                "p.toml:2: the value of 'x' has a control character",
            ),
            (
                "profile = \"x\"",
                "p.toml:1: there is no profile 'x'; there are none: write [profiles.NAME]",
            ),
            (
                "[profiles.a]\ninclude = \"a\"",
                "p.toml:2: profile 'a' includes itself",
            ),
            (
                "[profiles.a]\ninclude = \"b\"",
                "p.toml:2: there is no profile 'b' to include",
            ),
            (
                "[profiles.a]\nx = 1",
                "p.toml:2: the policy has no key 'x'; there are: include, sysctl, thp, ksm, scheduler, cpu, block, sysfs, modules, zram, cgroup_root, groups, pressure",
            ),
            (
                "{\"x\": 1}",
                "p.json:1: the policy has no key 'x'; there are: profile, cgroup_root, groups, sysctl",
            ),
        ] {
            assert_eq!(shown(text, None), told);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(text: Vec<u8>) {
            let _ = parse("f", &text, None);
        }
    }
}
