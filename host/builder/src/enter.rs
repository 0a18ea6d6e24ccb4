//! Entering a sandbox: two stages of this same executable, so that no code runs between fork and
//! exec.
//!
//! Stage one leaves the host's namespaces and spawns stage two, which is process 1 of the new
//! process namespace: it mounts, changes the root (pivot_root(2)), spawns the program, reaps
//! what is orphaned, and ends with the program's status, which ends everything else inside
//! (pid_namespaces(7)).

use crate::error::{Error, Result};
use crate::sandbox::{ENTER, Mount, Sandbox, Usage};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind, mount_bind_recursive,
    mount_change, mount_remount, unmount,
};
use rustix::process::{Pid, Signal, WaitOptions, set_parent_process_death_signal};
use rustix::thread::{UnshareFlags, unshare_unsafe};
use std::ffi::{CString, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus};

const STAGE_TWO: &str = "alpenglow-enter-inside";
/// The status for a sandbox that could not be made; env(1) and docker use it likewise.
const NOT_ENTERED: u8 = 125;

/// Work of the calling program's own that is done inside a sandbox, under the name by which
/// [`Sandbox::command`] asks for it. It gets the arguments and is process 1 of the sandbox,
/// in the root's `/`, with the environment and the user of whoever asked.
pub type Work<'a> = (&'a str, fn(&[OsString]) -> ExitCode);

/// Runs a stage of entering and returns its status when the executable was started for that;
/// otherwise does nothing. Call it first in `main`, while there is one thread.
pub fn run_if_asked() -> Option<ExitCode> {
    run_if_asked_with(&[])
}

/// The same for a program that has work of its own for a sandbox: what is asked for by one of these
/// names is done by the program itself, so that the root needs no file of it.
pub fn run_if_asked_with(works: &[Work<'_>]) -> Option<ExitCode> {
    let mut arguments = std::env::args_os();
    let name = arguments.next()?;
    let name = name.to_str()?;
    if ![ENTER, STAGE_TWO].contains(&name) {
        return None;
    }
    let arguments: Vec<OsString> = arguments.collect();
    let code = match name {
        ENTER => stage_one(&arguments).map(code_of),
        _ => stage_two(&arguments, works),
    };
    Some(code.unwrap_or_else(|error| {
        eprintln!("alpenglow: {error}");
        ExitCode::from(NOT_ENTERED)
    }))
}

/// A shell's convention: 128 and the signal's number for what a signal ended.
fn code_of(status: ExitStatus) -> ExitCode {
    let code = status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

fn failed(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Error {
    let doing = doing.into();
    move |source| Error::Sandbox { doing, source }
}

fn parse(arguments: &[OsString]) -> Result<(Sandbox, &[OsString])> {
    let invalid = |what: &str| Error::Sandbox {
        doing: "read its arguments".into(),
        source: io::Error::new(io::ErrorKind::InvalidInput, what.to_owned()),
    };
    let (spec, program) = arguments
        .split_first()
        .filter(|(_, program)| !program.is_empty())
        .ok_or_else(|| invalid("a description and a program are needed"))?;
    let sandbox = serde_json::from_slice(spec.as_bytes()).map_err(|e| invalid(&e.to_string()))?;
    Ok((sandbox, program))
}

fn stage_one(arguments: &[OsString]) -> Result<ExitStatus> {
    let (sandbox, _) = parse(arguments)?;
    set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|e| failed("tie itself to its parent")(e.into()))?;
    let mut flags =
        UnshareFlags::NEWNS | UnshareFlags::NEWPID | UnshareFlags::NEWIPC | UnshareFlags::NEWUTS;
    if !sandbox.network {
        flags |= UnshareFlags::NEWNET;
    }
    // SAFETY: this process has one thread and none of the flags (FILES is not among them) closes
    // or unshares descriptors that somebody holds.
    unsafe { unshare_unsafe(flags) }.map_err(|e| {
        if e == rustix::io::Errno::PERM {
            Error::NotRoot
        } else {
            failed("leave the host's namespaces")(e.into())
        }
    })?;
    // Opened while this is in the host's root: stage two changes it for both.
    let told = sandbox
        .usage
        .as_ref()
        .map(|path| fs::File::create(path).map_err(failed(format!("write {}", path.display()))));
    let told = told.transpose()?;
    let status = Command::new("/proc/self/exe")
        .arg0(STAGE_TWO)
        .args(arguments)
        .spawn()
        .and_then(|mut child| child.wait())
        .map_err(failed("start inside"))?;
    if let Some(file) = told {
        serde_json::to_writer(file, &usage())
            .map_err(|error| failed("write what it took")(error.into()))?;
    }
    Ok(status)
}

/// What the processes took that this one has waited for, and those that they have waited for.
fn usage() -> Usage {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) else {
        return Usage::default();
    };
    let time = usage.user_time() + usage.system_time();
    Usage {
        cpu_ms: u64::try_from(time.num_milliseconds()).unwrap_or(0),
        peak_kib: u64::try_from(usage.max_rss()).unwrap_or(0),
    }
}

fn stage_two(arguments: &[OsString], works: &[Work<'_>]) -> Result<ExitCode> {
    let (sandbox, program) = parse(arguments)?;
    set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|e| failed("tie itself to its parent")(e.into()))?;
    mount_change(
        "/",
        MountPropagationFlags::PRIVATE | MountPropagationFlags::REC,
    )
    .map_err(|e| failed("make its mounts private")(e.into()))?;
    if sandbox.root != Path::new("/") {
        make_mounts(&sandbox)?;
        change_root(&sandbox)?;
    }
    if let Some((_, work)) = works.iter().find(|(name, _)| program[0] == *name) {
        return Ok(work(&program[1..]));
    }
    let mut command = Command::new(&program[0]);
    command.args(&program[1..]).current_dir(&sandbox.folder);
    if let Some(environment) = &sandbox.environment {
        command
            .env_clear()
            .envs(environment.iter().map(|(k, v)| (k, v)));
    }
    if sandbox.user != 0 {
        // std drops the supplementary groups along with the user.
        command.uid(sandbox.user).gid(sandbox.user);
    }
    let child = command.spawn().map_err(failed(format!(
        "start {} in {}",
        program[0].display(),
        sandbox.root.display()
    )))?;
    reap_until(child.id()).map(code_of)
}

/// Waits for the program and for whatever was orphaned to this process 1.
fn reap_until(program: u32) -> Result<ExitStatus> {
    let program = i32::try_from(program).ok().and_then(Pid::from_raw);
    loop {
        match rustix::process::wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if Some(pid) == program => {
                return Ok(ExitStatus::from_raw(status.as_raw()));
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(failed("wait for its program")(error.into())),
        }
    }
}

fn inside(sandbox: &Sandbox, target: &Path) -> PathBuf {
    sandbox
        .root
        .join(target.strip_prefix("/").unwrap_or(target))
}

fn make_mounts(sandbox: &Sandbox) -> Result<()> {
    let root = &sandbox.root;
    let at = |what: &str, path: &Path| failed(format!("mount {what} at {}", path.display()));
    mount_bind_recursive(root, root).map_err(|e| at("the root", root)(e.into()))?;
    make_dev(sandbox)?;
    let proc = root.join("proc");
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("proc", &proc, "proc", flags, None).map_err(|e| at("proc", &proc)(e.into()))?;
    let tmp = root.join("tmp");
    mount_tmpfs(&tmp, c"mode=1777")?;
    for one in &sandbox.mounts {
        match one {
            Mount::Bind {
                source,
                target,
                writable,
            } => {
                let target = inside(sandbox, target);
                make_target(&target, source.is_dir())?;
                let what = source.display().to_string();
                mount_bind(source, &target).map_err(|e| at(&what, &target)(e.into()))?;
                if !writable {
                    mount_remount(&target, MountFlags::BIND | MountFlags::RDONLY, "")
                        .map_err(|e| at(&what, &target)(e.into()))?;
                }
            }
            Mount::Overlay {
                lower,
                upper,
                work,
                target,
            } => {
                let target = inside(sandbox, target);
                make_target(&target, true)?;
                let options = format!(
                    "lowerdir={},upperdir={},workdir={}",
                    lower.display(),
                    upper.display(),
                    work.display()
                );
                let options =
                    CString::new(options).map_err(|e| at("an overlay", &target)(e.into()))?;
                mount("overlay", &target, "overlay", MountFlags::NODEV, &*options)
                    .map_err(|e| at("an overlay", &target)(e.into()))?;
            }
            Mount::Tmpfs { target } => {
                let target = inside(sandbox, target);
                make_target(&target, true)?;
                mount_tmpfs(&target, c"mode=0755")?;
            }
        }
    }
    Ok(())
}

fn mount_tmpfs(target: &Path, options: &std::ffi::CStr) -> Result<()> {
    mount(
        "tmpfs",
        target,
        "tmpfs",
        MountFlags::NOSUID | MountFlags::NODEV,
        options,
    )
    .map_err(|e| failed(format!("mount tmpfs at {}", target.display()))(e.into()))
}

fn make_target(target: &Path, folder: bool) -> Result<()> {
    let make = || {
        if folder {
            fs::create_dir_all(target)
        } else {
            fs::create_dir_all(target.parent().unwrap_or(Path::new("/")))?;
            fs::File::options()
                .create(true)
                .append(true)
                .open(target)
                .map(drop)
        }
    };
    make().map_err(failed(format!("make {}", target.display())))
}

/// A tmpfs with the nodes that programs expect; each is the host's own, mounted singly, so that
/// nothing in here can delete it.
fn make_dev(sandbox: &Sandbox) -> Result<()> {
    let dev = sandbox.root.join("dev");
    mount("tmpfs", &dev, "tmpfs", MountFlags::NOSUID, c"mode=0755")
        .map_err(|e| failed(format!("mount tmpfs at {}", dev.display()))(e.into()))?;
    let usual =
        ["null", "zero", "full", "random", "urandom", "tty"].map(|n| Path::new("/dev").join(n));
    for node in usual
        .iter()
        .chain(&sandbox.devices)
        .filter(|node| node.exists())
    {
        let target = inside(sandbox, node);
        make_target(&target, false)?;
        mount_bind(node, &target)
            .map_err(|e| failed(format!("mount {}", node.display()))(e.into()))?;
    }
    for (link, to) in [
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
    ] {
        std::os::unix::fs::symlink(to, dev.join(link))
            .map_err(failed(format!("make /dev/{link}")))?;
    }
    let pts = dev.join("pts");
    make_target(&pts, true)?;
    let flags = MountFlags::NOSUID | MountFlags::NOEXEC;
    mount(
        "devpts",
        &pts,
        "devpts",
        flags,
        c"newinstance,ptmxmode=0666,mode=0620",
    )
    .map_err(|e| failed(format!("mount devpts at {}", pts.display()))(e.into()))?;
    std::os::unix::fs::symlink("pts/ptmx", dev.join("ptmx")).map_err(failed("make /dev/ptmx"))?;
    let shm = dev.join("shm");
    make_target(&shm, true)?;
    mount_tmpfs(&shm, c"mode=1777")
}

fn change_root(sandbox: &Sandbox) -> Result<()> {
    let change = || -> rustix::io::Result<()> {
        rustix::process::chdir(&sandbox.root)?;
        rustix::process::pivot_root(".", ".")?;
        unmount(".", UnmountFlags::DETACH)?;
        rustix::process::chdir("/")?;
        if !sandbox.writable {
            mount_remount("/", MountFlags::BIND | MountFlags::RDONLY, "")?;
        }
        Ok(())
    };
    change().map_err(|e| failed(format!("change its root to {}", sandbox.root.display()))(e.into()))
}
