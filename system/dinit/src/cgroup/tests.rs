//! With a folder that looks like the hierarchy, and with a real one where a cgroup v2 is mounted (it need not have
//! controllers).

use super::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A group with these controllers, and these processes in it.
fn fake(path: &Path, controllers: &str, processes: &str) {
    fs::create_dir_all(path).unwrap();
    for (file, text) in [
        ("cgroup.controllers", controllers),
        ("cgroup.subtree_control", ""),
        ("cgroup.procs", processes),
    ] {
        fs::write(path.join(file), text).unwrap();
    }
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

fn text(path: PathBuf) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn own_group_is_found_or_why_not() {
    assert_eq!(own_path(b"0::/\n"), Ok(&b"/"[..]));
    assert_eq!(own_path(b"0::/a:b/c\n"), Ok(&b"/a:b/c"[..]));
    assert_eq!(own_path(b"1:name=systemd:/\n0::/x\n"), Ok(&b"/x"[..]));
    assert_eq!(own_path(b"4:memory:/\n0::/\n"), Err(Unavailable::Hybrid));
    assert_eq!(own_path(b""), Err(Unavailable::NotMounted));
    for (base, expected) in [
        ("/", ""),
        ("", ""),
        ("/a/b", "/a/b"),
        ("/a/init", "/a"),
        ("/init", ""),
        ("/xinit", "/xinit"),
    ] {
        assert_eq!(Tree::at(b"/x", base.as_bytes()).base(), expected.as_bytes());
    }
    // Whatever this machine has: one or the other.
    match Tree::discover() {
        Ok(tree) => assert_eq!(&*tree.root, ROOT.as_bytes()),
        Err(reason) => assert!(!reason.to_string().is_empty()),
    }
}

#[test]
fn limits_are_written_with_their_controllers_given_on() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fake(root, "cpu io memory pids", "1\n");
    fake(&root.join("a"), "", "");
    fake(&root.join("a/b"), "cpu", "");
    let service = root.join("a/b/web");
    fs::create_dir(&service).unwrap();
    for file in ["memory.max", "cpu.weight", "io.max"] {
        fs::write(service.join(file), "").unwrap();
    }
    let mut tree = Tree::at(bytes(root), b"/a/b");
    let limits = [
        ("memory.max", (*b"1048576").into()),
        ("cpu.weight", (*b"50").into()),
    ];
    let group = tree.make(b"web", &limits).unwrap();
    assert_eq!(&*group.path, bytes(&service));
    assert_eq!(text(service.join("memory.max")), "1048576");
    assert_eq!(text(service.join("cpu.weight")), "50");
    // Memory came from the top; cpu was there.
    assert_eq!(text(root.join("cgroup.subtree_control")), "+memory");
    assert_eq!(text(root.join("a/cgroup.subtree_control")), "+memory");
    // The last of the two that were written, one over the other as the file is an ordinary one.
    assert_eq!(text(root.join("a/b/cgroup.subtree_control")), "+cpuory");
    assert_eq!(tree.enabled, ["memory", "cpu"]);
    // Nothing is asked for twice.
    fs::write(root.join("a/b/cgroup.subtree_control"), "").unwrap();
    tree.make(b"web", &limits).unwrap();
    assert_eq!(text(root.join("a/b/cgroup.subtree_control")), "");
    tree.make(b"without", &[]).unwrap();
    assert!(root.join("a/b/without").is_dir());
}

#[test]
fn errors_name_file_and_value() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fake(root, "cpu memory", "");
    let mut tree = Tree::at(bytes(root), b"");
    let error = tree
        .make(b"web", &[("memory.max", (*b"5").into())])
        .unwrap_err();
    let shown = root.display();
    let expected =
        format!("{shown}/web/memory.max cannot be set to '5': No such file or directory");
    assert_eq!(error.to_string(), expected);
    let mut tree = Tree::at(bytes(&root.join("none")), b"");
    let error = tree
        .make(b"web", &[("cpu.max", (*b"5").into())])
        .unwrap_err();
    let expected = format!("{shown}/none/cgroup.controllers: No such file or directory");
    assert_eq!((error.to_string(), error.errno), (expected, 2));
    let error = tree.make(b"web", &[]).unwrap_err();
    let expected = format!("{shown}/none/web: No such file or directory");
    assert_eq!(error.to_string(), expected);
}

#[test]
fn processes_are_moved_into_a_leaf() {
    let folder = tempfile::tempdir().unwrap();
    fake(folder.path(), "", "7\n8\n");
    fake(&folder.path().join("init"), "", "");
    clear_out(bytes(folder.path())).unwrap();
    assert_eq!(text(folder.path().join("init/cgroup.procs")), "8");
    fs::remove_file(folder.path().join("init/cgroup.procs")).unwrap();
    let error = clear_out(bytes(folder.path())).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("init/cgroup.procs cannot be set to '7'"),
        "{error}"
    );
}

#[test]
fn without_cgroup_kill_they_are_frozen_and_killed_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut children: Vec<_> = (0..2)
        .map(|_| Command::new("sleep").arg("60").spawn().unwrap())
        .collect();
    // What cannot be seen from here is 0, and nobody is to kill what 0, 1 or -1 mean.
    fake(
        folder.path(),
        "",
        &format!("0\n{}\n1\n-1\nx\n", children[0].id()),
    );
    fake(
        &folder.path().join("below"),
        "",
        &format!("{}\n", children[1].id()),
    );
    fs::write(folder.path().join("cgroup.freeze"), "").unwrap();
    let file = fs::File::open(folder.path()).unwrap();
    group::kill(&file).unwrap();
    for child in &mut children {
        use std::os::unix::process::ExitStatusExt;
        assert_eq!(child.wait().unwrap().signal(), Some(9));
    }
    assert_eq!(text(folder.path().join("cgroup.freeze")), "0");
}

/// A real group, removed at the end.
struct Real(PathBuf);

impl Real {
    fn new(name: &str) -> Option<(Self, Tree)> {
        let roots = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].map(Path::new);
        let root = roots
            .into_iter()
            .find(|root| root.join("cgroup.procs").exists());
        let Some(root) = root else {
            eprintln!("skipped: no cgroup v2 is mounted");
            return None;
        };
        let name = format!("/dinit-test-{name}-{}", std::process::id());
        let path = root.join(&name[1..]);
        fs::create_dir(&path).unwrap();
        Some((Self(path), Tree::at(bytes(root), name.as_bytes())))
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        group::remove(bytes(&self.0)).unwrap();
    }
}

/// `sh` in a group, with a child in one below it.
fn family(path: &Path) -> std::process::Child {
    fs::create_dir_all(path.join("below")).unwrap();
    let script =
        "echo $$ > cgroup.procs; sh -c 'echo $$ > below/cgroup.procs; echo; exec sleep 60' & wait";
    let mut child = Command::new("sh")
        .args(["-c", script])
        .current_dir(path)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = [0];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut line).unwrap();
    child
}

#[test]
fn a_whole_group_is_killed_and_removed() {
    let Some((_real, mut tree)) = Real::new("kill") else {
        return;
    };
    let group = tree.make(b"web", &[]).unwrap();
    let path = PathBuf::from(std::ffi::OsStr::new(
        std::str::from_utf8(&group.path).unwrap(),
    ));
    assert_eq!(group::is_empty(&group.folder), Ok(true));
    let mut child = family(&path);
    assert_eq!(group::is_empty(&group.folder), Ok(false));
    let mut seen = 0;
    group::for_each(&group.folder, &mut |_| seen += 1).unwrap();
    assert_eq!(seen, 2);
    assert_eq!(group::remove(&group.path), Err(Errno::BUSY));
    let events = group::open_events(&group.folder).unwrap();
    group::kill(&group.folder).unwrap();
    child.wait().unwrap();
    // The other is an orphan; whoever reaps it, the file says when it is gone.
    while !group::is_empty(&group.folder).unwrap() {
        let watched = rustix::event::PollFd::new(&events, rustix::event::PollFlags::PRI);
        rustix::event::poll(&mut [watched], None).unwrap();
        group::read_all(&events).unwrap();
    }
    fs::create_dir(path.join("below/deep")).unwrap();
    group::remove(&group.path).unwrap();
    assert!(!path.exists());
    group::remove(&group.path).unwrap();
}

#[test]
fn the_leaf_takes_real_processes() {
    let Some((real, _)) = Real::new("leaf") else {
        return;
    };
    let mut child = family(&real.0);
    clear_out(bytes(&real.0)).unwrap();
    assert_eq!(text(real.0.join("cgroup.procs")), "");
    assert_eq!(
        text(real.0.join("init/cgroup.procs")),
        format!("{}\n", child.id())
    );
    let file = fs::File::open(&real.0).unwrap();
    group::signal(&file, 15).unwrap();
    child.wait().unwrap();
    let ended = || group::is_empty(&file).unwrap();
    while !ended() {
        std::thread::yield_now();
    }
}
