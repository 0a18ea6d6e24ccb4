//! A description while its files are read.

use super::environment::{Changes, Environment};
use super::error::{Error, Place, Problem};
use super::lines::{Operator, Value};
use super::settings::SETTINGS;
use super::substitute::Variables;
use super::users::Users;
use super::{Description, Extra, Kind};

/// What a description is read against.
pub struct Context<'a> {
    /// Dinit's own.
    pub environment: &'a Environment,
    pub users: &'a Users,
    /// Keep what only tools need: `@meta enable-via`, the folders of `waits-for.d`.
    pub for_tools: bool,
}

/// Who is told what is wrong.
pub trait Reports {
    /// An error. `Ok`: go on, to find more of them; what is made is of no use then.
    fn error(&mut self, error: Error) -> Result<(), Error>;
    /// Something that works, but not as it seems.
    fn warning(&mut self, warning: Error);
    /// A variable of the environment was looked up for a setting.
    fn looked_up(&mut self) {}
    /// A setting is given here.
    fn given(&mut self, setting: &'static str, place: Place) {
        let _ = (setting, place);
    }
    /// Whether to tell also what has no effect, and where each setting is given.
    fn thorough(&self) -> bool {
        false
    }
}

/// Stops at the first error; warnings go to the function.
pub struct Strict<F: FnMut(Error)>(pub F);

impl<F: FnMut(Error)> Reports for Strict<F> {
    fn error(&mut self, error: Error) -> Result<(), Error> {
        Err(error)
    }

    fn warning(&mut self, warning: Error) {
        (self.0)(warning);
    }
}

/// Where a setting was given: the file by its place in `Draft::files`, and the line.
#[derive(Clone, Copy)]
pub struct Given {
    setting: usize,
    file: usize,
    line: u32,
}

/// `log-type`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogKind {
    None,
    File,
    Buffer,
    Pipe,
}

/// Everything about logs.
pub struct LogDraft {
    pub kind: LogKind,
    pub path: Option<Box<[u8]>>,
    pub mode: u32,
    pub uid: Option<u32>,
    pub gid: Option<u32>,
    /// The group of the user that `logfile-uid` names.
    pub user_gid: Option<u32>,
    pub buffer: usize,
    pub keep_newest: bool,
    pub max_size: u64,
    pub keep: u32,
}

pub struct Draft<'a> {
    pub context: &'a Context<'a>,
    pub reports: &'a mut dyn Reports,
    pub argument: Option<Box<[u8]>>,
    pub made: Description,
    pub command: Value,
    pub stop_command: Value,
    pub log: LogDraft,
    pub sockets: Vec<Box<[u8]>>,
    /// The group of the user that `socket-uid` names.
    pub socket_user_gid: Option<u32>,
    /// As it is to be opened.
    pub env_file: Option<Vec<u8>>,
    pub export_passwd: bool,
    pub export_name: bool,
    pub files: Vec<Box<[u8]>>,
    /// The folders of the file that is read: as it was named, and where links lead.
    pub folder: Vec<u8>,
    pub real_folder: Vec<u8>,
    pub given: Vec<Given>,
}

/// The argument in a whole name.
pub fn argument(name: &[u8]) -> Option<&[u8]> {
    let at = name.iter().position(|byte| *byte == b'@')?;
    Some(&name[at + 1..])
}

impl<'a> Draft<'a> {
    pub fn new(context: &'a Context<'a>, reports: &'a mut dyn Reports, name: &[u8]) -> Self {
        Self {
            context,
            reports,
            argument: argument(name).map(Box::from),
            made: Description::new(name, Kind::Internal),
            command: Value::default(),
            stop_command: Value::default(),
            log: LogDraft {
                kind: LogKind::None,
                path: None,
                mode: 0o600,
                uid: None,
                gid: None,
                user_gid: None,
                buffer: 4096,
                keep_newest: false,
                max_size: 0,
                keep: 4,
            },
            sockets: Vec::new(),
            socket_user_gid: None,
            env_file: None,
            export_passwd: false,
            export_name: false,
            files: Vec::new(),
            folder: Vec::new(),
            real_folder: Vec::new(),
            given: Vec::new(),
        }
    }

    pub fn extra(&mut self) -> &mut Extra {
        self.made.extra_mut()
    }

    /// Takes over a setting at a line of the file that is read last.
    pub fn take(
        &mut self,
        setting: usize,
        file: usize,
        line: u32,
        operator: Operator,
        value: &Value,
    ) -> Result<(), Problem> {
        let row = &SETTINGS[setting];
        if operator == Operator::Append && !row.append {
            return Err(Problem::NoAppend);
        }
        if self.reports.thorough() {
            let file = self.files[file].clone();
            self.reports.given(row.name, Place { file, line });
        }
        // The last time counts, and what is set to nothing is as good as not given.
        let earlier = self.given.iter().position(|given| given.setting == setting);
        if let Some(at) = earlier.filter(|_| operator == Operator::Set || !value.text.is_empty()) {
            self.given.remove(at);
        }
        if !value.text.is_empty() {
            self.given.push(Given {
                setting,
                file,
                line,
            });
        }
        (row.parse)(self, value, operator)
    }

    /// Which settings were given, by their places in the table, in order.
    pub fn given(&self) -> impl Iterator<Item = usize> {
        self.given.iter().map(|given| given.setting)
    }

    /// Tells an error of a line.
    pub fn wrong_at(
        &mut self,
        file: usize,
        line: u32,
        setting: Option<&'static str>,
        problem: Problem,
    ) -> Result<(), Error> {
        let error = self.error_at(file, line, setting, problem);
        self.reports.error(error)
    }

    fn error_at(
        &self,
        file: usize,
        line: u32,
        setting: Option<&'static str>,
        problem: Problem,
    ) -> Error {
        let file = self.files.get(file).cloned();
        Error {
            place: file.map(|file| Place { file, line }),
            setting,
            ..Error::new(&self.made.name, problem)
        }
    }

    /// An error of a setting, at the last line that gives it.
    fn error_of(&self, setting: &'static str, problem: Problem) -> Error {
        let named = |given: &&Given| SETTINGS[given.setting].name == setting;
        match self.given.iter().find(named) {
            Some(given) => self.error_at(given.file, given.line, Some(setting), problem),
            None => self.error_at(0, 0, Some(setting), problem),
        }
    }

    pub fn wrong(&mut self, setting: &'static str, problem: Problem) -> Result<(), Error> {
        let error = self.error_of(setting, problem);
        self.reports.error(error)
    }

    pub fn warn(&mut self, setting: &'static str, problem: Problem) {
        let warning = self.error_of(setting, problem);
        self.reports.warning(warning);
    }

    /// Substitutes what is known before anything is loaded: dinit's environment and the argument.
    pub fn preload(&mut self, text: &[u8]) -> Result<Box<[u8]>, Problem> {
        self.substitute(text, &Changes::default())
    }

    /// Substitutes with the environment that the service will have.
    pub fn substitute(&mut self, text: &[u8], changes: &Changes) -> Result<Box<[u8]>, Problem> {
        let mut made = Ok(Box::default());
        self.with_variables(changes, |variables| made = variables.text(text));
        made.map_err(Problem::Substitution)
    }

    /// Gives a function the variables of the service.
    pub fn with_variables(&mut self, changes: &Changes, run: impl FnOnce(&Variables<'_>)) {
        let looked_up = std::cell::Cell::new(false);
        let environment = self.context.environment;
        run(&Variables {
            argument: self.argument.as_deref(),
            lookup: &|name| {
                looked_up.set(true);
                changes.get(name, environment).map(Box::from)
            },
        });
        if looked_up.get() {
            self.reports.looked_up();
        }
    }

    /// A path that is kept as it stands; empty means none.
    pub fn path(
        &mut self,
        value: &Value,
        place: fn(&mut Extra) -> &mut Option<Box<[u8]>>,
    ) -> Result<(), Problem> {
        let path = (!value.text.is_empty()).then(|| value.text.as_slice().into());
        if path.is_some() || self.made.extra.is_some() {
            *place(self.extra()) = path;
        }
        Ok(())
    }

    /// A group by name or number.
    pub fn group(&mut self, value: &Value) -> Result<u32, Problem> {
        match super::assign::id(&value.text)? {
            Some(gid) => Ok(gid),
            None => match self.context.users.group(&value.text) {
                Some(group) => Ok(group.gid),
                None => Err(Problem::NoGroup(value.text.as_slice().into())),
            },
        }
    }

    /// A user by name or number; by name with the group.
    pub fn user(&mut self, value: &Value) -> Result<(u32, Option<u32>), Problem> {
        match super::assign::id(&value.text)? {
            Some(uid) => Ok((uid, None)),
            None => match self.context.users.by_name(&value.text) {
                Some(user) => Ok((user.uid, Some(user.gid))),
                None => Err(Problem::NoUser(value.text.as_slice().into())),
            },
        }
    }
}
