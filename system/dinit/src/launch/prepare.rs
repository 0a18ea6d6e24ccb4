//! What the parent gets ready before there is a child: every text, number and pointer that the child will use. The child
//! shares the parent's memory and may allocate nothing.

use super::descriptors::{Descriptors, LogFile};
use super::sandbox::Prepared;
use super::strings::{Place, Strings};
use super::{Io, Notify, Order};
use crate::description::environment::Environment;
use crate::description::users::Users;
use crate::description::{Extra, Log, Options, Socket};
use crate::engine::{LaunchError, Stage};
use crate::memory::Room;
use rustix::io::Errno;
use rustix::thread::Gid;

/// One start, ready to be carried out.
pub struct Job<'a> {
    /// The stage that the child is in, and what ended it there.
    pub stage: Stage,
    pub failure: Option<Errno>,

    pub options: Options,
    pub extra: &'a Extra,
    pub sandbox: Prepared,
    pub strings: Strings,
    pub descriptors: Descriptors,
    /// Some: on the console; whether it is in the foreground there.
    pub console: Option<bool>,
    pub log: Option<LogPlace<'a>>,
    pub listen_pid: Option<Place>,
    pub working_dir: Option<Place>,
    /// `cgroup.procs` of the cgroup to enter.
    pub cgroup_procs: Option<Place>,
    /// The service's own cgroup, when clone3 could not enter it.
    pub cgroup: Option<std::os::fd::BorrowedFd<'a>>,
    pub groups: Vec<Gid>,
    /// Where the command may be, in this order.
    pub candidates: Vec<Place>,
    /// A place for the shell's name, then the arguments, then null.
    pub arguments: Vec<*const u8>,
    /// The environment, then null.
    pub variables: Vec<*const u8>,
}

/// A log file whose path is among the strings.
pub struct LogPlace<'a> {
    path: Place,
    file: &'a crate::description::LogFile,
}

/// Where commands are looked for when the service's environment has no PATH.
const DEFAULT_PATH: &[u8] = b"/usr/local/bin:/bin:/usr/bin";

/// What runs a text file without `#!` (execvp(3)).
pub const SHELL: &std::ffi::CStr = c"/bin/sh";

/// Marks an error with the stage that it belongs to.
fn at(stage: Stage) -> impl Fn(Errno) -> LaunchError {
    move |errno| LaunchError {
        stage,
        errno: errno.raw_os_error(),
    }
}

impl<'a> Job<'a> {
    pub fn prepare(order: &Order<'a>) -> Result<Self, LaunchError> {
        let extra = order.description.extra();
        let mut job = Self {
            stage: Stage::ArrangeFds,
            failure: None,
            options: order.description.options,
            extra,
            sandbox: Prepared::default(),
            strings: Strings::default(),
            descriptors: Descriptors::default(),
            console: match order.io {
                Io::Detached { .. } => None,
                Io::Console => Some(true),
                Io::SharedConsole => Some(false),
            },
            log: None,
            listen_pid: None,
            working_dir: None,
            cgroup_procs: None,
            cgroup: None,
            groups: Vec::new(),
            candidates: Vec::new(),
            arguments: Vec::new(),
            variables: Vec::new(),
        };
        // Variables that are made here, by their names' lengths with the equals sign.
        let mut own = Own::default();
        job.describe_descriptors(order, &mut own)?;
        job.name_paths(order)?;
        job.find_groups()?;
        job.sandbox = Prepared::of(job.options, &extra.sandbox, &mut job.strings)
            .map_err(at(Stage::Sandbox))?;
        job.fill(order, own)?;
        Ok(job)
    }

    /// Numbers for all that is handed over: standard input to error, sockets from 3 on, the notification pipe at the
    /// number asked for, and what is free for the rest.
    fn describe_descriptors(
        &mut self,
        order: &Order<'a>,
        own: &mut Own,
    ) -> Result<(), LaunchError> {
        let plan = at(Stage::ArrangeFds);
        let forced = match order.notify {
            Notify::Fd(file, number) => {
                self.descriptors.open(file, number).map_err(&plan)?;
                number
            }
            _ => -1,
        };
        self.describe_standard(order).map_err(&plan)?;
        let mut next = 3;
        for socket in order.listen {
            self.descriptors.open(*socket, next).map_err(&plan)?;
            next += 1;
        }
        let mut free = || {
            let number = if next == forced { next + 1 } else { next };
            next = number + 1;
            number
        };
        if !order.listen.is_empty() {
            let stage = at(Stage::ActivationSocket);
            self.name_sockets(order, own).map_err(stage)?;
        }
        match order.notify {
            Notify::Variable(file, name) => {
                let number = free();
                self.descriptors.open(file, number).map_err(&plan)?;
                own.add(&mut self.strings, name, number.to_string().as_bytes())
                    .map_err(at(Stage::SetNotifyFdVar))?;
            }
            Notify::Socket(path) => own
                .add(&mut self.strings, b"NOTIFY_SOCKET", path)
                .map_err(at(Stage::SetNotifyFdVar))?,
            Notify::None | Notify::Fd(..) => {}
        }
        if let Some(socket) = order.control {
            let number = free();
            self.descriptors.open(socket, number).map_err(&plan)?;
            own.add(
                &mut self.strings,
                b"DINIT_CS_FD",
                number.to_string().as_bytes(),
            )
            .map_err(at(Stage::ControlSocket))?;
        }
        Ok(())
    }

    fn describe_standard(&mut self, order: &Order<'a>) -> Result<(), Errno> {
        let Io::Detached { input, output } = order.io else {
            return Ok(());
        };
        let free = |job: &Self, number| !job.descriptors.has(number);
        if free(self, 0) {
            match input {
                Some(file) => self.descriptors.open(file, 0)?,
                None => self.descriptors.null(0)?,
            }
        }
        let log = match &order.description.log {
            Log::File(file) if output.is_none() => Some(&**file),
            _ => None,
        };
        for number in [1, 2] {
            match (output, log) {
                _ if !free(self, number) => {}
                (Some(file), _) => self.descriptors.open(file, number)?,
                (None, Some(_)) => self.descriptors.log(number)?,
                (None, None) => self.descriptors.null(number)?,
            }
        }
        if let Some(file) = log {
            let path = self.strings.add(&[&file.path])?;
            self.log = Some(LogPlace { path, file });
        }
        Ok(())
    }

    /// LISTEN_FDS and its like (sd_listen_fds(3)).
    fn name_sockets(&mut self, order: &Order<'a>, own: &mut Own) -> Result<(), Errno> {
        let count = order.listen.len().to_string();
        own.add(&mut self.strings, b"LISTEN_FDS", count.as_bytes())?;
        let (whole, pid) = self.strings.add_with_pid(b"LISTEN_PID=")?;
        own.push(whole, b"LISTEN_PID".len() + 1)?;
        self.listen_pid = Some(pid);
        if self.extra.sockets.len() == order.listen.len() {
            let names: Vec<_> = self.extra.sockets.iter().map(socket_name).collect();
            own.add(&mut self.strings, b"LISTEN_FDNAMES", &names.join(&b':'))?;
        }
        Ok(())
    }

    fn name_paths(&mut self, order: &Order<'a>) -> Result<(), LaunchError> {
        let folder = match &self.extra.working_dir {
            Some(folder) => Some(&**folder),
            None => order.description.file.as_deref().and_then(folder_of),
        };
        if let Some(folder) = folder.filter(|folder| !folder.is_empty()) {
            let place = self.strings.add(&[folder]).map_err(at(Stage::Chdir))?;
            self.working_dir = Some(place);
        }
        if let Some(path) = self
            .extra
            .run_in_cgroup
            .as_deref()
            .filter(|p| !p.is_empty())
        {
            let base = match path.starts_with(b"/") {
                true => b"",
                false => order.cgroup_base,
            };
            let parts: [&[u8]; 6] = [b"/sys/fs/cgroup/", base, b"/", path, b"/", b"cgroup.procs"];
            let place = self.strings.add(&parts).map_err(at(Stage::EnterCgroup))?;
            self.cgroup_procs = Some(place);
        }
        Ok(())
    }

    /// The supplementary groups of `run-as`.
    fn find_groups(&mut self) -> Result<(), LaunchError> {
        let Some(user) = &self.extra.run_as else {
            return Ok(());
        };
        if let (Some(name), Some(gid)) = (&user.name, user.gid) {
            let groups = Users::system().groups_of(name, gid);
            self.groups
                .room(groups.len())
                .map_err(|_| at(Stage::UserGroup)(Errno::NOMEM))?;
            self.groups.extend(groups.into_iter().map(Gid::from_raw));
        }
        Ok(())
    }

    /// Arguments, environment and where the command may be. Last, because pointers into the strings are taken.
    fn fill(&mut self, order: &Order<'a>, own: Own) -> Result<(), LaunchError> {
        let made;
        let environment = match self.extra.environment.is_empty() {
            true => order.environment,
            false => {
                made = self.extra.environment.apply(order.environment);
                &made
            }
        };
        let environment_stage = at(Stage::ReadEnvFile);
        let variables = own
            .variables(&mut self.strings, environment)
            .map_err(environment_stage)?;
        self.fill_command(order, environment)
            .map_err(at(Stage::Exec))?;
        let room = |_| at(Stage::ReadEnvFile)(Errno::NOMEM);
        self.variables
            .room_exact(variables.len() + 1)
            .map_err(room)?;
        let pointers = variables.iter().map(|place| self.strings.pointer(*place));
        self.variables.extend(pointers);
        self.variables.push(std::ptr::null());
        Ok(())
    }

    fn fill_command(&mut self, order: &Order<'a>, environment: &Environment) -> Result<(), Errno> {
        let mut arguments = order.command.arguments();
        let command = arguments.next().unwrap_or_default();
        if command.is_empty() {
            return Err(Errno::NOENT);
        }
        if command.contains(&b'/') {
            self.add_candidate(&[command])?;
        } else {
            let path = environment.get(b"PATH").unwrap_or(DEFAULT_PATH);
            for folder in path.split(|byte| *byte == b':') {
                match folder {
                    [] => self.add_candidate(&[command])?,
                    folder => self.add_candidate(&[folder, b"/", command])?,
                }
            }
        }
        let count = order.command.arguments().count();
        let room = self.arguments.room_exact(count + 2);
        room.map_err(|_| Errno::NOMEM)?;
        self.arguments.push(SHELL.as_ptr().cast());
        // Each argument ends in a NUL already (Command).
        let pointers = order.command.arguments().map(<[u8]>::as_ptr);
        self.arguments.extend(pointers);
        self.arguments.push(std::ptr::null());
        Ok(())
    }

    fn add_candidate(&mut self, parts: &[&[u8]]) -> Result<(), Errno> {
        let place = self.strings.add(parts)?;
        self.candidates.room(1).map_err(|_| Errno::NOMEM)?;
        self.candidates.push(place);
        Ok(())
    }

    /// What the child needs to open the log file.
    pub fn log_file(&self) -> Option<LogFile<'_>> {
        self.log.as_ref().map(|log| LogFile {
            path: self.strings.get(log.path),
            mode: log.file.mode,
            uid: log.file.uid,
            gid: log.file.gid,
        })
    }
}

/// Variables that are made here: they replace those of the same name.
#[derive(Default)]
struct Own {
    /// Each with its name's length, the equals sign counted.
    places: Vec<(Place, usize)>,
}

impl Own {
    fn add(&mut self, strings: &mut Strings, name: &[u8], value: &[u8]) -> Result<(), Errno> {
        let place = strings.add(&[name, b"=", value])?;
        self.push(place, name.len() + 1)
    }

    fn push(&mut self, place: Place, name: usize) -> Result<(), Errno> {
        self.places.room(1).map_err(|_| Errno::NOMEM)?;
        self.places.push((place, name));
        Ok(())
    }

    /// All variables: those of the environment that have no other value here, and those of here.
    fn variables(self, strings: &mut Strings, from: &Environment) -> Result<Vec<Place>, Errno> {
        let mut all = Vec::new();
        let room = from.iter().count() + self.places.len();
        all.room_exact(room).map_err(|_| Errno::NOMEM)?;
        for entry in from.iter() {
            let replaced = self.places.iter().any(|(place, length)| {
                let own = strings.get(*place).to_bytes();
                entry.get(..*length) == own.get(..*length)
            });
            // What has a NUL in it cannot be passed on.
            if !replaced && !entry.contains(&0) {
                all.push(strings.add(&[entry])?);
            }
        }
        all.extend(self.places.iter().map(|(place, _)| *place));
        Ok(all)
    }
}

/// What LISTEN_FDNAMES calls a socket: the last part of its path, or `tcp-PORT`.
fn socket_name(socket: &Socket) -> Vec<u8> {
    match socket {
        Socket::Unix(path) | Socket::UnixDatagram(path) | Socket::UnixSequenced(path) => {
            let last = path.rsplit(|byte| *byte == b'/').next();
            let clean = |byte: &u8| match byte {
                b':' | 0..=b' ' | 127 => b'_',
                byte => *byte,
            };
            last.unwrap_or_default().iter().map(clean).collect()
        }
        Socket::Tcp(address) => format!("tcp-{}", address.port()).into_bytes(),
        Socket::Udp(address) => format!("udp-{}", address.port()).into_bytes(),
    }
}

/// The folder of a file; None if the path names none.
fn folder_of(file: &[u8]) -> Option<&[u8]> {
    match file.iter().rposition(|byte| *byte == b'/')? {
        0 => Some(b"/"),
        end => file.get(..end),
    }
}
