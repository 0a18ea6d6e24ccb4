//! What each service manager is given, and how it is started: a load written as its own files.

use super::graph::{self, Service};
use super::job::{DINIT, Job, Load, Manager, PLACE, PROBES, Work};
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// Where OpenRC looks for services, and for the runlevel that is started.
const INIT_D: &str = "/etc/init.d";
const RUNLEVEL: &str = "/etc/runlevels/bench";

/// The service that needs all others.
const TOP: &str = "boot";

/// A manager that is ready to be started.
#[derive(Debug)]
pub struct Ready {
    /// Programs with arguments to be run before, which are no part of what is measured.
    pub before: Vec<Vec<String>>,
    /// The manager with its arguments.
    pub command: Vec<String>,
    /// Bytes in the pipe that say that all services have started.
    pub told: usize,
    /// Whether it is done, and ends, when they have.
    pub ends: bool,
}

/// Whether a manager can do this at all. s6 and runit know no order and no service that ends.
pub fn can(manager: Manager, load: Load) -> bool {
    match (manager, load.work) {
        (Manager::Dinit | Manager::OpenRc, _) => true,
        (Manager::S6 | Manager::Runit, Work::Hold) => load.shape == graph::Shape::Flat,
        (Manager::Bare, Work::Noop) => true,
        _ => false,
    }
}

/// Writes the load of a job in its manager's words.
///
/// # Errors
/// When a file cannot be written.
pub fn prepare(job: &Job) -> io::Result<Ready> {
    let services = graph::services(job.load.shape, job.load.count);
    let folder = Path::new(PLACE).join("services");
    fs::create_dir_all(&folder)?;
    // A service that ends is told of by the one that needs all; one that stays tells by itself.
    let told = match job.load.work {
        Work::Hold => services.len(),
        Work::Noop => 1,
    };
    let ready = |words: &[&str]| Ready {
        before: Vec::new(),
        command: words.iter().map(|word| (*word).to_owned()).collect(),
        told,
        ends: false,
    };
    let services_folder = folder.to_string_lossy();
    match job.manager {
        Manager::Dinit => {
            dinit(&folder, &services, job.load.work)?;
            let socket = format!("{PLACE}/socket");
            Ok(ready(&[
                DINIT,
                "--user",
                "--quiet",
                "--socket-path",
                &socket,
                "--services-dir",
                &services_folder,
            ]))
        }
        Manager::S6 => {
            supervised(&folder, &services)?;
            let most = (services.len() + 1).to_string();
            // The order is the one of its manual page: no rescans, and room for all.
            Ok(ready(&[
                "s6-svscan",
                "-t",
                "0",
                "-c",
                &most,
                &services_folder,
            ]))
        }
        Manager::Runit => {
            supervised(&folder, &services)?;
            Ok(ready(&["runsvdir", &services_folder]))
        }
        Manager::OpenRc => {
            openrc(&services, job.load.work)?;
            let mut ready = ready(&["openrc", "bench"]);
            // A booted system has its cache of dependencies from before.
            ready.before = vec![vec!["rc-update".into(), "-u".into()]];
            ready.ends = true;
            Ok(ready)
        }
        Manager::Bare => Ok(ready(&[])),
    }
}

fn names<'a>(services: &'a [Service], positions: &'a [usize]) -> impl Iterator<Item = &'a str> {
    positions
        .iter()
        .map(|position| services[*position].name.as_str())
}

/// dinit-service(5): a file each.
fn dinit(folder: &Path, services: &[Service], work: Work) -> io::Result<()> {
    let write = |name: &str, lines: &str, needs: &[usize]| {
        let mut text = lines.to_owned();
        for needed in names(services, needs) {
            text.push_str("depends-on: ");
            text.push_str(needed);
            text.push('\n');
        }
        fs::write(folder.join(name), text)
    };
    let noop = format!("type = scripted\ncommand = {PROBES}/noop\n");
    let hold = format!("type = process\ncommand = {PROBES}/hold\nrestart = no\n");
    let tell = format!("type = scripted\ncommand = {PROBES}/tell\n");
    let (each, top) = match work {
        Work::Noop => (noop.as_str(), tell.as_str()),
        Work::Hold => (hold.as_str(), "type = internal\n"),
    };
    for service in services {
        write(&service.name, each, &service.needs)?;
    }
    write(TOP, top, &graph::ends(services))
}

/// s6-svscan(8), runsvdir(8): a folder each with the program `run`, which is the one that stays.
fn supervised(folder: &Path, services: &[Service]) -> io::Result<()> {
    for service in services {
        let folder = folder.join(&service.name);
        fs::create_dir(&folder)?;
        symlink(Path::new(PROBES).join("hold"), folder.join("run"))?;
    }
    Ok(())
}

/// openrc-run(8): a script each, and a runlevel with all of them, started in parallel.
fn openrc(services: &[Service], work: Work) -> io::Result<()> {
    for folder in [RUNLEVEL, "/run/openrc", "/run/lock"] {
        fs::create_dir_all(folder)?;
    }
    // Without this it takes the system for one that has not booted.
    fs::write("/run/openrc/softlevel", "")?;
    fs::write(
        "/etc/rc.conf.d/bench.conf",
        "rc_parallel=\"YES\"\nrc_sys=\"\"\n",
    )?;
    let write = |name: &str, lines: &str, needs: &[usize]| {
        let needs: Vec<&str> = names(services, needs).collect();
        let text = format!(
            "#!/sbin/openrc-run\n{lines}depend() {{ need {}; }}\n",
            needs.join(" ")
        );
        let path = PathBuf::from(INIT_D).join(name);
        fs::write(&path, text)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        symlink(&path, Path::new(RUNLEVEL).join(name))
    };
    let run = |probe: &str| format!("start() {{ {PROBES}/{probe}; }}\nstop() {{ :; }}\n");
    for service in services {
        let lines = match work {
            Work::Hold => format!(
                "command={PROBES}/hold\ncommand_background=yes\npidfile=/run/{}.pid\n",
                service.name
            ),
            Work::Noop => run("noop"),
        };
        write(&service.name, &lines, &service.needs)?;
    }
    match work {
        Work::Hold => Ok(()),
        Work::Noop => write(TOP, &run("tell"), &graph::ends(services)),
    }
}
