//! Counts what strace(1) wrote with `-f -o FILE`: a line for each system call, with the process before it.

use std::collections::HashMap;

/// How many system calls a start took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Those of processes that never became a service's program: the manager and its helpers.
    pub manager: u64,
    /// Those of them before the first process was made.
    pub loading: u64,
    /// Those of the others, until and with the execve(2) that made them one.
    pub child: u64,
}

#[derive(Default)]
struct Process {
    calls: u64,
    /// Whether it runs a service's program.
    became: bool,
    /// Whether an execve of one has begun and not come back.
    becoming: bool,
}

/// System calls that make a process.
const MAKING: [&str; 4] = ["clone(", "clone3(", "fork(", "vfork("];

/// Counts the calls in a trace; `program` tells whether a path is one that services run.
pub fn count(trace: &str, program: impl Fn(&str) -> bool) -> Calls {
    let mut processes: HashMap<&str, Process> = HashMap::new();
    let mut calls = Calls::default();
    let mut loading = true;
    for line in trace.lines() {
        let Some((process, rest)) = line.split_once(' ') else {
            continue;
        };
        let rest = rest.trim_start();
        let process = processes.entry(process).or_default();
        if process.became {
            continue;
        }
        if rest.starts_with("<... execve resumed>") {
            process.became = process.becoming && rest.ends_with("= 0");
            process.becoming = false;
        }
        // The rest of a call that another process interrupted, a signal, an end.
        if rest.starts_with(['<', '-', '+']) || !rest.contains('(') {
            continue;
        }
        process.calls += 1;
        loading &= !MAKING.iter().any(|call| rest.starts_with(call));
        calls.loading += u64::from(loading);
        if let Some(path) = rest.strip_prefix("execve(\"")
            && path.split('"').next().is_some_and(&program)
        {
            process.became = rest.ends_with("= 0");
            process.becoming = !process.became;
        }
    }
    for process in processes.values() {
        if process.became {
            calls.child += process.calls;
        } else {
            calls.manager += process.calls;
        }
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = r#"7     execve("/run/bench/dinit", [""...], 0x7ffd /* 3 vars */) = 0
7     clone3({flags=CLONE_VM|CLONE_VFORK, exit_signal=SIGCHLD}, 88 <unfinished ...>
8     setsid()                          = 8
8     execve("/run/bench/bin/noop", [""...], 0x7ff1 /* 2 vars */ <unfinished ...>
7     <... clone3 resumed>)             = 8
8     <... execve resumed>)             = 0
8     exit(0)                           = ?
8     +++ exited with 0 +++
7     --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=8} ---
7     wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 0}], WNOHANG, NULL) = 8
9     execve("/run/bench/bin/hold", [""...], 0x7ff1 /* 2 vars */) = -1 ENOENT (No such file or directory)
9     exit_group(1)                     = ?
"#;

    #[test]
    fn what_services_run_is_not_counted_and_what_is_before_it_is_the_childs() {
        let calls = count(TRACE, |path| path.starts_with("/run/bench/bin/"));
        // Process 9 could not become one: it stays the manager's.
        assert_eq!(
            calls,
            Calls {
                manager: 5,
                loading: 1,
                child: 2
            }
        );
    }

    #[test]
    fn nothing_is_nothing() {
        assert_eq!(count("", |_| true), Calls::default());
        assert_eq!(count("strace: exec: no\n", |_| true), Calls::default());
    }
}
