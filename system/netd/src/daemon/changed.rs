//! What the protocols of a link tell the rest of the daemon.

use crate::state::address::FOREVER;

/// What changed for the rest of the daemon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// What is wanted of the kernel is another.
    pub wanted: bool,
    /// The sockets that are waited for are others.
    pub sockets: bool,
    /// What is used lasts longer.
    pub renewed: bool,
    /// Servers of names are others.
    pub names: bool,
}

impl Changed {
    pub fn add(&mut self, more: Self) {
        self.wanted |= more.wanted;
        self.names |= more.names;
        self.sockets |= more.sockets;
        self.renewed |= more.renewed;
    }
}

/// Seconds as the kernel is told them: what is longer than any machine runs lasts for ever.
pub fn seconds(seconds: u32) -> u32 {
    if seconds < FOREVER / 2 {
        seconds
    } else {
        FOREVER
    }
}
