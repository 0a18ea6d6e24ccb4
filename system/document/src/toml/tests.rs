//! Against the crate `toml`: the same documents are accepted, and mean the same.

use super::parse;
use crate::{Data, Table, Value};
use proptest::prelude::*;
use toml::de::{DeTable, DeValue};

fn shown(value: &Value) -> String {
    match &value.data {
        Data::Text(text) => format!("{text:?}"),
        Data::Integer(number) => number.to_string(),
        Data::Boolean(boolean) => boolean.to_string(),
        Data::Null => "null".to_owned(),
        Data::Array(values) => {
            let values: Vec<String> = values.iter().map(shown).collect();
            format!("[{}]", values.join(","))
        }
        Data::Table(table) => shown_table(table),
    }
}

fn shown_table(table: &Table) -> String {
    let mut members: Vec<String> = table
        .0
        .iter()
        .map(|(key, value)| format!("{:?}={}", key.name, shown(value)))
        .collect();
    members.sort();
    format!("{{{}}}", members.join(","))
}

/// The crate's; None: it has a date or a fraction, or a number that is too large.
fn theirs(value: &DeValue<'_>) -> Option<String> {
    Some(match value {
        DeValue::String(text) => format!("{:?}", &**text),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .ok()?
            .to_string(),
        DeValue::Boolean(boolean) => boolean.to_string(),
        DeValue::Array(values) => {
            let values: Option<Vec<String>> = values.iter().map(|v| theirs(v.get_ref())).collect();
            format!("[{}]", values?.join(","))
        }
        DeValue::Table(table) => theirs_table(table)?,
        _ => return None,
    })
}

fn theirs_table(table: &DeTable<'_>) -> Option<String> {
    let members: Option<Vec<String>> = table
        .iter()
        .map(|(key, value)| {
            Some(format!(
                "{:?}={}",
                &**key.get_ref(),
                theirs(value.get_ref())?
            ))
        })
        .collect();
    let mut members = members?;
    members.sort();
    Some(format!("{{{}}}", members.join(",")))
}

fn compare(text: &str) {
    let ours = parse(text.as_bytes());
    match (DeTable::parse(text), ours) {
        (Err(_), Err(_)) => {}
        (Err(theirs), Ok(_)) => panic!("accepted: {text:?}: {theirs}"),
        (Ok(theirs), ours) => match (theirs_table(theirs.get_ref()), ours) {
            (Some(theirs), Ok(ours)) => assert_eq!(shown_table(&ours), theirs, "{text:?}"),
            (Some(_), Err(error)) => panic!("refused: {text:?}: {error}"),
            (None, Ok(ours)) => panic!("accepted: {text:?}: {ours:?}"),
            (None, Err(_)) => {}
        },
    }
}

#[test]
fn documents_mean_what_the_crate_says() {
    for text in [
        "",
        "a = 1\nb = 'x'\r\n# c\n\"d e\" = true",
        "a.b.c = 1\na.b.d = 2\n[e]\nf=[1, 2,\n # x\n 3,]\n[e.g]\nh={ i = 1, j.k = 2 }\n[[l]]\nm=1\n[[l]]\n[l.n]\no=1",
        "[a.b]\nc=1\n[a]\nd=2",
        "[a]\nb.c=1\n[a.b]\nd=1",
        "[a.b]\nc=1\n[a]\nb.d=2",
        "a=1\na=2",
        "a.b=1\n[a]\nc=1",
        "[a]\n[a]",
        "a=[1]\n[[a]]",
        "[[a]]\n[a]",
        "a = \"\"\"\nx\\\n   y\\n\"\"\"\"\"\nb='''\n''x'''''",
        "a = \"\\u00e9\\U0001f600\\e\\x41\\\"\"",
        "a = 0x1F\nb=-1_000\nc=+0\nd=0b11\ne=0o17",
        "a=01",
        "a=1__0",
        "a=_1",
        "a=1.5",
        "a=1979-05-27",
        "a=inf",
        "a = 1 b = 2",
        "= 1",
        "a =\n1",
        "a = {b=1,\n c=2,}",
        "a = {b=1, b.c=2}",
        "\"\"=1\n''.x=1",
        "a=\"x\ny\"",
        "a='\u{1}'",
        "# \u{1}",
        "a=1\r",
        "a.b=1\na.b.c=2",
        "[a]\nb={}\n[a.b]",
        "[a.b.c]\n[a]\nb.x=1",
        "-vm.x = 1",
        "9223372036854775808 = 9223372036854775807\nx = -9223372036854775808",
        "a = 9223372036854775808",
        "\u{feff}a=1",
    ] {
        compare(text);
    }
}

#[test]
fn errors_name_their_line() {
    for (text, line) in [
        ("a = 1\nb = ", 2),
        ("a = 1\n\na = 2", 3),
        ("[a]\n\n[a]", 3),
        ("a = [1,\n2,\nx]", 3),
        ("a = \"x", 1),
        ("ok = 1\nk\u{f6} = 1", 2),
        ("a = 1.5", 1),
    ] {
        let told = parse(text.as_bytes()).unwrap_err().to_string();
        assert!(told.starts_with(&format!("{line}: ")), "{text:?}: {told}");
    }
    assert!(
        parse(b"a = 1\n\xff")
            .unwrap_err()
            .to_string()
            .starts_with("2: ")
    );
    assert!(parse(format!("a = {}", "[".repeat(100_000)).as_bytes()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_bytes_panic(text: Vec<u8>) {
        let _ = parse(&text);
    }

    /// Texts of what documents are made of, mostly wrong ones.
    #[test]
    fn texts_mean_what_the_crate_says(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "a", "b", "a.b", "\"c d\"", "'e'", " = ", "=", ".", "1", "-2", "0x1f", "1_0", "true", "\"x\\n\"", "'y'", "\"\"\"", "'''",
            "[", "]", "[[", "]]", "{", "}", ",", "\n", "\r\n", " ", "\t", "# c", "\\", "\n[a]\n", "\n[a.b]\n", "\n[[b]]\n", "a=1\n", "b.c=2\n",
            "\u{e9}", "\u{7f}",
        ]), 0..14)
    ) {
        compare(&pieces.concat());
    }

    /// Documents that are mostly right: headers and statements in any order.
    #[test]
    fn documents_of_right_lines_mean_the_same(
        lines in prop::collection::vec((prop::sample::select(vec![
            "[a]", "[a.b]", "[b]", "[a.b.c]", "[[c]]", "[c.a]", "[[a.b]]", "[[c.b]]",
            "a = 1", "a.b = 2", "b = 'x'", "b.c = [1, {a = 2}]", "c = {a.b = 1, c = 3}", "a.b.c = 4", "c.d = \"\"\"x\ny\"\"\"",
        ]), any::<bool>()), 0..12)
    ) {
        let lines: Vec<String> = lines.iter().map(|(line, comment)| format!("{line}{}", if *comment { " # x" } else { "" })).collect();
        compare(&lines.join("\n"));
    }
}
