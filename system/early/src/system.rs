//! System calls that rustix has no safe form of.

#![allow(unsafe_code)]

use std::ffi::CString;
use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::path::Path;

fn done(result: libc::c_int) -> io::Result<()> {
    match result {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// swapon(2).
pub fn swapon(path: &Path, flags: i32) -> io::Result<()> {
    let path = CString::new(path.as_os_str().as_encoded_bytes())?;
    // SAFETY: the path is a string that ends in a zero byte and lives through the call.
    done(unsafe { libc::swapon(path.as_ptr(), flags) })
}

/// `struct rtc_time` (`include/uapi/linux/rtc.h`): the fields of tm(3type).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Time {
    pub second: i32,
    pub minute: i32,
    pub hour: i32,
    pub day: i32,
    /// From 0.
    pub month: i32,
    /// Since 1900.
    pub year: i32,
    pub weekday: i32,
    pub yearday: i32,
    pub summer: i32,
}

/// `_IOR('p', 0x09, struct rtc_time)`: 36 bytes to be read.
const RTC_RD_TIME: u32 = 0x8024_7009;

/// What a real-time clock says (rtc(4)).
pub fn rtc_time(clock: BorrowedFd<'_>) -> io::Result<Time> {
    let mut time = Time::default();
    // SAFETY: the kernel writes a struct rtc_time, which is what `time` is.
    done(unsafe { libc::ioctl(clock.as_raw_fd(), RTC_RD_TIME as _, &raw mut time) })?;
    Ok(time)
}

/// Bytes of a seed.
pub const SEED: usize = 32;

/// `struct rand_pool_info` (`include/uapi/linux/random.h`) with as many bytes as a seed has.
#[repr(C)]
struct Pool {
    bits: i32,
    bytes: i32,
    seed: [u8; SEED],
}

/// `_IOW('R', 0x03, int [2])`: 8 bytes to be written.
const RNDADDENTROPY: u32 = 0x4008_5203;

/// Mixes a seed into the kernel's random numbers, and has it count as so many bits (random(4)).
pub fn add_entropy(random: BorrowedFd<'_>, seed: &[u8; SEED], bits: i32) -> io::Result<()> {
    let pool = Pool {
        bits,
        bytes: SEED as i32,
        seed: *seed,
    };
    // SAFETY: the kernel reads the two numbers and as many bytes as the second says, which are there.
    done(unsafe { libc::ioctl(random.as_raw_fd(), RNDADDENTROPY as _, &raw const pool) })
}

/// What `/sys/class/net/*/type` says of Ethernet (ARPHRD_ETHER).
pub const ETHERNET: &str = "1";

/// A network card, spoken to by netdevice(7).
pub struct Card {
    socket: UdpSocket,
    name: String,
    letters: [libc::c_char; libc::IFNAMSIZ],
}

impl Card {
    /// The card of a name.
    ///
    /// # Errors
    /// There is no IPv4, or the name is too long for one.
    pub fn new(name: &str) -> io::Result<Card> {
        let mut letters = [0; libc::IFNAMSIZ];
        if name.is_empty() || name.len() >= letters.len() {
            return Err(io::Error::other("no name of a card"));
        }
        for (place, byte) in letters.iter_mut().zip(name.bytes()) {
            *place = byte as libc::c_char;
        }
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        Ok(Card {
            socket,
            name: name.to_owned(),
            letters,
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Gives it its address (SIOCSIFADDR).
    pub fn set_address(&self, address: Ipv4Addr) -> io::Result<()> {
        self.ask(
            libc::SIOCSIFADDR as _,
            libc::__c_anonymous_ifr_ifru {
                ifru_addr: internet(address),
            },
        )
    }

    /// Says which addresses are on its link (SIOCSIFNETMASK).
    pub fn set_mask(&self, mask: Ipv4Addr) -> io::Result<()> {
        self.ask(
            libc::SIOCSIFNETMASK as _,
            libc::__c_anonymous_ifr_ifru {
                ifru_netmask: internet(mask),
            },
        )
    }

    /// Sets it up (SIOCSIFFLAGS).
    pub fn up(&self) -> io::Result<()> {
        let flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
        self.ask(
            libc::SIOCSIFFLAGS as _,
            libc::__c_anonymous_ifr_ifru { ifru_flags: flags },
        )
    }

    /// Sends what is not on a link to a gateway (SIOCADDRT).
    pub fn add_gateway(&self, gateway: Ipv4Addr) -> io::Result<()> {
        // SAFETY: a struct rtentry of zeros is one: numbers, and pointers to nothing.
        let mut route: libc::rtentry = unsafe { std::mem::zeroed() };
        route.rt_dst = internet(Ipv4Addr::UNSPECIFIED);
        route.rt_genmask = internet(Ipv4Addr::UNSPECIFIED);
        route.rt_gateway = internet(gateway);
        route.rt_flags = libc::RTF_UP | libc::RTF_GATEWAY;
        // SAFETY: the kernel reads a struct rtentry, whose device is no pointer to anything.
        done(unsafe {
            libc::ioctl(
                self.socket.as_raw_fd(),
                libc::SIOCADDRT as _,
                &raw const route,
            )
        })
    }

    fn ask(&self, what: libc::Ioctl, value: libc::__c_anonymous_ifr_ifru) -> io::Result<()> {
        let mut request = libc::ifreq {
            ifr_name: self.letters,
            ifr_ifru: value,
        };
        // SAFETY: the kernel reads, and may write, a struct ifreq.
        done(unsafe { libc::ioctl(self.socket.as_raw_fd(), what, &raw mut request) })
    }
}

/// An address as a struct sockaddr that is a struct sockaddr_in: family, port, address, zeros.
fn internet(address: Ipv4Addr) -> libc::sockaddr {
    let mut data = [0; 14];
    for (place, byte) in data.iter_mut().skip(2).zip(address.octets()) {
        *place = byte as libc::c_char;
    }
    libc::sockaddr {
        sa_family: libc::AF_INET as libc::sa_family_t,
        sa_data: data,
    }
}
