//! What `/etc/netd/*.toml` and `*.json` say, and what that comes to on this machine ([`compile`]).

mod check;
mod compile;
mod dynamic;
mod kind;
mod link;
mod route;
mod rule;
mod section;
#[cfg(test)]
mod tests;

pub use compile::{Contribution, compile, read_state, table_of};

use crate::address::{Mac, Prefix};
use crate::error::{Error, Result};
use crate::state::{Route, Rule};
use crate::wanted::{self, Asked};
use document::Origin;
use document::{Table, Value, json, toml};
use section::{File, Section, syntax};
use std::net::{IpAddr, Ipv6Addr};
use std::path::Path;

/// Where the files are.
pub const FOLDER: &str = "/etc/netd";

/// All files together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Configuration {
    pub links: Vec<Link>,
    pub rules: Vec<Asked<Rule>>,
    pub dns: Dns,
    pub ntp: Ntp,
}

/// What is said of servers of time as a whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ntp {
    /// Beside those of leases.
    pub servers: Vec<IpAddr>,
    /// A file of `server` lines for chronyd (`sourcedir`).
    pub chrony: Option<String>,
    /// chrony's own client: `reload sources` is said with it.
    pub chronyc: Option<String>,
}

/// What is said of names as a whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dns {
    /// Whether /etc/resolv.conf is written; it is, once any link or this table names a server.
    pub resolv_conf: Option<bool>,
    /// Asked before those of links.
    pub servers: Vec<IpAddr>,
    pub search: Vec<String>,
    /// The server that this machine's own programs ask, instead of all others: one that asks those.
    pub local: Option<IpAddr>,
    /// A file of `server=` lines for dnsmasq (`--servers-file`).
    pub dnsmasq: Option<String>,
    /// Where dnsmasq keeps its number: it is told to read that file again.
    pub dnsmasq_pid: Option<String>,
}

/// Which links a table is about. All that is said must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matcher {
    pub name: Option<String>,
    pub mac: Option<Mac>,
    pub driver: Option<String>,
    /// Where the hardware is, as below /sys/devices.
    pub path: Option<String>,
}

/// What a link must have for the machine to be online.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Online {
    /// It does not count.
    No,
    Carrier,
    /// An address that others than its neighbours know.
    #[default]
    Address,
    /// And a default route.
    Routable,
}

/// A table `[link.NAME]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    pub origin: Origin,
    /// Its name: that of the link, unless there is a matcher.
    pub label: String,
    pub matcher: Option<Matcher>,
    /// Its name is empty.
    pub settings: wanted::Link,
    pub addresses: Vec<Asked<Prefix>>,
    /// Without their link.
    pub routes: Vec<Asked<Route>>,
    pub neighbours: Vec<Asked<(IpAddr, Mac)>>,
    /// Whether of IPv6, the key, and the value.
    pub sysctls: Vec<Asked<(bool, &'static str, String)>>,
    pub dhcp4: Option<Dhcp4>,
    pub dhcp6: Option<Dhcp6>,
    /// A network of a prefix that another link is delegated.
    pub delegated: Option<Asked<Delegated>>,
    /// An address of its own when no server gives one.
    pub link_local4: bool,
    /// Whether neighbours that tell of themselves are listened to (IEEE 802.1AB).
    pub lldp: bool,
    pub servers: Vec<IpAddr>,
    pub domains: Vec<String>,
    pub online: Online,
    /// Whether the machine is not online without it: else a link without carrier does not count.
    pub required: bool,
    /// Milliseconds from bringing it up in which carrier may come.
    pub carrier_wait: u64,
}

/// What the DHCPv4 client of a link asks for and makes of the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Dhcp4 {
    pub metric: u32,
    /// Whether servers and domains are taken.
    pub dns: bool,
    /// Whether servers of time are.
    pub ntp: bool,
    pub routes: bool,
    /// The name that is told to the server; empty: none.
    pub hostname: String,
    /// Whether others are asked if they have the address (RFC 5227), before it is used.
    pub conflicts: bool,
}

impl Default for Dhcp4 {
    fn default() -> Self {
        Self {
            metric: 1024,
            dns: true,
            ntp: true,
            routes: true,
            hostname: String::new(),
            conflicts: true,
        }
    }
}

/// When the DHCPv6 client of a link asks, and for what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// For what routers say that there is (RFC 4861, flags M and O).
    #[default]
    Router,
    /// For addresses, whatever routers say.
    Always,
    /// For names alone.
    Names,
}

/// What the DHCPv6 client of a link asks for and makes of the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Dhcp6 {
    pub when: When,
    /// Whether a prefix is to be delegated, and of about which length: asked for whatever routers say.
    pub prefix: Option<u8>,
    /// Whether servers and domains are taken.
    pub dns: bool,
    /// Whether servers of time are.
    pub ntp: bool,
}

/// A link's share of what another is delegated.
#[derive(Clone, Debug, PartialEq)]
pub struct Delegated {
    /// The table of the link that asks for the prefix.
    pub from: String,
    /// The number of the /64 in it.
    pub subnet: u32,
    /// The lower half of the link's address there.
    pub host: Ipv6Addr,
}

/// Reads all files of a folder, in the order of their names; none, if there is no such folder.
///
/// # Errors
/// [`Error::Syntax`] for the first thing that is wrong; [`Error::File`].
pub fn read(folder: &Path) -> Result<Configuration> {
    let shown = folder.display().to_string();
    let paths =
        document::files(folder, &["toml", "json"]).map_err(Error::file(&shown, "reading it"))?;
    let mut files = Vec::new();
    for path in paths {
        let name = path.display().to_string();
        let text = std::fs::read(&path).map_err(Error::file(&name, "reading it"))?;
        files.push((name, text));
    }
    of_texts(&files)
}

/// Reads texts by their names, which say what they are: TOML, unless it ends with `.json`.
///
/// # Errors
/// [`Error::Syntax`].
pub fn of_texts(files: &[(String, Vec<u8>)]) -> Result<Configuration> {
    let mut all = Configuration::default();
    for (name, text) in files {
        let value = match name.ends_with(".json") {
            true => json::parse(text),
            false => toml::parse(text).map(|table: Table| Value {
                line: 1,
                data: document::Data::Table(table),
            }),
        };
        let value =
            value.map_err(|error| syntax(name, error.line, format_args!("{}", error.what)))?;
        let reading = File::new(name);
        let read = file(&reading, &value, &mut all);
        reading.end(read)?;
    }
    check::check(&all)?;
    Ok(all)
}

fn file(name: &File, value: &Value, all: &mut Configuration) -> Result<()> {
    let top = Section::new(name, String::new(), value, &["link", "rule", "dns", "ntp"])?;
    if let Some(links) = top.get("link") {
        let Some(table) = links.table() else {
            return Err(syntax(
                name,
                links.line,
                format_args!("link is a table of tables: write [link.eth0]"),
            ));
        };
        for (key, value) in &table.0 {
            let link = link::read(name, key, value)?;
            if let Some(other) = all.links.iter().find(|other| other.label == link.label) {
                let told = format_args!(
                    "link.{} is described already in {}: say all of it in one place",
                    key.name, other.origin
                );
                return Err(syntax(name, key.line, told));
            }
            all.links.push(link);
        }
    }
    for value in top.list("rule") {
        all.rules.extend(rule::read(name, value)?);
    }
    if let Some(value) = top.get("dns") {
        dns(name, value, &mut all.dns)?;
    }
    if let Some(value) = top.get("ntp") {
        ntp(name, value, &mut all.ntp)?;
    }
    Ok(())
}

fn dns(file: &File, value: &Value, all: &mut Dns) -> Result<()> {
    let keys = [
        "resolv-conf",
        "servers",
        "search",
        "local",
        "dnsmasq",
        "dnsmasq-pid",
    ];
    let section = Section::new(file, "dns".to_owned(), value, &keys)?;
    all.resolv_conf = section.boolean("resolv-conf").or(all.resolv_conf);
    all.servers.extend(servers(&section, "servers"));
    all.search.extend(domains(&section, "search")?);
    all.local = section
        .parsed("local", "an address, as in 127.0.0.1")
        .or(all.local);
    if let Some(path) = section.text("dnsmasq") {
        all.dnsmasq = Some(path.to_owned());
    }
    if let Some(path) = section.text("dnsmasq-pid") {
        all.dnsmasq_pid = Some(path.to_owned());
    }
    Ok(())
}

fn ntp(file: &File, value: &Value, all: &mut Ntp) -> Result<()> {
    let section = Section::new(
        file,
        "ntp".to_owned(),
        value,
        &["servers", "chrony", "chronyc"],
    )?;
    all.servers.extend(servers(&section, "servers"));
    if let Some(path) = section.text("chrony") {
        all.chrony = Some(path.to_owned());
    }
    if let Some(path) = section.text("chronyc") {
        all.chronyc = Some(path.to_owned());
    }
    Ok(())
}

fn servers(section: &Section<'_>, key: &str) -> Vec<IpAddr> {
    let parse = |value| section.parse(key, value, "an address, as in 192.0.2.53");
    section.list(key).iter().filter_map(parse).collect()
}

/// Names of domains (RFC 1035): what is no name must not reach a file that others read.
fn domains(section: &Section<'_>, key: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for value in section.list(key) {
        let name = value.text().unwrap_or("");
        if !is_domain(name) {
            return Err(section.wrong(
                key,
                value,
                format_args!("a string with a domain is expected, as in \"example.org\""),
            ));
        }
        names.push(name.trim_end_matches('.').to_owned());
    }
    Ok(names)
}

/// Whether a text is the name of a domain.
pub fn is_domain(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let label = |label: &str| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=63).contains(&label.len()) && label.bytes().all(known) && !label.starts_with('-')
    };
    name.len() <= 253 && name.split('.').all(label)
}
