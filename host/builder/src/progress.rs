//! How long work tells what it is doing, whoever shows it.

/// Receives the beginnings, advances and ends of steps. Steps may overlap.
pub trait Progress: Send + Sync {
    /// A step begins; the name is shown ("build musl"). Returns what the other calls take.
    fn begin(&self, name: &str) -> StepId;
    /// `done` of `total` bytes or units; `total` is 0 where it is not known.
    fn advance(&self, step: StepId, done: u64, total: u64);
    /// A step has ended.
    fn end(&self, step: StepId, outcome: Outcome);
}

/// Names a step that has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StepId(pub u64);

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did its work.
    Done,
    /// It failed; the error is told elsewhere.
    Failed,
}

/// Shows nothing.
#[derive(Debug)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: &str) -> StepId {
        StepId(0)
    }
    fn advance(&self, _: StepId, _: u64, _: u64) {}
    fn end(&self, _: StepId, _: Outcome) {}
}

/// Runs `work` as a step of that name.
///
/// # Errors
/// What `work` gives.
pub fn step<T, E>(
    progress: &dyn Progress,
    name: &str,
    work: impl FnOnce(StepId) -> Result<T, E>,
) -> Result<T, E> {
    let id = progress.begin(name);
    let result = work(id);
    progress.end(
        id,
        if result.is_ok() {
            Outcome::Done
        } else {
            Outcome::Failed
        },
    );
    result
}
