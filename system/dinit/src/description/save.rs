//! Descriptions as bytes, for re-execution: the file may have changed since it was read, the running service has not.

use super::*;
use crate::codec::{Codec, Reader, choice, record};
use std::net::SocketAddr;

choice!(Kind {
    Process,
    Bgprocess,
    Scripted,
    Internal,
    Triggered,
    Timer
});
choice!(Restart {
    Always,
    OnFailure,
    Never
});
choice!(Resource {
    Nofile,
    Core,
    Data,
    Addrspace
});
choice!(ConditionKind {
    Path,
    KernelWord,
    Device
});
choice!(DependencyKind {
    Need,
    Milestone,
    WaitsFor,
    PreparedBy,
    After,
    Before
});

record!(Dependency {
    kind,
    name,
    optional
});
record!(LogFile {
    path,
    mode,
    uid,
    gid,
    max_size,
    keep
});
record!(User { uid, gid, name });
record!(Capabilities {
    inheritable,
    ambient,
    blocked
});
record!(Condition {
    kind,
    inverted,
    value
});
record!(Timer {
    starts,
    on_boot,
    on_active,
    every,
    calendar
});
record!(Calendar {
    minutes,
    hours,
    days,
    months,
    weekdays,
    either_day
});
record!(Extra {
    working_dir,
    run_as,
    env_file,
    environment,
    pid_file,
    chain_to,
    consumer_of,
    ready,
    sockets,
    socket_mode,
    socket_uid,
    socket_gid,
    inittab_id,
    inittab_line,
    limits,
    nice,
    run_in_cgroup,
    capabilities,
    securebits,
    ioprio,
    oom_score_adj,
    enable_via,
    waits_for_d,
    cgroup,
    conditions,
    timer,
    sandbox,
});
record!(Sandbox {
    read_only,
    inaccessible,
    bounding,
    seccomp,
    landlock_read,
    landlock_write,
    landlock_execute,
});
record!(Description {
    name,
    kind,
    file,
    modified,
    command,
    stop_command,
    dependencies,
    restart,
    smooth_recovery,
    restart_delay,
    restart_limit_interval,
    restart_limit_count,
    start_timeout,
    stop_timeout,
    term_signal,
    options,
    log,
    extra,
});

/// The files of a cgroup that settings write to.
const CGROUP_FILES: [&str; 10] = [
    "memory.max",
    "memory.high",
    "memory.low",
    "memory.min",
    "memory.swap.max",
    "cpu.max",
    "cpu.weight",
    "io.weight",
    "io.max",
    "pids.max",
];

impl Codec for &'static str {
    fn write(&self, out: &mut Vec<u8>) {
        let place = CGROUP_FILES.iter().position(|file| file == self);
        out.push(place.map_or(u8::MAX, |place| place as u8));
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        CGROUP_FILES.get(usize::from(u8::read(from)?)).copied()
    }
}

impl Codec for Command {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let text: Box<[u8]> = Codec::read(from)?;
        // Every argument has its NUL.
        (text.last().is_none_or(|last| *last == 0)).then_some(Self(text))
    }
}

impl Codec for Options {
    fn write(&self, out: &mut Vec<u8>) {
        self.bits().write(out);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Self::from_bits(u32::read(from)?)
    }
}

impl Codec for Log {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::None => out.push(0),
            Self::Buffer { size, keep_newest } => {
                out.push(1);
                (*size, *keep_newest).write(out);
            }
            Self::Pipe => out.push(2),
            Self::File(file) => {
                out.push(3);
                file.write(out);
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(match u8::read(from)? {
            0 => Self::None,
            1 => {
                let (size, keep_newest) = Codec::read(from)?;
                Self::Buffer { size, keep_newest }
            }
            2 => Self::Pipe,
            3 => Self::File(Codec::read(from)?),
            _ => return None,
        })
    }
}

impl Codec for Ready {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Exec => out.push(0),
            Self::Fd(number) => {
                out.push(1);
                number.write(out);
            }
            Self::Variable(name) => {
                out.push(2);
                name.write(out);
            }
            Self::SdNotify => out.push(3),
        }
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(match u8::read(from)? {
            0 => Self::Exec,
            1 => Self::Fd(Codec::read(from)?),
            2 => Self::Variable(Codec::read(from)?),
            3 => Self::SdNotify,
            _ => return None,
        })
    }
}

impl Codec for Socket {
    fn write(&self, out: &mut Vec<u8>) {
        let (number, path, address) = match self {
            Self::Unix(path) => (0, Some(path), None),
            Self::UnixDatagram(path) => (1, Some(path), None),
            Self::UnixSequenced(path) => (2, Some(path), None),
            Self::Tcp(address) => (3, None, Some(address)),
            Self::Udp(address) => (4, None, Some(address)),
        };
        out.push(number);
        if let Some(path) = path {
            path.write(out);
        }
        if let Some(address) = address {
            address
                .to_string()
                .into_bytes()
                .into_boxed_slice()
                .write(out);
        }
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let number = u8::read(from)?;
        let text: Box<[u8]> = Codec::read(from)?;
        let address = || -> Option<SocketAddr> { std::str::from_utf8(&text).ok()?.parse().ok() };
        Some(match number {
            0 => Self::Unix(text),
            1 => Self::UnixDatagram(text),
            2 => Self::UnixSequenced(text),
            3 => Self::Tcp(address()?),
            4 => Self::Udp(address()?),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A description in which nothing has its default.
    fn full() -> Description {
        let mut made = Description::new(b"web@1", Kind::Bgprocess);
        made.file = Some(b"/etc/dinit.d/web"[..].into());
        made.modified = (1_700_000_000, 5);
        made.command = Command(b"/bin/web\0-d\0"[..].into());
        made.dependencies = vec![Dependency {
            kind: DependencyKind::WaitsFor,
            name: b"net"[..].into(),
            optional: true,
        }];
        made.options = Options::SKIPPABLE | Options::PRIVATE_TMP;
        made.log = Log::File(Box::new(LogFile {
            path: b"/var/log/web"[..].into(),
            mode: 0o640,
            uid: 1,
            gid: 2,
            max_size: 3,
            keep: 4,
        }));
        let extra = made.extra_mut();
        extra.environment.set(b"A=b");
        extra.ready = Ready::Variable(b"READY"[..].into());
        extra.sockets = vec![
            Socket::UnixSequenced(b"/run/web"[..].into()),
            Socket::Tcp("[::1]:80".parse().unwrap()),
        ];
        extra.limits = vec![(Resource::Core, None, Some(u64::MAX))];
        extra.cgroup = CGROUP_FILES
            .iter()
            .map(|file| (*file, b"1"[..].into()))
            .collect();
        extra.conditions = vec![Condition {
            kind: ConditionKind::Device,
            inverted: true,
            value: b"sda"[..].into(),
        }];
        extra.timer = Some(Box::new(Timer {
            on_boot: Some(Duration::from_millis(1500)),
            ..Timer::default()
        }));
        extra.sandbox.seccomp = Some(vec![b"read"[..].into()]);
        made
    }

    #[test]
    fn a_description_is_read_as_it_was_written() {
        for made in [full(), Description::new(b"plain", Kind::Internal)] {
            let mut out = Vec::new();
            made.write(&mut out);
            let mut reader = Reader::new(&out);
            let read = Description::read(&mut reader).unwrap();
            assert!(reader.is_empty());
            assert_eq!(format!("{read:?}"), format!("{made:?}"));
        }
    }

    proptest! {
        #[test]
        fn damage_never_panics(place in 0usize..400, value in any::<u8>(), length in 0usize..500) {
            let mut out = Vec::new();
            full().write(&mut out);
            let length = length.min(out.len());
            let place = place.min(out.len() - 1);
            out[place] = value;
            let _ = Description::read(&mut Reader::new(&out[..length]));
        }
    }
}
