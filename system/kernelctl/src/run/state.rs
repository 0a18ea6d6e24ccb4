//! What was before: kept under /run, so that it can be put back and that a change by others can be told.

use crate::error::{Error, Result};
use crate::files;
use crate::step::{Kind, Step};
use common::Root;
use document::Origin;
use document::Value;
use document::json::{self, Json};
use rustix::fs::{FlockOperation, Mode, OFlags};
use std::os::fd::OwnedFd;
use std::rc::Rc;

const FILE: &str = "/run/kernelctl/state.json";
const LOCK: &str = "/run/kernelctl/lock";

/// A value that kernelctl has set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub step: Rc<Step>,
    /// None: there was none, or it cannot be read.
    pub before: Option<String>,
}

/// All that it has set, in that order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    pub policy: String,
    pub profile: String,
    pub kept: Vec<Kept>,
}

impl State {
    /// What is kept; nothing if nothing was ever done.
    ///
    /// # Errors
    /// [`Error::file`]; [`Error::state`] if it makes no sense.
    pub fn load(root: &Root) -> Result<Self> {
        let text = match std::fs::read(root.at(FILE)) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => {
                return Err(Error::file(FILE, "reading it", error));
            }
        };
        let value =
            json::parse(&text).map_err(|error| Error::state(FILE, &format!("line {error}")))?;
        decode(&value).ok_or_else(|| Error::state(FILE, "it is not what kernelctl writes"))
    }

    /// Keeps it: whole, or what was kept before stays.
    ///
    /// # Errors
    /// [`Error::file`]
    pub fn save(&self, root: &Root) -> Result<()> {
        files::replace(&root.at(FILE), FILE, &encode(self))
    }

    pub fn of(&self, step: &Step) -> Option<&Kept> {
        let same = |kept: &&Kept| kept.step.key == step.key && kept.step.kind == step.kind;
        self.kept.iter().find(same)
    }
}

/// Waits until no other run of kernelctl changes anything.
///
/// # Errors
/// [`Error::file`]
pub fn lock(root: &Root) -> Result<OwnedFd> {
    let failed = |error: std::io::Error| Error::file(LOCK, "locking it", error);
    let path = root.at(LOCK);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::from_raw_mode(0o600));
    let file = file.map_err(|errno| failed(errno.into()))?;
    rustix::fs::flock(&file, FlockOperation::LockExclusive)
        .map_err(|errno| failed(errno.into()))?;
    Ok(file)
}

fn encode(state: &State) -> String {
    let mut json = Json::default();
    json.object();
    for (name, value) in [("policy", &state.policy), ("profile", &state.profile)] {
        json.key(name);
        json.string(value);
    }
    json.key("kept");
    json.array();
    for Kept { step, before } in &state.kept {
        json.object();
        for (name, value) in [
            ("kind", step.kind.name()),
            ("key", &step.key),
            ("path", &step.path),
            ("wanted", &step.wanted),
            ("file", &step.origin.file),
        ] {
            json.key(name);
            json.string(value);
        }
        json.key("line");
        json.number(step.origin.line);
        json.key("optional");
        json.bool(step.optional);
        if let Some(before) = before {
            json.key("before");
            json.string(before);
        }
        json.end();
    }
    json.end();
    json.end();
    json.finish()
}

fn decode(value: &Value) -> Option<State> {
    let policy = value.get("policy")?.text()?;
    let profile = value.get("profile")?.text()?;
    let mut state = State {
        policy: policy.to_owned(),
        profile: profile.to_owned(),
        kept: Vec::new(),
    };
    for kept in value.get("kept")?.array()? {
        let text = |name| kept.get(name)?.text();
        let kind = Kind::named(text("kind")?)?;
        let (key, path, wanted) = (text("key")?, text("path")?, text("wanted")?);
        let optional = kept.get("optional")?.boolean()?;
        let line = u32::try_from(kept.get("line")?.integer()?).ok()?;
        let origin = Origin::new(text("file")?, line);
        let (key, path) = (format_args!("{key}"), format_args!("{path}"));
        state.kept.push(Kept {
            step: Step::new(kind, optional, key, path, format_args!("{wanted}"), &origin),
            before: text("before").map(str::to_owned),
        });
    }
    Some(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        assert_eq!(State::load(&root).unwrap(), State::default());
        let step = |key: &str| {
            Rc::new(Step {
                kind: Kind::Sysctl,
                key: key.to_owned(),
                path: format!("/proc/sys/{key}"),
                wanted: "a \"b\"\t\u{1}ö\\".to_owned(),
                optional: key == "b",
                origin: Origin::new("f", 7),
            })
        };
        let state = State {
            policy: "p".into(),
            profile: String::new(),
            kept: vec![
                Kept {
                    step: step("a"),
                    before: Some(String::new()),
                },
                Kept {
                    step: step("b"),
                    before: None,
                },
            ],
        };
        state.save(&root).unwrap();
        assert_eq!(State::load(&root).unwrap(), state);
        for damaged in [
            "",
            "{}",
            "{\"policy\":1}",
            "[",
            "{\"policy\":\"\",\"profile\":\"\",\"kept\":[1]}",
        ] {
            std::fs::write(root.at(FILE), damaged).unwrap();
            let told = State::load(&root).unwrap_err().to_string();
            assert!(told.contains(FILE) && told.contains("delete it"), "{told}");
        }
    }
}
