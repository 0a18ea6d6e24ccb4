//! What is hidden and forbidden. All mounts are made in namespaces of the services.

use super::*;
use crate::description::{Options, Sandbox};
use rustix::io::Errno;

fn paths(paths: &[&str]) -> Vec<Box<[u8]>> {
    paths.iter().map(|path| path.as_bytes().into()).collect()
}

/// A service with a sandbox.
fn confined(script: &str, sandbox: Sandbox) -> Description {
    let mut service = shell(script);
    service.extra_mut().sandbox = sandbox;
    service
}

#[test]
fn tmp_is_private() {
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    let script = format!(
        "ls -A /tmp /var/tmp; touch /tmp/mark; stat -c %a /tmp; ls -d {}",
        folder.path().display()
    );
    let mut service = shell(&script);
    service.options |= Options::PRIVATE_TMP;
    let (text, status) = run(&service);
    assert!(text.contains("/tmp:\n\n/var/tmp:\n1777\n"), "{text}");
    assert_ne!(status, 0);
    assert!(!std::path::Path::new("/tmp/mark").exists());
    // Its folder is looked up again in what it sees.
    service.extra_mut().working_dir = Some(folder.path().as_os_str().as_encoded_bytes().into());
    let expected = failure(Stage::Chdir, Errno::NOENT);
    assert_eq!(run_or_fail(&service), Err(expected));
}

#[test]
fn read_only_paths_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let sandbox = |path: &str| Sandbox {
        read_only: paths(&[path]),
        ..Sandbox::default()
    };
    let script = format!("cd {path}; touch one 2>&1 || cat /proc/self/status | grep -c Name");
    let (text, _) = run(&confined(&script, sandbox(path)));
    assert!(
        text.contains("Read-only file system") && text.ends_with("1\n"),
        "{text}"
    );
    // Where it is already.
    let mut service = confined(
        "touch two 2>&1; echo x > /dev/null && echo ok",
        sandbox("/"),
    );
    service.extra_mut().working_dir = Some(path.as_bytes().into());
    let (text, _) = run(&service);
    assert!(
        text.contains("Read-only file system") && text.ends_with("ok\n"),
        "{text}"
    );
    assert!(std::fs::read_dir(path).unwrap().next().is_none());
    std::fs::write(folder.path().join("still writable"), "").unwrap();
    let expected = failure(Stage::Sandbox, Errno::NOENT);
    assert_eq!(
        run_or_fail(&confined("", sandbox("/nonexistent"))),
        Err(expected)
    );
}

#[test]
fn inaccessible_paths_are() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "secret").unwrap();
    let inside = folder.path().join("folder");
    std::fs::create_dir(&inside).unwrap();
    std::fs::write(inside.join("file"), "").unwrap();
    let sandbox = Sandbox {
        inaccessible: paths(&[secret.to_str().unwrap(), inside.to_str().unwrap()]),
        ..Sandbox::default()
    };
    let script = format!(
        "cd {}; cat secret 2>&1; echo x 2>&1 >secret; ls -A folder; touch folder/x 2>&1",
        folder.path().display()
    );
    let (text, status) = run(&confined(&script, sandbox));
    assert!(
        !text.contains("secret\n") && text.contains("Permission denied"),
        "{text}"
    );
    assert!(
        !text.contains("file\n") && text.contains("Read-only file system"),
        "{text}"
    );
    assert_ne!(status, 0);
    assert_eq!(std::fs::read(&secret).unwrap(), b"secret");
}

#[test]
fn the_systems_mounts_stay_as_they_are() {
    let mounts = || std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    let before = mounts();
    let mut service = confined(
        "true",
        Sandbox {
            read_only: paths(&["/usr"]),
            inaccessible: paths(&["/etc/passwd"]),
            ..Sandbox::default()
        },
    );
    service.options |= Options::PRIVATE_TMP;
    assert_eq!(run(&service).1, 0);
    assert_eq!(mounts(), before);
}

/// What the dynamic linker and the shell of a test need.
const PLAIN: &[&str] = &[
    "read",
    "write",
    "open",
    "openat",
    "close",
    "fstat",
    "newfstatat",
    "stat",
    "lseek",
    "mmap",
    "munmap",
    "mprotect",
    "brk",
    "pread64",
    "access",
    "faccessat",
    "faccessat2",
    "arch_prctl",
    "set_tid_address",
    "set_robust_list",
    "rseq",
    "prlimit64",
    "getrandom",
    "getpid",
    "getppid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "rt_sigaction",
    "rt_sigprocmask",
    "ioctl",
    "fcntl",
    "dup2",
    "dup3",
    "getcwd",
    "statx",
];

/// Those of [`PLAIN`] that this architecture has.
fn plain() -> Vec<Box<[u8]>> {
    let mut names = paths(PLAIN);
    names.retain(|name| super::super::sandbox::seccomp::number(name).is_some());
    names
}

#[test]
fn only_allowed_system_calls_work() {
    let mut sandbox = Sandbox {
        seccomp: Some(plain()),
        ..Sandbox::default()
    };
    // `ulimit` sets a limit, `umask` its mask.
    let script = "umask 077; echo $(umask 2>&1) alive; cd /usr 2>&1 || echo refused";
    let script = script.replace("$(umask 2>&1) ", "");
    let (text, status) = run(&confined(&script, sandbox.clone()));
    assert!(
        text.starts_with("alive\n") && text.ends_with("refused\n"),
        "{text}"
    );
    assert_eq!(status, 0);
    let names = sandbox.seccomp.as_mut().unwrap();
    names.push((*b"chdir").into());
    let (text, _) = run(&confined(&script, sandbox.clone()));
    assert_eq!(text, "alive\n");
    // Nothing may be gained by a program with more rights.
    let (text, _) = run(&confined(
        "while read l; do echo $l; done < /proc/self/status",
        sandbox.clone(),
    ));
    assert!(text.contains("NoNewPrivs: 1"), "{text}");
    sandbox.seccomp = Some(paths(&["frobnicate"]));
    let expected = failure(Stage::Sandbox, Errno::INVAL);
    assert_eq!(run_or_fail(&confined("", sandbox)), Err(expected));
}

#[test]
fn landlock_allows_what_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["readable", "writable"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
        std::fs::write(folder.path().join(name).join("file"), name).unwrap();
    }
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (readable, writable) = (path("readable"), path("writable"));
    let write = Sandbox {
        landlock_write: paths(&[&writable, "/dev/null"]),
        ..Sandbox::default()
    };
    let script = format!(
        "cd {}; echo x > writable/file && cat readable/file && echo x > readable/file",
        folder.path().display()
    );
    match run_or_fail(&confined(&script, write.clone())) {
        Ok((text, status)) => {
            assert!(text.starts_with("readable"), "{text}");
            assert!(text.contains("Permission denied"), "{text}");
            assert_ne!(status, 0);
        }
        // A kernel without Landlock has to say so.
        Err(LaunchError { stage, errno }) => {
            assert_eq!(stage, Stage::Sandbox);
            assert!([38, 95].contains(&errno), "{errno}");
            eprintln!("skipped: no Landlock in this kernel");
            return;
        }
    }
    // Nothing else can be read; what may be written may.
    let both = Sandbox {
        landlock_read: paths(&["/usr", "/lib", "/bin", "/etc/ld.so.cache", "/proc"]),
        ..write.clone()
    };
    let script = format!("cat {writable}/file; cat {readable}/file 2>&1");
    let (text, status) = run(&confined(&script, both));
    assert!(
        text.starts_with("x\n") && text.contains("Permission denied"),
        "{text}"
    );
    assert_ne!(status, 0);
    // Moving between folders stays possible where writing is not restricted.
    let execute = Sandbox {
        landlock_execute: paths(&["/usr", "/lib", "/bin", "/lib64"]),
        ..Sandbox::default()
    };
    let script = format!(
        "mv {readable}/file {writable}/moved && cp /bin/true {writable}/true && {writable}/true"
    );
    let (text, status) = run(&confined(&script, execute));
    assert!(text.contains("Permission denied"), "{text}");
    assert_eq!(status, 126);
    assert!(folder.path().join("writable/true").exists());
    assert!(folder.path().join("writable/moved").exists());
    let nowhere = Sandbox {
        landlock_read: paths(&["/nonexistent"]),
        ..Sandbox::default()
    };
    let expected = failure(Stage::Sandbox, Errno::NOENT);
    assert_eq!(run_or_fail(&confined("", nowhere)), Err(expected));
}
