//! What of a link's IP is a file below /proc/sys/net (`Documentation/networking/ip-sysctl.rst`).

use std::fs;
use std::io;
use std::path::PathBuf;

fn path(name: &str) -> PathBuf {
    PathBuf::from("/proc/sys").join(name)
}

/// `net/ipv6/conf/eth0/accept_ra`, and so on. The name of a link may have a dot in it: a path has none of that trouble.
pub fn of_link(v6: bool, link: &str, key: &str) -> String {
    let family = if v6 { "ipv6" } else { "ipv4" };
    format!("net/{family}/conf/{link}/{key}")
}

/// # Errors
/// When there is no such file.
pub fn read(name: &str) -> io::Result<String> {
    fs::read_to_string(path(name)).map(|text| text.trim_end().to_owned())
}

/// # Errors
/// When there is no such file, or the kernel takes no such value.
pub fn write(name: &str, value: &str) -> io::Result<()> {
    fs::write(path(name), value)
}
