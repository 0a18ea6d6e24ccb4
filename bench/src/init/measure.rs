//! Measures all subjects: in every repetition each in its turn, so that what else the computer does meets all alike.

use super::columns::columns;
use super::graph::Shape;
use super::job::{Found, Job, Load, Manager, Task, Work};
use super::manager;
use super::scale::{exponent, least, median};
use super::subject::Subject;
use crate::Result;
use crate::table::Row;
use alpenglow_builder::progress::{Progress, step};

/// Services more in the second of two loads whose difference is taken.
const MORE: usize = 100;
/// Services in the first of them.
const FEW: usize = 20;
/// Layers of a graph.
const LAYERS: Shape = Shape::Layers(10);

/// How thoroughly it is measured.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Repetitions of what takes a few hundredths of a second; larger loads have a third of them.
    pub repetitions: usize,
    /// Seconds for which idle managers are watched.
    pub idle_seconds: u32,
    /// Numbers of services of the growing graph.
    pub sizes: Vec<usize>,
    /// Seconds after which one measurement is given up.
    pub limit: u32,
}

impl Settings {
    /// What figures are quoted from: some five minutes.
    pub fn whole() -> Self {
        Self {
            repetitions: 15,
            idle_seconds: 10,
            sizes: vec![1000, 2000, 5000, 10_000],
            limit: 300,
        }
    }

    /// What shows that all of it works, and little else.
    pub fn quick() -> Self {
        Self {
            repetitions: 1,
            idle_seconds: 1,
            sizes: vec![100, 200, 400],
            limit: 120,
        }
    }
}

/// The figures of each subject, in the order of [`columns`].
///
/// # Errors
/// [`crate::Error::Service`] for the first that could not be measured.
pub fn run(subjects: &[Subject], settings: &Settings, progress: &dyn Progress) -> Result<Vec<Row>> {
    let bench = Bench {
        subjects,
        settings,
        progress,
        figures: vec![Vec::new(); subjects.len()],
        real_time: true,
    };
    let figures = bench.all()?;
    let width = columns(&settings.sizes).len();
    Ok(subjects
        .iter()
        .zip(figures)
        .map(|(subject, figures)| {
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

struct Bench<'a> {
    subjects: &'a [Subject],
    settings: &'a Settings,
    progress: &'a dyn Progress,
    figures: Vec<Vec<Option<f64>>>,
    /// Whether all that should have had real-time priority had it.
    real_time: bool,
}

fn load(count: usize, shape: Shape, work: Work) -> Load {
    Load { count, shape, work }
}

impl Bench<'_> {
    fn all(mut self) -> Result<Vec<Vec<Option<f64>>>> {
        let often = self.settings.repetitions;
        let seldom = often.div_ceil(3);
        let layers = load(100, LAYERS, Work::Noop);
        for (name, load, task, repetitions) in [
            ("100 no-ops in layers", layers, Task::Start, often),
            (
                "100 no-ops beside busy programs",
                layers,
                Task::Crowded,
                often,
            ),
            (
                "30 no-ops in a chain",
                load(30, Shape::Chain, Work::Noop),
                Task::Start,
                often,
            ),
            (
                "100 that stay",
                load(100, Shape::Flat, Work::Hold),
                Task::Start,
                often,
            ),
            (
                "500 no-ops in layers",
                load(500, LAYERS, Work::Noop),
                Task::Start,
                seldom,
            ),
        ] {
            self.starts(name, load, task, repetitions)?;
        }
        self.idle()?;
        self.calls()?;
        for (figures, subject) in self.figures.iter_mut().zip(self.subjects) {
            #[allow(clippy::cast_precision_loss)]
            figures.push(subject.bytes.map(|bytes| bytes as f64));
        }
        self.growth(seldom.div_ceil(2))?;
        for figures in &mut self.figures {
            figures.push(Some(f64::from(u8::from(self.real_time))));
        }
        Ok(self.figures)
    }

    /// Each subject's findings of a job, as often as asked; empty for what cannot do it.
    fn repeat(
        &self,
        name: &str,
        load: Load,
        task: Task,
        repetitions: usize,
        of: impl Fn(Manager) -> bool,
    ) -> Result<Vec<Vec<Found>>> {
        step(self.progress, name, |id| {
            let mut found = vec![Vec::new(); self.subjects.len()];
            let total = repetitions * self.subjects.len();
            for repetition in 0..repetitions {
                for (place, subject) in self.subjects.iter().enumerate() {
                    if of(subject.manager) && manager::can(subject.manager, load) {
                        let job = Job {
                            manager: subject.manager,
                            load,
                            task,
                            limit: self.settings.limit,
                        };
                        found[place].push(subject.measure(&job)?);
                    }
                    let done = repetition * self.subjects.len() + place + 1;
                    self.progress.advance(id, done as u64, total as u64);
                }
            }
            Ok(found)
        })
    }

    fn starts(&mut self, name: &str, load: Load, task: Task, repetitions: usize) -> Result<()> {
        let all = self.repeat(name, load, task, repetitions, |_| true)?;
        for found in all.iter().flatten().filter(|_| task == Task::Start) {
            self.real_time &= found.real_time;
        }
        for (figures, found) in self.figures.iter_mut().zip(all) {
            let (wall, cpu) = (
                each(&found, |one| one.wall_ms),
                each(&found, |one| one.cpu_ms),
            );
            let own: Option<Vec<f64>> = found.iter().map(|one| one.manager_cpu_ms).collect();
            figures.extend([
                median(wall.clone()),
                least(&wall),
                median(cpu.clone()),
                least(&cpu),
                own.and_then(median),
            ]);
        }
        Ok(())
    }

    fn idle(&mut self) -> Result<()> {
        let watched = |manager| manager != Manager::OpenRc;
        let look = |count: usize, seconds| {
            let name = format!("idle with {count} services");
            let load = load(count, Shape::Flat, Work::Hold);
            self.repeat(&name, load, Task::Idle(seconds), 1, watched)
        };
        let few = look(50, self.settings.idle_seconds)?;
        let many = look(500, 1)?;
        for (place, figures) in self.figures.iter_mut().enumerate() {
            let of = |found: &[Vec<Found>], value: fn(&Found) -> Option<f64>| {
                found[place].first().and_then(value)
            };
            let (rss, pss) = (|one: &Found| one.rss_kib, |one: &Found| one.pss_kib);
            #[allow(clippy::cast_precision_loss)]
            let processes = |one: &Found| Some(one.processes as f64);
            let further = |value: fn(&Found) -> Option<f64>| {
                Some((of(&many, value)? - of(&few, value)?) * 1024.0 / 450.0)
            };
            figures.extend([
                of(&few, rss),
                of(&few, pss),
                of(&few, processes),
                of(&few, |one| one.wakes),
                of(&many, rss),
                of(&many, pss),
                further(rss),
                further(pss),
            ]);
        }
        Ok(())
    }

    fn calls(&mut self) -> Result<()> {
        let watched = |manager| !matches!(manager, Manager::OpenRc | Manager::Bare);
        let mut further = Vec::new();
        for (what, shape, work) in [
            ("no-ops", LAYERS, Work::Noop),
            ("services that stay", Shape::Flat, Work::Hold),
        ] {
            let count = |count| {
                let name = format!("system calls of {count} {what}");
                self.repeat(&name, load(count, shape, work), Task::Calls, 1, watched)
            };
            let (few, many) = (count(FEW)?, count(FEW + MORE)?);
            further.push((few, many));
        }
        for (place, figures) in self.figures.iter_mut().enumerate() {
            #[allow(clippy::cast_precision_loss)]
            let each = |work: usize, value: fn(&Found) -> Option<f64>| {
                let (few, many): &(Vec<Vec<Found>>, Vec<Vec<Found>>) = &further[work];
                let (few, many) = (few[place].first()?, many[place].first()?);
                Some((value(many)? - value(few)?) / MORE as f64)
            };
            let (own, child) = (
                |one: &Found| one.manager_calls,
                |one: &Found| one.child_calls,
            );
            let loading = each(0, |one| one.loading_calls);
            figures.extend([
                loading,
                each(0, own)
                    .zip(loading)
                    .map(|(all, loading)| all - loading),
                each(0, child),
                each(1, own),
                each(1, child),
            ]);
        }
        Ok(())
    }

    fn growth(&mut self, repetitions: usize) -> Result<()> {
        let watched = |manager| manager == Manager::Dinit;
        let mut points = vec![(Vec::new(), Vec::new()); self.subjects.len()];
        for size in &self.settings.sizes {
            let name = format!("{size} no-ops in layers");
            let load = load(*size, LAYERS, Work::Noop);
            let all = self.repeat(&name, load, Task::Start, repetitions, watched)?;
            for (place, found) in all.iter().enumerate() {
                let cpu = median(each(found, |one| one.cpu_ms));
                let own: Option<Vec<f64>> = found.iter().map(|one| one.manager_cpu_ms).collect();
                let own = own.and_then(median);
                let rss: Option<Vec<f64>> = found.iter().map(|one| one.rss_kib).collect();
                self.figures[place].extend([cpu, own, rss.and_then(median)]);
                #[allow(clippy::cast_precision_loss)]
                let size = *size as f64;
                points[place].0.extend(cpu.map(|cpu| (size, cpu)));
                points[place].1.extend(own.map(|own| (size, own)));
            }
        }
        for (figures, (all, own)) in self.figures.iter_mut().zip(points) {
            figures.extend([exponent(&all), exponent(&own)]);
        }
        Ok(())
    }
}

fn each(found: &[Found], value: impl Fn(&Found) -> f64) -> Vec<f64> {
    found.iter().map(value).collect()
}
