//! Limits, priorities, cgroup, user, capabilities. These tests need root, as dinit does.

use super::*;
use crate::description::{Capabilities, Options, Resource, User};
use rustix::io::Errno;

/// Lines of the process's /proc/self/status that begin with one of these names.
fn shown(service: &mut Description, names: &str) -> String {
    service.command = command(&["grep", "-E", &format!("^({names}):"), "/proc/self/status"]);
    run(service).0.replace('\t', " ")
}

#[test]
fn limits_are_set_by_halves() {
    let mut service = shell("ulimit -Sn; ulimit -Hn; ulimit -c; ulimit -Hc");
    service.extra_mut().limits = vec![(Resource::Nofile, Some(30), Some(40))];
    service
        .extra_mut()
        .limits
        .push((Resource::Core, Some(0), None));
    let text = run(&service).0;
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[..3], ["30", "40", "0"]);
    service.extra_mut().limits = vec![(Resource::Core, Some(u64::MAX), Some(u64::MAX))];
    assert!(run(&service).0.ends_with("unlimited\nunlimited\n"));
    service.extra_mut().limits = vec![(Resource::Nofile, Some(50), Some(40))];
    let expected = failure(Stage::Limits, Errno::INVAL);
    assert_eq!(run_or_fail(&service), Err(expected));
}

#[test]
fn priorities_are_set() {
    let mut service = shell("nice; cat /proc/self/oom_score_adj; ionice");
    let extra = service.extra_mut();
    (extra.nice, extra.oom_score_adj) = (Some(7), Some(500));
    // best-effort:3
    extra.ioprio = Some(2 << 13 | 3);
    assert_eq!(run(&service).0, "7\n500\nbest-effort: prio 3\n");
    service.extra_mut().nice = Some(99);
    assert!(run(&service).0.starts_with("19\n"));
    service.extra_mut().ioprio = Some(7 << 13);
    let expected = failure(Stage::IoPriority, Errno::INVAL);
    assert_eq!(run_or_fail(&service), Err(expected));
}

#[test]
fn a_cgroup_by_path_is_entered() {
    let folder = tempfile::tempdir().unwrap();
    let procs = folder.path().join("cgroup.procs");
    std::fs::write(&procs, "").unwrap();
    let mut service = shell("");
    let path = format!("/../../..{}", folder.path().display());
    service.extra_mut().run_in_cgroup = Some(path.as_bytes().into());
    run(&service);
    assert_eq!(std::fs::read(&procs).unwrap(), b"0");
    // A relative one is below the daemon's own.
    std::fs::write(&procs, "").unwrap();
    service.extra_mut().run_in_cgroup = Some((*b".").into());
    let environment = environment(&[]);
    let mut relative = order(&service, &environment);
    relative.cgroup_base = path.as_bytes();
    run_order(relative).unwrap();
    assert_eq!(std::fs::read(&procs).unwrap(), b"0");
    service.extra_mut().run_in_cgroup = Some((*b"/nonexistent").into());
    let expected = failure(Stage::EnterCgroup, Errno::NOENT);
    assert_eq!(run_or_fail(&service), Err(expected));
}

/// A folder that is no cgroup, so that clone3 refuses it: the child writes its own number.
#[test]
fn a_cgroup_that_clone3_refuses_is_entered_by_the_child() {
    let folder = tempfile::tempdir().unwrap();
    let open = rustix::fs::OFlags::DIRECTORY | rustix::fs::OFlags::CLOEXEC;
    let file = rustix::fs::open(folder.path(), open, rustix::fs::Mode::empty()).unwrap();
    let service = shell("");
    let environment = environment(&[]);
    let mut into = order(&service, &environment);
    into.cgroup = Some(file.as_fd());
    let expected = failure(Stage::EnterCgroup, Errno::NOENT);
    assert_eq!(launch(&into).err(), Some(expected));
    let procs = folder.path().join("cgroup.procs");
    std::fs::write(&procs, "").unwrap();
    assert_eq!(run_order(into), Ok((String::new(), 0)));
    assert_eq!(std::fs::read(&procs).unwrap(), b"0");
}

/// Needs a mounted cgroup v2, if only one without controllers.
#[test]
fn a_cgroup_is_entered_by_clone3() {
    let roots = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];
    let root = roots.iter().map(std::path::Path::new);
    let Some(root) = root
        .into_iter()
        .find(|root| root.join("cgroup.procs").exists())
    else {
        eprintln!("skipped: no cgroup v2 is mounted");
        return;
    };
    let name = format!("dinit-test-{}", std::process::id());
    let path = root.join(&name);
    std::fs::create_dir(&path).unwrap();
    let open = rustix::fs::OFlags::DIRECTORY | rustix::fs::OFlags::CLOEXEC;
    let file = rustix::fs::open(&path, open, rustix::fs::Mode::empty()).unwrap();
    let service = shell("cat /proc/self/cgroup");
    let environment = environment(&["PATH=/bin:/usr/bin"]);
    let mut order = order(&service, &environment);
    order.cgroup = Some(file.as_fd());
    let got = run_order(order);
    std::fs::remove_dir(&path).unwrap();
    let (text, _) = got.unwrap();
    assert!(
        text.lines()
            .any(|line| line.starts_with("0::") && line.ends_with(&name)),
        "{text}"
    );
}

#[test]
fn user_by_number_keeps_the_group_and_has_no_others() {
    let mut service = shell("");
    service.extra_mut().run_as = Some(User {
        uid: 4321,
        gid: None,
        name: None,
    });
    let group = rustix::process::getgid().as_raw();
    let expected =
        format!("Uid: 4321 4321 4321 4321\nGid: {group} {group} {group} {group}\nGroups:  \n");
    assert_eq!(shown(&mut service, "Uid|Gid|Groups"), expected);
}

#[test]
fn user_by_name_has_the_groups_of_the_database() {
    let users = crate::description::users::Users::system();
    let mut service = shell("");
    service.extra_mut().run_as = Some(User {
        uid: 65534,
        gid: Some(1234),
        name: Some((*b"nobody").into()),
    });
    let groups = users.groups_of(b"nobody", 1234);
    let groups: Vec<_> = groups.iter().map(u32::to_string).collect();
    let text = shown(&mut service, "Uid|Gid|Groups|CapPrm|CapEff|CapInh|CapAmb");
    let expected = format!(
        "Uid: 65534 65534 65534 65534\nGid: 1234 1234 1234 1234\nGroups: {} \n",
        groups.join(" ")
    );
    assert!(text.starts_with(&expected), "{text}");
    let none = ["CapInh", "CapPrm", "CapEff", "CapAmb"];
    let none = none.map(|name| format!("{name}: {:016x}\n", 0)).concat();
    assert!(text.ends_with(&none), "{text}");
    // The command is opened with the user's rights.
    service.command = command(&["/root/nothing"]);
    let got = run_or_fail(&service).unwrap_err();
    assert_eq!(got.stage, Stage::Exec);
}

#[test]
fn ambient_capabilities_survive_the_change_of_user() {
    const NET_BIND: u64 = 1 << 10;
    const SYS_TIME: u64 = 1 << 25;
    let mut service = shell("");
    let extra = service.extra_mut();
    extra.run_as = Some(User {
        uid: 65534,
        gid: Some(65534),
        name: None,
    });
    extra.capabilities = Some(Capabilities {
        inheritable: SYS_TIME,
        ambient: NET_BIND,
        blocked: 1 << 21,
    });
    extra.sandbox.bounding = Some(NET_BIND | SYS_TIME | 1 << 21);
    let text = shown(&mut service, "CapInh|CapPrm|CapEff|CapBnd|CapAmb");
    let both = NET_BIND | SYS_TIME;
    let expected = format!(
        "CapInh: {both:016x}\nCapPrm: {NET_BIND:016x}\nCapEff: {NET_BIND:016x}\n\
         CapBnd: {both:016x}\nCapAmb: {NET_BIND:016x}\n"
    );
    assert_eq!(text, expected);
}

/// The file can be executed by root only: what is granted to the service must not open it.
#[test]
fn the_command_is_opened_without_the_capabilities_of_root() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let file = folder.path().join("tool");
    std::fs::copy("/bin/true", &file).unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o700)).unwrap();
    let mut service = shell("");
    service.command = command(&[file.to_str().unwrap()]);
    let extra = service.extra_mut();
    extra.run_as = Some(User {
        uid: 65534,
        gid: None,
        name: None,
    });
    extra.capabilities = Some(Capabilities {
        ambient: 1 << 10,
        ..Capabilities::default()
    });
    let expected = failure(Stage::Exec, Errno::ACCESS);
    assert_eq!(run_or_fail(&service), Err(expected));
}

#[test]
fn securebits_and_no_new_privs() {
    let mut service = shell("");
    assert_eq!(shown(&mut service, "NoNewPrivs"), "NoNewPrivs: 0\n");
    service.options |= Options::NO_NEW_PRIVS;
    // SECBIT_NOROOT: root's programs get no capabilities.
    service.extra_mut().securebits = 1;
    let text = shown(&mut service, "CapEff|NoNewPrivs");
    assert_eq!(text, "CapEff: 0000000000000000\nNoNewPrivs: 1\n");
    service.extra_mut().securebits = 1 << 30;
    let got = run_or_fail(&service).unwrap_err();
    assert_eq!(got.stage, Stage::Capabilities);
}
