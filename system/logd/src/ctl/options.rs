//! The command line of logctl.

use super::filter::Filter;
use crate::configuration;
use crate::names::{self, FACILITIES, KERN, LEVELS};
use crate::program::no_words;
use crate::time::Time;
use common::arguments::{Program, Stop};
use common::wrong;
use std::path::PathBuf;

pub const PROGRAM: Program = Program {
    name: "logctl",
    version: env!("CARGO_PKG_VERSION"),
    help: HELP,
};

const HELP: &str = "logctl: shows what logd wrote

Usage:
    logctl [OPTION]...

Options:
    -p, --program NAME      of that program; a * at the end stands for any rest; once or more
    -l, --level LEVEL       of that level or a more urgent one: emerg, alert, crit, err, warning, notice, info, debug
    -F, --facility NAME     of that facility; once or more
    -k, --kernel            of the kernel: the facility kern
    -u, --uid NUMBER        of that user
    -P, --pid NUMBER        of that process
    -s, --since TIME        from then on: 2026-11-26, 2026-11-26T07:02:11 (UTC), or ago: 90s, 10m, 2h, 3d
    -U, --until TIME        before then
    -g, --grep TEXT         with that text in it
    -n, --lines NUMBER      the last ones alone
    -f, --follow            go on with what comes
    -j, --json              a line of JSON each
    -i, --file PATH         that file and what it was renamed to, instead of the first of the configuration
    -c, --config FOLDER     the configuration, instead of /etc/logd
    -h, --help              show this help
    -V, --version           show the version

Exit status: 0 done, 1 failed, 2 wrong use.
";

/// A command line that was understood.
#[derive(Debug)]
pub struct Given {
    pub filter: Filter,
    pub lines: Option<usize>,
    pub follow: bool,
    pub json: bool,
    pub file: Option<PathBuf>,
    pub folder: PathBuf,
}

/// Reads the words behind the program's name.
pub fn parse(words: Vec<String>, now: Time) -> Result<Given, Stop> {
    let told = PROGRAM.read(words)?;
    no_words(&told)?;
    let mut filter = Filter::default();
    let mut lines = None;
    for taken in &told.options {
        let text = taken.text();
        match taken.option.letter {
            'p' => filter.programs.push(text),
            'l' => {
                filter.level = names::level(&text);
                if filter.level.is_none() {
                    wrong!(
                        "there is no level '{text}': there are {}",
                        LEVELS.join(", ")
                    );
                }
            }
            'F' => match names::facility(&text) {
                Some(facility) => filter.facilities.push(facility),
                None => wrong!(
                    "there is no facility '{text}': there are {}",
                    FACILITIES.join(", ")
                ),
            },
            'k' => filter.facilities.push(KERN),
            'u' | 'P' | 'n' => {
                let Some(number) = taken.number() else {
                    wrong!("{} needs a number, not '{text}'", taken.name);
                };
                match taken.option.letter {
                    'u' => filter.uid = Some(number),
                    'P' => filter.pid = Some(number),
                    _ => lines = usize::try_from(number).ok(),
                }
            }
            's' | 'U' => {
                let time = Time::parse_or_ago(&text, now);
                if time.is_none() {
                    wrong!("'{text}' is no time, as in 2026-11-26T07:02:11 or 10m");
                }
                match taken.option.letter {
                    's' => filter.since = time,
                    _ => filter.until = time,
                }
            }
            'g' => filter.text = Some(text),
            _ => {}
        }
    }
    Ok(Given {
        filter,
        lines,
        follow: told.has("follow"),
        json: told.has("json"),
        file: told.value("file").map(PathBuf::from),
        folder: told.path("config", configuration::FOLDER),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(line: &str) -> Result<Given, Stop> {
        let words = line.split_whitespace().map(str::to_owned);
        parse(words.collect(), Time(1_000_000_000))
    }

    #[test]
    fn filters_are_made() {
        let Ok(found) = given("-p a --program=b* -l warn -k -s 10s -n 5 -f -j -i /x") else {
            panic!("it is not understood");
        };
        let filter = Filter {
            programs: vec!["a".into(), "b*".into()],
            facilities: vec![KERN],
            level: Some(names::WARNING),
            since: Some(Time(990_000_000)),
            ..Filter::default()
        };
        assert_eq!(found.filter, filter);
        assert_eq!(
            (found.lines, found.follow, found.json),
            (Some(5), true, true)
        );
    }

    #[test]
    fn what_means_nothing_is_told() {
        for (line, told) in [
            ("x", "it takes no words, as 'x'"),
            ("-fj", "there is no option '-fj'"),
            ("-l", "-l needs a LEVEL"),
            ("-l loud", "there is no level 'loud': there are emerg, "),
            ("-F x", "there is no facility 'x': there are kern, "),
            ("-s soon", "'soon' is no time, as in "),
            ("-n -1", "-n needs a number, not '-1'"),
        ] {
            let Err(Stop::Wrong(found)) = given(line) else {
                panic!("it is understood: {line}");
            };
            assert!(found.starts_with(told), "{line}: {found}");
        }
    }
}
