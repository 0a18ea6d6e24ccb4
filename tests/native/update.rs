//! `package update`, with a mirror and a registry of the test's own: what is told, and what is pinned.

use super::project::{Project, expect};
use super::workshop::{Crate, Workshop, hash, publish};
use alpenglow_tests::{Outcome, Test, check, has, mirror, output, test, text};
use std::fs;
use std::process::Command;

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("package_update_tells_and_pins", tells_and_pins),
        test("package_update_crate", of_a_crate),
        test("package_update_wrong_hash_changes_nothing", wrong_hash),
        test("package_update_unknown_names", unknown_names),
        test("package_update_silent_mirror", silent_mirror),
    ]
}

/// The path of a version of `thing` in the pool.
fn pool(version: &str) -> String {
    format!("pool/main/t/thing/thing_{version}.orig.tar.gz")
}

/// A project with a mirror, whose suites list versions of `thing`, of which some are there.
struct Archive {
    project: Project,
    address: String,
}

const RECIPE: &str = "name = \"thing\"\nsummary = \"s\"\nlicense = \"0BSD\"\nsource = \"thing\"\nstyle = \"script\"\n\
    [script]\ninstall = \"install -Dm644 version $DESTDIR/etc/thing\"\n";

impl Archive {
    fn new() -> Result<Self, String> {
        let project = Project::new()?;
        project.recipe("thing", RECIPE)?;
        fs::create_dir_all(project.path("mirror")).map_err(|e| e.to_string())?;
        let address = mirror::serve(&project.path("mirror")).map_err(|e| e.to_string())?;
        let archive = Self { project, address };
        archive.configure(&archive.address)?;
        Ok(archive)
    }

    /// The host's apt, as this project sees it.
    fn configure(&self, address: &str) -> Outcome {
        let project = &self.project;
        let list = format!("deb [trusted=yes] {address} bookworm main\n");
        project.write("host/sources.list", &list)?;
        for dir in ["host/lists/partial", "host/parts"] {
            fs::create_dir_all(project.path(dir)).map_err(|e| e.to_string())?;
        }
        let conf = format!(
            "Dir::Etc::SourceList \"{list}\";\nDir::Etc::SourceParts \"{parts}\";\nDir::State::Lists \"{lists}\";\nAcquire::Retries \"0\";\n",
            list = project.path("host/sources.list").display(),
            parts = project.path("host/parts").display(),
            lists = project.path("host/lists").display(),
        );
        project.write("host/apt.conf", &conf)
    }

    /// Makes a version's file; its hash and size.
    fn make(&self, version: &str) -> Result<(String, u64), String> {
        let project = &self.project;
        let folder = format!("packing/thing-{version}");
        project.write(&format!("{folder}/version"), version)?;
        let file = project.path("mirror").join(pool(version));
        fs::create_dir_all(file.parent().unwrap_or(&file)).map_err(|e| e.to_string())?;
        let mut tar = Command::new("tar");
        tar.arg("-czf")
            .arg(&file)
            .arg("-C")
            .arg(project.path("packing"));
        let output = output(tar.arg(format!("thing-{version}")))?;
        check(output.status.success(), || text(&output))?;
        let bytes = file.metadata().map_err(|e| e.to_string())?.len();
        Ok((hash(&file)?, bytes))
    }

    /// Lists a version in a suite, whose Release file has long been past its date.
    fn list(&self, suite: &str, version: &str, sha256: &str, bytes: u64) -> Outcome {
        let project = &self.project;
        let sources = format!(
            "Package: thing\nBinary: thing\nVersion: {version}-1\nFormat: 3.0 (quilt)\nDirectory: pool/main/t/thing\n\
             Checksums-Sha256:\n {sha256} {bytes} thing_{version}.orig.tar.gz\n\n"
        );
        let dists = format!("mirror/dists/{suite}");
        project.write(&format!("{dists}/main/source/Sources"), &sources)?;
        project.write(&format!("{dists}/main/binary-amd64/Packages"), "")?;
        let mut release = format!(
            "Origin: Debian\nCodename: {suite}\nDate: Thu, 01 Jan 2015 00:00:00 UTC\nValid-Until: Thu, 08 Jan 2015 00:00:00 UTC\n\
             Architectures: amd64\nComponents: main\nSHA256:\n"
        );
        for file in ["main/source/Sources", "main/binary-amd64/Packages"] {
            let path = project.path(&dists).join(file);
            let size = path.metadata().map_err(|e| e.to_string())?.len();
            release += &format!(" {} {size} {file}\n", hash(&path)?);
        }
        project.write(&format!("{dists}/Release"), &release)
    }

    fn lock(&self, version: &str, sha256: &str, bytes: u64) -> Outcome {
        self.project.write(
            "sources.lock",
            &format!(
                "# What we are made of.\n\n[[source]]\nname = \"thing\"\n\n# Tested by hand.\n[[source.pin]]\nversion = \"{version}\"\n\
                 path = \"{}\"\nsha256 = \"{sha256}\"\nbytes = {bytes}\n",
                pool(version)
            ),
        )
    }

    fn expect(&self, words: &[&str], status: i32, parts: &[&str]) -> Outcome {
        let mut command = self.project.command(words);
        command.env("APT_CONFIG", self.project.path("host/apt.conf"));
        expect(&mut command, status, parts)
    }
}

fn tells_and_pins() -> Outcome {
    let archive = Archive::new()?;
    archive.lock("1.0", &"ab".repeat(32), 100)?;
    let (sha256, bytes) = archive.make("1.1")?;
    archive.list("bookworm", "1.1", &sha256, bytes)?;
    archive.list("sid", "1.2", &"cd".repeat(32), 100)?;
    archive.expect(
        &["package", "build", "thing"],
        1,
        &["404", "package update thing --write"],
    )?;
    let before =
        fs::read_to_string(archive.project.path("sources.lock")).map_err(|e| e.to_string())?;
    let told = [
        "thing   1.0     gone   1.1",
        "thing: 1.2 is listed, but no mirror has it",
        "trusted for its hash",
    ];
    archive.expect(&["package", "update"], 0, &told)?;
    let same = fs::read_to_string(archive.project.path("sources.lock"));
    check(same.is_ok_and(|same| same == before), || {
        "the lock was changed unasked".into()
    })?;
    archive.expect(
        &["package", "update", "thing", "--write"],
        0,
        &["thing: pinned 1.1, fetched and checked"],
    )?;
    let after =
        fs::read_to_string(archive.project.path("sources.lock")).map_err(|e| e.to_string())?;
    let pin = format!(
        "[[source.pin]]\nversion = \"1.1\"\npath = \"{}\"\nsha256 = \"{sha256}\"\nbytes = {bytes}\n\n",
        pool("1.1")
    );
    check(after.replacen(&pin, "", 1) == before, || after.clone())?;
    has(
        &after,
        &[&format!("{pin}# Tested by hand.\n[[source.pin]]")],
    )?;
    archive.expect(&["package", "build", "thing"], 0, &["thing 1.1 "])?;
    archive.expect(
        &["package", "update", "thing"],
        0,
        &["thing   1.1     yes    no newer one"],
    )
}

/// The index gives another hash than the file has.
fn wrong_hash() -> Outcome {
    let archive = Archive::new()?;
    archive.lock("1.0", &"ab".repeat(32), 100)?;
    let (_, bytes) = archive.make("1.1")?;
    archive.list("bookworm", "1.1", &"cd".repeat(32), bytes)?;
    let before = fs::read(archive.project.path("sources.lock")).map_err(|e| e.to_string())?;
    archive.expect(
        &["package", "update", "--write"],
        1,
        &["thing 1.1", "wrong hash", &"cd".repeat(32)],
    )?;
    let after = fs::read(archive.project.path("sources.lock")).map_err(|e| e.to_string())?;
    check(after == before, || "the lock was changed".into())?;
    archive.project.goes_on()
}

fn unknown_names() -> Outcome {
    let archive = Archive::new()?;
    archive.lock("1.0", &"ab".repeat(32), 100)?;
    archive.expect(
        &["package", "update", "thin"],
        1,
        &["'thin'", "lists: thing"],
    )?;
    archive.expect(
        &["package", "update", "hello"],
        1,
        &["'hello' is Alpenglow's own"],
    )
}

/// A mirror on a loopback port where nobody listens.
fn silent_mirror() -> Outcome {
    let archive = Archive::new()?;
    archive.lock("1.0", &"ab".repeat(32), 100)?;
    archive.configure("http://127.0.0.1:9/debian")?;
    archive.expect(
        &["package", "update"],
        1,
        &["no suite of Debian", "127.0.0.1:9", "apt-get update"],
    )?;
    archive.project.goes_on()
}

/// A version of a crate that has nothing in it.
const fn version(version: &'static str, files: &'static [(&'static str, &'static str)]) -> Crate {
    Crate {
        name: "hammer",
        version,
        files,
    }
}

const OLD: Crate = version(
    "0.9.0",
    &[
        (
            "Cargo.toml",
            "[package]\nname = \"hammer\"\nversion = \"0.9.0\"\n",
        ),
        ("src/lib.rs", ""),
    ],
);
const NEW: Crate = version(
    "0.10.0",
    &[
        (
            "Cargo.toml",
            "[package]\nname = \"hammer\"\nversion = \"0.10.0\"\n",
        ),
        ("src/lib.rs", ""),
    ],
);

fn of_a_crate() -> Outcome {
    let shop = Workshop::new(&[&OLD])?;
    let file = shop.project.path("registry/dl/hammer/0.9.0/download");
    let lock = format!(
        "[[source]]\nname = \"tool\"\n\n[[source.pin]]\nversion = \"0.9.0\"\ncrate = \"hammer\"\nsha256 = \"{}\"\nbytes = {}\n",
        hash(&file)?,
        file.metadata().map_err(|e| e.to_string())?.len()
    );
    shop.project.write("sources.lock", &lock)?;
    shop.expect(
        &["package", "update", "tool"],
        0,
        &["tool    0.9.0   yes    no newer one"],
    )?;
    publish(&shop.project, &NEW)?;
    shop.expect(
        &["package", "update", "--write"],
        0,
        &["tool    0.9.0   yes    0.10.0", "tool: pinned 0.10.0"],
    )?;
    let after = fs::read_to_string(shop.project.path("sources.lock")).map_err(|e| e.to_string())?;
    let sha256 = hash(&shop.project.path("registry/dl/hammer/0.10.0/download"))?;
    has(
        &after,
        &[
            &format!("version = \"0.10.0\"\ncrate = \"hammer\"\nsha256 = \"{sha256}\"\n"),
            &lock[lock.find("[[source.pin]]").unwrap_or(0)..],
        ],
    )
}
