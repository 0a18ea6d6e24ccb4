//! What an option is, and those that commands share (apk(8)). Parsing, help, completion and manual pages are made
//! from these tables and from [`super::commands`].

/// What follows an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Nothing.
    Nothing,
    /// `yes` or `no`, with `--no-` as a short form.
    Bool,
    /// `yes`, `no` or `auto`.
    Auto,
    /// A value, called this in the help.
    Value(&'static str),
}

/// An option.
#[derive(Debug)]
pub struct Opt {
    /// Its long names, without dashes; the first is what the program asks for.
    pub names: &'static [&'static str],
    /// Its letters.
    pub letters: &'static str,
    /// What follows it.
    pub takes: Takes,
    /// What it does, in one sentence without a full stop.
    pub help: &'static str,
}

impl Opt {
    /// Its first long name.
    pub fn name(&self) -> &'static str {
        self.names[0]
    }
}

/// Options that stand together in the help.
#[derive(Debug)]
pub struct Group {
    /// The heading.
    pub title: &'static str,
    /// The options.
    pub options: &'static [Opt],
}

/// An option that takes nothing.
pub const fn flag(
    names: &'static [&'static str],
    letters: &'static str,
    help: &'static str,
) -> Opt {
    Opt {
        names,
        letters,
        takes: Takes::Nothing,
        help,
    }
}

/// One that takes a value.
pub const fn value(
    names: &'static [&'static str],
    letters: &'static str,
    what: &'static str,
    help: &'static str,
) -> Opt {
    Opt {
        names,
        letters,
        takes: Takes::Value(what),
        help,
    }
}

/// One that is on or off.
pub const fn switch(
    names: &'static [&'static str],
    letters: &'static str,
    help: &'static str,
) -> Opt {
    Opt {
        names,
        letters,
        takes: Takes::Bool,
        help,
    }
}

const fn auto(names: &'static [&'static str], letters: &'static str, help: &'static str) -> Opt {
    Opt {
        names,
        letters,
        takes: Takes::Auto,
        help,
    }
}

/// Those of all commands.
pub const GLOBAL: Group = Group {
    title: "Global options",
    options: &[
        flag(
            &["allow-untrusted"],
            "",
            "Take packages and indexes without a trusted signature",
        ),
        value(
            &["arch"],
            "",
            "ARCH",
            "Use this architecture; given more than once, the first is the primary one",
        ),
        switch(&["cache"], "", "Use local caches"),
        value(
            &["cache-dir"],
            "",
            "DIR",
            "Keep the cache in DIR, below the root",
        ),
        value(
            &["cache-max-age"],
            "",
            "MINUTES",
            "Refresh indexes in the cache that are older (default 240)",
        ),
        switch(
            &["cache-packages"],
            "",
            "Keep a copy of packages that are installed in the cache",
        ),
        switch(
            &["cache-predownload"],
            "",
            "Download everything to the cache before anything changes",
        ),
        switch(
            &["check-certificate"],
            "",
            "Check the certificates of HTTPS servers",
        ),
        flag(
            &["force"],
            "f",
            "Turn some of the --force options on (deprecated)",
        ),
        flag(
            &["force-binary-stdout"],
            "",
            "Write binary data to a terminal",
        ),
        flag(
            &["force-broken-world"],
            "",
            "Give up parts of the world until the rest can be had",
        ),
        flag(
            &["force-missing-repositories"],
            "",
            "Go on although some indexes are not there",
        ),
        flag(
            &["force-no-chroot"],
            "",
            "Run scripts without entering the root",
        ),
        flag(
            &["force-non-repository"],
            "",
            "Go on although packages may be lost on reboot",
        ),
        flag(
            &["force-old-apk"],
            "",
            "Go on although packages use features that are not known",
        ),
        flag(
            &["force-overwrite"],
            "",
            "Overwrite files of other packages",
        ),
        flag(
            &["force-refresh"],
            "",
            "Use no cached file, local or of a proxy",
        ),
        flag(&["help"], "h", "Show help and exit"),
        auto(&["interactive"], "i", "Ask before something is changed"),
        value(
            &["keys-dir"],
            "",
            "DIR",
            "Trust the keys in DIR (below the root) alone",
        ),
        switch(
            &["legacy-info"],
            "",
            "Print what info says in the format of apk 2",
        ),
        switch(&["logfile"], "", "Write var/log/apk.log"),
        switch(&["network"], "", "Use the network"),
        switch(&["preserve-env"], "", "Pass the environment on to scripts"),
        auto(
            &["pretty-print"],
            "",
            "Write for people rather than for programs",
        ),
        value(
            &["preupgrade-depends"],
            "",
            "DEPS",
            "What an upgrade brings up to date first",
        ),
        flag(
            &["print-arch"],
            "",
            "Print the default architecture and exit",
        ),
        auto(&["progress"], "", "Show progress"),
        value(
            &["progress-fd"],
            "",
            "FD",
            "Write progress to this file descriptor, for programs",
        ),
        switch(
            &["purge"],
            "",
            "Delete changed configuration and cached packages as well",
        ),
        flag(&["quiet"], "q", "Print less"),
        value(
            &["repositories-file"],
            "",
            "FILE",
            "Read repositories from FILE alone",
        ),
        value(&["repository"], "X", "REPO", "Use this repository as well"),
        value(
            &["repository-config"],
            "",
            "LINE",
            "Use this line of a repositories file as well",
        ),
        value(&["root"], "p", "DIR", "Work on the system below DIR"),
        auto(&["root-tmpfs"], "", "Whether the root is lost on reboot"),
        auto(&["sync"], "", "Bring changes to the disk at the end"),
        value(
            &["timeout"],
            "",
            "SECONDS",
            "Give up a connection without progress after so long (default 60)",
        ),
        flag(
            &["update-cache"],
            "U",
            "Refresh all indexes; the same as --cache-max-age 0",
        ),
        value(
            &["uvol-manager"],
            "",
            "FILE",
            "OpenWrt's volume manager (accepted, not used: packages for its volumes are refused)",
        ),
        flag(&["verbose"], "v", "Print more; may be given twice"),
        flag(&["version"], "V", "Print the version and exit"),
        value(
            &["wait"],
            "",
            "SECONDS",
            "Wait so long for the database's lock",
        ),
    ],
};

/// Those of commands that change the root.
pub const COMMIT: Group = Group {
    title: "Options of changes",
    options: &[
        switch(
            &["clean-protected"],
            "",
            "Write no .apk-new files beside changed configuration",
        ),
        switch(&["commit-hooks"], "", "Run the hooks before and after"),
        flag(
            &["initramfs-diskless-boot"],
            "",
            "Settings for the boot of a system in RAM",
        ),
        flag(
            &["overlay-from-stdin"],
            "",
            "Read the list of an overlay's files from standard input",
        ),
        switch(&["scripts"], "", "Run the packages' scripts"),
        switch(
            &["simulate", "dry-run"],
            "s",
            "Show what would be done and change nothing",
        ),
    ],
};

/// Those of commands that look for packages.
pub const QUERY: Group = Group {
    title: "Query options",
    options: &[
        flag(
            &["all-matches"],
            "",
            "Select all matching packages, not only the best one of each name",
        ),
        flag(&["available"], "", "Only packages that repositories have"),
        value(
            &["fields"],
            "F",
            "FIELDS",
            "Fields to print, with commas between them; all for all of them",
        ),
        value(&["format"], "", "FORMAT", "default, yaml or json"),
        value(
            &["from"],
            "",
            "SOURCES",
            "Where to look: system, repositories, installed or none",
        ),
        flag(&["installed"], "", "Only installed packages"),
        value(
            &["match"],
            "",
            "FIELDS",
            "Fields that are compared with what is asked for",
        ),
        flag(
            &["recursive"],
            "R",
            "Solve for what is asked for and select all that it needs",
        ),
        value(
            &["summarize"],
            "",
            "FIELD",
            "Print all values of one field, each once",
        ),
        flag(
            &["search"],
            "",
            "What is asked for is a part of what is compared",
        ),
        flag(
            &["upgradable"],
            "",
            "Only packages that would upgrade an installed one",
        ),
        flag(
            &["world"],
            "",
            "Ask for the world as well; implies --recursive",
        ),
        flag(
            &["orphaned"],
            "",
            "Only installed packages that no repository has",
        ),
    ],
};

/// Those of commands that write files of format v3.
pub const GENERATION: Group = Group {
    title: "Options of generation",
    options: &[
        value(
            &["compression"],
            "c",
            "ALGORITHM",
            "none, deflate[:1-9] or zstd[:1-22]",
        ),
        value(
            &["sign-key"],
            "",
            "FILE",
            "Sign with this private key; may be given more than once",
        ),
    ],
};
