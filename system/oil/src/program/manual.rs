//! Manual pages (man(7)).

use super::commands::{Command, SECTIONS};
use super::help::spelled;
use super::options::{GLOBAL, Opt};
use std::fmt::Write as _;

/// A text with what roff takes for its own made harmless.
fn plain(text: &str) -> String {
    let text = text
        .replace('\\', "\\e")
        .replace('-', "\\-")
        .replace('…', "\\&...");
    match text.starts_with(['.', '\'']) {
        true => format!("\\&{text}"),
        false => text,
    }
}

fn head(name: &str, summary: &str) -> String {
    let title = name.to_ascii_uppercase();
    format!(
        ".TH \"{title}\" \"8\" \"\" \"oil {}\" \"System administration\"\n.SH NAME\n{} \\- {}\n",
        env!("CARGO_PKG_VERSION"),
        plain(name),
        plain(summary)
    )
}

fn options(out: &mut String, title: &str, list: &[Opt]) {
    if list.is_empty() {
        return;
    }
    let _ = writeln!(out, ".SH \"{}\"", title.to_ascii_uppercase());
    for option in list {
        let _ = writeln!(
            out,
            ".TP\n\\fB{}\\fR\n{}.",
            plain(&spelled(option)),
            plain(option.help)
        );
    }
}

/// The page of the program.
pub fn overview() -> String {
    let mut out = head("oil", "package manager for packages in Alpine's formats");
    out.push_str(".SH SYNOPSIS\n.B oil\n[\\fIOPTION\\fR]\\&... \\fICOMMAND\\fR [\\fIOPTION\\fR]\\&... [\\fIARGUMENT\\fR]\\&...\n");
    out.push_str(
        ".SH DESCRIPTION\nInstalls, makes and serves packages, in transactions that are done whole or not at all and can be \
         taken back. It reads and writes the files of apk 3, takes its commands and options, and answers to the name \
         \\fBapk\\fR. Long options may be shortened to what no other begins with; \\fIBOOL\\fR is yes or no, \\fIAUTO\\fR is \
         yes, no or auto, and \\fB\\-\\-no\\-\\fR before an option's name stands for no.\n",
    );
    for section in SECTIONS {
        let _ = writeln!(out, ".SH \"{}\"", section.title.to_ascii_uppercase());
        for command in section.commands {
            let name = plain(command.name);
            let _ = writeln!(
                out,
                ".TP\n.BR oil\\-{name} (8)\n{}.",
                plain(command.summary)
            );
        }
    }
    options(&mut out, GLOBAL.title, GLOBAL.options);
    out.push_str(".SH \"EXIT STATUS\"\n0 if all went well; 1 for wrong use; else the number of errors, at most 99.\n");
    out.push_str(
        ".SH FILES\n.TP\n\\fI/etc/apk/repositories\\fR\nWhere packages come from.\n.TP\n\\fI/etc/apk/mirrors\\fR\nLines of \
         addresses that have the same: the one that stands in repositories, then others.\n.TP\n\\fI/etc/apk/keys\\fR\nKeys \
         that are trusted.\n.TP\n\\fI/etc/apk/world\\fR\nWhat was asked for.\n.TP\n\\fI/etc/apk/config\\fR\nOptions, one a line.\n",
    );
    out
}

/// The page of a command.
pub fn page(command: &Command) -> String {
    let mut out = head(&format!("oil-{}", command.name), command.summary);
    let _ = writeln!(
        out,
        ".SH SYNOPSIS\n\\fBoil {}\\fR {}",
        plain(command.name),
        plain(command.usage)
    );
    let _ = writeln!(out, ".SH DESCRIPTION\n{}.", plain(command.summary));
    for paragraph in command.text.split("\n\n").filter(|text| !text.is_empty()) {
        let _ = writeln!(out, ".PP\n{}", plain(paragraph));
    }
    options(&mut out, "Options", command.options);
    for group in command.groups {
        options(&mut out, group.title, group.options);
    }
    out.push_str(".SH \"SEE ALSO\"\n.BR oil (8)\n");
    out
}
