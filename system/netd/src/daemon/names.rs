//! Servers of names: /etc/resolv.conf, and the file that dnsmasq reads.

use crate::configuration::table_of;
use crate::configuration::{Configuration, Contribution};
use crate::state::State;
use std::fs;
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::Path;

/// Writes a file beside its place and renames it, so that whoever reads it reads all of one or all of the other. It is
/// left alone if it says the same already.
///
/// # Errors
/// That of the file.
pub fn replace(path: &Path, text: &[u8]) -> io::Result<bool> {
    if fs::read(path).is_ok_and(|old| old == text) {
        return Ok(false);
    }
    // A link to elsewhere stays one: what it leads to is replaced.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let mut beside = path.as_os_str().to_owned();
    beside.push(".netd");
    let beside = Path::new(&beside);
    let written = fs::File::create(beside)
        .and_then(|mut file| file.write_all(text).and_then(|()| file.sync_data()))
        .and_then(|()| fs::rename(beside, path));
    if written.is_err() {
        let _ = fs::remove_file(beside);
    }
    written.map(|()| true)
}

/// Who is asked for names: for all, and for the domains of each link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    pub servers: Vec<(IpAddr, String)>,
    pub search: Vec<String>,
    /// Domains, with a link's servers.
    pub split: Vec<(String, IpAddr, String)>,
}

/// From files and leases.
pub fn gather(all: &Configuration, state: &State, leases: &[Contribution]) -> Names {
    let mut names = Names {
        servers: all
            .dns
            .servers
            .iter()
            .map(|server| (*server, String::new()))
            .collect(),
        search: all.dns.search.clone(),
        split: Vec::new(),
    };
    let mut add = |link: &str, servers: &[IpAddr], domains: &[String]| {
        for server in servers {
            let entry = (*server, link.to_owned());
            if !names.servers.contains(&entry) {
                names.servers.push(entry);
            }
        }
        for domain in domains {
            if !names.search.contains(domain) {
                names.search.push(domain.clone());
            }
            let split = servers
                .iter()
                .map(|server| (domain.clone(), *server, link.to_owned()));
            names.split.extend(split);
        }
    };
    for link in state.links.iter().filter(|link| link.has_carrier()) {
        if let Some(table) = table_of(all, state, &link.name) {
            add(&link.name, &table.servers, &table.domains);
        }
    }
    for lease in leases {
        add(&lease.link, &lease.servers, &lease.domains);
    }
    names
}

impl Names {
    /// resolv.conf(5), with the local server instead of all others where there is one. The C library reads three servers and no
    /// more than six domains.
    pub fn resolv_conf(&self, local: Option<IpAddr>) -> String {
        let mut text =
            "# Written by netd from its files and leases; it is written anew when these change.\n"
                .to_owned();
        if !self.search.is_empty() {
            let search: Vec<&str> = self.search.iter().take(6).map(|name| &**name).collect();
            text += &format!("search {}\n", search.join(" "));
        }
        let local = local.map(|server| vec![(server, String::new())]);
        let mut told: Vec<IpAddr> = Vec::new();
        for (server, link) in local.as_ref().unwrap_or(&self.servers) {
            if told.contains(server) || told.len() == 3 {
                continue;
            }
            told.push(*server);
            let local = matches!(server, IpAddr::V6(server) if server.is_unicast_link_local());
            text += &match local && !link.is_empty() {
                true => format!("nameserver {server}%{link}\n"),
                false => format!("nameserver {server}\n"),
            };
        }
        text
    }

    /// dnsmasq's `--servers-file`: servers for all, and those of a link for its domains.
    pub fn dnsmasq(&self) -> String {
        let mut text = "# Written by netd.\n".to_owned();
        let at = |link: &str| match link {
            "" => String::new(),
            link => format!("@{link}"),
        };
        for (server, link) in &self.servers {
            text += &format!("server={server}{}\n", at(link));
        }
        for (domain, server, link) in &self.split {
            text += &format!("server=/{domain}/{server}{}\n", at(link));
        }
        text
    }

    /// Whether there is anybody to be asked.
    pub fn known(&self, all: &Configuration) -> bool {
        all.dns.local.is_some() || !self.servers.is_empty()
    }

    /// Puts them where the files say; what cannot be written is told. Where files say nothing, resolv.conf is written once
    /// somebody is `known`: until then it says what was known before, or what somebody else has written.
    pub fn write(&self, all: &Configuration, resolv_conf: &Path, known: bool) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut put = |path: &Path, text: String| match replace(path, text.as_bytes()) {
            Ok(changed) => changed,
            Err(error) => {
                wrong.push(format!("{}: writing it: {error}", path.display()));
                false
            }
        };
        if all.dns.resolv_conf.unwrap_or(known) {
            put(resolv_conf, self.resolv_conf(all.dns.local));
        }
        if let Some(path) = &all.dns.dnsmasq
            && put(Path::new(path), self.dnsmasq())
            && let Some(pid) = &all.dns.dnsmasq_pid
        {
            let number = fs::read_to_string(pid)
                .ok()
                .and_then(|text| text.trim().parse().ok());
            // The file is dnsmasq's own: what else it may name is not to be ended.
            let named = |number: &i32| {
                let comm = fs::read(format!("/proc/{number}/comm"));
                comm.is_ok_and(|comm| comm == b"dnsmasq\n")
            };
            let process = number
                .filter(named)
                .and_then(rustix::process::Pid::from_raw);
            if let Some(process) = process {
                let _ = rustix::process::kill_process(process, rustix::process::Signal::HUP);
            }
        }
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_for_the_library_and_for_dnsmasq() {
        let names = Names {
            servers: vec![
                ("192.0.2.53".parse().unwrap(), "eth0".to_owned()),
                ("fe80::1".parse().unwrap(), "eth1".to_owned()),
                ("192.0.2.53".parse().unwrap(), String::new()),
            ],
            search: vec!["example.org".to_owned()],
            split: vec![(
                "example.org".to_owned(),
                "192.0.2.53".parse().unwrap(),
                "eth0".to_owned(),
            )],
        };
        let text = names.resolv_conf(None);
        assert!(
            text.ends_with("search example.org\nnameserver 192.0.2.53\nnameserver fe80::1%eth1\n"),
            "{text}"
        );
        let local = names.resolv_conf(Some("127.0.0.1".parse().unwrap()));
        assert!(
            local.ends_with("search example.org\nnameserver 127.0.0.1\n"),
            "{local}"
        );
        assert!(
            names
                .dnsmasq()
                .contains("server=/example.org/192.0.2.53@eth0\n")
        );
    }

    #[test]
    fn a_file_is_replaced_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        assert!(replace(&path, b"a").unwrap());
        assert!(!replace(&path, b"a").unwrap());
        replace(&folder.path().join("none/file"), b"a").unwrap_err();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
