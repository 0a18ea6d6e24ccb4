use super::*;
use proptest::prelude::*;
use std::fs;

fn root(rules: &[(&str, &str)]) -> (tempfile::TempDir, Root) {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::new(folder.path());
    let accounts = [
        ("/etc/group", "root:x:0:\nvideo:x:27:a,b\ndisk:x:6:\n"),
        (
            "/etc/passwd",
            "root:x:0:0::/:/bin/sh\nalice:x:1000:1000::/:/bin/sh\n",
        ),
    ];
    for (path, text) in accounts.iter().chain(rules) {
        fs::create_dir_all(root.at(path).parent().unwrap()).unwrap();
        fs::write(root.at(path), text).unwrap();
    }
    (folder, root)
}

fn device(subsystem: &str, name: &str) -> Device {
    Device {
        path: format!("/devices/virtual/{subsystem}/{}", name.replace('/', "!")),
        subsystem: subsystem.to_owned(),
        name: name.to_owned(),
        major: 10,
        minor: 7,
    }
}

#[test]
fn the_later_rule_counts_and_links_are_all_made() {
    let (_folder, root) = root(&[
        (
            "/lib/devd/50-a.toml",
            "[[device]]\nsubsystem = 'drm'\ngroup = 'video'\nmode = '0660'\n[[device]]\nname = ['sd*', 'dri/card0']\nlinks = ['gpu{number}', 'by/{major}-{minor}', 'gpu0']\n",
        ),
        (
            "/lib/devd/60-b.toml",
            "[[device]]\nname = '*'\nmode = '0000'\n",
        ),
        (
            "/etc/devd/60-b.toml",
            "[[device]]\nsubsystem = 'drm'\nname = 'dri/*'\nowner = 'alice'\nmode = '0600'\n[[device]]\nsubsystem = 'block'\nread = false\n",
        ),
        (
            "/etc/devd/70-driver.toml",
            "[[device]]\ndriver = 'none'\nmode = '0777'\n",
        ),
    ]);
    let rules = Rules::read(&root, |error| panic!("{error}"));
    let said = rules.say(&root, &device("drm", "dri/card0"));
    assert_eq!(
        (said.owner, said.group, said.mode),
        (Some(1000), Some(27), Some(0o600))
    );
    assert_eq!(said.links, ["gpu0", "by/10-7"]);
    assert_eq!(
        said.places,
        [
            "/lib/devd/50-a.toml:1",
            "/lib/devd/50-a.toml:5",
            "/etc/devd/60-b.toml:1"
        ]
    );
    let said = rules.say(&root, &device("block", "sr0"));
    assert_eq!((said.mode, said.read), (None, false));
    assert_eq!(
        rules.say(&root, &device("tty", "tty1")),
        Said {
            read: true,
            ..Said::default()
        }
    );
}

#[test]
fn mistakes_are_told_with_their_line_and_the_rest_counts() {
    for (text, told) in [
        (
            "[[device]]\nname = 1\n",
            "2: name is a string, and this is a number",
        ),
        (
            "[[device]]\nmode = '0660'\n",
            "1: it is about every device: name a subsystem, name, driver or attributes",
        ),
        (
            "[[device]]\nname = 'a'\nmode = '0999'\n",
            "3: '0999' is no mode, as in \"0660\"",
        ),
        (
            "[[device]]\nname = 'a'\nmode = '4755'\n",
            "3: '4755' is no mode, as in \"0660\"",
        ),
        (
            "[[device]]\nname = 'a'\ngroup = 'nobody'\n",
            "3: there is no group 'nobody' in /etc/group: add it, or take another",
        ),
        (
            "[[device]]\nname = 'a'\nowner = '4294967295'\n",
            "3: there is no owner '4294967295' in /etc/passwd: add it, or take another",
        ),
        (
            "[[device]]\nname = 'a'\nlinks = ['../x']\n",
            "3: '../x' is no name below /dev; {name}, {number}, {major} and {minor} may be in it",
        ),
        (
            "[[device]]\nname = 'a'\nlinks = ['{nam}']\n",
            "3: '{nam}' is no name below /dev; {name}, {number}, {major} and {minor} may be in it",
        ),
        (
            "[[device]]\nname = []\n",
            "2: name is an empty list: leave it out",
        ),
        (
            "[[device]]\nname = 'a'\nread = 'no'\n",
            "3: read is true or false, and this is a string",
        ),
        (
            "[[device]]\nattributes = { '../x' = 'a' }\n",
            "2: '../x' is no file of a device",
        ),
        (
            "[[device]]\nname = 'a'\nmodes = '0660'\n",
            "3: a device has no 'modes': there are subsystem, name, driver, attributes, owner, group, mode, links, read",
        ),
        (
            "[device]\nname = 'a'\n",
            "1: write [[device]], in double brackets",
        ),
        (
            "[[devices]]\nname = 'a'\n",
            "1: there is no 'devices': write [[device]], and what it is about below it",
        ),
    ] {
        // A list of what is a table already is a mistake by itself.
        let whole = !text.starts_with("[device]");
        let rest = if whole {
            "[[device]]\nname = 'good'\n"
        } else {
            ""
        };
        let (_folder, root) = root(&[("/etc/devd/a.toml", &format!("{text}{rest}"))]);
        let mut errors = Vec::new();
        let rules = Rules::read(&root, |error| errors.push(error.to_string()));
        assert_eq!(
            errors.first().map(|error| error.as_str()),
            Some(&*format!("/etc/devd/a.toml:{told}")),
            "{text}"
        );
        assert_eq!(rules.0.len(), usize::from(whole), "{text}: {errors:?}");
    }
}

proptest! {
    #[test]
    fn any_file_is_understood_or_refused_with_a_line_that_it_has(text in "(\\[\\[device\\]\\]\n|(name|mode|group|links|read|attributes|driver) = ('[a0-7{}*/.]{0,5}'|\\[\\]|true|7|\\{ a = 'b' \\})\n){0,6}", bytes: Vec<u8>) {
        for text in [text.as_bytes(), &bytes] {
            let lines = u32::try_from(text.iter().filter(|byte| **byte == b'\n').count()).unwrap() + 1;
            let accounts = accounts::Accounts::default();
            let mut told = Vec::new();
            let rules = read::file(text, "x", &accounts, &mut |error| told.push(error));
            for error in told {
                let has = matches!(error, Error::Syntax { line, .. } if line >= 1 && line <= lines);
                prop_assert!(has);
            }
            let root = Root::new("/nonexistent");
            Rules(rules).say(&root, &device("block", "sda1"));
        }
    }
}
