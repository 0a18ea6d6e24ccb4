//! Measures all clients: in every repetition each in its turn, so that what else the computer does meets all alike.

use super::client::{Carrier, Client, Found, GIVEN, Job, WORK};
use crate::init::scale::median;
use crate::init::size;
use crate::table::Row;
use crate::{Error, Result};
use alpenglow_builder::progress::{Progress, step};
use alpenglow_builder::{Root, Sandbox};
use std::path::Path;
use std::process::Stdio;

/// How thoroughly it is measured.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How often everything is done.
    pub repetitions: usize,
    /// Seconds in which wake-ups are counted.
    pub idle: u32,
}

impl Settings {
    /// What figures are quoted from.
    pub fn whole() -> Self {
        Self {
            repetitions: 5,
            idle: 20,
        }
    }

    /// What shows that all of it works, and little else.
    pub fn quick() -> Self {
        Self {
            repetitions: 1,
            idle: 1,
        }
    }
}

/// The figures of each client, in the order of [`super::columns`]. `program` is ours, `root` has the others and their server.
///
/// # Errors
/// [`Error::Network`] for the first that could not be measured; [`Error::Read`].
pub fn run(
    program: &Path,
    root: &Root,
    settings: Settings,
    progress: &dyn Progress,
) -> Result<Vec<Row>> {
    let mut all: Vec<[Vec<Found>; 2]> = Client::ALL.map(|_| Default::default()).into();
    step(progress, "measure", |id| {
        let total = settings.repetitions * Client::ALL.len();
        for repetition in 0..settings.repetitions {
            for (place, client) in Client::ALL.into_iter().enumerate() {
                // Being idle is the same each time.
                let idle = if repetition == 0 { settings.idle } else { 0 };
                for (at, carrier) in [Carrier::First, Carrier::Late].into_iter().enumerate() {
                    let job = Job {
                        client,
                        carrier,
                        idle: if at == 0 { idle } else { 0 },
                    };
                    all[place][at].push(ask(job, program, root)?);
                }
                let done = repetition * Client::ALL.len() + place + 1;
                progress.advance(id, done as u64, total as u64);
            }
        }
        Ok::<_, Error>(())
    })?;
    let rows = Client::ALL.into_iter().zip(&all);
    rows.map(|(client, found)| row(client, found, program, root))
        .collect()
}

fn row(
    client: Client,
    [first, late]: &[Vec<Found>; 2],
    program: &Path,
    root: &Root,
) -> Result<Row> {
    let (bytes, version) = match client.package() {
        None => (size::bytes(&[program.to_owned()], Path::new("/"))?, ""),
        Some((package, path)) => (
            size::bytes(&[root.dir.join(path)], &root.dir)?,
            root.upstream_version(package).unwrap_or_default(),
        ),
    };
    let middle = |found: &[Found], pick: fn(&Found) -> Option<f64>| {
        median(found.iter().filter_map(pick).collect())
    };
    #[allow(clippy::cast_precision_loss)] // A program is far below 2^53.
    Ok(Row {
        name: format!("{} {version}", client.name()).trim_end().to_owned(),
        board: None,
        ours: client == Client::Netd,
        figures: vec![
            middle(first, |found| Some(found.wall_ms)),
            middle(first, |found| found.cpu_ms),
            middle(first, |found| Some(found.round_trips)),
            middle(late, |found| Some(found.wall_ms)),
            middle(first, |found| found.rss_kib),
            middle(first, |found| found.pss_kib),
            middle(first, |found| found.wakes),
            Some(bytes as f64),
        ],
    })
}

/// Has one measurement made in a sandbox.
fn ask(job: Job, program: &Path, root: &Root) -> Result<Found> {
    let failed = |why: String| Error::Network {
        client: job.client.name().to_owned(),
        why,
    };
    let text = serde_json::to_string(&job).map_err(|error| failed(error.to_string()))?;
    let mut sandbox = Sandbox::new(&root.dir)
        .tmpfs("/tmp")
        .tmpfs("/run")
        .tmpfs("/var/lib/dhcpcd");
    if job.client == Client::Netd {
        sandbox = sandbox.bind(program, GIVEN, false);
    }
    let output = sandbox
        .command(WORK)
        .arg(text)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(
            String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        ));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| failed(error.to_string()))
}
