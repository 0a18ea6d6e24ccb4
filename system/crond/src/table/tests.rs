//! What tables mean, and what is told of those that mean nothing.

use super::*;

fn entries(text: &str, kind: Kind) -> Vec<Entry> {
    parse(text.as_bytes(), kind).unwrap()
}

fn told(text: &str, kind: Kind) -> Vec<String> {
    let mistakes = parse(text.as_bytes(), kind).unwrap_err();
    mistakes.iter().map(ToString::to_string).collect()
}

fn bits(numbers: impl IntoIterator<Item = u32>) -> u64 {
    numbers.into_iter().fold(0, |set, number| set | 1 << number)
}

#[test]
fn fields_are_sets() {
    let found = schedule("0-10/5,30 */8 1,15-17 JAN-mar,12 mon,5-7").unwrap();
    let expected = Calendar {
        minutes: bits([0, 5, 10, 30]),
        hours: bits([0, 8, 16]),
        days: bits([1, 15, 16, 17]),
        months: bits([1, 2, 3, 12]),
        weekdays: bits([1, 5, 6, 7]),
        follows_clock: true,
        either_day: true,
    };
    assert_eq!(found, expected);
    let found = schedule("5 4 */2 * sat-sun").unwrap();
    assert!(!found.follows_clock && !found.either_day);
    assert_eq!(found.weekdays, bits([6, 7]));
    assert_eq!(schedule("@annually"), schedule("0 0 1 1 *"));
    assert_eq!((schedule("@reboot"), schedule("* * * * * x")), (None, None));
}

#[test]
fn a_users_table() {
    let text = "# comment\n\n SHELL = /bin/mksh\nMAILTO=\"\"\n  5 4 * * *   echo 'a b' # no comment \n\
                GREETING='  hi '\nSHELL=/bin/sh\n@reboot cat%first\\%%second\\\\ %\n*/5\t*\t*\t*\t*\tdate +\\%s\r\n";
    let found = entries(text, Kind::Users);
    let variables = |list: &[(&str, &str)]| -> Vec<(String, String)> {
        let owned = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
        list.iter().map(owned).collect()
    };
    assert_eq!(found.len(), 3);
    assert_eq!(
        (found[0].line, &*found[0].command),
        (5, "echo 'a b' # no comment")
    );
    assert_eq!(
        found[0].variables,
        variables(&[("SHELL", "/bin/mksh"), ("MAILTO", "")])
    );
    assert_eq!((&found[1].when, &*found[1].command), (&When::Reboot, "cat"));
    assert_eq!(found[1].input, "first%\nsecond\\\\ \n");
    let later = variables(&[("MAILTO", ""), ("GREETING", "  hi "), ("SHELL", "/bin/sh")]);
    assert_eq!(found[1].variables, later);
    assert_eq!((&*found[2].command, &*found[2].input), ("date +%s", ""));
    assert_eq!(found[2].user, None);
}

#[test]
fn a_systems_table_names_users() {
    let found = entries("17 * * * * root run-parts /etc/hourly\n", Kind::Systems);
    assert_eq!(found[0].user.as_deref(), Some("root"));
    assert_eq!(found[0].command, "run-parts /etc/hourly");
}

#[test]
fn mistakes_are_told_with_line_and_column() {
    for (line, expected) in [
        (
            "60 * * * * x",
            "1:1: a minute from 0 to 59 is expected, not '60'",
        ),
        (
            "* 1,24 * * * x",
            "1:5: an hour from 0 to 23 is expected, not '24'",
        ),
        (
            "* * 0 * * x",
            "1:5: a day of the month from 1 to 31 is expected, not '0'",
        ),
        (
            "* * * janu * x",
            "1:7: a month from 1 to 12 or a name as jan is expected, not 'janu'",
        ),
        (
            "* * * * 1-8 x",
            "1:11: a day of the week from 0 to 7 or a name as sun is expected, not '8'",
        ),
        (
            "5-1 * * * * x",
            "1:3: a minute that is not before '5' is expected, not '1'",
        ),
        (
            "* * * * fri-mon x",
            "1:13: a day of the week that is not before 'fri' is expected, not 'mon'",
        ),
        (
            "*/0 * * * * x",
            "1:3: a step from 1 to 59 is expected, not '0'",
        ),
        (
            "5/10 * * * * x",
            "1:2: a range or * is expected before a step, as in 5-59/2",
        ),
        (
            "1,,2 * * * * x",
            "1:3: a minute from 0 to 59 is expected, not ''",
        ),
        (
            "-1 * * * * x",
            "1:1: a minute from 0 to 59 is expected, not ''",
        ),
        (
            "0001 * * * * x",
            "1:1: a minute from 0 to 59 is expected, not '0001'",
        ),
        ("* * *", "1:6: a month is expected"),
        ("* * * * *", "1:10: a command is expected"),
        (
            "0 0 31 2 * x",
            "1:1: a day that ever comes is expected, not one as 31 February",
        ),
        ("@often x", "1:1: one of @reboot, "),
        ("@daily", "1:7: a command is expected"),
        ("* * * * * x\0y", "1:12: text is expected, not a zero byte"),
    ] {
        let found = told(line, Kind::Users);
        assert!(
            found.len() == 1 && found[0].starts_with(expected),
            "{line}: {found:?}"
        );
    }
    assert_eq!(
        told("* * * * *", Kind::Systems),
        ["1:10: the name of a user is expected"]
    );
    assert_eq!(
        told("* * * * * root ", Kind::Systems),
        ["1:16: a command is expected"]
    );
    // All of them at once.
    let found = told("x\n* * * * * good\n\n  y", Kind::Users);
    assert!(
        found.len() == 2 && found[0].starts_with("1:1: ") && found[1].starts_with("4:3: "),
        "{found:?}"
    );
    let found = parse(b"* * * * * a\n* \xff", Kind::Users).unwrap_err();
    assert_eq!(found[0].to_string(), "2:3: a line of UTF-8 is expected");
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_a_table_or_mistakes_of_its_lines(text: Vec<u8>, systems: bool) {
        let kind = if systems { Kind::Systems } else { Kind::Users };
        if let Err(mistakes) = parse(&text, kind) {
            let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
            for mistake in mistakes {
                assert!(mistake.column >= 1 && mistake.column <= lines[mistake.line - 1].len() + 1);
            }
        }
    }

    #[test]
    fn almost_tables_do_not_panic(text in "([*0-9/,@=%\\\\ -]|jan|sun|@daily |\n|\u{e9}){0,60}") {
        let _ = parse(text.as_bytes(), Kind::Users);
    }
}
