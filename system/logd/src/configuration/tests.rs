//! What files mean, and what is told of those that mean nothing.

use super::*;

fn read_text(text: &str) -> Result<Configuration, String> {
    of_texts(&[("a.toml".to_owned(), text.into())]).map_err(|error| error.to_string())
}

#[test]
fn without_files_there_is_one() {
    let all = read(Path::new("/nonexistent")).unwrap();
    assert_eq!(all, Configuration::default());
    assert_eq!(all, of_texts(&[]).unwrap());
    let which = &all.rules[0].which;
    assert!(which.takes(3, 6, b"x") && !which.takes(3, 7, b"x"));
    assert!(which.takes(KERN, 7, b"kernel"));
}

#[test]
fn rules_are_read() {
    let all = read_text(
        "rate = 0\nkernel = false\n[file.auth]\npath = \"/v/auth\"\nfacility = [\"auth\", \"authpriv\"]\nlevel = \"debug\"\n\
         last = true\nsize = \"64K\"\nkeep = 2\nmode = \"0600\"\n\
         [file.rest]\npath = \"/v/rest\"\nlevel = \"warning\"\nlevels = { kern = \"debug\", mail = \"none\" }\n\
         program = \"s*\"\nexcept = [\"sshd\"]\n",
    )
    .unwrap();
    assert_eq!(
        (all.allowance.rate, all.kernel, all.rules.len()),
        (0, false, 2)
    );
    let [auth, rest] = &all.rules[..] else {
        panic!("{all:?}");
    };
    assert_eq!(
        (auth.size, auth.keep, auth.mode, auth.last),
        (65_536, 2, 0o600, true)
    );
    assert!(auth.which.takes(4, 7, b"x") && auth.which.takes(10, 7, b"x"));
    assert!(!auth.which.takes(3, 0, b"x"));
    assert!(rest.which.takes(0, 7, b"s") && rest.which.takes(3, 4, b"sx"));
    for (facility, level, program) in [
        (3, 5, "s"),
        (2, 0, "s"),
        (3, 0, "sshd"),
        (3, 0, "x"),
        (99, 0, "s"),
    ] {
        assert!(
            !rest.which.takes(facility, level, program.as_bytes()),
            "{program}"
        );
    }
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let path = "[file.a]\npath = \"/x\"\n";
    for (text, told) in [
        (
            "colour = 1",
            "a.toml:1: there is no key 'colour': there are file, kernel, rate, burst",
        ),
        (
            "[file.a]\ncolour = 1",
            "a.toml:2: there is no key 'file.a.colour': ",
        ),
        (
            "\n[file.a]\nlevel = \"info\"",
            "a.toml:2: file.a needs a path, as in path = \"/var/log/logd/a\"",
        ),
        ("file = 1", "a.toml:1: file is a table of tables"),
        (
            "[file]\na = 1",
            "a.toml:2: file.a is a number: a table is expected",
        ),
        (
            "[file.a]\npath = \"x\"",
            "a.toml:2: file.a.path: a file's whole path is expected",
        ),
        (
            "[file.a]\npath = \"/..\"",
            "a.toml:2: file.a.path: a file's whole path is expected",
        ),
        (
            &*format!("{path}level = \"loud\""),
            "a.toml:3: file.a.level: one of emerg, ",
        ),
        (
            &*format!("{path}facility = \"x\""),
            "a.toml:3: file.a.facility: there is no facility 'x': there are kern, ",
        ),
        (
            &*format!("{path}levels = {{ x = 1 }}"),
            "a.toml:3: file.a.levels.x: there is no facility 'x'",
        ),
        (
            &*format!("{path}levels = {{ kern = 1 }}"),
            "a.toml:3: file.a.levels.kern: one of emerg, ",
        ),
        (
            &*format!("{path}size = \"1k\""),
            "a.toml:3: file.a.size: a size is expected",
        ),
        (
            &*format!("{path}size = 5"),
            "a.toml:3: file.a.size: at least 4K is needed",
        ),
        (
            &*format!("{path}keep = 0"),
            "a.toml:3: file.a.keep: a number from 1 to 99",
        ),
        (
            &*format!("{path}mode = \"0777\""),
            "a.toml:3: file.a.mode: permissions are expected",
        ),
        (
            &*format!("{path}mode = 640"),
            "a.toml:3: file.a.mode: a string is expected, not a number",
        ),
        (
            &*format!("{path}last = 1"),
            "a.toml:3: file.a.last: true or false is expected, not a number",
        ),
        (
            &*format!("{path}[file.b]\npath = \"/x\""),
            "a.toml:3: file.b.path: file.a has /x already: ",
        ),
        ("burst = 1", "a.toml:1: burst: at least 4K is needed"),
        ("rate = -1", "a.toml:1: rate: a size is expected"),
        ("x", "a.toml:1: "),
    ] {
        let found = read_text(text).unwrap_err();
        assert!(found.starts_with(told), "{text}: {found}");
    }
    let two = |name: &str| (name.to_owned(), path.into());
    let found = of_texts(&[two("a.toml"), two("b.toml")])
        .unwrap_err()
        .to_string();
    assert!(
        found.starts_with("b.toml:1: file.a stands in another file too"),
        "{found}"
    );
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused_with_its_file(text: String, rest in "(file|rate|level|path|[a-z.= \"\\[\\]{}\n0-9])*") {
        for text in [text, rest] {
            if let Err(error) = read_text(&text) {
                assert!(error.starts_with("a.toml:"), "{error}");
            }
        }
    }
}
