//! What `enable` and `disable` have to know of descriptions.

use crate::control::failure::Failure;
use crate::control::output::Output;
use crate::description::environment::Environment;

/// What a description says about what it depends on.
pub struct Dependent {
    /// The folders named by `waits-for.d`, as paths from here.
    pub folders: Vec<Vec<u8>>,
    /// What it depends on by itself.
    pub fixed: Vec<Vec<u8>>,
}

/// `@meta enable-via`
pub fn enable_via(
    environment: &Environment,
    name: &[u8],
    path: &[u8],
) -> Result<Option<Vec<u8>>, String> {
    let _ = (environment, name, path);
    Err("descriptions cannot be read in this build yet".into())
}

pub fn dependent(environment: &Environment, name: &[u8], path: &[u8]) -> Result<Dependent, String> {
    let _ = (environment, name, path);
    Err("descriptions cannot be read in this build yet".into())
}

/// Without a daemon: what the environment file of the system's instance says.
pub fn environment_offline(output: Output, system: bool) -> Result<Environment, Failure> {
    let _ = (output, system);
    Ok(Environment::default())
}
