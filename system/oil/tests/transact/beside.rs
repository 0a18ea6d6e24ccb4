//! The same packages by Oil and by the reference: the same root, to the byte of the database.

use crate::field::{Field, Recipe, add, del, done, look, reference, same};
use oil::package::ScriptKind;
use std::fs;
use std::path::Path;
use std::process::Command;

fn apk(root: &Path, words: &[&str]) -> String {
    let output = Command::new(reference().expect("a reference"))
        .arg("--root")
        .arg(root)
        .args([
            "--arch",
            "x86_64",
            "--allow-untrusted",
            "--no-cache",
            "--no-network",
            "--no-logfile",
        ])
        .args(words)
        .output()
        .expect("it runs");
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
}

/// Adds packages with the reference; the world is then made that of names, as ours is.
fn theirs(root: &Path, packages: &[&Path]) -> String {
    let mut words = vec!["add"];
    words.extend(packages.iter().map(|path| path.to_str().expect("text")));
    apk(root, &words)
}

fn recipes() -> [Vec<Recipe>; 2] {
    let sh = |text: &str| format!("#!/bin/sh\necho $APK_SCRIPT $@ {text}\n");
    let one = |version: &str, content: &str| {
        let mut recipe = Recipe::new(
            "one",
            version,
            &[
                ("usr/bin/one", content),
                ("usr/bin/hard", "= usr/bin/one"),
                ("usr/bin/link", "-> one"),
                ("usr/lib/one/data", content),
                ("usr/lib/one/empty", ""),
                ("usr/share/one/", ""),
                ("etc/one.conf", content),
                ("top", "at the top"),
            ],
        )
        .mode("usr/bin/one", 0o4755)
        .mode("usr/share/one", 0o1777)
        .script(ScriptKind::PreInstall, &sh(""))
        .script(ScriptKind::PostInstall, &sh(""))
        .script(ScriptKind::PreUpgrade, &sh(""))
        .script(ScriptKind::PostDeinstall, &sh(""))
        .script(ScriptKind::Trigger, &sh(""));
        recipe.triggers = vec!["/usr/lib/*".into()];
        recipe
    };
    let two = Recipe::new(
        "two",
        "1-r0",
        &[("usr/lib/two/x", "x"), ("usr/bin/two", "two")],
    );
    let mut first = one("1-r0", "first");
    first
        .files
        .push(("usr/lib/one/old/gone".into(), "gone".into()));
    let mut second = one("2-r0", "second version");
    second.files.push(("usr/lib/one/new".into(), "new".into()));
    [vec![first, two], vec![second]]
}

fn install_upgrade_delete(v2: bool) {
    if reference().is_none() {
        return;
    }
    let field = Field::new(v2);
    let [first, second] = recipes();
    let first: Vec<_> = first.iter().map(|recipe| field.make(recipe)).collect();
    let second: Vec<_> = second.iter().map(|recipe| field.make(recipe)).collect();
    let (ours, other) = (
        field.root_with_shell("ours"),
        field.root_with_shell("theirs"),
    );
    let world = |root: &Path| fs::read_to_string(root.join("etc/apk/world")).expect("a world");

    let packages: Vec<&Path> = first.iter().map(AsRef::as_ref).collect();
    let theirs_told = theirs(&other, &packages);
    let steps = first.iter().map(|package| add(&ours, package)).collect();
    let told = done(&ours, steps, &world(&other));
    same(
        &look(&other),
        &look(&ours),
        &format!("install\n{theirs_told}\n{told:#?}"),
    );

    fs::write(ours.join("etc/one.conf"), "changed").expect("a file");
    fs::write(other.join("etc/one.conf"), "changed").expect("a file");
    let packages: Vec<&Path> = second.iter().map(AsRef::as_ref).collect();
    let theirs_told = theirs(&other, &packages);
    let steps = second.iter().map(|package| add(&ours, package)).collect();
    let told = done(&ours, steps, &world(&other));
    let at = |text: &str| text.replace(".000000000", "");
    assert!(
        at(&theirs_told).contains("Installing file to etc/one.conf.apk-new"),
        "{theirs_told}"
    );
    assert!(told.contains(&"  Installing file to etc/one.conf.apk-new".to_owned()));
    fs::set_permissions(
        other.join("etc/one.conf"),
        fs::metadata(ours.join("etc/one.conf"))
            .expect("there")
            .permissions(),
    )
    .expect("ours");
    let (mut left, mut right) = (look(&other), look(&ours));
    left.remove("etc/one.conf");
    right.remove("etc/one.conf");
    same(&left, &right, &format!("upgrade\n{theirs_told}\n{told:#?}"));
    assert_eq!(
        apk(&ours, &["audit", "--system"]),
        apk(&other, &["audit", "--system"])
    );
    assert_eq!(
        apk(&ours, &["info", "-L", "one"]),
        apk(&other, &["info", "-L", "one"])
    );

    let theirs_told = apk(&other, &["del", "one"]);
    let told = done(&ours, vec![del("one")], &world(&other));
    let (mut left, mut right) = (look(&other), look(&ours));
    left.remove("etc/one.conf");
    right.remove("etc/one.conf");
    same(&left, &right, &format!("delete\n{theirs_told}\n{told:#?}"));
    // And they take turns.
    let theirs_told = apk(&ours, &["del", "two"]);
    assert!(theirs_told.contains("Purging two"), "{theirs_told}");
    done(&ours, vec![add(&ours, &first[1])], "two\n");
    assert_eq!(apk(&ours, &["audit", "--system"]), "");
}

#[test]
fn v3_packages() {
    install_upgrade_delete(false);
}

#[test]
fn v2_packages() {
    install_upgrade_delete(true);
}
