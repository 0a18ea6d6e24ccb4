//! Services loaded with what they depend on.

use super::draft::{Context, Strict};
use super::error::{Class, DEPTH, Error, Problem};
use super::load::{Loaded, Loader};
use super::testing::{Folder, environment, names};
use super::users::Users;
use super::*;

fn error(folder: &Folder, name: &str) -> Error {
    folder.load(name).0.unwrap_err()
}

/// Loaded services, by their descriptions.
struct Set(Vec<Description>);

impl Loaded for Set {
    fn is_loaded(&self, name: &[u8]) -> bool {
        self.description(name).is_some()
    }

    fn description(&self, name: &[u8]) -> Option<&Description> {
        self.0.iter().find(|one| *one.name == *name)
    }

    fn consumer(&self, name: &[u8]) -> Option<&[u8]> {
        let consumes = |one: &&Description| one.extra().consumer_of.as_deref() == Some(name);
        self.0.iter().find(consumes).map(|one| &*one.name)
    }
}

impl Set {
    fn with<T>(
        &self,
        folder: &Folder,
        run: impl FnOnce(&Loader<'_>, &mut Strict<fn(Error)>) -> T,
    ) -> T {
        let users = Users::system();
        let environment = environment(&[]);
        let loader = Loader {
            folders: &[folder.path("").into_os_string().into_encoded_bytes().into()],
            context: Context {
                environment: &environment,
                users: &users,
                for_tools: false,
            },
            loaded: self,
        };
        run(&loader, &mut Strict(|_| ()))
    }

    fn load(&self, folder: &Folder, name: &str) -> Result<Vec<Description>, Error> {
        self.with(folder, |loader, reports| {
            loader.load(name.as_bytes(), reports)
        })
    }

    fn reload(&self, folder: &Folder, names: &[&str]) -> Result<Vec<Description>, Error> {
        let names: Vec<_> = names.iter().map(|name| name.as_bytes()).collect();
        self.with(folder, |loader, reports| loader.reload(&names, reports))
    }
}

#[test]
fn dependencies_come_first() {
    let folder = Folder::new(&[
        (
            "boot",
            "depends-on: a\nwaits-for: b\ndepends-ms: c\nafter: late\nbefore: later\nchain-to = next\n",
        ),
        ("a", "prepared-by: c\n"),
        ("b", "depends-on: a\n"),
        ("c", ""),
    ]);
    let made = folder.load("boot").0.unwrap();
    assert_eq!(names(&made), ["c", "a", "b", "boot"]);
}

#[test]
fn missing_services() {
    let folder = Folder::new(&[
        ("hard", "depends-on: none\n"),
        ("soft", "waits-for: none\n"),
        ("over", "waits-for.d: over.d\n"),
        ("over.d/none", ""),
        ("over.d/there", ""),
        ("there", ""),
        ("deep", "depends-ms.d: deep.d\n"),
        ("deep.d/hard", ""),
        ("no-folder", "depends-on.d: none.d\n"),
    ]);
    assert_eq!(error(&folder, "none").class(), Class::NotFound);
    assert_eq!(
        error(&folder, "none").to_string(),
        "none: there is no description of this service"
    );
    for name in ["hard", "soft"] {
        let error = error(&folder, name);
        assert_eq!(error.class(), Class::Load);
        assert!(
            error.to_string().contains("none: there is no description"),
            "{error}"
        );
    }
    let (made, warnings) = folder.load("over");
    let made = made.unwrap();
    assert_eq!(names(&made), ["there", "over"]);
    assert_eq!(made[1].dependencies.len(), 1);
    assert!(
        warnings[0].to_string().contains("'none' is passed over"),
        "{}",
        warnings[0]
    );
    // What a folder names and is needed must be right, though, if it is there.
    let deep = error(&folder, "deep").to_string();
    assert!(
        deep.starts_with("deep: ") && deep.contains("hard: ") && deep.contains("none: "),
        "{deep}"
    );
    let (made, warnings) = folder.load("no-folder");
    assert_eq!((made.unwrap().len(), warnings.len()), (1, 1));
}

#[test]
fn bad_names_are_not_looked_for() {
    let folder = Folder::new(&[("a/b", "")]);
    for name in ["a/b", "", ".a", "@x", "a\nb"] {
        assert_eq!(error(&folder, name).class(), Class::Description, "{name}");
    }
    assert!(matches!(error(&folder, "a").problem, Problem::NotAFile(..)));
}

#[test]
fn cycles() {
    let folder = Folder::new(&[
        ("self", "depends-on: self\n"),
        ("a", "depends-on: b\n"),
        ("b", "waits-for: c\n"),
        ("c", "depends-ms: a\n"),
        ("in", "depends-on: a\n"),
        ("after-self", "after: after-self\n"),
        ("before-self", "before: before-self\n"),
        ("ab", "depends-on: x\ndepends-on: y\n"),
        ("x", "after: y\n"),
        ("y", "after: x\n"),
        ("fine", "depends-on: z\n"),
        ("z", "before: fine\n"),
        ("not-fine", "depends-on: w\n"),
        ("w", "after: not-fine\n"),
        ("v", "before: u\ndepends-on: t\n"),
        ("t", "depends-on: u\n"),
        ("u", ""),
    ]);
    let told = |name: &str| error(&folder, name).to_string();
    assert_eq!(
        told("self"),
        "self: cannot load what it depends on: self: depends on itself: self -> self"
    );
    assert!(
        told("a").ends_with("depends on itself: a -> b -> c -> a"),
        "{}",
        told("a")
    );
    assert!(told("in").starts_with("in: ") && told("in").ends_with("a -> b -> c -> a"));
    for name in ["after-self", "before-self", "ab", "not-fine", "v"] {
        assert_eq!(error(&folder, name).class(), Class::Cyclic, "{name}");
    }
    assert_eq!(folder.load("fine").0.unwrap().len(), 2);
}

#[test]
fn cycles_through_what_is_loaded() {
    let folder = Folder::new(&[
        ("a", "after: b\n"),
        ("c", "depends-on: a\n"),
        ("b", "depends-on: c\n"),
        ("d", "depends-on: c\n"),
    ]);
    let mut set = Set(Vec::new());
    set.0 = set.load(&folder, "c").unwrap();
    assert_eq!(names(&set.0), ["a", "c"]);
    assert_eq!(set.load(&folder, "b").unwrap_err().class(), Class::Cyclic);
    assert_eq!(names(&set.load(&folder, "d").unwrap()), ["d"]);
    assert!(set.load(&folder, "a").unwrap().is_empty());
    // Loaded again, with a dependency that leads back.
    folder.write("a", "depends-on: e\n");
    folder.write("e", "depends-on: c\n");
    assert_eq!(
        set.reload(&folder, &["a"]).unwrap_err().class(),
        Class::Cyclic
    );
    folder.write("e", "");
    assert_eq!(names(&set.reload(&folder, &["a"]).unwrap()), ["e", "a"]);
    assert_eq!(
        names(&set.reload(&folder, &["a", "c"]).unwrap()),
        ["e", "a", "c"]
    );
    std::fs::remove_file(folder.path("a")).unwrap();
    assert_eq!(
        set.reload(&folder, &["a"]).unwrap_err().class(),
        Class::NotFound
    );
}

#[test]
fn as_deep_as_allowed() {
    let folder = Folder::new(&[]);
    for at in 0..DEPTH + 1 {
        folder.write(&format!("s{at}"), &format!("depends-on: s{}\n", at + 1));
    }
    folder.write(&format!("s{}", DEPTH + 1), "");
    assert_eq!(folder.load("s2").0.unwrap().len(), DEPTH);
    let deep = error(&folder, "s1");
    assert_eq!(deep.class(), Class::Load);
    assert!(deep.to_string().contains("nest deeper than 32"), "{deep}");
    // What is come by sooner on a shorter way is not deep.
    folder.write("both", "depends-on: s5\ndepends-on: s1\n");
    assert!(folder.load("both").0.is_ok());
}

#[test]
fn folders_may_nest_deeper_but_not_forever() {
    let folder = Folder::new(&[]);
    for at in 0..2000 {
        folder.write(&format!("s{at}"), &format!("waits-for.d: d{at}\n"));
        folder.write(&format!("d{at}/s{}", at + 1), "");
    }
    folder.write("s2000", "");
    assert_eq!(folder.load("s0").0.unwrap().len(), 2001);
    folder.write("s2000", "nice = x\n");
    let (made, warnings) = folder.load("s0");
    assert_eq!(made.unwrap().len(), 2000);
    let (why, passed) = (warnings[0].to_string(), warnings[1].to_string());
    assert!(why.contains("s2000:1: nice"), "{why}");
    assert!(passed.starts_with("s1999: 's2000' is passed"), "{passed}");
    for at in 0..2000 {
        folder.write(&format!("s{at}"), &format!("depends-on.d: d{at}\n"));
    }
    let broken = error(&folder, "s1000").to_string();
    assert!(
        broken.contains("s2000:1: nice") && broken.len() < 1000,
        "{broken}"
    );
}

#[test]
fn a_mistake_in_what_a_folder_has_waited_for_keeps_nothing_else_back() {
    let folder = Folder::new(&[
        ("boot", "waits-for.d: boot.d\n"),
        ("boot.d/above", ""),
        ("boot.d/circle", ""),
        ("boot.d/fine", ""),
        ("boot.d/needs", ""),
        ("boot.d/wrong", ""),
        ("wrong", "comand = /bin/true\n"),
        // Each needs what is good, and what is not.
        ("above", "depends-on: good\ndepends-on: wrong\n"),
        ("needs", "depends-on: above\n"),
        ("circle", "depends-on: boot\n"),
        ("fine", "waits-for: good\n"),
        ("good", ""),
        ("hard", "waits-for: wrong\n"),
    ]);
    let (made, warnings) = folder.load("boot");
    let made = made.unwrap();
    assert_eq!(names(&made), ["good", "fine", "boot"]);
    assert_eq!(made[2].dependencies.len(), 1);
    let told: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 8, "{told:?}");
    for (told, (name, why)) in told.chunks(2).zip([
        ("above", "wrong:1: there is no setting 'comand'"),
        ("circle", "depends on itself: boot -> circle -> boot"),
        ("needs", "wrong:1: "),
        ("wrong", "wrong:1: "),
    ]) {
        let begins = format!("boot: '{name}' is passed over: ");
        assert!(
            told[0].contains(why) && told[1].starts_with(&begins),
            "{told:?}"
        );
    }
    // Named by itself it is an error as before.
    assert_eq!(error(&folder, "hard").class(), Class::Load);
}

#[test]
fn ten_thousand_services() {
    let folder = Folder::new(&[]);
    let mut boot = String::new();
    for layer in 0..20 {
        for at in 0..500 {
            let name = format!("l{layer}n{at}");
            let mut text = String::from("type = process\ncommand = /bin/x $A\n");
            if layer > 0 {
                for step in [1, 7, 31] {
                    text += &format!("depends-on: l{}n{}\n", layer - 1, (at * step + step) % 500);
                }
                text += &format!("after: l{}n{at}\n", layer - 1);
            }
            folder.write(&name, &text);
            boot += &format!("waits-for: {name}\n");
        }
    }
    folder.write("boot", &boot);
    let made = folder.load("boot").0.unwrap();
    assert_eq!(made.len(), 10_001);
    let mut seen = std::collections::HashSet::new();
    for one in &made {
        assert!(
            one.dependencies
                .iter()
                .all(|other| seen.contains(&other.name)),
            "{:?}",
            one.name
        );
        seen.insert(one.name.clone());
    }
}

#[test]
fn consumers() {
    let process = "type = process\ncommand = /x\n";
    let text = |more: &str| format!("{process}{more}\n");
    let folder = Folder::new(&[
        ("pipe", &text("log-type = pipe")),
        ("plain", &text("")),
        ("trigger", "type = triggered\nlog-type = pipe\n"),
        ("good", &text("consumer-of = pipe")),
        ("again", &text("consumer-of = pipe")),
        ("early", &text("consumer-of = plain")),
        ("both", &text("depends-on: plain\nconsumer-of = plain")),
        ("odd", &text("depends-on: trigger\nconsumer-of = trigger")),
        ("two", &text("depends-on: good\ndepends-on: again")),
    ]);
    assert_eq!(folder.load("good").0.unwrap().len(), 1);
    for name in ["both", "odd", "two"] {
        assert!(
            matches!(error(&folder, name).problem, Problem::Conflict(_)),
            "{name}"
        );
    }
    let mut set = Set(Vec::new());
    set.0 = set.load(&folder, "early").unwrap();
    assert!(set.load(&folder, "plain").is_err());
    set.0 = set.load(&folder, "good").unwrap();
    assert!(set.load(&folder, "again").is_err());
    assert_eq!(set.reload(&folder, &["good"]).unwrap().len(), 1);
    assert!(set.load(&folder, "pipe").is_ok());
    set.0 = set.load(&folder, "plain").unwrap();
    assert!(set.load(&folder, "early").is_err());
}

#[test]
fn what_cannot_be_read() {
    let folder = Folder::new(&[("huge", &"#\n".repeat(1 << 20)), ("folder/x", "")]);
    std::os::unix::fs::symlink("loop", folder.path("loop")).unwrap();
    std::os::unix::fs::symlink("/dev/null", folder.path("masked")).unwrap();
    assert!(matches!(
        error(&folder, "huge").problem,
        Problem::TooLarge(..)
    ));
    assert!(matches!(
        error(&folder, "folder").problem,
        Problem::NotAFile(..)
    ));
    assert!(matches!(
        error(&folder, "loop").problem,
        Problem::Unreadable(..)
    ));
    assert_eq!(folder.load("masked").0.unwrap()[0].kind, Kind::Internal);
    let long = "n".repeat(300);
    assert!(matches!(
        error(&folder, &long).problem,
        Problem::Unreadable(..)
    ));
}
