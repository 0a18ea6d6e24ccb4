//! Mounting one entry, by the calls that say which option was wrong (fsopen(2)).

use crate::device;
use crate::fstab::{Entry, Propagation};
use crate::mounted;
use common::root::Root;
use common::{reason, words};
use devd::block::{source, superblock};
use devd::modules::insert::{Outcome, insert, is_loaded};
use devd::modules::plan::Plan;
use devd::modules::{self, Database};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::CWD;
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, FsPickFlags, MountAttrFlags, MountFlags, MountPropagationFlags,
    MoveMountFlags, fsconfig_create, fsconfig_reconfigure, fsconfig_set_flag, fsconfig_set_string,
    fsmount, fsopen, fspick, mount_bind, mount_bind_recursive, mount_change, mount_remount,
    move_mount,
};
use std::process::Command;

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    Mounted,
    /// It was mounted before, and is as it was.
    Already,
    /// There is no such device, and `nofail` says that this is fine.
    Absent,
}

/// Mounts it. The root gets its options, as it is mounted.
///
/// # Errors
/// What is wrong, and what to do.
pub fn mount(root: &Root, entry: &Entry) -> Result<Done, String> {
    let there = mounted::read(root)
        .into_iter()
        .rev()
        .find(|one| one.target == entry.target);
    if let Some(there) = there {
        if entry.target == "/" && there.read_only && !entry.options.read_only {
            return again(entry).map(|()| Done::Mounted);
        }
        return Ok(Done::Already);
    }
    let Some(device) = device::of(root, entry)? else {
        return Ok(Done::Absent);
    };
    place(root, entry)?;
    if let Some(all) = entry.options.bind {
        bind(entry, &device, all)?;
    } else if !helped(root, entry, &device)? {
        new(root, entry, &device)?;
    }
    if let Some((kind, all)) = entry.options.propagation {
        let kind = match kind {
            Propagation::Shared => MountPropagationFlags::SHARED,
            Propagation::Private => MountPropagationFlags::PRIVATE,
            Propagation::Slave => MountPropagationFlags::DOWNSTREAM,
            Propagation::Unbindable => MountPropagationFlags::UNBINDABLE,
        };
        let flags = if all {
            kind | MountPropagationFlags::REC
        } else {
            kind
        };
        mount_change(&*entry.target, flags).map_err(words)?;
    }
    Ok(Done::Mounted)
}

/// The place must be there, or may be made.
fn place(root: &Root, entry: &Entry) -> Result<(), String> {
    let path = root.at(&entry.target);
    if path.exists() {
        return Ok(());
    }
    let Some(mode) = entry.options.make else {
        return Err(format!(
            "there is no {}: make it, or write x-mount.mkdir",
            entry.target
        ));
    };
    let failed = |error: std::io::Error| format!("making it: {}", reason(&error));
    std::fs::create_dir_all(&path).map_err(failed)?;
    let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
    std::fs::set_permissions(&path, mode).map_err(failed)
}

/// A program of the file system's own (mount(8), "EXTERNAL HELPERS"): whether there is one.
fn helped(root: &Root, entry: &Entry, device: &str) -> Result<bool, String> {
    let paths = ["/sbin", "/usr/sbin"].map(|folder| format!("{folder}/mount.{}", entry.kind));
    let Some(program) = paths.iter().find(|path| root.at(path).exists()) else {
        return Ok(false);
    };
    let mut options: Vec<String> =
        vec![if entry.options.read_only { "ro" } else { "rw" }.to_owned()];
    let own = entry.options.own.iter();
    options.extend(own.map(|(name, value)| match value {
        Some(value) => format!("{name}={value}"),
        None => name.clone(),
    }));
    let status = Command::new(root.at(program))
        .args([device, &entry.target, "-o", &options.join(",")])
        .status();
    let status = status.map_err(|error| format!("{program}: {}", reason(&error)))?;
    match status.success() {
        true => Ok(true),
        false => Err(format!("{program} ended with {status}")),
    }
}

fn bind(entry: &Entry, source: &str, all: bool) -> Result<(), String> {
    let done = match all {
        true => mount_bind_recursive(source, &*entry.target),
        false => mount_bind(source, &*entry.target),
    };
    done.map_err(words)?;
    let flags = classic(entry.options.attributes, entry.options.read_only);
    if !flags.is_empty() {
        mount_remount(&*entry.target, MountFlags::BIND | flags, c"").map_err(words)?;
    }
    Ok(())
}

/// The flags of mount(2) for those of fsmount(2).
fn classic(attributes: MountAttrFlags, read_only: bool) -> MountFlags {
    let pairs = [
        (MountAttrFlags::MOUNT_ATTR_NOSUID, MountFlags::NOSUID),
        (MountAttrFlags::MOUNT_ATTR_NODEV, MountFlags::NODEV),
        (MountAttrFlags::MOUNT_ATTR_NOEXEC, MountFlags::NOEXEC),
        (MountAttrFlags::MOUNT_ATTR_NOATIME, MountFlags::NOATIME),
        (
            MountAttrFlags::MOUNT_ATTR_NODIRATIME,
            MountFlags::NODIRATIME,
        ),
        (
            MountAttrFlags::MOUNT_ATTR_NOSYMFOLLOW,
            MountFlags::NOSYMFOLLOW,
        ),
    ];
    let mut flags = if read_only {
        MountFlags::RDONLY
    } else {
        MountFlags::empty()
    };
    for (attribute, flag) in pairs {
        if attributes.contains(attribute) {
            flags |= flag;
        }
    }
    flags
}

/// A file system that is not mounted yet.
fn new(root: &Root, entry: &Entry, device: &str) -> Result<(), String> {
    let kind = match &*entry.kind {
        "auto" => on(root, device)?,
        kind => kind.to_owned(),
    };
    let context = open(root, &kind)?;
    told(
        &context,
        "its device",
        fsconfig_set_string(&context, "source", device),
    )?;
    options(&context, entry)?;
    if entry.options.read_only {
        told(&context, "'ro'", fsconfig_set_flag(&context, "ro"))?;
    }
    told(&context, "mounting it", fsconfig_create(&context))?;
    let mut attributes = entry.options.attributes;
    attributes.set(MountAttrFlags::MOUNT_ATTR_RDONLY, entry.options.read_only);
    let made = fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, attributes);
    let made = told(&context, "mounting it", made)?;
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
    told(
        &context,
        "putting it in its place",
        move_mount(&made, "", CWD, &*entry.target, flags),
    )
}

/// The root is mounted already: it gets its options, and can be written to.
fn again(entry: &Entry) -> Result<(), String> {
    let context = fspick(CWD, &*entry.target, FsPickFlags::FSPICK_CLOEXEC).map_err(words)?;
    options(&context, entry)?;
    told(&context, "'rw'", fsconfig_set_flag(&context, "rw"))?;
    told(&context, "changing it", fsconfig_reconfigure(&context))?;
    let flags = classic(entry.options.attributes, false);
    Ok(mount_remount(&*entry.target, MountFlags::BIND | flags, c"").map_err(words)?)
}

fn options(context: &OwnedFd, entry: &Entry) -> Result<(), String> {
    for (name, value) in &entry.options.own {
        let set = match value {
            Some(value) => fsconfig_set_string(context, &**name, &**value),
            None => fsconfig_set_flag(context, &**name),
        };
        told(context, &format!("option '{name}'"), set)?;
    }
    Ok(())
}

/// What is on a device.
fn on(root: &Root, device: &str) -> Result<String, String> {
    let source =
        source::Source::path(&root.at(device)).map_err(|error| reason(&error).to_string())?;
    let found = superblock::identify(&source).map(|contents| contents.kind.to_owned());
    found.ok_or_else(|| {
        "nothing that is known is on it: write its type instead of 'auto'".to_owned()
    })
}

/// Opens a type of file system; its module is loaded if the kernel does not have it.
fn open(root: &Root, kind: &str) -> Result<OwnedFd, String> {
    let flags = FsOpenFlags::FSOPEN_CLOEXEC;
    match fsopen(kind, flags) {
        Err(Errno::NODEV) => {}
        other => return Ok(other.map_err(words)?),
    }
    let unknown = format!("the kernel has no file system '{kind}'");
    let database = Database::read(root, &modules::running(), |_| {})
        .map_err(|error| format!("{unknown}: {error}"))?;
    let loaded = |name: &str| is_loaded(root, name);
    let mut plan = Plan::new(&database, &loaded);
    plan.module(&format!("fs-{kind}"));
    for load in &plan.loads {
        if let Outcome::Failed(what) = insert(root, load) {
            return Err(format!("{unknown}: {what}"));
        }
    }
    fsopen(kind, flags).map_err(|_| unknown)
}

/// An error with what the kernel says of it: the messages that wait at the context (`Documentation/filesystems/mount_api.rst`).
fn told<T>(context: impl AsFd, doing: &str, result: Result<T, Errno>) -> Result<T, String> {
    result.map_err(|errno| {
        let mut said = Vec::new();
        let mut room = [0; 512];
        while let Ok(length @ 1..) = rustix::io::read(&context, &mut room) {
            let text = String::from_utf8_lossy(&room[..length]);
            // Each begins with `e `, `w ` or `i `.
            said.push(text.trim_end().get(2..).unwrap_or_default().to_owned());
        }
        match said.is_empty() {
            true => format!("{doing}: {}", words(errno)),
            false => format!("{doing}: {}", said.join("; ")),
        }
    })
}
