//! What the program can be told: read by the parser, the help and the completion.

/// `--long` or `-s`, perhaps with a value: the next word, or behind `=`.
pub struct Opt {
    pub long: &'static str,
    pub short: char,
    /// What the value is called; empty: it takes none.
    pub value: &'static str,
    pub about: &'static str,
}

pub struct Command {
    pub name: &'static str,
    /// What follows it, in words.
    pub words: &'static str,
    /// How many words may follow.
    pub count: (usize, usize),
    /// The options that it takes, beside those of every command.
    pub options: &'static [&'static str],
    pub about: &'static str,
}

pub const ABOUT: &str = "apply, verify and take back kernel policy";

/// Options of every command.
pub const GENERAL: &[&str] = &["root", "help", "version"];

pub const OPTIONS: &[Opt] = &[
    Opt {
        long: "policy",
        short: 'p',
        value: "FILE",
        about: "the policy, TOML or kernel-policy.json, instead of /etc/kernelctl.toml or /lib/kernelctl.toml",
    },
    Opt {
        long: "profile",
        short: 'P',
        value: "NAME",
        about: "a profile of the policy, instead of the one that it names itself",
    },
    Opt {
        long: "keep-going",
        short: 'k',
        value: "",
        about: "do what can be done when some of it cannot, instead of taking all back",
    },
    Opt {
        long: "first",
        short: 'f',
        value: "",
        about: "leave what can wait until all is up (compressed swap, if there is none) to another apply",
    },
    Opt {
        long: "json",
        short: 'j',
        value: "",
        about: "report as JSON",
    },
    Opt {
        long: "quiet",
        short: 'q',
        value: "",
        about: "report only what failed or does not hold",
    },
    Opt {
        long: "service",
        short: 's',
        value: "NAME",
        about: "a service of dinit, with the processes that it has started",
    },
    Opt {
        long: "ready-fd",
        short: 'F',
        value: "NUMBER",
        about: "write to that descriptor when all triggers are set",
    },
    Opt {
        long: "root",
        short: 'R',
        value: "FOLDER",
        about: "look for everything (/proc, /sys, /etc, /run) below that folder",
    },
    Opt {
        long: "help",
        short: 'h',
        value: "",
        about: "show this help",
    },
    Opt {
        long: "version",
        short: 'V',
        value: "",
        about: "show the version",
    },
];

pub const COMMANDS: &[Command] = &[
    Command {
        name: "apply",
        words: "",
        count: (0, 0),
        options: &["policy", "profile", "keep-going", "first", "json", "quiet"],
        about: "set what sysctl.d and the policy ask for, and read it back; all or nothing",
    },
    Command {
        name: "plan",
        words: "",
        count: (0, 0),
        options: &["policy", "profile", "keep-going", "json", "quiet"],
        about: "tell what apply would do, and change nothing",
    },
    Command {
        name: "status",
        words: "",
        count: (0, 0),
        options: &["json", "quiet"],
        about: "tell how the system is, what was set, and whether it holds",
    },
    Command {
        name: "drift",
        words: "",
        count: (0, 0),
        options: &["json", "quiet"],
        about: "tell what was set and no longer holds; status 1 if anything does not",
    },
    Command {
        name: "revert",
        words: "",
        count: (0, 0),
        options: &["json", "quiet"],
        about: "put back what was before the first apply",
    },
    Command {
        name: "attach",
        words: "[PID] GROUP",
        count: (1, 2),
        options: &["service"],
        about: "put a process, or with --service a service, into a control group",
    },
    Command {
        name: "watch",
        words: "",
        count: (0, 0),
        options: &["policy", "profile", "ready-fd"],
        about: "do what the policy has for pressure, until it is ended",
    },
    Command {
        name: "marks",
        words: "",
        count: (0, 0),
        options: &[],
        about: "load alpenglow_bootstat, and mark in it when services were started",
    },
    Command {
        name: "completion",
        words: "bash|zsh|fish",
        count: (1, 1),
        options: &[],
        about: "print a completion script for a shell",
    },
];

impl Command {
    pub fn takes(&self, option: &str) -> bool {
        self.options.contains(&option) || GENERAL.contains(&option)
    }
}
