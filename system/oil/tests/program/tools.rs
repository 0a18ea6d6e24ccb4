//! Help, completion, manual pages, keys, packages, indexes, bills of materials.

use crate::place::Place;
use std::fs;
use std::process::Command;

fn well(place: &Place, line: &str) -> String {
    let answer = place.run(line);
    assert_eq!(answer.status, 0, "{line}: {answer:?}");
    answer.out
}

#[test]
fn help_names_every_command() {
    let place = Place::new();
    let text = well(&place, "--help");
    for name in ["add", "del", "query", "mkpkg", "serve", "sbom", "rollback"] {
        assert!(text.contains(&format!("\n  {name} ")), "{name}");
        assert!(
            well(&place, &format!("{name} --help")).starts_with("usage: oil "),
            "{name}"
        );
    }
    assert_eq!(place.run("").status, 1);
    assert!(well(&place, "--version").starts_with("oil "));
}

#[test]
fn completion_and_manuals() {
    let place = Place::new();
    let script = place.path("completion.bash");
    fs::write(&script, well(&place, "completion bash")).expect("a file");
    let checked = Command::new("bash").arg("-n").arg(&script).status();
    assert!(
        checked.map_or(true, |status| status.success()),
        "bash does not take it"
    );
    assert!(well(&place, "completion zsh").starts_with("#compdef"));
    assert!(well(&place, "completion fish").contains("-l simulate"));
    well(&place, "man PLACE/man");
    let page = fs::read_to_string(place.path("man/man8/oil-add.8")).expect("a page");
    assert!(page.contains(".SH NAME") && page.contains("\\-\\-virtual"));
}

#[test]
fn keys_packages_and_indexes() {
    let place = Place::new();
    well(&place, "keygen PLACE/mine");
    assert_eq!(
        place.run("keygen PLACE/mine").status,
        99,
        "an old key stays"
    );
    well(
        &place,
        "mkpkg -F PLACE/trees/foo-1.2-r0 -I name:mine -I version:1 -I arch:noarch -o PLACE/mine.apk",
    );
    let unsigned = place.run("verify PLACE/mine.apk");
    assert_eq!(
        (unsigned.status, unsigned.out.as_str()),
        (1, "PLACE/mine.apk: UNTRUSTED signature\n")
    );
    well(&place, "sign --sign-key PLACE/mine PLACE/mine.apk");
    fs::copy(
        place.path("mine.pub"),
        place.path("root/etc/apk/keys/mine.pub"),
    )
    .expect("a key");
    assert_eq!(
        well(&place, "verify PLACE/mine.apk"),
        "PLACE/mine.apk: OK\n"
    );
    assert_eq!(
        well(
            &place,
            "mkndx -o PLACE/Packages.adb --sign-key PLACE/mine PLACE/mine.apk"
        ),
        "Index has 1 packages (of which 1 are new)\n"
    );
    assert_eq!(
        well(&place, "verify PLACE/Packages.adb"),
        "PLACE/Packages.adb: OK\n"
    );
    assert!(
        well(&place, "adbdump PLACE/Packages.adb").contains("  - name: mine\n    version: 1\n")
    );
    fs::create_dir(place.path("out")).expect("a directory");
    assert_eq!(
        well(&place, "extract --destination PLACE/out PLACE/mine.apk"),
        "Extracting PLACE/mine.apk...\n"
    );
    assert_eq!(
        fs::read(place.path("out/usr/bin/foo")).expect("there"),
        fs::read(place.path("trees/foo-1.2-r0/usr/bin/foo")).expect("there")
    );
    let again = place.run("extract --destination PLACE/out PLACE/mine.apk");
    assert_eq!(again.status, 99);
    assert!(again.err.contains("File exists"), "{again:?}");
    assert!(well(&place, "manifest PLACE/mine.apk").contains("none:  usr/bin/foo2\n"));
}

#[test]
fn v2_packages_are_signed_and_indexed() {
    use oil::make::{Spec, write_v2};
    use oil::package::Info;
    let place = Place::new();
    well(&place, "keygen --type rsa2048 PLACE/old.rsa");
    fs::copy(
        place.path("old.rsa.pub"),
        place.path("root/etc/apk/keys/old.rsa.pub"),
    )
    .expect("a key");
    let spec = Spec {
        info: Info {
            name: "old".to_owned(),
            version: oil::version::Version::from_text("1"),
            arch: "noarch".to_owned(),
            ..Info::default()
        },
        ..Spec::default()
    };
    let file = fs::File::create(place.path("old-1.apk")).expect("a file");
    write_v2(file, &spec, None, &[], &place.path(".")).expect("a package");
    assert_eq!(place.run("verify PLACE/old-1.apk").status, 1);
    well(&place, "sign --sign-key PLACE/old.rsa PLACE/old-1.apk");
    well(&place, "sign --sign-key PLACE/old.rsa PLACE/old-1.apk");
    assert_eq!(
        well(&place, "verify PLACE/old-1.apk"),
        "PLACE/old-1.apk: OK\n"
    );
    well(
        &place,
        "index --sign-key PLACE/old.rsa -o PLACE/APKINDEX.tar.gz PLACE/old-1.apk",
    );
    assert_eq!(
        well(&place, "verify PLACE/APKINDEX.tar.gz"),
        "PLACE/APKINDEX.tar.gz: OK\n"
    );
    let refused = place.run("index -o PLACE/x PLACE/one/x86_64/bar-2-r0.apk");
    assert_eq!(refused.status, 99);
}

#[test]
fn bills_of_materials() {
    let place = Place::new();
    let spdx = well(&place, "sbom");
    assert!(spdx.contains("\"SPDXID\": \"SPDXRef-Package-foo-1.2-r0\""));
    assert!(spdx.contains(
        "\"spdxElementId\": \"SPDXRef-Package-foo-1.2-r0\", \"relationshipType\": \"DEPENDS_ON\", \
         \"relatedSpdxElement\": \"SPDXRef-Package-libfoo-1.0-r0\""
    ));
    let other = well(&place, "sbom --format cyclonedx");
    assert!(
        other.contains("\"bomFormat\": \"CycloneDX\"")
            && other.contains("pkg:apk/alpenglow/foo@1.2-r0?arch=x86_64")
    );
}
