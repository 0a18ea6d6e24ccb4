//! The command line of logctl.

use super::filter::Filter;
use crate::configuration;
use crate::names::{self, FACILITIES, KERN, LEVELS};
use crate::program::{part, unknown};
use crate::time::Time;
use std::path::PathBuf;

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

#[derive(Debug)]
pub enum Wanted {
    Read(Given),
    Print(&'static str),
}

/// Reads the words behind the program's name.
pub fn parse(words: Vec<String>, now: Time) -> Result<Wanted, String> {
    let mut given = Given {
        filter: Filter::default(),
        lines: None,
        follow: false,
        json: false,
        file: None,
        folder: configuration::FOLDER.into(),
    };
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let (name, behind) = part(word);
        let filter = &mut given.filter;
        let mut value = || match &behind {
            Some(value) => Ok(value.clone()),
            None => words.next().ok_or_else(|| format!("{name} needs a value")),
        };
        let time = |text: String| {
            let told = || format!("'{text}' is no time, as in 2026-11-26T07:02:11 or 10m");
            Time::parse_or_ago(&text, now).ok_or_else(told)
        };
        let number = |text: String| {
            let number = text.parse::<u32>();
            number.map_err(|_| format!("{name} needs a number, not '{text}'"))
        };
        match &*name {
            "-p" | "--program" => filter.programs.push(value()?),
            "-l" | "--level" => {
                let text = value()?;
                let told = || {
                    format!(
                        "there is no level '{text}': there are {}",
                        LEVELS.join(", ")
                    )
                };
                filter.level = Some(names::level(&text).ok_or_else(told)?);
            }
            "-F" | "--facility" => {
                let text = value()?;
                let told = || {
                    format!(
                        "there is no facility '{text}': there are {}",
                        FACILITIES.join(", ")
                    )
                };
                filter
                    .facilities
                    .push(names::facility(&text).ok_or_else(told)?);
            }
            "-k" | "--kernel" => filter.facilities.push(KERN),
            "-u" | "--uid" => filter.uid = Some(number(value()?)?),
            "-P" | "--pid" => filter.pid = Some(number(value()?)?),
            "-s" | "--since" => filter.since = Some(time(value()?)?),
            "-U" | "--until" => filter.until = Some(time(value()?)?),
            "-g" | "--grep" => filter.text = Some(value()?),
            "-n" | "--lines" => given.lines = usize::try_from(number(value()?)?).ok(),
            "-f" | "--follow" => given.follow = true,
            "-j" | "--json" => given.json = true,
            "-i" | "--file" => given.file = Some(value()?.into()),
            "-c" | "--config" => given.folder = value()?.into(),
            "-h" | "--help" => return Ok(Wanted::Print(HELP)),
            "-V" | "--version" => {
                return Ok(Wanted::Print(concat!(
                    "logctl ",
                    env!("CARGO_PKG_VERSION"),
                    "\n"
                )));
            }
            other => return Err(unknown(other)),
        }
    }
    Ok(Wanted::Read(given))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(line: &str) -> Result<Wanted, String> {
        let words = line.split_whitespace().map(str::to_owned);
        parse(words.collect(), Time(1_000_000_000))
    }

    #[test]
    fn filters_are_made() {
        let Ok(Wanted::Read(found)) = given("-p a --program=b* -l warn -k -s 10s -n 5 -f -j -i /x")
        else {
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
            ("-l", "-l needs a value"),
            ("-l loud", "there is no level 'loud': there are emerg, "),
            ("-F x", "there is no facility 'x': there are kern, "),
            ("-s soon", "'soon' is no time, as in "),
            ("-n -1", "-n needs a number, not '-1'"),
        ] {
            let found = given(line).unwrap_err();
            assert!(found.starts_with(told), "{line}: {found}");
        }
    }
}
