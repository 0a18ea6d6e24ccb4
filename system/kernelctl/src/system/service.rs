//! Services of dinit, asked on its control socket.

use crate::root::Root;
use dinit::control::address::{Address, SYSTEM_SOCKET};
use dinit::control::client::{Client, Record};
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

/// The process of a service.
///
/// # Errors
/// Why there is none.
pub fn process(root: &Root, name: &str) -> Result<i32, String> {
    let mut client = connect(root)?;
    let record = find(&mut client, name)?;
    match client.status(record.handle) {
        Ok(status) => match status.process {
            Process::Running { pid } => Ok(pid),
            _ => Err(format!(
                "service '{name}' has no process: start it first (dinitctl start {name})"
            )),
        },
        Err(failure) => Err(failure.to_string()),
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
