//! A transaction that is cut at every system call that writes: a real process, really killed, with its scripts. After
//! each cut the next start finds the old root or the new one, whole.
//!
//! The child is this program again. It is traced from the instant at which it begins, and killed on its way into the
//! N-th such call, for each N until it comes through.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

#[path = "transact/field.rs"]
#[allow(dead_code, reason = "shared with tests/transact")]
mod field;

use field::{Field, Recipe, Told, add, del, done, look, options, plan};
use nix::libc;
use nix::sys::ptrace::{self, Options as Trace};
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use oil::database::lock::Lock;
use oil::package::ScriptKind;
use oil::transact::{Options, Recovery, Transaction, recover};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// What the child is to do: `commit` or `recover`, and where.
const CHILD: &str = "OIL_KILL_CHILD";

/// A file system in memory if there is one: thousands of small files are written.
fn field(v2: bool) -> Field {
    let place = if Path::new("/dev/shm").is_dir() {
        "/dev/shm"
    } else {
        "/tmp"
    };
    Field {
        folder: tempfile::tempdir_in(place).expect("a directory"),
        v2,
    }
}

/// Whether scripts run in the root, which only root can do. Else they run beside it, in its directory.
fn whole_options(generations: usize) -> Options {
    Options {
        sync: true,
        threads: 1,
        generations,
        chroot: nix::unistd::geteuid().is_root(),
        ..options()
    }
}

fn packages(field: &Field) -> BTreeMap<&'static str, PathBuf> {
    let sh = |text: &str| format!("#!/bin/sh\n{text}\n");
    let mark = |recipe: Recipe, kinds: &[ScriptKind]| {
        kinds.iter().fold(recipe, |recipe, kind| {
            let text = format!("echo $@ > var/$APK_PACKAGE.{}", kind.name());
            recipe.script(*kind, &sh(&text))
        })
    };
    let upgrade = [ScriptKind::PreUpgrade, ScriptKind::PostUpgrade];
    let mut old = Recipe::new(
        "changes",
        "1",
        &[
            ("usr/bin/changes", "first"),
            ("usr/bin/changes-link", "-> changes"),
            ("usr/lib/changes/gone", "gone"),
            ("usr/lib/changes/becomes-file/x", "x"),
            ("usr/lib/changes/same", "same"),
            ("etc/changes.conf", "first"),
            ("etc/other.conf", "first"),
        ],
    );
    old = mark(old, &upgrade);
    let new = Recipe::new(
        "changes",
        "2",
        &[
            ("usr/bin/changes", "second"),
            ("usr/bin/changes-hard", "= usr/bin/changes"),
            ("usr/bin/changes-link", "-> elsewhere"),
            ("usr/lib/changes/becomes-file", "a file"),
            ("usr/lib/changes/same", "same"),
            ("usr/lib/new/deep/file", "new"),
            ("etc/changes.conf", "second"),
            ("etc/other.conf", "second"),
        ],
    )
    .mode("usr/bin/changes", 0o4755);
    let goes = Recipe::new(
        "goes",
        "1",
        &[
            ("usr/lib/goes/a", "a"),
            ("usr/lib/goes/b", "-> a"),
            ("usr/bin/goes", "x"),
        ],
    );
    let goes = mark(goes, &[ScriptKind::PreDeinstall, ScriptKind::PostDeinstall]);
    let mut comes = Recipe::new(
        "comes",
        "1",
        &[
            ("usr/share/comes/a", "a"),
            ("usr/bin/comes", "comes"),
            ("srv/", ""),
        ],
    )
    .mode("srv", 0o700)
    .script(ScriptKind::Trigger, &sh("echo $@ > var/trigger"));
    comes.triggers = vec!["/usr/lib/*".into()];
    let comes = mark(comes, &[ScriptKind::PreInstall, ScriptKind::PostInstall]);
    let stays = Recipe::new(
        "stays",
        "1",
        &[("usr/bin/stays", "stays"), ("usr/lib/stays/x", "x")],
    );
    [
        ("old", old),
        ("new", mark(new, &upgrade)),
        ("goes", goes),
        ("comes", comes),
        ("stays", stays),
    ]
    .map(|(key, recipe)| (key, field.make(&recipe)))
    .into()
}

/// What both the child and the parent know: where the packages are.
fn change(root: &Path) -> oil::transact::Plan<'static> {
    let folder = root.parent().expect("in a folder");
    let steps = vec![
        add(root, &folder.join("comes-1.apk")),
        del("goes"),
        add(root, &folder.join("changes-2.apk")),
    ];
    plan(steps, "changes\ncomes\nstays\n")
}

/// The child's part; nothing when the tests are run.
#[test]
fn child() {
    let Some(what) = std::env::var_os(CHILD) else {
        return;
    };
    let what = what.into_string().expect("text");
    let mut words = what.splitn(3, ' ');
    let mut word = || words.next().expect("three words").to_owned();
    let (verb, generations, root) = (word(), word(), PathBuf::from(word()));
    let options = whole_options(generations.parse().expect("a number"));
    println!("ready");
    // The parent has begun to trace when it says so.
    std::io::stdin().read_exact(&mut [0]).expect("a word");
    let lock = Lock::take(&root, Duration::ZERO).expect("free");
    let told = Told::default();
    let well = match verb.as_str() {
        "commit" => Transaction::prepare(&root, &lock, change(&root), &options, &told)
            .and_then(Transaction::commit)
            .is_ok(),
        _ => recover(&root, &lock, &options, &told).is_ok(),
    };
    std::process::exit(if well { 42 } else { 43 });
}

/// Whether a thread that has stopped on its way into a system call is about to write.
fn is_write(thread: Pid) -> bool {
    let Ok(registers) = ptrace::getregs(thread) else {
        return false;
    };
    let creates = |flags: u64| flags & (libc::O_CREAT | libc::O_TRUNC) as u64 != 0;
    match registers.orig_rax as i64 {
        libc::SYS_openat => creates(registers.rdx),
        libc::SYS_open => creates(registers.rsi),
        libc::SYS_write | libc::SYS_pwrite64 | libc::SYS_writev | libc::SYS_pwritev => true,
        libc::SYS_renameat | libc::SYS_renameat2 | libc::SYS_rename => true,
        libc::SYS_unlinkat | libc::SYS_unlink | libc::SYS_rmdir => true,
        libc::SYS_linkat | libc::SYS_symlinkat | libc::SYS_mknodat => true,
        libc::SYS_mkdirat | libc::SYS_mkdir => true,
        libc::SYS_fchmod | libc::SYS_fchmodat | libc::SYS_fchown | libc::SYS_fchownat => true,
        libc::SYS_utimensat | libc::SYS_ftruncate | libc::SYS_fsetxattr => true,
        libc::SYS_fsync | libc::SYS_fdatasync | libc::SYS_syncfs => true,
        libc::SYS_copy_file_range | libc::SYS_sendfile | libc::SYS_splice => true,
        _ => false,
    }
}

/// Runs the child and kills it and all that it started on the way into the `cut`-th call that writes; its exit status
/// if it came through before, and how many such calls it made.
fn run(verb: &str, generations: usize, root: &Path, cut: usize) -> (Option<i32>, usize) {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "child", "--nocapture", "--test-threads", "1"])
        .env(CHILD, format!("{verb} {generations} {}", root.display()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .expect("a child");
    let pid = Pid::from_raw(child.id() as i32);
    // All its threads, those of the tests' harness too, have to be there before they are traced.
    let output = BufReader::new(child.stdout.take().expect("a pipe"));
    let ready = output
        .lines()
        .map_while(Result::ok)
        .any(|line| line.ends_with("ready"));
    assert!(ready, "the child begins");
    let trace = Trace::PTRACE_O_TRACESYSGOOD
        | Trace::PTRACE_O_TRACECLONE
        | Trace::PTRACE_O_TRACEFORK
        | Trace::PTRACE_O_TRACEVFORK
        | Trace::PTRACE_O_EXITKILL;
    for task in fs::read_dir(format!("/proc/{pid}/task")).expect("alive") {
        let task = task
            .expect("a thread")
            .file_name()
            .into_string()
            .expect("a number");
        let task = Pid::from_raw(task.parse().expect("a number"));
        ptrace::seize(task, trace).expect("traced");
        ptrace::interrupt(task).expect("stopped");
    }
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(b"g").expect("it listens");
    let mut inside = BTreeMap::new();
    let mut writes = 0;
    let mut status = None;
    // Of the group alone: other tests have children of their own.
    let group = Pid::from_raw(-pid.as_raw());
    loop {
        let stopped = match waitpid(group, Some(WaitPidFlag::__WALL)) {
            Ok(stopped) => stopped,
            Err(nix::errno::Errno::EINTR) => continue,
            Err(_) => break,
        };
        let (thread, signal) = match stopped {
            WaitStatus::Exited(exited, code) => {
                if exited == pid {
                    status = Some(code);
                }
                continue;
            }
            WaitStatus::Signaled(..) => continue,
            WaitStatus::PtraceSyscall(thread) => {
                let entered = inside.entry(thread).or_insert(false);
                *entered = !*entered;
                if *entered && is_write(thread) {
                    writes += 1;
                    if writes == cut {
                        killpg(pid, Signal::SIGKILL).expect("it is ours");
                    }
                }
                (thread, None)
            }
            WaitStatus::Stopped(thread, signal) => (thread, Some(signal)),
            WaitStatus::PtraceEvent(thread, signal, _) => {
                let stop = signal != Signal::SIGTRAP && signal != Signal::SIGSTOP;
                (thread, stop.then_some(signal))
            }
            _ => continue,
        };
        let signal = signal.filter(|signal| !matches!(signal, Signal::SIGSTOP | Signal::SIGTRAP));
        // One that was killed meanwhile cannot go on.
        let _ = ptrace::syscall(thread, signal);
    }
    drop(stdin);
    let _ = child.try_wait();
    (status, writes)
}

fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    let well = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(well.expect("cp runs").success());
}

/// The root as it is compared: what scripts wrote has no time of its own.
fn state(root: &Path) -> BTreeMap<String, String> {
    let mut all = look(root);
    for (path, text) in &mut all {
        if path.starts_with("var/") {
            let mut words: Vec<&str> = text.splitn(5, ' ').collect();
            words[3] = "0";
            *text = words.join(" ");
        }
    }
    all
}

fn difference(one: &BTreeMap<String, String>, other: &BTreeMap<String, String>) -> String {
    let paths = one.keys().chain(other.keys());
    let differs = paths.filter(|path| one.get(*path) != other.get(*path));
    differs
        .map(|path| format!("{path}: {:?} / {:?}\n", one.get(path), other.get(path)))
        .collect()
}

/// Recovers what was cut, which leaves the old state or the new one.
fn check(
    root: &Path,
    generations: usize,
    states: [&BTreeMap<String, String>; 2],
    what: &str,
) -> bool {
    let lock = Lock::take(root, Duration::ZERO).expect("its holder is dead");
    let found = recover(root, &lock, &whole_options(generations), &Told::default());
    let found = found.unwrap_or_else(|error| panic!("{what}: {error}"));
    let now = state(root);
    let [old, new] = states;
    let is_new = now == *new;
    assert!(
        is_new || now == *old,
        "{what}, {found:?}: from the old state\n{}from the new one\n{}",
        difference(old, &now),
        difference(new, &now)
    );
    match found {
        Recovery::RolledBack => assert!(!is_new, "{what}"),
        Recovery::RolledForward(outcome) => assert!(is_new && outcome.errors == 0, "{what}"),
        Recovery::Clean => {}
        Recovery::Abandoned => panic!("{what}: abandoned"),
    }
    assert!(!root.join("lib/apk/oil/transaction").exists(), "{what}");
    is_new
}

/// As after a power cut: the machine was started anew, and the progress is not to be believed.
fn forget_progress(root: &Path) {
    let journal = root.join("lib/apk/oil/transaction/journal");
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("a running kernel");
    if let Ok(text) = fs::read_to_string(&journal) {
        assert!(text.contains(boot.trim()), "{text}");
        fs::write(&journal, text.replace(boot.trim(), "another")).expect("written");
    }
}

fn cut_everywhere(v2: bool, generations: usize) {
    let field = field(v2);
    let packages = packages(&field);
    let template = field.root_with_shell("template");
    fs::create_dir(template.join("var")).expect("a directory");
    let steps = ["old", "goes", "stays"].map(|key| add(&template, &packages[key]));
    done(&template, steps.into(), "changes\ngoes\nstays\n");
    fs::write(template.join("etc/changes.conf"), "mine").expect("a file");
    let old = state(&template);

    let root = field.path("root");
    copy(&template, &root);
    let (status, writes) = run("commit", generations, &root, usize::MAX);
    assert_eq!(status, Some(42), "uncut");
    let new = state(&root);
    assert_ne!(old, new);
    assert!(new.contains_key("etc/changes.conf.apk-new") && new.contains_key("var/trigger"));
    assert!(!new.contains_key("usr/lib/goes") && new.contains_key("var/changes.post-upgrade"));

    let mut forward = 0;
    for cut in 1..=writes {
        copy(&template, &root);
        let (status, _) = run("commit", generations, &root, cut);
        assert_eq!(status, None, "killed at {cut} of {writes}");
        // What recovers is cut, too, now and then.
        if cut % 8 == 0 {
            for again in (1..).step_by(5) {
                let (status, _) = run("recover", generations, &root, again);
                if let Some(status) = status {
                    assert_eq!(status, 42, "recovery after {cut}");
                    break;
                }
            }
        }
        if cut % 8 == 4 {
            forget_progress(&root);
        }
        let what = format!("cut at {cut} of {writes}");
        forward += usize::from(check(&root, generations, [&old, &new], &what));
    }
    eprintln!("{writes} cuts, {forward} of them led to the new state");
    assert!(forward > writes / 4 && forward < writes);
}

#[test]
fn cut_at_every_write_v3() {
    cut_everywhere(false, 0);
}

#[test]
fn cut_at_every_write_v2_with_history() {
    cut_everywhere(true, 3);
}
