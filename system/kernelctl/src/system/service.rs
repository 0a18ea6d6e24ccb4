//! Services of dinit, asked on its control socket.

use super::dinit::{Client, Service};
use crate::error::{Result, told};
use common::Root;

fn find(root: &Root, name: &str) -> Result<(Client, Service)> {
    let mut client = Client::connect(root)?;
    match client.find(name)? {
        Some(service) => Ok((client, service)),
        None => Err(told!(
            "dinit has loaded no service '{name}': see dinitctl list"
        )),
    }
}

/// The process of a service, and whether dinit has made a control group for it alone.
///
/// # Errors
/// Why there is none.
pub fn process(root: &Root, name: &str) -> Result<(i32, bool)> {
    let (mut client, service) = find(root, name)?;
    let Some(pid) = client.process(service)? else {
        return Err(told!(
            "service '{name}' has no process: start it first (dinitctl start {name})"
        ));
    };
    // Another dinit than ours knows no such question, and makes no groups.
    let details = client.details(Some(service)).ok().flatten();
    let details = details.unwrap_or_default();
    let mut lines = details.split(|byte| *byte == b'\n');
    Ok((pid, lines.any(|line| line.starts_with(b"cgroup "))))
}

/// What dinit knows of all services (`dinit::protocol::details`).
///
/// # Errors
/// Why it says nothing.
pub fn all(root: &Root) -> Result<Vec<u8>> {
    let details = Client::connect(root)?.details(None)?;
    details.ok_or_else(|| told!("this dinit does not tell when its services started"))
}

/// Sends a signal to a service's process.
///
/// # Errors
/// Why not.
pub fn signal(root: &Root, name: &str, signal: i32) -> Result<()> {
    let (mut client, service) = find(root, name)?;
    client
        .signal(service, signal)?
        .map_err(|no_process| match no_process {
            true => told!("service '{name}' has no process"),
            false => told!("dinit sends no signal {signal} to service '{name}'"),
        })
}
