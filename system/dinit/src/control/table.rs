//! What each program can be told. Sources: dinitctl(8), dinit-monitor(8), shutdown(8).

use super::arguments::{Command, Opt, Program, Words};

const fn option(short: u8, long: &'static str, value: &'static str, about: &'static str) -> Opt {
    Opt {
        long,
        short,
        value,
        about,
        of_command: false,
    }
}

const fn of_command(
    short: u8,
    long: &'static str,
    value: &'static str,
    about: &'static str,
) -> Opt {
    Opt {
        long,
        short,
        value,
        about,
        of_command: true,
    }
}

const fn command(
    name: &'static str,
    words: Words,
    options: &'static [&'static str],
    about: &'static str,
) -> Command {
    Command {
        name,
        words,
        options,
        about,
        extension: false,
    }
}

const fn extension(
    name: &'static str,
    words: Words,
    options: &'static [&'static str],
    about: &'static str,
) -> Command {
    Command {
        name,
        words,
        options,
        about,
        extension: true,
    }
}

const HELP: Opt = option(0, "help", "", "show this and exit");
const SHOW_VERSION: Opt = option(0, "version", "", "show the version and exit");
const SYSTEM: Opt = option(
    b's',
    "system",
    "",
    "speak to the system's dinit (usual for root)",
);
const USER: Opt = option(
    b'u',
    "user",
    "",
    "speak to the user's dinit (usual for others)",
);
const SOCKET: Opt = option(
    b'p',
    "socket-path",
    "PATH",
    "the daemon's control socket (otherwise DINIT_SOCKET_PATH, then the usual place)",
);
const PASSED: Opt = option(
    0,
    "use-passed-cfd",
    "",
    "use the open connection whose number is in DINIT_CS_FD",
);

pub const DINITCTL: Program = Program {
    name: "dinitctl",
    about: "control the services that dinit looks after",
    words: "",
    help_status: 0,
    options: &[
        HELP,
        SHOW_VERSION,
        SYSTEM,
        USER,
        SOCKET,
        PASSED,
        option(
            0,
            "quiet",
            "",
            "say nothing but what was asked for and errors",
        ),
        option(
            b'o',
            "offline",
            "",
            "enable, disable: work on the files, without a daemon",
        ),
        option(
            b'd',
            "services-dir",
            "DIR",
            "with --offline: where descriptions are, instead of the usual folders; may be given again",
        ),
        of_command(0, "no-wait", "", "do not wait until it is done"),
        of_command(0, "pin", "", "keep the service in that state"),
        of_command(b'f', "force", "", "even if dependents have to stop too"),
        of_command(
            0,
            "ignore-unstarted",
            "",
            "succeed if the service is not started or not there",
        ),
        of_command(
            0,
            "from",
            "SERVICE",
            "the dependent, instead of the one named by 'enable-via' or boot",
        ),
        of_command(0, "clear", "", "then empty the log"),
        of_command(b'l', "list", "", "list the names of signals"),
        of_command(0, "json", "", "as JSON (extension)"),
        of_command(
            0,
            "follow",
            "",
            "then go on with what the service writes (extension)",
        ),
    ],
    commands: &[
        command(
            "start",
            Words::Service,
            &["no-wait", "pin"],
            "start a service and mark it explicitly activated",
        ),
        command(
            "stop",
            Words::Service,
            &["no-wait", "pin", "ignore-unstarted", "force"],
            "stop a service",
        ),
        command("status", Words::Service, &["json"], "tell how a service is"),
        command(
            "is-started",
            Words::Service,
            &[],
            "print the state; exit 0 if the service is started",
        ),
        command(
            "is-failed",
            Words::Service,
            &[],
            "print the state; exit 0 if the service failed to start",
        ),
        command(
            "restart",
            Words::Service,
            &["no-wait", "ignore-unstarted", "force"],
            "stop a service and start it again",
        ),
        command(
            "wake",
            Words::Service,
            &["no-wait", "pin"],
            "start a service for its active dependents, without the mark",
        ),
        command(
            "release",
            Words::Service,
            &["no-wait", "pin", "ignore-unstarted"],
            "take the mark away; the service stops unless a dependent needs it",
        ),
        command("unpin", Words::Service, &[], "remove the pins of a service"),
        command("unload", Words::Service, &[], "forget a stopped service"),
        command(
            "reload",
            Words::Services,
            &[],
            "read descriptions anew; of several services all or none (extension)",
        ),
        command("list", Words::None, &["json"], "list the loaded services"),
        command(
            "shutdown",
            Words::None,
            &[],
            "stop all services and end the daemon",
        ),
        command(
            "add-dep",
            Words::Dependency,
            &[],
            "make one service depend on another",
        ),
        command("rm-dep", Words::Dependency, &[], "remove such a dependency"),
        command(
            "enable",
            Words::Service,
            &["from"],
            "make a service start with another from now on",
        ),
        command("disable", Words::Service, &["from"], "undo enable"),
        command(
            "trigger",
            Words::Service,
            &[],
            "set the trigger of a triggered service",
        ),
        command("untrigger", Words::Service, &[], "clear the trigger"),
        command(
            "setenv",
            Words::Variables,
            &[],
            "set variables for services started from now on",
        ),
        command("unsetenv", Words::Names, &[], "unset such variables"),
        command(
            "catlog",
            Words::Service,
            &["clear", "follow"],
            "show the buffered output of a service",
        ),
        command(
            "signal",
            Words::Signal,
            &["list"],
            "send a signal to a service's process",
        ),
        extension(
            "graph",
            Words::None,
            &["json"],
            "the services and what depends on what, for dot(1)",
        ),
        extension(
            "analyze",
            Words::OptionalChoice(&["critical-chain", "blame", "plot"]),
            &[],
            "where the time of the start went: a summary, the longest chain, time by service, or an SVG chart",
        ),
        extension(
            "why",
            Words::Service,
            &[],
            "why a service runs, does not run, or waits",
        ),
        extension(
            "reexec",
            Words::None,
            &[],
            "replace the daemon by its file's present version",
        ),
        extension(
            "completion",
            Words::Choice(&["bash", "zsh", "fish"]),
            &[],
            "a completion script for that shell",
        ),
    ],
};

pub const DINIT_MONITOR: Program = Program {
    name: "dinit-monitor",
    about: "run a command when services or the environment change",
    words: "{-c COMMAND} SERVICE-OR-VARIABLE...",
    help_status: 0,
    options: &[
        HELP,
        SHOW_VERSION,
        option(b'e', "exit", "", "exit after the first command"),
        option(
            b'E',
            "env",
            "",
            "watch variables, all if none is named, instead of services",
        ),
        SYSTEM,
        USER,
        option(
            b'i',
            "initial",
            "",
            "run the command for the state at the beginning too",
        ),
        option(
            0,
            "str-started",
            "TEXT",
            "what %s is when a service started",
        ),
        option(
            0,
            "str-stopped",
            "TEXT",
            "what %s is when a service stopped",
        ),
        option(
            0,
            "str-failed",
            "TEXT",
            "what %s is when a service failed to start",
        ),
        option(0, "str-set", "TEXT", "what %s is when a variable was set"),
        option(
            0,
            "str-unset",
            "TEXT",
            "what %s is when a variable was unset",
        ),
        SOCKET,
        option(
            b'c',
            "command",
            "COMMAND",
            "what to run: %n is the name, %s the state, %v the value, %% a percent sign",
        ),
    ],
    commands: &[],
};

pub const SHUTDOWN: Program = Program {
    name: "shutdown",
    about: "stop all services, then power off, halt or reboot",
    words: "",
    help_status: 0,
    options: &[
        HELP,
        option(b'r', "reboot", "", "reboot (usual for the name reboot)"),
        option(
            b's',
            "soft-reboot",
            "",
            "restart dinit alone (usual for the name soft-reboot)",
        ),
        option(b'h', "halt", "", "halt without powering down"),
        option(
            b'p',
            "poweroff",
            "",
            "power down (usual for all other names)",
        ),
        option(b'k', "kexec", "", "boot the kernel that kexec(8) loaded"),
        PASSED,
        option(
            0,
            "system",
            "",
            "do the last steps at once, without asking dinit: only if it does not answer",
        ),
    ],
    commands: &[],
};

/// Every program whose options completion knows.
pub const PROGRAMS: [&Program; 3] = [&DINITCTL, &DINIT_MONITOR, &SHUTDOWN];
