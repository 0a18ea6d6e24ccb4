//! An address by DHCP before the system is there. The client is netd's (`system/netd/src/dhcp4`), with a loop in place of its daemon; whether somebody
//! else has the address is not asked: it is used for seconds.

use common::root::Root;
use netd::address::Mac;
use netd::daemon::send;
use netd::dhcp4::{Client, Effect, Input, Lease, Message, wire};
use netd::system;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::os::fd::OwnedFd;
use std::time::Duration;

/// Asks all servers of the link for an address until one gives one.
///
/// # Errors
/// Why nobody can be asked, or that nobody has answered.
pub fn ask(root: &Root, card: &str, patience: Duration) -> Result<Lease, String> {
    let told = |file: &str| {
        let path = format!("/sys/class/net/{card}/{file}");
        root.value(&path).ok_or(format!("{path} cannot be read"))
    };
    let index: u32 = told("ifindex")?.parse().unwrap_or(0);
    let mac: Mac = told("address")?.parse()?;
    let socket =
        send::socket(index).ok_or("the kernel gives no socket for packets (CONFIG_PACKET)")?;
    let seed = u64::from_ne_bytes(system::random());
    let mut client = Client::new(mac, "", false, seed, None);
    let began = system::now();
    let end = began + patience.as_millis() as u64;
    let mut effects = client.step(began, Input::Up);
    loop {
        for effect in effects {
            match effect {
                Effect::Broadcast(message) => send::broadcast(Some(&socket), index, &message),
                Effect::Bound(_) => {
                    if let Some((lease, _)) = client.lease() {
                        return Ok(lease.clone());
                    }
                }
                _ => {}
            }
        }
        let now = system::now();
        if now >= end {
            return Err(format!(
                "no DHCP server has given an address within {} s",
                patience.as_secs()
            ));
        }
        let until = client.deadline().unwrap_or(end).min(end);
        effects = next(&mut client, &socket, until.saturating_sub(now));
    }
}

/// Waits for a packet, or so many milliseconds, and tells the client.
fn next(client: &mut Client, socket: &OwnedFd, left: u64) -> Vec<Effect> {
    let time = Timespec {
        tv_sec: (left / 1000) as i64,
        // One more, so that the time has come.
        tv_nsec: ((left % 1000) as i64 * 1_000_000 + 999_999).min(999_999_999),
    };
    let mut descriptors = [PollFd::new(socket, PollFlags::IN)];
    // A signal is as good as no packet.
    let _ = poll(&mut descriptors, Some(&time));
    let mut buffer = [0; 1600];
    if let Ok((length, counts)) = system::receive(socket, &mut buffer) {
        let bytes = wire::message(&buffer[..length.min(buffer.len())], counts);
        return match bytes.and_then(|bytes| Some((Message::parse(bytes)?, bytes))) {
            Some((message, bytes)) => client.step(system::now(), Input::Message(&message, bytes)),
            None => Vec::new(),
        };
    }
    client.step(system::now(), Input::Time)
}
