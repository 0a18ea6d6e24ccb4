//! The end of reading: what the settings mean together, the service's environment, variables in paths and commands.

use super::draft::{Draft, LogKind};
use super::environment::{BadLine, Changes};
use super::error::{Error, Problem};
use super::lines::Value;
use super::{Command, Condition, Description, Kind, Log, LogFile, Options, Ready, Sandbox, Socket};
use std::net::SocketAddr;

type Done = Result<(), Error>;

impl Draft<'_> {
    /// Makes the description of what was read.
    pub fn finish(mut self) -> Result<Description, Error> {
        self.check()?;
        let changes = self.environment()?;
        self.made.command = self.substitute_words("command", &changes)?;
        self.made.stop_command = self.substitute_words("stop-command", &changes)?;
        self.substitute_paths(&changes)?;
        self.sockets(&changes)?;
        self.made.log = self.log(&changes)?;
        if !changes.is_empty() {
            self.extra().environment = changes;
        }
        if self.made.kind == Kind::Bgprocess {
            // It leaves the process that had the console.
            self.made.options.remove(Options::RUNS_ON_CONSOLE);
        }
        self.made.dependencies.shrink_to_fit();
        Ok(self.made)
    }

    /// What contradicts itself or lacks something.
    fn check(&mut self) -> Done {
        use Problem::Conflict;
        let kind = self.made.kind;
        let runs = matches!(kind, Kind::Process | Kind::Bgprocess | Kind::Scripted);
        if runs && self.command.words.is_empty() {
            self.wrong(
                "command",
                Conflict("is missing: a service of this type runs one"),
            )?;
        }
        let extra = self.made.extra();
        let (ready, consumes) = (extra.ready != Ready::Exec, extra.consumer_of.is_some());
        let pid_file = extra.pid_file.is_some();
        let timer = extra.timer.as_deref().map(|timer| {
            let times = [timer.on_boot, timer.on_active, timer.every];
            let any = times.iter().any(Option::is_some) || !timer.calendar.is_empty();
            (!timer.starts.is_empty(), any)
        });
        if kind == Kind::Bgprocess {
            if !pid_file {
                self.wrong(
                    "pid-file",
                    Conflict("is missing: a bgprocess service needs one"),
                )?;
            }
            if ready {
                let what = "cannot be used for a bgprocess service, which is ready when its first process ends";
                self.wrong("ready-notification", Conflict(what))?;
            }
        }
        if self.made.options.contains(Options::KILL_ALL_ON_STOP)
            && !matches!(kind, Kind::Internal | Kind::Scripted)
        {
            let what = "kill-all-on-stop can be set on scripted and internal services only";
            self.wrong("options", Conflict(what))?;
        }
        if consumes && !matches!(kind, Kind::Process | Kind::Bgprocess) {
            let what = "can be set on process and bgprocess services only";
            self.wrong("consumer-of", Conflict(what))?;
        }
        if self.made.options.contains(Options::ON_DEMAND) {
            if self.sockets.is_empty() {
                let what = "needs a socket to wait on: set socket-listen";
                self.wrong("socket-activation", Conflict(what))?;
            }
            if kind != Kind::Process {
                let what = "can be set on process services only";
                self.wrong("socket-activation", Conflict(what))?;
            }
        }
        match (kind, timer) {
            (Kind::Timer, None | Some((false, _))) => {
                self.wrong("timer-starts", Conflict("is missing: a timer starts a service"))
            }
            (Kind::Timer, Some((_, false))) => self.wrong(
                "type",
                Conflict("a timer needs one of timer-on-boot, timer-on-active, timer-every, timer-calendar"),
            ),
            (_, Some(_)) if kind != Kind::Timer => {
                self.wrong("type", Conflict("timer settings need 'type = timer'"))
            }
            _ => Ok(()),
        }
    }

    /// What load options and the environment file change.
    fn environment(&mut self) -> Result<Changes, Error> {
        let mut changes = Changes::default();
        if self.export_passwd {
            let own = || rustix::process::geteuid().as_raw();
            let run_as = self.made.extra().run_as.as_ref();
            let uid = run_as.map_or_else(own, |user| user.uid);
            let users = self.context.users;
            match users.by_uid(uid) {
                None => {
                    let name = uid.to_string().into_bytes().into();
                    self.wrong("load-options", Problem::NoUser(name))?;
                }
                Some(user) => {
                    let (uid, gid) = (user.uid.to_string(), user.gid.to_string());
                    for (name, value) in [
                        (&b"USER="[..], user.name),
                        (b"LOGNAME=", user.name),
                        (b"HOME=", user.home),
                        (b"SHELL=", user.shell),
                        (b"UID=", uid.as_bytes()),
                        (b"GID=", gid.as_bytes()),
                    ] {
                        changes.set(&[name, value].concat());
                    }
                }
            }
        }
        if self.export_name {
            // Without the argument, as the reference has it.
            let name = self.made.name.split(|byte| *byte == b'@').next();
            changes.set(&[b"DINIT_SERVICE=", name.unwrap_or_default()].concat());
        }
        let Some(path) = self.env_file.take() else {
            return Ok(changes);
        };
        let read = changes.read_file(&path, &mut |bad| {
            let (line, why) = match bad {
                BadLine::Setting(line) => (line, "a line of it is not NAME=VALUE"),
                BadLine::Command(line) => {
                    (line, "one of its '!' lines is not clear, unset or import")
                }
            };
            let place = [&path[..], b":", line.to_string().as_bytes()].concat();
            self.warn("env-file", Problem::Ignored(place.into(), why));
        });
        match read {
            Ok(true) => {}
            Ok(false) => {
                let errno = rustix::io::Errno::NOENT.raw_os_error();
                let problem = Problem::Unreadable(path.as_slice().into(), errno);
                self.wrong("env-file", problem)?;
            }
            Err(problem) => self.wrong("env-file", problem)?,
        }
        self.extra().env_file = Some(path.into());
        Ok(changes)
    }

    fn substitute_words(
        &mut self,
        setting: &'static str,
        changes: &Changes,
    ) -> Result<Command, Error> {
        let command = match setting {
            "command" => &mut self.command,
            _ => &mut self.stop_command,
        };
        let value: Value = std::mem::take(command);
        let mut made = Vec::new();
        let mut wrong = None;
        self.with_variables(changes, |variables| {
            for word in value.words() {
                let push = &mut |word: Vec<u8>| {
                    made.extend_from_slice(&word);
                    made.push(0);
                };
                if let Err(what) = variables.word(word, push) {
                    wrong = Some(what);
                }
            }
        });
        if let Some(what) = wrong {
            self.wrong(setting, Problem::Substitution(what))?;
        } else if !value.words.is_empty() && matches!(made.first(), None | Some(0)) {
            // The reference would run a program without a name, and fail then.
            let what = "names no program once its variables are put in";
            self.wrong(setting, Problem::Conflict(what))?;
        }
        Ok(Command(made.into()))
    }

    /// One path; for what is wrong, the setting.
    fn put(&mut self, setting: &'static str, path: &mut Box<[u8]>, changes: &Changes) -> Done {
        if !path.contains(&b'$') {
            return Ok(());
        }
        match self.substitute(path, changes) {
            Ok(made) => *path = made,
            Err(problem) => self.wrong(setting, problem)?,
        }
        Ok(())
    }

    fn substitute_paths(&mut self, changes: &Changes) -> Done {
        // Taken out, so that errors can be told meanwhile.
        let Some(mut extra) = self.made.extra.take() else {
            return Ok(());
        };
        let result = (|| {
            for (setting, path) in [
                ("working-dir", &mut extra.working_dir),
                ("pid-file", &mut extra.pid_file),
            ] {
                if let Some(path) = path {
                    self.put(setting, path, changes)?;
                }
            }
            for Condition { kind, value, .. } in &mut extra.conditions {
                if *kind == super::ConditionKind::Path {
                    self.put("condition-path", value, changes)?;
                }
            }
            let Sandbox {
                read_only,
                inaccessible,
                landlock_read,
                landlock_write,
                landlock_execute,
                ..
            } = &mut extra.sandbox;
            for (setting, paths) in [
                ("read-only-path", read_only),
                ("inaccessible-path", inaccessible),
                ("landlock-read", landlock_read),
                ("landlock-write", landlock_write),
                ("landlock-execute", landlock_execute),
            ] {
                for path in paths {
                    self.put(setting, path, changes)?;
                }
            }
            Ok(())
        })();
        self.made.extra = Some(extra);
        result
    }

    fn sockets(&mut self, changes: &Changes) -> Done {
        let given = std::mem::take(&mut self.sockets);
        let mut sockets = Vec::with_capacity(given.len());
        for mut text in given {
            self.put("socket-listen", &mut text, changes)?;
            match socket(&text) {
                // Variables may say that there is to be none.
                _ if text.is_empty() => {}
                Ok(socket) => sockets.push(socket),
                Err(expected) => {
                    let problem = Problem::Value {
                        found: text,
                        expected,
                    };
                    self.wrong("socket-listen", problem)?;
                }
            }
        }
        if !sockets.is_empty() {
            let group = self.socket_user_gid;
            let extra = self.extra();
            extra.sockets = sockets;
            extra.socket_gid = extra.socket_gid.or(group);
        }
        Ok(())
    }

    fn log(&mut self, changes: &Changes) -> Result<Log, Error> {
        let log = &mut self.log;
        Ok(match log.kind {
            LogKind::None => Log::None,
            LogKind::Pipe => Log::Pipe,
            LogKind::Buffer => Log::Buffer {
                size: log.buffer,
                keep_newest: log.keep_newest,
            },
            LogKind::File => match log.path.take() {
                None => Log::None,
                Some(mut path) => {
                    self.put("logfile", &mut path, changes)?;
                    let log = &self.log;
                    // Ownership goes back to dinit's own when the description says nothing.
                    let uid = log
                        .uid
                        .unwrap_or_else(|| rustix::process::getuid().as_raw());
                    let gid = log.gid.or(log.user_gid);
                    Log::File(Box::new(LogFile {
                        path,
                        mode: log.mode,
                        uid,
                        gid: gid.unwrap_or_else(|| rustix::process::getgid().as_raw()),
                        max_size: log.max_size,
                        keep: log.keep,
                    }))
                }
            },
        })
    }
}

/// One socket, or what it should have been.
fn socket(text: &[u8]) -> Result<Socket, &'static str> {
    /// Bytes that `sun_path` holds, with the NUL at the end (unix(7)).
    const LONGEST: usize = 107;
    let unix = |path: &[u8]| match path.len() {
        1..=LONGEST => Ok(path.into()),
        _ => Err("a path of 1 to 107 bytes, as the kernel takes them for sockets"),
    };
    let inet = |text: &[u8]| -> Result<SocketAddr, &'static str> {
        let text = std::str::from_utf8(text).ok();
        text.and_then(|text| text.parse().ok())
            .ok_or("ADDRESS:PORT after 'tcp:' or 'udp:', such as tcp:127.0.0.1:80 or tcp:[::1]:80")
    };
    if let Some(path) = text.strip_prefix(b"unix-dgram:") {
        return unix(path).map(Socket::UnixDatagram);
    }
    if let Some(path) = text.strip_prefix(b"unix-seqpacket:") {
        return unix(path).map(Socket::UnixSequenced);
    }
    if let Some(address) = text.strip_prefix(b"tcp:") {
        return inet(address).map(Socket::Tcp);
    }
    if let Some(address) = text.strip_prefix(b"udp:") {
        return inet(address).map(Socket::Udp);
    }
    unix(text).map(Socket::Unix)
}
