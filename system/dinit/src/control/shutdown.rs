//! shutdown, halt, poweroff, reboot, soft-reboot: ask dinit to end, one way or another.

use super::address::Address;
use super::arguments;
use super::client::Client;
use super::failure::Failure;
use super::output::Output;
use super::table;
use crate::protocol::command::Shutdown;
use crate::protocol::reply::{Code, Reply};
use crate::protocol::request::Request;
use crate::text::Show;

/// Does the last steps itself: ends all other processes, unmounts, and hands the machine to the kernel. Comes back,
/// with the exit status, when that failed or there is nothing to hand over (soft reboot).
pub type FinalSteps = fn(Shutdown) -> i32;

/// `name`: what it was called as.
#[inline(never)] // The programs lie apart: layout.ld.
pub fn main(name: &str, arguments: Vec<Vec<u8>>, final_steps: FinalSteps) -> i32 {
    let output = Output {
        program: table::SHUTDOWN.name,
        quiet: false,
    };
    let given = match arguments::parse(&table::SHUTDOWN, arguments) {
        Ok(given) => given,
        Err(status) => return status,
    };
    if let Some(word) = given.words.first() {
        output.error(format_args!(
            "cannot shut down at a time, only now: '{}' (--help tells what there is)",
            Show(word)
        ));
        return 1;
    }
    let options = ["reboot", "soft-reboot", "halt", "poweroff", "kexec"];
    // halt powers off, as dinit's does: the kernel's halt leaves the machine on, and is had by -h.
    let kind = match given.last_of(options).unwrap_or(name) {
        "reboot" => Shutdown::Reboot,
        "soft-reboot" => Shutdown::SoftReboot,
        "kexec" => Shutdown::Kexec,
        "halt" if given.has("halt") => Shutdown::Halt,
        _ => Shutdown::PowerOff,
    };
    if given.has("system") {
        return final_steps(kind);
    }
    // Always the system's dinit, and always its usual socket: what it is for.
    let address = Address {
        passed: given.has("use-passed-cfd"),
        path: Some(super::address::SYSTEM_SOCKET.into()),
        user: false,
    };
    match ask(output, &address, kind) {
        Ok(()) => 0,
        Err(failure) => {
            failure.report(output);
            1
        }
    }
}

/// Waits after the order until the daemon goes, so that whoever called this does not go on.
fn ask(output: Output, address: &Address, kind: Shutdown) -> Result<(), Failure> {
    let mut client = Client::connect(address)?;
    output.print(format_args!("Issuing shutdown command...\n"));
    match client.ask(&Request::Shutdown(kind))? {
        Reply::Code(Code::Ack) => (),
        _ => return Err(Failure::Protocol),
    }
    while client.info().is_ok() {}
    Ok(())
}
