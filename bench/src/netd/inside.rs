//! What is measured, in the sandbox: process 1 of it makes the links and the server, starts the client, and looks.

use super::client::{Carrier, Client, Found, Job, LINK, MAC};
use crate::init::process;
use crate::inside;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::net::UdpSocket;
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What the server gives.
const ADDRESS: &str = "192.0.2.100";
/// Where the server tells what it does, and the client.
const SERVER: &str = "/tmp/server";
const SAID: &str = "/tmp/said";
/// How long a client may take, and how long it is left alone before it counts as idle.
const LIMIT: Duration = Duration::from_secs(60);
const SETTLE: Duration = Duration::from_secs(8);
/// How long a client is there before carrier that comes late.
const LATE: Duration = Duration::from_secs(2);
/// The last lines of what a client said, in a message.
const LAST: usize = 8;

/// Does the job that the first argument holds, prints what was found as JSON, and returns an exit status.
pub fn run(arguments: &[OsString]) -> ExitCode {
    inside::run(arguments, measure)
}

fn measure(job: Job) -> io::Result<Found> {
    let (other, server) = network()?;
    let own = [1, other.id(), server.id()];
    let carrier = |on: &str| {
        let words = format!("nsenter -t {} -n ip link set v1 {on}", other.id());
        shell(&words)
    };
    let words = job.client.prepare()?;
    if job.client == Client::Udhcpc {
        // It sets nothing by itself.
        shell(&format!("ip link set {LINK} up"))?;
    }
    if job.carrier == Carrier::Late {
        carrier("down")?;
    }
    let said = File::create(SAID)?;
    let mut command = Command::new(&words[0]);
    command
        .args(&words[1..])
        .stdin(Stdio::null())
        .stdout(said.try_clone()?)
        .stderr(said);
    let mut start = Instant::now();
    let mut client = command
        .spawn()
        .map_err(|error| io::Error::other(format!("{}: {error}", words[0])))?;
    if job.carrier == Carrier::Late {
        sleep(LATE);
        start = Instant::now();
        carrier("up")?;
    }
    usable(&mut client)?;
    let mut found = Found {
        wall_ms: start.elapsed().as_secs_f64() * 1e3,
        ..Found::default()
    };
    let processes = || -> io::Result<Vec<u32>> {
        let mut all = process::managers()?;
        all.retain(|process| !own.contains(process));
        Ok(all)
    };
    found.cpu_ms = process::cpu_ms(&processes()?);
    let told = fs::read_to_string(SERVER)?;
    let asks = |line: &&str| line.contains("DHCPDISCOVER") || line.contains("DHCPREQUEST");
    #[allow(clippy::cast_precision_loss)] // A handful.
    let count = told.lines().filter(asks).count() as f64;
    found.round_trips = count;
    if job.idle > 0 {
        sleep(SETTLE);
        let all = processes()?;
        let before = process::wakes(&all);
        sleep(Duration::from_secs(job.idle.into()));
        found.wakes = process::wakes(&all)
            .zip(before)
            .map(|(after, before)| after - before);
        (found.rss_kib, found.pss_kib) = process::memory_kib(&all).unzip();
        // One that has ended is idle indeed.
        if let Some(status) = client.try_wait()? {
            return Err(io::Error::other(format!("it ended ({status})\n{}", last())));
        }
    }
    Ok(found)
}

/// Waits until the address can be used.
fn usable(client: &mut Child) -> io::Result<()> {
    let limit = Instant::now() + LIMIT;
    while UdpSocket::bind((ADDRESS, 0)).is_err() {
        if let Some(status) = client.try_wait()? {
            return Err(io::Error::other(format!("it ended ({status})\n{}", last())));
        }
        if Instant::now() > limit {
            return Err(io::Error::other(format!("it has no address\n{}", last())));
        }
        sleep(Duration::from_micros(200));
    }
    Ok(())
}

/// The end of what the client said, and of what the server did.
fn last() -> String {
    let mut text = String::new();
    for path in [SAID, SERVER] {
        let said = fs::read_to_string(path).unwrap_or_default();
        let lines: Vec<&str> = said.lines().collect();
        text += &lines[lines.len().saturating_sub(LAST)..].join("\n");
        text.push('\n');
    }
    text
}

fn shell(text: &str) -> io::Result<()> {
    let output = Command::new("sh")
        .args(["-euc", text])
        .stdin(Stdio::null())
        .output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(io::Error::other(format!(
        "{text}: {}\n{said}",
        output.status
    )))
}

/// A second network namespace with a server, joined to ours by the link and v1 there; and eight further links. Returns what
/// holds the namespace, and the server.
fn network() -> io::Result<(Child, Child)> {
    let other = Command::new("unshare")
        .args(["-n", "sleep", "1000"])
        .stdin(Stdio::null())
        .spawn()?;
    let space = |process: &str| fs::read_link(format!("/proc/{process}/ns/net"));
    let limit = Instant::now() + LIMIT;
    while space(&other.id().to_string())? == space("self")? {
        if Instant::now() > limit {
            return Err(io::Error::other("there is no other network namespace"));
        }
        sleep(Duration::from_millis(1));
    }
    let id = other.id();
    shell(&format!(
        "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6 || :
echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6 || :
ip link set lo up
ip link add {LINK} address {MAC} type veth peer name v1
ip link set v1 netns {id}
for at in 0 1 2 3; do ip link add s$at type veth peer name t$at; ip link set s$at up; ip link set t$at up; done
nsenter -t {id} -n ip link set lo up
nsenter -t {id} -n ip address add 192.0.2.1/24 dev v1
nsenter -t {id} -n ip link set v1 up"
    ))?;
    let errors = File::create(SERVER)?;
    let server = Command::new("nsenter")
        .args([
            "-t",
            &id.to_string(),
            "-n",
            "dnsmasq",
            "-d",
            "-C",
            "/dev/null",
            "--user=root",
            "--group=",
        ])
        .args([
            "--port=0",
            "--interface=v1",
            "--bind-interfaces",
            "--no-ping",
            "--log-dhcp",
        ])
        .args([
            "--dhcp-range=192.0.2.50,192.0.2.200,1h",
            &format!("--dhcp-host={MAC},{ADDRESS}"),
        ])
        .args(["--dhcp-leasefile=/tmp/leases", "--pid-file="])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(errors)
        .spawn()?;
    while !fs::read_to_string(SERVER)?.contains("DHCP, IP range") {
        if Instant::now() > limit {
            return Err(io::Error::other(format!(
                "dnsmasq does not serve\n{}",
                last()
            )));
        }
        sleep(Duration::from_millis(5));
    }
    Ok((other, server))
}
