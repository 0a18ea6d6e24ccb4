//! Services of dinit, asked on its control socket.

use common::Root;
use dinit::control::address::{Address, SYSTEM_SOCKET};
use dinit::control::client::{Client, Record};
use dinit::protocol::extension;
use dinit::protocol::reply::{Code, Reply};
use dinit::protocol::request::Request;
use dinit::protocol::status::Process;

fn connect(root: &Root) -> Result<Client, String> {
    let path =
        (!root.is_real()).then(|| root.at(SYSTEM_SOCKET).into_os_string().into_encoded_bytes());
    let address = Address {
        path,
        user: false,
        passed: false,
    };
    Client::connect(&address).map_err(|failure| failure.to_string())
}

fn find(client: &mut Client, name: &str) -> Result<Record, String> {
    match client.find(name.as_bytes(), false) {
        Ok(Ok(record)) => Ok(record),
        Ok(Err(_)) => Err(format!(
            "dinit has loaded no service '{name}': see dinitctl list"
        )),
        Err(failure) => Err(failure.to_string()),
    }
}

/// The process of a service, and whether dinit has made a control group for it alone.
///
/// # Errors
/// Why there is none.
pub fn process(root: &Root, name: &str) -> Result<(i32, bool), String> {
    let mut client = connect(root)?;
    let record = find(&mut client, name)?;
    match client.status(record.handle) {
        Ok(status) => match status.process {
            Process::Running { pid } => Ok((pid, has_group(&mut client, record.handle))),
            _ => Err(format!(
                "service '{name}' has no process: start it first (dinitctl start {name})"
            )),
        },
        Err(failure) => Err(failure.to_string()),
    }
}

/// What dinit knows of all services (`dinit::protocol::details`).
///
/// # Errors
/// Why it says nothing.
pub fn all(root: &Root) -> Result<Vec<u8>, String> {
    let request = Request::Extension(extension::Request::Details(None));
    match connect(root)?.ask(&request) {
        Ok(Reply::Details(text)) => Ok(text.to_vec()),
        Ok(_) => Err("this dinit does not tell when its services started".to_owned()),
        Err(failure) => Err(failure.to_string()),
    }
}

/// Another dinit than ours knows no such question, and makes no groups.
fn has_group(client: &mut Client, handle: u32) -> bool {
    let request = Request::Extension(extension::Request::Details(Some(handle)));
    match client.ask(&request) {
        Ok(Reply::Details(text)) => text
            .split(|byte| *byte == b'\n')
            .any(|line| line.starts_with(b"cgroup ")),
        _ => false,
    }
}

/// Sends a signal to a service's process.
///
/// # Errors
/// Why not.
pub fn signal(root: &Root, name: &str, signal: i32) -> Result<(), String> {
    let mut client = connect(root)?;
    let handle = find(&mut client, name)?.handle;
    match client.ask(&Request::Signal { handle, signal }) {
        Ok(Reply::Code(Code::Ack)) => Ok(()),
        Ok(Reply::Code(Code::NoPid)) => Err(format!("service '{name}' has no process")),
        Ok(_) => Err(format!(
            "dinit sends no signal {signal} to service '{name}'"
        )),
        Err(failure) => Err(failure.to_string()),
    }
}
