//! Measures all subjects: in every repetition each in its turn, so that what else the computer does meets all alike.

use super::columns::columns;
use super::job::{Found, Job, Task};
use super::repository::{self, Sizes};
use super::subject::Subject;
use crate::init::scale::median;
use crate::table::Row;
use crate::{Error, Result};
use alpenglow_builder::progress::{Progress, step};
use std::path::Path;

/// How thoroughly it is measured.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How often everything is done.
    pub repetitions: usize,
    /// How much there is.
    pub sizes: Sizes,
}

impl Settings {
    /// What figures are quoted from: a distribution's index, and packages of 243 MB.
    pub fn whole() -> Self {
        Self {
            repetitions: 3,
            sizes: Sizes {
                index: 20_000,
                world: 300,
                libraries: 1026,
                packages: 200,
                files: 100,
                bytes: 243_000_000,
                upgraded: 50,
                deleted: 100,
            },
        }
    }

    /// What shows that all of it works, and little else.
    pub fn quick() -> Self {
        Self {
            repetitions: 1,
            sizes: Sizes {
                index: 300,
                world: 10,
                libraries: 40,
                packages: 10,
                files: 25,
                bytes: 1_000_000,
                upgraded: 4,
                deleted: 6,
            },
        }
    }
}

/// The figures of each subject, in the order of [`columns`]. Repositories are made in `folder`.
///
/// # Errors
/// [`Error::Manager`] for the first that could not be measured, and those of making repositories.
pub fn run(
    subjects: &[Subject],
    settings: &Settings,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<Vec<Row>> {
    repository::make(folder, &settings.sizes, progress)?;
    let mut all: Vec<Vec<Found>> = vec![Vec::new(); subjects.len()];
    step(progress, "measure", |id| {
        let total = settings.repetitions * subjects.len();
        for repetition in 0..settings.repetitions {
            for (place, subject) in subjects.iter().enumerate() {
                all[place].push(subject.measure(folder, settings.sizes)?);
                let done = repetition * subjects.len() + place + 1;
                progress.advance(id, done as u64, total as u64);
            }
        }
        Ok::<_, Error>(())
    })?;
    let width = columns(&settings.sizes).len();
    Ok(subjects
        .iter()
        .zip(all)
        .map(|(subject, found)| {
            let figures = figures(&found, subject.bytes);
            debug_assert_eq!(figures.len(), width);
            Row {
                name: subject.name.clone(),
                board: None,
                ours: subject.ours,
                figures,
            }
        })
        .collect())
}

fn figures(found: &[Found], bytes: u64) -> Vec<Option<f64>> {
    let mut figures = Vec::new();
    for task in Task::ALL {
        let costs: Vec<_> = found
            .iter()
            .flatten()
            .filter(|(one, _)| *one == task)
            .map(|(_, cost)| *cost)
            .collect();
        figures.extend([
            median(costs.iter().map(|cost| cost.cpu_ms).collect()),
            median(costs.iter().map(|cost| cost.wall_ms).collect()),
            median(costs.iter().map(|cost| cost.peak_kib).collect()),
        ]);
    }
    #[allow(clippy::cast_precision_loss)]
    figures.push(Some(bytes as f64));
    figures
}

impl Subject {
    /// Does everything once, with roots of its own.
    fn measure(&self, repositories: &Path, sizes: Sizes) -> Result<Found> {
        let failed = |why: String| Error::Manager {
            manager: self.name.clone(),
            why,
        };
        let place = tempfile::tempdir_in(MEMORY).map_err(Error::write(Path::new(MEMORY)))?;
        let job = Job {
            manager: self.manager,
            program: self.program.clone(),
            repositories: repositories.to_owned(),
            place: place.path().to_owned(),
            sizes,
        };
        self.ask(&job).map_err(failed)
    }
}

/// Where roots are: in memory, on every Linux that has a C library's shared memory.
const MEMORY: &str = "/dev/shm";
