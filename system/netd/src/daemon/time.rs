//! Servers of time: the file that chronyd reads, and being told that it is another (chrony.conf(5), `sourcedir`).

use super::names::replace;
use crate::configuration::{Contribution, Ntp};
use std::ffi::CString;
use std::net::IpAddr;
use std::path::Path;

/// Writes the file where the files ask for one, and has chronyd read it when it says something else than before.
///
/// # Errors
/// What cannot be written or run, in words.
pub fn write(settings: &Ntp, leases: &[Contribution]) -> Result<(), String> {
    let Some(path) = &settings.chrony else {
        return Ok(());
    };
    let text = sources(settings, leases);
    let changed = replace(Path::new(path), text.as_bytes())
        .map_err(|error| format!("{path}: writing it: {error}"))?;
    match &settings.chronyc {
        Some(program) if changed => reload(program),
        _ => Ok(()),
    }
}

/// Each server once.
fn sources(settings: &Ntp, leases: &[Contribution]) -> String {
    let mut told: Vec<IpAddr> = Vec::new();
    let all = settings
        .servers
        .iter()
        .chain(leases.iter().flat_map(|lease| &lease.ntp));
    for server in all {
        if !told.contains(server) {
            told.push(*server);
        }
    }
    let mut text = "# Written by netd.\n".to_owned();
    for server in told {
        text += &format!("server {server} iburst\n");
    }
    text
}

/// A chronyd that does not run yet reads the file when it starts, so it is no error that it cannot be told.
fn reload(program: &str) -> Result<(), String> {
    let failed = |what: &str| format!("{program}: starting it: {what}");
    let path = CString::new(program).map_err(|_| failed("there is a NUL in its name"))?;
    crate::system::start(&path, &[c"reload", c"sources"])
        .map_err(|errno| failed(&std::io::Error::from(errno).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_of_files_and_leases_each_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("netd.sources");
        let told = folder.path().join("told");
        let client = folder.path().join("chronyc");
        let script = format!("#!/bin/sh\necho \"$@\" >> {}\n", told.display());
        std::fs::write(&client, script).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&client, mode).unwrap();
        let settings = Ntp {
            servers: vec!["2001:db8::7".parse().unwrap()],
            chrony: Some(path.display().to_string()),
            chronyc: Some(client.display().to_string()),
        };
        let lease = |address: &str| Contribution {
            ntp: vec![address.parse().unwrap()],
            ..Contribution::default()
        };
        let leases = [lease("192.0.2.7"), lease("192.0.2.7")];
        write(&settings, &leases).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(
            text.ends_with("\nserver 2001:db8::7 iburst\nserver 192.0.2.7 iburst\n"),
            "{text}"
        );
        // The same again is not told again.
        write(&settings, &leases).unwrap();
        write(&settings, &[]).unwrap();
        let twice = || std::fs::read_to_string(&told).is_ok_and(|text| text.lines().count() == 2);
        for _ in 0..2000 {
            if twice() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert_eq!(
            std::fs::read_to_string(&told).unwrap(),
            "reload sources\nreload sources\n"
        );
        let gone = Ntp {
            chronyc: Some("/nowhere/chronyc".to_owned()),
            ..settings
        };
        let error = write(&gone, &leases).unwrap_err();
        assert!(
            error.starts_with("/nowhere/chronyc: starting it: "),
            "{error}"
        );
    }

    #[test]
    fn nothing_is_written_where_nothing_asks() {
        assert_eq!(write(&Ntp::default(), &[]), Ok(()));
    }
}
