//! Standard input to error, log file, sockets, notification, control.

use super::*;
use crate::description::{Log, LogFile, Socket};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;

fn pipe() -> (OwnedFd, OwnedFd) {
    pipe_with(PipeFlags::CLOEXEC).unwrap()
}

#[test]
fn nothing_but_the_first_three_is_open() {
    let mut service = shell("");
    service.command = command(&["ls", "/proc/self/fd"]);
    let got = run(&service).0;
    let mut got: Vec<i32> = got.lines().map(|line| line.parse().unwrap()).collect();
    // What whoever runs the tests has left open in every process.
    got.retain(|number| {
        // SAFETY: only asked about; an error if it is not open.
        let file = unsafe { BorrowedFd::borrow_raw(*number) };
        let inherited = rustix::io::fcntl_getfd(file).is_ok_and(|flags| flags.is_empty());
        *number <= 3 || !inherited
    });
    // The fourth is the folder that ls reads.
    assert_eq!(got, [0, 1, 2, 3]);
}

#[test]
fn without_a_log_output_goes_nowhere() {
    let null = "[ /proc/self/fd/0 -ef /dev/null ] && [ /proc/self/fd/1 -ef /dev/null ]";
    let service = shell(&format!("{null} && [ /proc/self/fd/2 -ef /dev/null ]"));
    assert_eq!(silent(&service), Ok(0));
    assert_eq!(run(&service), (String::new(), 1));
}

#[test]
fn input_is_what_is_given() {
    let (read, write) = pipe();
    std::fs::File::from(write).write_all(b"hello").unwrap();
    let environment = environment(&["PATH=/bin:/usr/bin"]);
    let service = shell("cat");
    let mut order = order(&service, &environment);
    order.io = Io::Detached {
        input: Some(read.as_fd()),
        output: None,
    };
    assert_eq!(run_order(order), Ok(("hello".into(), 0)));
}

/// Starts it without an output of its own.
fn silent(service: &Description) -> Result<i32, LaunchError> {
    let environment = environment(&["PATH=/bin:/usr/bin"]);
    launch(&order(service, &environment)).map(|child| status(child.pid))
}

fn logging(path: &std::path::Path, mode: u32) -> Description {
    let mut service = shell("echo out; echo err >&2");
    service.log = Log::File(Box::new(LogFile {
        path: path.as_os_str().as_encoded_bytes().into(),
        mode,
        uid: 7,
        gid: u32::MAX,
        max_size: 0,
        keep: 0,
    }));
    service
}

#[test]
fn log_file_is_appended_to_with_owner_and_mode() {
    use std::os::unix::fs::MetadataExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    std::fs::write(&path, "old\n").unwrap();
    let service = logging(&path, 0o640);
    silent(&service).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "old\nout\nerr\n");
    let meta = std::fs::metadata(&path).unwrap();
    assert_eq!(
        (meta.mode() & 0o7777, meta.uid(), meta.gid()),
        (0o640, 7, 0)
    );
    // Devices stay as they are.
    let before = std::fs::metadata("/dev/null").unwrap().permissions().mode();
    silent(&logging("/dev/null".as_ref(), 0o600)).unwrap();
    let after = std::fs::metadata("/dev/null").unwrap().permissions().mode();
    assert_eq!(after, before);
    // A pipe that nobody reads must not hold up the daemon.
    let fifo = folder.path().join("fifo");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    for (path, errno) in [
        (fifo, Errno::NXIO),
        (folder.path().join("no/log"), Errno::NOENT),
    ] {
        let got = silent(&logging(&path, 0o600));
        assert_eq!(got, Err(failure(Stage::OpenLogFile, errno)));
    }
}

#[test]
fn sockets_are_from_three_on() {
    let (one, two) = rustix::net::socketpair(
        rustix::net::AddressFamily::UNIX,
        rustix::net::SocketType::STREAM,
        rustix::net::SocketFlags::CLOEXEC,
        None,
    )
    .unwrap();
    let mut service = shell("echo $LISTEN_FDS $LISTEN_FDNAMES; [ $LISTEN_PID = $$ ] && cat <&4");
    service.extra_mut().sockets = vec![
        Socket::Unix((*b"/run/a:b").into()),
        Socket::Tcp("[::1]:80".parse().unwrap()),
    ];
    // Numbers in the wrong order: each is where the other has to go in the worst case.
    std::fs::File::from(two.try_clone().unwrap())
        .write_all(b"through")
        .unwrap();
    rustix::net::shutdown(&two, rustix::net::Shutdown::Write).unwrap();
    let environment = environment(&["PATH=/bin:/usr/bin", "LISTEN_PID=1", "LISTEN_FDS=9"]);
    let mut order = order(&service, &environment);
    let listen = [two.as_fd(), one.as_fd()];
    order.listen = &listen;
    let expected = "2 a_b:tcp-80\nthrough";
    assert_eq!(run_order(order), Ok((expected.into(), 0)));
}

/// Starts with a notification pipe of its own; what arrives there, and the output.
fn notified(
    script: &str,
    notify: impl for<'f> Fn(BorrowedFd<'f>) -> Notify<'f>,
) -> (String, String) {
    let (read, write) = pipe();
    let service = shell(script);
    let environment = environment(&["PATH=/bin:/usr/bin"]);
    let mut order = order(&service, &environment);
    order.notify = notify(write.as_fd());
    let (output, _) = run_order(order).unwrap();
    drop(write);
    (text(read), output)
}

#[test]
fn notification_is_where_asked_for() {
    let both = |ready: &str, output: &str| (ready.to_string(), output.to_string());
    for number in [3, 4, 9, 200] {
        // Numbers beyond 9 need more than the shell's own redirection.
        let script = format!("echo ready > /proc/self/fd/{number}; echo out");
        let got = notified(&script, |file| Notify::Fd(file, number));
        assert_eq!(got, both("ready\n", "out\n"), "{number}");
    }
    // In place of the first three.
    for (script, number) in [
        ("echo ready >&0; echo out", 0),
        ("echo ready; echo out >&2", 1),
        ("echo ready >&2; echo out", 2),
    ] {
        let got = notified(script, |file| Notify::Fd(file, number));
        assert_eq!(got, both("ready\n", "out\n"), "{number}");
    }
    let script = "echo ready > /proc/self/fd/$WHERE; echo out";
    let got = notified(script, |file| Notify::Variable(file, b"WHERE"));
    assert_eq!(got, both("ready\n", "out\n"));
    let got = notified("echo $NOTIFY_SOCKET", |_| Notify::Socket(b"/run/x"));
    assert_eq!(got, both("", "/run/x\n"));
}

#[test]
fn all_at_once_make_room_for_each_other() {
    let (ready, ready_end) = pipe();
    let (control, control_end) = pipe();
    let (socket, socket_end) = pipe();
    let script = "echo $DINIT_CS_FD; echo n > /proc/self/fd/4; echo s >&3; \
                  echo c > /proc/self/fd/$DINIT_CS_FD";
    let service = shell(script);
    let environment = environment(&["PATH=/bin:/usr/bin"]);
    let mut order = order(&service, &environment);
    let listen = [socket_end.as_fd()];
    order.listen = &listen;
    order.notify = Notify::Fd(ready_end.as_fd(), 4);
    order.control = Some(control_end.as_fd());
    assert_eq!(run_order(order), Ok(("5\n".into(), 0)));
    drop((ready_end, control_end, socket_end));
    let texts = [ready, control, socket].map(text);
    assert_eq!(texts, ["n\n", "c\n", "s\n"]);
}

#[test]
fn files_may_have_each_others_numbers() {
    for order in [
        [3, 4, 5],
        [4, 5, 3],
        [5, 4, 3],
        [4, 3, 5],
        [5, 3, 4],
        [3, 5, 4],
    ] {
        let pipes = [pipe(), pipe(), pipe()];
        std::thread::scope(|scope| {
            let pipes = &pipes;
            scope.spawn(move || {
                // A table of its own, so that the numbers of the other tests are left alone.
                // SAFETY: this thread only closes what it opens.
                unsafe {
                    rustix::thread::unshare_unsafe(rustix::thread::UnshareFlags::FILES).unwrap();
                }
                let mut plan = super::super::descriptors::Descriptors::default();
                let far = pipes
                    .each_ref()
                    .map(|(_, write)| rustix::io::fcntl_dupfd_cloexec(write, 100).unwrap());
                for ((file, number), to) in far.iter().zip(order).zip(3..) {
                    let from = std::os::fd::AsRawFd::as_raw_fd(file) as isize;
                    assert!(bare::sys::dup(from, number) >= 0);
                    // SAFETY: just made.
                    let file = unsafe { BorrowedFd::borrow_raw(number as i32) };
                    plan.open(file, to).unwrap();
                }
                plan.arrange().unwrap();
                for to in 3_i32..6 {
                    // SAFETY: given by the plan.
                    let file = unsafe { BorrowedFd::borrow_raw(to) };
                    assert!(rustix::io::fcntl_getfd(file).unwrap().is_empty());
                    rustix::io::write(file, to.to_string().as_bytes()).unwrap();
                }
            });
        });
        let texts = pipes.map(|(read, write)| {
            drop(write);
            text(read)
        });
        assert_eq!(texts, ["3", "4", "5"], "{order:?}");
    }
}

#[test]
fn a_number_given_twice_is_refused() {
    let (_read, write) = pipe();
    let service = shell("");
    let environment = environment(&[]);
    for number in [3, -1] {
        let mut order = order(&service, &environment);
        let listen = [write.as_fd()];
        order.notify = Notify::Fd(write.as_fd(), number);
        order.listen = &listen;
        let expected = failure(Stage::ArrangeFds, Errno::INVAL);
        assert_eq!(run_order(order), Err(expected), "{number}");
    }
}
