//! Reading one description: its file and those that it includes.

use super::draft::{Context, Draft, Reports};
use super::error::{Error, Problem};
use super::files::{self, File};
use super::lines::{self, Line, Lines, Value};
use super::settings::{self, SETTINGS};
use super::{Description, lint};

/// How deep files may include each other, and how many a description may include.
const NESTING: usize = 32;
const INCLUDES: usize = 1000;

/// Reads the description of a service from a file that was found for it.
pub fn read(
    name: &[u8],
    path: &[u8],
    file: &File,
    context: &Context<'_>,
    reports: &mut dyn Reports,
) -> Result<Description, Error> {
    let mut draft = Draft::new(context, reports, name);
    draft.made.file = Some(path.into());
    draft.made.modified = file.modified;
    Reader { draft: &mut draft }.file(path, file, 0)?;
    if draft.reports.thorough() {
        lint::lint(&mut draft);
    }
    draft.finish()
}

struct Reader<'a, 'b> {
    draft: &'a mut Draft<'b>,
}

impl Reader<'_, '_> {
    fn file(&mut self, path: &[u8], file: &File, depth: usize) -> Result<(), Error> {
        let at = self.draft.files.len();
        self.draft.files.push(path.into());
        self.enter(path, file);
        for line in Lines::new(&file.text) {
            match line {
                Err((line, what)) => {
                    self.draft.wrong_at(at, line, None, Problem::Line(what))?;
                }
                Ok((
                    number,
                    Line::Setting {
                        name,
                        operator,
                        value,
                    },
                )) => {
                    let known = settings::find(name);
                    let shown = known.map(|known| SETTINGS[known].name);
                    let done = match (known, lines::value(value, number)) {
                        (None, _) => Err((number, Problem::UnknownSetting(name.into()))),
                        (_, Err((line, what))) => Err((line, Problem::Line(what))),
                        (Some(known), Ok(value)) => self
                            .draft
                            .take(known, at, number, operator, &value)
                            .map_err(|problem| (number, problem)),
                    };
                    if let Err((line, problem)) = done {
                        self.draft.wrong_at(at, line, shown, problem)?;
                    }
                }
                Ok((number, Line::Meta { name, value })) => {
                    let done = match lines::value(value, number) {
                        Err((line, what)) => Err((line, Problem::Line(what))),
                        Ok(value) => match self.meta(name, &value, depth) {
                            Ok(()) => Ok(()),
                            Err(Wrong::Here(problem)) => Err((number, problem)),
                            Err(Wrong::Within(error)) => return Err(error),
                        },
                    };
                    self.enter(path, file);
                    if let Err((line, problem)) = done {
                        self.draft.wrong_at(at, line, None, problem)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// What is relative is relative to this file from here on.
    fn enter(&mut self, path: &[u8], file: &File) {
        files::parent(path).clone_into(&mut self.draft.folder);
        file.folder.clone_into(&mut self.draft.real_folder);
    }

    fn meta(&mut self, name: &[u8], value: &Value, depth: usize) -> Result<(), Wrong> {
        let optional = match name {
            b"include" => false,
            b"include-opt" => true,
            b"meta" => {
                self.for_tools(value)?;
                return Ok(());
            }
            _ => return Err(Problem::UnknownCommand(name.into()).into()),
        };
        if value.words.len() != 1 {
            return Err(Problem::Line("'@include' is followed by one path").into());
        }
        if depth == NESTING || self.draft.files.len() > INCLUDES {
            return Err(Wrong::Within(Error::new(
                &self.draft.made.name,
                Problem::TooManyIncludes,
            )));
        }
        let given = self.draft.preload(&value.text)?;
        let path = files::join(&self.draft.real_folder, &given);
        match files::read(&path)? {
            Some(file) => self.file(&path, &file, depth + 1).map_err(Wrong::Within),
            None if optional => Ok(()),
            None => {
                let errno = rustix::io::Errno::NOENT.raw_os_error();
                Err(Problem::Unreadable(path.into(), errno).into())
            }
        }
    }

    /// `@meta`: nothing of it is for dinit itself, and other tools may have their own.
    fn for_tools(&mut self, value: &Value) -> Result<(), Problem> {
        let mut words = value.words();
        if self.draft.context.for_tools && words.next() == Some(b"enable-via") {
            let name = self.draft.preload(words.next().unwrap_or_default())?;
            self.draft.extra().enable_via = Some(name);
        }
        Ok(())
    }
}

/// What went wrong with a meta command.
enum Wrong {
    /// In this line: others can still be read.
    Here(Problem),
    /// In a file that it includes, told already.
    Within(Error),
}

impl From<Problem> for Wrong {
    fn from(problem: Problem) -> Self {
        Self::Here(problem)
    }
}
