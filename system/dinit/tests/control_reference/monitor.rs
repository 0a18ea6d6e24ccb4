use crate::instance::{Instance, reference};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Both monitors on one daemon of dinit's own.
#[test]
fn dinit_monitor_is_as_the_reference() {
    let Some(folder) = reference() else {
        return;
    };
    let instance = Instance::new(&folder.join("dinit"), &folder.join("dinitctl"));
    let folder_of = instance.folder.path().to_owned();
    let ours = folder_of.join("dinit-monitor");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_dinit"), &ours).unwrap();
    let mut monitors = Vec::new();
    for (which, program) in [("theirs", folder.join("dinit-monitor")), ("ours", ours)] {
        for (what, options) in [
            ("services", "-i proc bad scr noexec"),
            ("variables", "-E -i A B DINIT_SOCKET_PATH"),
        ] {
            let log = folder_of.join(format!("{which}-{what}"));
            let command = format!("sh -c \"echo %n=%s:%v >> {}\"", log.display());
            let mut monitor = Command::new(&program);
            monitor.args(["-p", folder_of.join("socket").to_str().unwrap()]);
            monitor.args(["-c", &command]).args(options.split(' '));
            monitor.stderr(Stdio::null());
            monitors.push((log, monitor.spawn().unwrap()));
        }
    }
    let lines = |log: &Path| std::fs::read_to_string(log).unwrap_or_default();
    let wait = |count: usize, what: &str| {
        for _ in 0..1000 {
            let logs = monitors.iter().map(|(log, _)| log);
            let mut logs = logs.filter(|log| log.to_str().unwrap().ends_with(what));
            if logs.all(|log| lines(log).lines().count() >= count) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    wait(4, "services");
    // A first one, so that both are known to listen.
    std::thread::sleep(Duration::from_millis(300));
    for command in [
        "start proc",
        "start bad",
        "start noexec",
        "restart proc",
        "stop proc",
        "setenv A=1",
        "setenv A=2 B=3 C=4",
        "unsetenv A",
    ] {
        instance.run(command);
    }
    wait(12, "services");
    wait(4, "variables");
    let texts: Vec<String> = monitors.iter().map(|(log, _)| lines(log)).collect();
    for (_, monitor) in &mut monitors {
        let _ = monitor.kill();
        let _ = monitor.wait();
    }
    assert_eq!(texts[0], texts[2]);
    assert_eq!(texts[1], texts[3]);
    assert_eq!(texts[1], "A=set:1\nA=set:2\nB=set:3\nA=unset:\n");
}
