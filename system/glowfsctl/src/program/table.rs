//! What the program can be told: read by the parser and the help.

/// `--long` or `-s`, perhaps with a value: the next word, or behind `=`.
pub struct Opt {
    pub long: &'static str,
    /// A space: there is none.
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

impl Command {
    pub fn takes(&self, long: &str) -> bool {
        self.options.contains(&long) || GENERAL.contains(&long)
    }
}

pub const ABOUT: &str = "make, show, verify, sign and change GlowFS images";

/// Options of every command.
pub const GENERAL: &[&str] = &["help", "version"];

const fn flag(long: &'static str, short: char, about: &'static str) -> Opt {
    option(long, short, "", about)
}

const fn option(long: &'static str, short: char, value: &'static str, about: &'static str) -> Opt {
    Opt {
        long,
        short,
        value,
        about,
    }
}

pub const OPTIONS: &[Opt] = &[
    #[cfg(feature = "make")]
    option(
        "compress",
        'c',
        "HOW",
        "zstd, zstd:LEVEL (1 to 23; 19 unless told), lz4, lz4:LEVEL (2 to 12, slower and smaller), lz4hc (12), or none",
    ),
    #[cfg(feature = "make")]
    option(
        "block-size",
        'b',
        "BYTES",
        "size of data blocks: 4K to 1M (128K unless told)",
    ),
    #[cfg(feature = "make")]
    option(
        "meta-size",
        ' ',
        "BYTES",
        "size of metadata blocks: 4K to 64K (8K unless told)",
    ),
    #[cfg(feature = "make")]
    option(
        "pack-size",
        ' ',
        "BYTES",
        "size at most of blocks with several files' ends (as data blocks unless told)",
    ),
    #[cfg(feature = "make")]
    option(
        "inline",
        ' ',
        "BYTES",
        "length of files at most that lie in the metadata (128 unless told)",
    ),
    #[cfg(feature = "make")]
    option(
        "dictionary",
        ' ',
        "BYTES",
        "size of a trained dictionary for files' ends: 0 (unless told) to 128K",
    ),
    #[cfg(any(feature = "make", feature = "mount"))]
    option(
        "digest",
        ' ',
        "WHAT",
        "the kind of digests to make: blake2b (unless told) or sha256; to mount, the image's digest that is required",
    ),
    option(
        "threads",
        'T',
        "NUMBER",
        "threads that compress, verify or answer (as many as there are processors unless told)",
    ),
    #[cfg(feature = "make")]
    option("label", 'L', "TEXT", "the image's label, at most 32 bytes"),
    #[cfg(feature = "make")]
    option(
        "time",
        ' ',
        "SECONDS",
        "time of making, since 1970 (SOURCE_DATE_EPOCH, or now, unless told)",
    ),
    option(
        "key",
        'k',
        "FILE",
        "a key: the private one to sign with; the public one, or its 64 digits, to verify with",
    ),
    #[cfg(feature = "sign")]
    option("remove", ' ', "KEY", "take away the signature by this key"),
    #[cfg(feature = "make")]
    option("output", 'o', "FILE", "the image to make"),
    flag(
        "plain",
        ' ',
        "leave out owners, devices and attributes that need root",
    ),
    #[cfg(feature = "make")]
    flag(
        "no-filter",
        ' ',
        "do not filter programs before they are compressed",
    ),
    #[cfg(feature = "mount")]
    flag(
        "foreground",
        'f',
        "stay, and tell damage on standard error, not to the system's log",
    ),
    #[cfg(feature = "mount")]
    flag(
        "allow-other",
        ' ',
        "other users see it too, as its permissions say",
    ),
    flag("json", 'j', "tell it as JSON"),
    flag("quiet", 'q', "tell only what is wrong"),
    flag("help", 'h', "show this text"),
    flag("version", 'V', "show the version"),
    flag(
        "long",
        'l',
        "show type, permissions, links, owner, size and time",
    ),
    flag("recursive", 'R', "show what is below too"),
];

#[cfg(feature = "make")]
const MAKING: &[&str] = &[
    "compress",
    "block-size",
    "meta-size",
    "pack-size",
    "inline",
    "dictionary",
    "digest",
    "no-filter",
    "threads",
    "label",
    "time",
    "json",
    "quiet",
];

pub const COMMANDS: &[Command] = &[
    #[cfg(feature = "make")]
    Command {
        name: "mkfs",
        words: "DIRECTORY|ARCHIVE IMAGE",
        count: (2, 2),
        options: MAKING,
        about: "make an image of a directory or an uncompressed tar archive",
    },
    Command {
        name: "info",
        words: "IMAGE",
        count: (1, 1),
        options: &["json"],
        about: "show what an image is",
    },
    Command {
        name: "ls",
        words: "IMAGE [PATH]",
        count: (1, 2),
        options: &["long", "recursive", "json"],
        about: "list a directory",
    },
    Command {
        name: "cat",
        words: "IMAGE PATH...",
        count: (2, usize::MAX),
        options: &[],
        about: "write files' content to standard output",
    },
    Command {
        name: "extract",
        words: "IMAGE DIRECTORY [PATH]",
        count: (2, 3),
        options: &["plain"],
        about: "write what is in an image, or at a path in it, to a directory",
    },
    Command {
        name: "verify",
        words: "IMAGE",
        count: (1, 1),
        options: &["key", "threads", "json", "quiet"],
        about: "look at every byte of an image; with keys, one of them must have signed it",
    },
    #[cfg(feature = "mount")]
    Command {
        name: "mount",
        words: "IMAGE DIRECTORY",
        count: (2, 2),
        options: &[
            "key",
            "digest",
            "allow-other",
            "foreground",
            "threads",
            "quiet",
        ],
        about: "mount an image by FUSE, for machines without the kernel's part of GlowFS",
    },
    #[cfg(feature = "sign")]
    Command {
        name: "keygen",
        words: "FILE",
        count: (1, 1),
        options: &[],
        about: "write a new private key to FILE and the public one to FILE.pub",
    },
    #[cfg(feature = "sign")]
    Command {
        name: "sign",
        words: "IMAGE",
        count: (1, 1),
        options: &["key", "remove"],
        about: "add signatures to an image, or take them away",
    },
    Command {
        name: "diff",
        words: "IMAGE IMAGE",
        count: (2, 2),
        options: &["json"],
        about: "show which files differ; the status is 1 when some do",
    },
    Command {
        name: "delta",
        words: "OLD NEW DELTA",
        count: (3, 3),
        options: &["quiet"],
        about: "write which blocks of one image another one lacks",
    },
    Command {
        name: "patch",
        words: "OLD DELTA NEW",
        count: (3, 3),
        options: &["quiet"],
        about: "make an image of another one and a delta",
    },
    #[cfg(feature = "make")]
    Command {
        name: "commit",
        words: "UPPER IMAGE",
        count: (2, 2),
        options: &[
            "output",
            "compress",
            "pack-size",
            "inline",
            "threads",
            "label",
            "time",
            "json",
            "quiet",
        ],
        about: "fold the upper layer of an overlay into a new image",
    },
];
