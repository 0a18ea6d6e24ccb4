//! What the program prints where no reference is.

use crate::place::Place;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

fn out(place: &Place, line: &str) -> String {
    let answer = place.run(line);
    assert_eq!(answer.status, 0, "{line}: {answer:?}");
    answer.out
}

#[test]
fn looking_packages_up() {
    let place = Place::new();
    assert_eq!(out(&place, "info"), "bar\nfoo\nfoo-doc\nlibfoo\n");
    assert_eq!(
        out(&place, "list foo"),
        "foo-1.2-r0 x86_64 {foo} (MIT) [installed]\n\
         foo-1.3-r1 x86_64 {foo} (MIT) [upgradable from: foo-1.2-r0]\n\
         foo-1.4-r0 x86_64 {foo} (MIT)\n"
    );
    assert_eq!(
        out(&place, "search FOO"),
        "foo-1.4-r0\nfoo-doc-1.3-r1\nlibfoo-1.0-r0\n"
    );
    assert_eq!(
        out(&place, "info -r libfoo"),
        "libfoo-1.0-r0 is required by:\nfoo-1.2-r0\n\n"
    );
    assert_eq!(
        out(&place, "owns /usr/bin/foo2"),
        "/usr/bin/foo2 is owned by foo-1.2-r0\n"
    );
    assert_eq!(
        out(&place, "query --format json --fields name,depends bar"),
        "[\n  {\n    \"name\": \"bar\",\n    \"depends\": [\n      \"!evil\",\n      \"foo>=1\"\n    ]\n  }\n]\n"
    );
    assert_eq!(
        out(&place, "policy meta"),
        "meta policy:\n  1-r0:\n    @two PLACE/two\n"
    );
    assert_eq!(
        out(&place, "version"),
        "Installed:                                Available:\n\
         foo-1.2-r0                              < 1.3-r1 \n\
         foo-doc-1.2-r0                          < 1.3-r1 \n"
    );
    assert_eq!(place.run("info -e foo zilch nono").status, 2);
}

#[test]
fn what_would_change() {
    let place = Place::new();
    let before = place.state();
    assert_eq!(
        out(&place, "upgrade -a --dry-run"),
        "(1/2) Upgrading foo (1.2-r0 -> 1.3-r1)\n(2/2) Upgrading foo-doc (1.2-r0 -> 1.3-r1)\nOK: 2929 KiB in 4 packages\n"
    );
    assert_eq!(
        out(&place, "del -s foo bar"),
        "(1/4) Purging foo-doc (1.2-r0)\n(2/4) Purging bar (2-r0)\n(3/4) Purging foo (1.2-r0)\n\
         (4/4) Purging libfoo (1.0-r0)\nOK: 0 B in 0 packages\n"
    );
    let refused = place.run("add -s meta");
    assert_eq!(refused.status, 1);
    assert_eq!(
        refused.err,
        "ERROR: unable to select packages:\n  meta-1-r0:\n    masked in: @two\n    satisfies: world[meta]\n"
    );
    assert_eq!(place.state(), before);
}

#[test]
fn why_and_explain() {
    let place = Place::new();
    assert_eq!(
        out(&place, "why foo-doc"),
        "world\n  bar-2-r0\n    foo-doc-1.2-r0\n\
         foo-doc-1.2-r0 is chosen: it comes by itself with bar and foo=1.2-r0.\n"
    );
    assert_eq!(place.run("why zilch").status, 1);
    assert_eq!(
        place.run("explain meta").out,
        "meta-1-r0 is not chosen: only repositories with the tag @two have it (ask for meta@two).\n\
         All together cannot be had: 1 thing is in the way.\n"
    );
}

#[test]
fn audit_and_stats() {
    let place = Place::new();
    assert_eq!(out(&place, "audit --system"), "");
    std::fs::write(place.path("root/usr/bin/foo"), "changed").expect("a file");
    std::fs::remove_file(place.path("root/usr/bin/foo2")).expect("there");
    assert_eq!(
        out(&place, "audit --system"),
        "U usr/bin/foo\nX usr/bin/foo2\n"
    );
    assert_eq!(out(&place, "audit --packages"), "foo-1.2-r0\n");
    assert!(out(&place, "stats").starts_with("installed:\n  packages: 4\n"));
}

#[test]
fn pins() {
    let place = Place::new();
    assert_eq!(out(&place, "pin"), "");
    assert_eq!(out(&place, "pin foo=1.2-r0"), "foo=1.2-r0\n");
    assert_eq!(out(&place, "pin"), "foo=1.2-r0\n");
    assert_eq!(out(&place, "pin libfoo"), "libfoo=1.0-r0\n");
    assert_eq!(out(&place, "pin -r foo"), "foo\n");
    let world = std::fs::read_to_string(place.path("root/etc/apk/world")).expect("there");
    assert_eq!(world, "bar\nfoo\nlibfoo=1.0-r0\n");
    assert_eq!(place.run("pin -r bar").status, 1);
}

#[test]
fn directories_of_options_are_below_the_root_unless_absolute() {
    let place = Place::new();
    let elsewhere = place.path("elsewhere");
    std::fs::rename(place.path("root/etc/apk/keys"), &elsewhere).expect("moved");
    let found = "Upgrading foo (1.2-r0 -> 1.3-r1)";
    let upgrade = |keys: &str| place.run(&format!("--no-cache {keys} upgrade -s foo")).out;
    assert!(!upgrade("").contains(found));
    assert!(upgrade("--keys-dir PLACE/elsewhere").contains(found));
    std::fs::rename(elsewhere, place.path("root/own")).expect("moved");
    assert!(upgrade("--keys-dir own").contains(found));
    assert!(!upgrade("--keys-dir /own").contains(found));
}

#[test]
fn what_cannot_be_done_is_refused() {
    let place = Place::new();
    let before = place.state();
    // Apk finds it masked, whatever --uvol-manager says; it is no package for a root.
    let made = place
        .run("mkpkg -I name:volume -I version:1 -I layer:1 -F PLACE/trees -o PLACE/volume-1.apk");
    assert_eq!(made.status, 0, "{made:?}");
    let volume = place.run("--allow-untrusted --uvol-manager /bin/true add PLACE/volume-1.apk");
    assert_ne!(volume.status, 0);
    assert!(
        volume
            .err
            .contains("volume-1 is an image for a volume of OpenWrt's uvol"),
        "{volume:?}"
    );
    if rustix::process::geteuid().is_root() {
        let add = place.run("add --usermode foo");
        assert_eq!(
            (add.status, &*add.err),
            (99, "ERROR: --usermode not allowed as root\n")
        );
    }
    assert_eq!(place.state(), before);
}

#[test]
fn directories_get_their_permissions_again() {
    let modes = |place: &Place, names: &[&str]| -> Vec<Option<u32>> {
        let mode = |name: &&str| {
            let metadata = std::fs::metadata(place.path("root").join(name)).ok()?;
            Some(metadata.permissions().mode() & 0o7777)
        };
        names.iter().map(mode).collect()
    };
    let names = ["usr", "usr/bin", "usr/lib", "usr/share/man", "var"];
    let programs = [Some(PathBuf::from(env!("CARGO_BIN_EXE_oil"))), {
        std::env::var_os("OIL_REFERENCE_APK").map(PathBuf::from)
    }];
    for program in programs.into_iter().flatten() {
        let place = Place::new();
        let spoil = |name: &str, mode: u32| {
            let path = place.path("root").join(name);
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("ours");
        };
        // Of all packages that have it, foo says of usr/bin, and foo-doc of usr/share, what counts.
        let database = place.path("root/lib/apk/db/installed");
        let text = std::fs::read_to_string(&database).expect("there");
        let text = text.replace("F:usr/bin\n", "F:usr/bin\nM:0:0:711\n");
        std::fs::write(&database, text).expect("written");
        spoil("usr", 0o700);
        spoil("usr/bin", 0o2755);
        spoil("var", 0o700);
        std::fs::remove_file(place.path("root/usr/share/man/foo.1")).expect("there");
        std::fs::remove_dir(place.path("root/usr/share/man")).expect("empty");
        let before = modes(&place, &names);
        let simulated = place.run_with(&program, "fix -s --directory-permissions");
        assert_eq!(simulated.status, 0, "{simulated:?}");
        assert_eq!(modes(&place, &names), before, "{program:?}");
        let fix = place.run_with(&program, "fix --directory-permissions");
        assert_eq!(fix.status, 0, "{fix:?}");
        let after = [
            Some(0o755),
            Some(0o711),
            Some(0o755),
            Some(0o755),
            Some(0o700),
        ];
        assert_eq!(modes(&place, &names), after, "{program:?}");
    }
}
