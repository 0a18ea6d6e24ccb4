use std::path::Path;

use super::*;

const HASH: &str = "d585fd3b613c66151fc3249e8ed44f77020cb5e6c1e635a616d3f9f82460512a";

fn parse(text: &str) -> Result<Lock, LockError> {
    Lock::parse(
        &text.replace("HASH", &format!("\"{HASH}\"")),
        Path::new("sources.lock"),
    )
}

/// The line and the message of a lock that must be refused.
fn refused(text: &str) -> (usize, String) {
    let error = parse(text).expect_err("must be refused");
    assert!(
        error.to_string().starts_with("sources.lock, line "),
        "{error}"
    );
    (error.line.unwrap(), error.problem)
}

const GOOD: &str = r#"
[[source]]
name = "linux"

[[source.pin]]
version = "7.2.13-1"
path = "pool/main/l/linux/linux-source-7.2_7.2.13-1~bpo13+1_all.deb"
sha256 = HASH
bytes = 7
unpack = "usr/src/linux-source-7.2.tar.xz"

[[source.pin]]
version = "7.3"
upstream = "https://upstream.example/linux-7.3.tar.xz"
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
bytes = 8
"#;

#[test]
fn a_good_lock() {
    let lock = parse(GOOD).unwrap();
    let pins = lock.pins("linux");
    assert_eq!(pins.len(), 2);
    assert_eq!(pins[0].version, "7.2.13-1");
    assert_eq!(pins[0].bytes, 7);
    assert_eq!(
        pins[0].basename(),
        "linux-source-7.2_7.2.13-1~bpo13+1_all.deb"
    );
    assert_eq!(pins[1].basename(), "linux-7.3.tar.xz");
    assert!(lock.pins("musl").is_empty());
}

#[test]
fn the_projects_own_lock_is_good() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sources.lock");
    let lock = Lock::read(&file).unwrap();
    for name in ["linux", "musl", "toybox", "mksh"] {
        assert!(!lock.pins(name).is_empty(), "{name}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let error = Lock::read(Path::new("/nonexistent/sources.lock")).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("/nonexistent/sources.lock: cannot be read")
    );
}

#[test]
fn no_toml() {
    let (line, problem) = refused("[[source]]\nname = \"a\"\n= 3\n");
    assert_eq!(line, 3, "{problem}");
}

#[test]
fn a_misspelt_key_is_named() {
    let (line, problem) = refused(&GOOD.replace("sha256 = HASH", "sha265 = HASH"));
    assert_eq!(line, 8);
    assert!(problem.contains("sha265"), "{problem}");
    let (_, problem) = refused("[[sauce]]\nname = \"a\"\n");
    assert!(problem.contains("sauce"), "{problem}");
    let (_, problem) = refused("[[source]]\nname = \"a\"\nurl = \"x\"\n");
    assert!(problem.contains("url"), "{problem}");
}

#[test]
fn a_missing_key_is_named() {
    let (line, problem) = refused(&GOOD.replace("sha256 = HASH\n", ""));
    assert_eq!(line, 5);
    assert!(problem.contains("sha256"), "{problem}");
}

#[test]
fn a_name_twice() {
    let (line, problem) = refused(&format!("{GOOD}{GOOD}"));
    assert_eq!(line, 19);
    assert!(problem.contains("'linux' is named twice"), "{problem}");
}

#[test]
fn a_file_twice() {
    let twice = GOOD.replace(
        "\"0000000000000000000000000000000000000000000000000000000000000000\"",
        "HASH\nunpack = \"usr/src/linux-source-7.2.tar.xz\"",
    );
    let (line, problem) = refused(&twice);
    assert_eq!(line, 15);
    assert!(problem.contains("pinned twice"), "{problem}");
}

#[test]
fn a_source_without_pins() {
    let (line, problem) = refused("[[source]]\nname = \"a\"\n");
    assert_eq!(line, 2);
    assert!(problem.contains("'a' has no [[source.pin]]"), "{problem}");
}

#[test]
fn malformed_hashes() {
    let upper = HASH.to_uppercase();
    let short = &HASH[1..];
    let odd = HASH.replace('d', "g");
    for bad in ["", &upper, short, &odd, &format!("{HASH}0")] {
        let (line, problem) = refused(&GOOD.replace("HASH", &format!("\"{bad}\"")));
        assert_eq!(line, 8);
        assert!(
            problem.contains("'linux'") && problem.contains("'sha256'"),
            "{problem}"
        );
    }
}

#[test]
fn bad_paths() {
    for bad in [
        "",
        "/pool/x",
        "pool/../../x",
        "..",
        "pool//x",
        "./x",
        "pool/x y",
        "pool/x\\n",
        "pool/%2e%2e/x",
        "pool/ä",
    ] {
        for key in ["path", "unpack"] {
            let text = GOOD
                .lines()
                .map(|line| match line.strip_prefix(key) {
                    Some(rest) if rest.starts_with(" = ") => format!("{key} = \"{bad}\"\n"),
                    _ => format!("{line}\n"),
                })
                .collect::<String>();
            let (line, problem) = refused(&text);
            assert_eq!(line, if key == "path" { 7 } else { 10 }, "{bad}: {problem}");
            assert!(problem.contains(&format!("'{key}'")), "{problem}");
        }
    }
}

#[test]
fn bad_addresses() {
    for bad in [
        "",
        "ftp://a.example/x",
        "file:///etc/passwd",
        "https://a.example",
        "https://a.example/x y",
        "-o Dir=/",
    ] {
        let (line, problem) =
            refused(&GOOD.replace("https://upstream.example/linux-7.3.tar.xz", bad));
        assert_eq!(line, 14, "{bad}");
        assert!(problem.contains("'upstream'"), "{problem}");
    }
}

#[test]
fn neither_path_nor_upstream() {
    let (_, problem) = refused(&GOOD.replace(
        "upstream = \"https://upstream.example/linux-7.3.tar.xz\"\n",
        "",
    ));
    assert!(problem.contains("neither"), "{problem}");
}

#[test]
fn bad_names_versions_and_sizes() {
    for bad in ["", "Linux", "-x", "a/b", "a b"] {
        let (line, _) = refused(&GOOD.replace("\"linux\"", &format!("\"{bad}\"")));
        assert_eq!(line, 3);
    }
    for bad in ["", "7 2", "7/2"] {
        let (line, _) = refused(&GOOD.replace("\"7.2.13-1\"", &format!("\"{bad}\"")));
        assert_eq!(line, 6);
    }
    for bad in ["0", "-1", "\"7\"", "1.5"] {
        let (line, _) = refused(&GOOD.replace("bytes = 7", &format!("bytes = {bad}")));
        assert_eq!(line, 9, "{bad}");
    }
}

const CRATE: &str = r#"
[[source]]
name = "bindgen-cli"

[[source.pin]]
version = "0.72.1"
crate = "bindgen-cli"
sha256 = HASH
bytes = 7
"#;

#[test]
fn a_crate() {
    let lock = parse(CRATE).unwrap();
    let pin = &lock.pins("bindgen-cli")[0];
    assert_eq!(pin.krate.as_deref(), Some("bindgen-cli"));
    assert_eq!(pin.basename(), "bindgen-cli-0.72.1.crate");
}

#[test]
fn crates_that_no_registry_has() {
    for bad in ["", "9lives", "../x", "a/b", "a b", "-x", "ä"] {
        let (line, problem) =
            refused(&CRATE.replace("crate = \"bindgen-cli\"", &format!("crate = \"{bad}\"")));
        assert_eq!(line, 7, "{bad}");
        assert!(problem.contains("'crate'"), "{problem}");
    }
    for bad in ["v1", "1:2", "1~rc1", "1_2"] {
        let (line, problem) = refused(&CRATE.replace("0.72.1", bad));
        assert_eq!(line, 6, "{bad}");
        assert!(problem.contains("'version'"), "{problem}");
    }
}

#[test]
fn a_crate_has_no_other_address() {
    for key in ["path", "upstream", "unpack"] {
        let value = if key == "upstream" {
            "https://a.example/x"
        } else {
            "pool/x"
        };
        let (line, problem) =
            refused(&CRATE.replace("bytes = 7", &format!("bytes = 7\n{key} = \"{value}\"")));
        assert_eq!(line, 10);
        assert!(problem.contains(&format!("leave '{key}' out")), "{problem}");
    }
}

proptest::proptest! {
    #[test]
    fn nothing_panics(text in ".{0,200}") {
        let _ = parse(&text);
    }

    #[test]
    fn mutated_locks_do_not_panic(at in 0..GOOD.len(), with in proptest::char::any()) {
        let mut text: Vec<char> = GOOD.chars().collect();
        text[at] = with;
        let _ = parse(&text.into_iter().collect::<String>());
    }
}
