//! What each setting of the reference does with its value.

use super::draft::{Draft, LogKind};
use super::error::Problem;
use super::lines::{Operator, Value};
use super::{
    Dependency, Kind, Options, Ready, Resource, Restart, User, capabilities as caps, files, values,
};
use crate::engine::DependencyKind;
use std::time::Duration;

type Done = Result<(), Problem>;

/// The value is not what it should be.
pub fn not(found: &[u8], expected: &'static str) -> Problem {
    Problem::Value {
        found: found.into(),
        expected,
    }
}

pub fn kind(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    draft.made.kind = match value.text.as_slice() {
        b"process" => Kind::Process,
        b"bgprocess" => Kind::Bgprocess,
        b"scripted" => Kind::Scripted,
        b"internal" => Kind::Internal,
        b"triggered" => Kind::Triggered,
        b"timer" => Kind::Timer,
        other => {
            let kinds = "one of process, bgprocess, scripted, internal, triggered, timer";
            return Err(not(other, kinds));
        }
    };
    Ok(())
}

pub fn command(draft: &mut Draft<'_>, value: &Value, operator: Operator) -> Done {
    words(&mut draft.command, value, operator);
    Ok(())
}

pub fn stop_command(draft: &mut Draft<'_>, value: &Value, operator: Operator) -> Done {
    words(&mut draft.stop_command, value, operator);
    Ok(())
}

fn words(command: &mut Value, value: &Value, operator: Operator) {
    match operator {
        Operator::Append => command.append(value),
        Operator::Set => command.clone_from(value),
    }
}

/// A user's or group's number; None for what is no number but may be a name.
pub fn id(text: &[u8]) -> Result<Option<u32>, Problem> {
    if !values::looks_numeric(text) {
        return Ok(None);
    }
    // The last number means "unchanged" to the kernel.
    let number = values::number(text, u64::from(u32::MAX) - 1);
    match number.and_then(|number| u32::try_from(number).ok()) {
        Some(id) => Ok(Some(id)),
        None => Err(not(
            text,
            "a number from 0 to 4294967294, nor can a name begin so",
        )),
    }
}

pub fn run_as(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    let (uid, gid) = draft.user(value)?;
    draft.extra().run_as = Some(User {
        uid,
        gid,
        name: gid.map(|_| value.text.as_slice().into()),
    });
    Ok(())
}

pub fn env_file(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    let path = draft.preload(&value.text)?;
    draft.env_file = (!path.is_empty()).then(|| files::join(&draft.real_folder, &path));
    Ok(())
}

fn service(draft: &mut Draft<'_>, value: &Value) -> Result<Box<[u8]>, Problem> {
    let name = draft.preload(&value.text)?;
    match values::service_name(&name) {
        Ok(()) => Ok(name),
        Err(_) => Err(not(
            &name,
            "a name for a service (letters, digits, '.', '_', '-'; no dot in front)",
        )),
    }
}

pub fn depend(draft: &mut Draft<'_>, value: &Value, kind: DependencyKind) -> Done {
    let name = service(draft, value)?;
    draft.made.dependencies.push(Dependency {
        kind,
        name,
        optional: false,
    });
    Ok(())
}

/// The names of a folder. That it, or one of them, is not there is a warning only.
pub fn folder(draft: &mut Draft<'_>, value: &Value, kind: DependencyKind) -> Done {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let setting = match kind {
        DependencyKind::Need => "depends-on.d",
        DependencyKind::Milestone => "depends-ms.d",
        _ => "waits-for.d",
    };
    let given = draft.preload(&value.text)?;
    let path = files::join(&draft.folder, &given);
    if draft.context.for_tools && kind == DependencyKind::WaitsFor {
        let path = path.as_slice().into();
        draft.extra().waits_for_d.push(path);
    }
    let entries = std::fs::read_dir(std::ffi::OsStr::from_bytes(&path));
    let names = entries.and_then(|entries| {
        let name = |entry: std::io::Result<std::fs::DirEntry>| Ok(entry?.file_name().into_vec());
        entries.map(name).collect::<std::io::Result<Vec<_>>>()
    });
    match names {
        Err(error) => {
            let errno = error.raw_os_error().unwrap_or(0);
            draft.warn(
                setting,
                Problem::Named(path.into(), "cannot be read: ", errno),
            );
        }
        Ok(mut names) => {
            names.sort_unstable();
            names.retain(|name| values::service_name(name).is_ok());
            let dependencies = names.into_iter().map(|name| Dependency {
                kind,
                name: name.into(),
                optional: true,
            });
            draft.made.dependencies.extend(dependencies);
        }
    }
    Ok(())
}

pub fn restart(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    draft.made.restart = match value.text.as_slice() {
        b"yes" | b"true" => Restart::Always,
        b"on-failure" => Restart::OnFailure,
        b"no" | b"false" => Restart::Never,
        other => return Err(not(other, "one of yes, true, on-failure, no, false")),
    };
    Ok(())
}

pub fn switch(value: &Value) -> Result<bool, Problem> {
    let expected = "one of yes, true, no, false";
    values::switch(&value.text).ok_or_else(|| not(&value.text, expected))
}

pub fn time(value: &Value, place: &mut Duration) -> Done {
    let expected = "a time in seconds, such as 10 or 0.5";
    *place = values::time(&value.text).ok_or_else(|| not(&value.text, expected))?;
    Ok(())
}

pub fn mode(value: &Value) -> Result<u32, Problem> {
    let expected = "a mode of octal digits, such as 600";
    values::mode(&value.text).ok_or_else(|| not(&value.text, expected))
}

/// A whole number up to 2147483647.
fn count(text: &[u8]) -> Result<i32, Problem> {
    let number = values::number(text, i32::MAX.unsigned_abs().into());
    let number = number.and_then(|number| i32::try_from(number).ok());
    number.ok_or_else(|| not(text, "a whole number from 0 to 2147483647"))
}

pub fn restart_limit_count(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    draft.made.restart_limit_count = count(&value.text)?.unsigned_abs();
    Ok(())
}

pub fn term_signal(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    let expected = "one of none, HUP, INT, QUIT, KILL, USR1, USR2, TERM, CONT, STOP";
    let signal = values::signal(&value.text);
    draft.made.term_signal = signal.ok_or_else(|| not(&value.text, expected))?;
    Ok(())
}

pub fn options(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    let exclusive = Options::RUNS_ON_CONSOLE | Options::STARTS_ON_CONSOLE;
    for word in value.words() {
        // What is set, and what is unset by it.
        let (set, unset) = match word {
            b"runs-on-console" => (exclusive, Options::SHARES_CONSOLE),
            b"starts-on-console" => (Options::STARTS_ON_CONSOLE, Options::SHARES_CONSOLE),
            b"shares-console" => (Options::SHARES_CONSOLE, exclusive),
            b"unmask-intr" => (Options::UNMASK_INTR, Options::empty()),
            b"starts-rwfs" => (Options::STARTS_RWFS, Options::empty()),
            b"starts-log" => (Options::STARTS_LOG, Options::empty()),
            b"pass-cs-fd" => (Options::PASS_CS_FD, Options::empty()),
            b"start-interruptible" => (Options::START_INTERRUPTIBLE, Options::empty()),
            b"skippable" => (Options::SKIPPABLE, Options::empty()),
            b"signal-process-only" => (Options::SIGNAL_PROCESS_ONLY, Options::empty()),
            b"always-chain" => (Options::ALWAYS_CHAIN, Options::empty()),
            b"kill-all-on-stop" => (Options::KILL_ALL_ON_STOP, Options::empty()),
            b"no-new-privs" => (Options::NO_NEW_PRIVS, Options::empty()),
            _ => {
                let options = "one of runs-on-console, starts-on-console, shares-console, unmask-intr, starts-rwfs, \
                               starts-log, pass-cs-fd, start-interruptible, skippable, signal-process-only, \
                               always-chain, kill-all-on-stop, no-new-privs";
                return Err(not(word, options));
            }
        };
        draft.made.options.remove(unset);
        draft.made.options.insert(set);
    }
    Ok(())
}

pub fn load_options(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    for word in value.words() {
        match word {
            b"export-passwd-vars" => draft.export_passwd = true,
            b"export-service-name" => draft.export_name = true,
            // Old descriptions say so; variables are always substituted.
            b"sub-vars" => {}
            _ => return Err(not(word, "one of export-passwd-vars, export-service-name")),
        }
    }
    Ok(())
}

pub fn ready_notification(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    let expected = "one of pipefd:NUMBER, pipevar:VARIABLE, sd-notify";
    let text = value.text.as_slice();
    let ready = match text.split_at_checked(7) {
        _ if text == b"sd-notify" => Ready::SdNotify,
        Some((b"pipefd:", number)) => Ready::Fd(count(number)?),
        Some((b"pipevar", [b':', name @ ..])) if !name.is_empty() && !name.contains(&b'=') => {
            Ready::Variable(name.into())
        }
        _ => return Err(not(text, expected)),
    };
    draft.extra().ready = ready;
    Ok(())
}

pub fn log_type(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    draft.log.kind = match value.text.as_slice() {
        b"file" => LogKind::File,
        b"buffer" => LogKind::Buffer,
        b"pipe" => LogKind::Pipe,
        b"none" => LogKind::None,
        other => return Err(not(other, "one of file, buffer, pipe, none")),
    };
    Ok(())
}

pub fn logfile(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    draft.log.path = (!value.text.is_empty()).then(|| value.text.as_slice().into());
    if draft.log.path.is_some() && draft.log.kind == LogKind::None {
        draft.log.kind = LogKind::File;
    }
    Ok(())
}

pub fn logfile_uid(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    let (uid, gid) = draft.user(value)?;
    draft.log.uid = Some(uid);
    draft.log.user_gid = gid;
    Ok(())
}

pub fn log_buffer_size(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    draft.log.buffer = usize::try_from(count(&value.text)?).unwrap_or(0);
    Ok(())
}

pub fn consumer_of(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    let name = service(draft, value)?;
    if name == draft.made.name {
        return Err(not(&name, "another service than this one"));
    }
    draft.extra().consumer_of = Some(name);
    Ok(())
}

pub fn chain_to(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    let name = service(draft, value)?;
    draft.extra().chain_to = Some(name);
    Ok(())
}

pub fn socket_listen(draft: &mut Draft<'_>, value: &Value, operator: Operator) -> Done {
    if operator == Operator::Set {
        draft.sockets.clear();
    }
    if !value.text.is_empty() {
        draft.sockets.push(value.text.as_slice().into());
    }
    Ok(())
}

pub fn socket_uid(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    let (uid, gid) = draft.user(value)?;
    draft.extra().socket_uid = Some(uid);
    draft.socket_user_gid = gid;
    Ok(())
}

/// At most so many bytes (`ut_id` and `ut_line` of utmp(5)).
fn short(value: &Value, most: usize, expected: &'static str) -> Result<Option<Box<[u8]>>, Problem> {
    match value.text.len() {
        0 => Ok(None),
        length if length <= most => Ok(Some(value.text.as_slice().into())),
        _ => Err(not(&value.text, expected)),
    }
}

pub fn inittab_id(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    draft.extra().inittab_id = short(value, 4, "at most 4 bytes long")?;
    Ok(())
}

pub fn inittab_line(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    draft.extra().inittab_line = short(value, 32, "at most 32 bytes long")?;
    Ok(())
}

pub fn limit(draft: &mut Draft<'_>, value: &Value, resource: Resource) -> Done {
    let expected = "limits as SOFT:HARD, each a number, '-' for none, or left out";
    let (soft, hard) = values::limit(&value.text).ok_or_else(|| not(&value.text, expected))?;
    let limits = &mut draft.extra().limits;
    limits.retain(|(other, ..)| *other != resource);
    limits.push((resource, soft, hard));
    Ok(())
}

/// A number with a sign.
fn signed(value: &Value, most: i64, expected: &'static str) -> Result<i32, Problem> {
    let number = values::signed(&value.text, -most, most);
    let number = number.and_then(|number| i32::try_from(number).ok());
    number.ok_or_else(|| not(&value.text, expected))
}

pub fn nice(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    let most = i64::from(i32::MAX / 2);
    draft.extra().nice = Some(signed(value, most, "a whole number (-20 to 19)")?);
    Ok(())
}

pub fn oom_score_adj(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    let score = signed(value, 1000, "a whole number from -1000 to 1000")?;
    draft.extra().oom_score_adj = Some(score);
    Ok(())
}

pub fn ioprio(draft: &mut Draft<'_>, value: &Value, _: Operator) -> Done {
    let expected = "one of none, idle, realtime:LEVEL, best-effort:LEVEL, with levels from 0 to 7";
    let ioprio = values::ioprio(&value.text).ok_or_else(|| not(&value.text, expected))?;
    draft.extra().ioprio = Some(ioprio);
    Ok(())
}

pub fn capabilities(draft: &mut Draft<'_>, value: &Value, operator: Operator) -> Done {
    let before = draft.made.extra().capabilities;
    let mut made = match operator {
        Operator::Append => before.unwrap_or_default(),
        Operator::Set => super::Capabilities::default(),
    };
    let expected = "capabilities as cap_iab(3) has them: names with commas between them and '^', '%' or '!' before";
    let added = caps::add(&mut made, &value.text).filter(|()| !value.text.is_empty());
    added.ok_or_else(|| not(&value.text, expected))?;
    draft.extra().capabilities = Some(made);
    Ok(())
}

pub fn securebits(draft: &mut Draft<'_>, value: &Value, operator: Operator) -> Done {
    let mut bits = match operator {
        Operator::Append => draft.made.extra().securebits,
        Operator::Set => 0,
    };
    for word in value.words() {
        let expected = "one of keep-caps, no-setuid-fixup, noroot, or one of these with -locked";
        bits |= values::securebits(word).ok_or_else(|| not(word, expected))?;
    }
    draft.extra().securebits = bits;
    Ok(())
}
