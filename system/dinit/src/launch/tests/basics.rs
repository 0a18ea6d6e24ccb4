//! Command, environment, folder, session, signals.

use super::*;
use rustix::io::Errno;

#[test]
fn command_runs_with_its_arguments() {
    let mut service = shell("");
    service.command = command(&["/bin/sh", "-c", "echo \"$0|$1|$#\"; exit 7", "a b", ""]);
    assert_eq!(run(&service), ("a b||1\n".into(), 7));
}

#[test]
fn environment_is_that_given() {
    let mut service = shell("");
    service.command = command(&["env"]);
    assert_eq!(run(&service).0, "PATH=/usr/bin:/bin\nONE=1\n");
    service.extra_mut().environment.set(b"ONE=2");
    assert_eq!(run(&service).0, "PATH=/usr/bin:/bin\nONE=2\n");
}

#[test]
fn command_is_looked_for_in_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["none", "refused", "found"] {
        std::fs::create_dir(path(name)).unwrap();
    }
    std::fs::write(path("refused/tool"), "").unwrap();
    let mut service = shell("");
    service.command = command(&["tool", "x"]);
    let mut search = |folders: &[&str]| {
        let folders: Vec<_> = folders
            .iter()
            .map(|name| path(name).display().to_string())
            .collect();
        let entry = format!("PATH={}", folders.join(":"));
        service.extra_mut().environment.set(entry.as_bytes());
        run_or_fail(&service)
    };
    let error = |errno| Err(failure(Stage::Exec, errno));
    assert_eq!(search(&["none"]), error(Errno::NOENT));
    assert_eq!(search(&["none/not-there"]), error(Errno::NOENT));
    assert_eq!(search(&["refused/tool"]), error(Errno::NOTDIR));
    assert_eq!(search(&["refused", "none"]), error(Errno::ACCESS));
    // No `#!`: the shell runs it, as execvp(3) says.
    std::fs::write(path("found/tool"), "echo $0 $1").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(path("found/tool"), mode).unwrap();
    let found = format!("{} x\n", path("found/tool").display());
    assert_eq!(search(&["refused", "none", "found"]), Ok((found, 0)));
}

#[test]
fn what_cannot_be_executed_is_told() {
    let mut service = shell("");
    for (path, errno) in [
        ("/nonexistent", Errno::NOENT),
        ("/etc/passwd", Errno::ACCESS),
        ("/etc/passwd/x", Errno::NOTDIR),
        ("/", Errno::ACCESS),
        ("", Errno::NOENT),
    ] {
        service.command = command(&[path]);
        let got = run_or_fail(&service);
        assert_eq!(got, Err(failure(Stage::Exec, errno)), "{path}");
    }
    service.command = Command::default();
    assert_eq!(
        run_or_fail(&service),
        Err(failure(Stage::Exec, Errno::NOENT))
    );
}

#[test]
fn folder_is_the_descriptions_or_the_one_given() {
    let mut service = shell("pwd");
    service.file = Some((*b"/usr/bin/service").into());
    assert_eq!(run(&service).0, "/usr/bin\n");
    service.file = Some((*b"/service").into());
    assert_eq!(run(&service).0, "/\n");
    service.extra_mut().working_dir = Some((*b"/usr/lib").into());
    assert_eq!(run(&service).0, "/usr/lib\n");
    service.extra_mut().working_dir = Some((*b"/nonexistent").into());
    let got = run_or_fail(&service);
    assert_eq!(got, Err(failure(Stage::Chdir, Errno::NOENT)));
}

#[test]
fn session_is_its_own() {
    let (text, _) = run(&shell(
        "read pid _ _ _ group session rest < /proc/self/stat; echo $$ $group $session",
    ));
    let ids: Vec<_> = text.split_whitespace().collect();
    assert!(ids[0] == ids[1] && ids[1] == ids[2], "{text}");
}

/// A set of signals by its name in a text of /proc/PID/status, without those that the C library keeps for itself.
fn signals(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    u64::from_str_radix(line.unwrap().trim_start_matches(':').trim(), 16).unwrap() & 0x7fff_ffff
}

#[test]
fn no_signal_is_held_back_or_caught() {
    let own = std::fs::read_to_string("/proc/self/status").unwrap();
    let mut service = shell("");
    service.command = command(&["cat", "/proc/self/status"]);
    let (text, _) = run(&service);
    for set in ["SigBlk", "SigCgt"] {
        assert_eq!(signals(&text, set), 0, "{set}");
    }
    // That nothing is ignored either is the daemon's work (crate::daemon::signals).
    assert_eq!(signals(&text, "SigIgn"), signals(&own, "SigIgn"));
}

#[test]
fn a_failed_child_leaves_no_zombie_and_a_good_one_a_pidfd() {
    let environment = environment(&[]);
    let mut service = shell("exit 3");
    let child = launch(&order(&service, &environment)).unwrap();
    let pidfd = child.pidfd.unwrap();
    let which = rustix::process::WaitId::PidFd(pidfd.as_fd());
    let ended = rustix::process::waitid(which, rustix::process::WaitIdOptions::EXITED);
    assert_eq!(ended.unwrap().unwrap().exit_status(), Some(3));
    service.command = command(&["/nonexistent"]);
    launch(&order(&service, &environment)).err().unwrap();
    let children = std::fs::read_to_string("/proc/thread-self/children");
    assert_eq!(children.unwrap(), "");
}

#[test]
fn a_kernel_without_clone3_will_do() {
    let (read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap();
    let environment = environment(&["PATH=/bin:/usr/bin"]);
    let mut service = shell("");
    service.command = command(&["cat", "/proc/self/status"]);
    let mut order = order(&service, &environment);
    order.io = Io::Detached {
        input: None,
        output: Some(write.as_fd()),
    };
    let mut job = Job::prepare(&order).unwrap();
    let child = super::super::spawn::vfork(&mut job).unwrap();
    assert_eq!(job.failure, None);
    assert!(child.pidfd.is_some());
    drop(write);
    let shown = text(read);
    assert_eq!(status(child.pid), 0);
    assert_eq!(signals(&shown, "SigBlk"), 0);
    // The parent's own signals come again.
    let own = std::fs::read_to_string("/proc/thread-self/status").unwrap();
    assert_eq!(signals(&own, "SigBlk"), 0);
    let broken = Command((*b"/nonexistent\0").into());
    let order = Order {
        command: &broken,
        io: Io::Detached {
            input: None,
            output: None,
        },
        ..super::order(&service, &environment)
    };
    let mut job = Job::prepare(&order).unwrap();
    let child = super::super::spawn::vfork(&mut job).unwrap();
    let expected = (Stage::Exec, Some(Errno::NOENT));
    assert_eq!((job.stage, job.failure), expected);
    super::super::spawn::bury(child.pid);
}
