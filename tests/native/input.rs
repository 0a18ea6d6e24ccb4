//! Bad input and bad circumstances: each ends with one message that names the thing and the way
//! out, leaves nothing half written, and the next run goes on.

use super::project::{HELLO, Project, expect};
use alpenglow_tests::{Outcome, Test, check, has, named, test, text};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("input_missing_tool", missing_tool),
        test("input_no_root", no_root),
        test("input_silent_mirror", silent_mirror),
        test("input_wrong_hash", wrong_hash),
        test("input_misspelt_key", misspelt_key),
        test("input_unknown_names", unknown_names),
        test("input_wrong_use", wrong_use),
        test("input_output_that_nobody_reads", unread),
        test("input_unwritable_cache", unwritable_cache),
        test("input_full_disk", full_disk),
        test("input_interrupted_build", interrupted_build),
        test("input_two_builds_at_once", two_builds_at_once),
        test("input_failing_build_shows_its_log", failing_build),
        test("input_soft_program_is_refused", soft_program),
        test("input_kernel_line_that_does_not_survive", lost_kernel_line),
    ]
}

fn missing_tool() -> Outcome {
    let project = Project::new()?;
    fs::remove_file(project.path("cache/alpenglow/roots")).map_err(|e| e.to_string())?;
    let mut command = project.command(&["package", "build", "hello"]);
    expect(
        command.env("PATH", "/nowhere"),
        1,
        &["apt-get is not on this machine", "Debian 12"],
    )
}

/// As of `alpenglow bench | head -n 0`.
fn unread() -> Outcome {
    let (reader, writer) = std::io::pipe().map_err(|e| e.to_string())?;
    drop(reader);
    let project = Project::new()?;
    let ended = project
        .command(&["bench"])
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .and_then(std::process::Child::wait_with_output)
        .map_err(|e| e.to_string())?;
    check(
        ended.status.code() == Some(141) && ended.stderr.is_empty(),
        || format!("{}: {}", ended.status, text(&ended)),
    )
}

fn no_root() -> Outcome {
    let project = Project::new()?;
    // The program itself lies where only root may look.
    let program = project.path("alpenglow");
    fs::copy(named("ALPENGLOW_BIN"), &program).map_err(|e| e.to_string())?;
    fs::remove_file(project.path("cache/alpenglow/roots")).map_err(|e| e.to_string())?;
    let give = Command::new("chown")
        .args(["-R", "65534:65534"])
        .arg(project.folder())
        .status();
    give.map_err(|e| e.to_string())?;
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(&program)
        .args(["package", "build", "hello"])
        .env("ALPENGLOW_REPOSITORY", project.folder())
        .env("XDG_CACHE_HOME", project.path("cache"));
    expect(&mut command, 1, &["only root may do", "sudo ./alpenglow"])
}

const SOURCED: &str = "name = \"sourced\"\nsummary = \"s\"\nlicense = \"0BSD\"\nsource = \"thing\"\nstyle = \"script\"\n\
    [script]\ninstall = \"true\"\n";

fn lock(path: &str, hash: &str) -> String {
    format!(
        "[[source]]\nname = \"thing\"\n[[source.pin]]\nversion = \"1.2.6\"\npath = \"{path}\"\nsha256 = \"{hash}\"\nbytes = 1082499\n"
    )
}

const MUSL: &str = "pool/main/m/musl/musl_1.2.6.orig.tar.gz";

/// A mirror on a loopback port where nobody listens.
fn silent_mirror() -> Outcome {
    let project = Project::new()?;
    project.recipe("sourced", SOURCED)?;
    project.write("sources.lock", &lock(MUSL, &"a".repeat(64)))?;
    project.write(
        "apt/sources.list",
        "deb [trusted=yes] http://127.0.0.1:9/debian bookworm main\n",
    )?;
    for dir in ["apt/lists/partial", "apt/parts"] {
        fs::create_dir_all(project.path(dir)).map_err(|e| e.to_string())?;
    }
    let configuration = format!(
        "Dir::Etc::SourceList \"{list}\";\nDir::Etc::SourceParts \"{parts}\";\nDir::State::Lists \"{lists}\";\n",
        list = project.path("apt/sources.list").display(),
        parts = project.path("apt/parts").display(),
        lists = project.path("apt/lists").display(),
    );
    project.write("apt/apt.conf", &configuration)?;
    let mut command = project.command(&["package", "build", "sourced"]);
    command.env("APT_CONFIG", project.path("apt/apt.conf"));
    expect(&mut command, 1, &["thing", "1.2.6", "127.0.0.1:9", "apt"])?;
    project.goes_on()
}

fn wrong_hash() -> Outcome {
    let project = Project::new()?;
    project.recipe("sourced", SOURCED)?;
    let hash = "ab".repeat(32);
    project.write("sources.lock", &lock(MUSL, &hash))?;
    project.expect(
        &["package", "build", "sourced"],
        1,
        &["thing", "1.2.6", &hash],
    )?;
    let left: Vec<PathBuf> = fs::read_dir(project.path("cache/alpenglow/sources"))
        .map_err(|e| e.to_string())?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().contains("musl"))
        .collect();
    check(left.is_empty(), || {
        format!("the wrong file was kept: {left:?}")
    })?;
    project.goes_on()
}

fn misspelt_key() -> Outcome {
    let project = Project::new()?;
    project.recipe(
        "odd",
        &HELLO.replace("hello", "odd").replace("license", "licence"),
    )?;
    let parts = [
        "packages/odd/recipe.toml",
        "line 4",
        "`licence`",
        "`license`",
    ];
    project.expect(&["package", "build", "hello"], 1, &parts)
}

fn unknown_names() -> Outcome {
    let project = Project::new()?;
    project.write("editions/small.toml", "")?;
    project.expect(&["boot", "--edition", "smal"], 1, &["'smal'", "small"])?;
    project.expect(&["package", "build", "helo"], 1, &["'helo'", "hello"])?;
    project.script("needy", "install = \"true\"")?;
    let needy = fs::read_to_string(project.path("packages/needy/recipe.toml"))
        .map_err(|e| e.to_string())?;
    project.recipe(
        "needy",
        &needy.replace("[script]", "build = [\"absent\"]\n[script]"),
    )?;
    project.expect(
        &["package", "build", "needy"],
        1,
        &["'absent'", "which needy needs"],
    )
}

fn wrong_use() -> Outcome {
    let project = Project::new()?;
    project.expect(&["bot"], 2, &["bot", "boot"])?;
    project.expect(&["boot", "--memory", "much"], 2, &["much", "--memory"])?;
    project.expect(&["boot", "--arch", "vax"], 2, &["'vax'", "riscv64"])?;
    project.expect(&["boot", "--board", "pc"], 2, &["'pc'", "microvm"])?;
    project.expect(
        &["boot", "--report", "/nowhere/report"],
        1,
        &["/nowhere/report"],
    )
}

fn unwritable_cache() -> Outcome {
    let project = Project::new()?;
    let mut command = project.command(&["package", "build", "hello"]);
    expect(
        command.env("XDG_CACHE_HOME", "/proc/nowhere"),
        1,
        &["/proc/nowhere"],
    )?;
    let mut command = project.command(&["package", "build", "hello"]);
    command.env_remove("XDG_CACHE_HOME").env_remove("HOME");
    expect(&mut command, 1, &["XDG_CACHE_HOME", "HOME"])
}

fn full_disk() -> Outcome {
    let project = Project::new()?;
    project.script(
        "large",
        "install = \"mkdir -p $DESTDIR/etc; head -c 8000000 /dev/zero > $DESTDIR/etc/large\"",
    )?;
    // The small disk is seen by this one process alone.
    let script = "mount -t tmpfs -o size=2m small \"$1/cache\"; mkdir \"$1/cache/alpenglow\"; \
        ln -s \"$3\" \"$1/cache/alpenglow/roots\"; \"$2\" package build large; status=$?; \
        find \"$1/cache/alpenglow/store\" -mindepth 1; \"$2\" package build hello; exit $status";
    let cache = alpenglow_builder::Cache::open().map_err(|e| e.to_string())?;
    let mut command = Command::new("unshare");
    command
        .args([
            "--mount",
            "--propagation",
            "private",
            "sh",
            "-c",
            script,
            "sh",
        ])
        .arg(project.folder())
        .arg(named("ALPENGLOW_BIN"))
        .arg(cache.dir().join("roots"))
        .env("ALPENGLOW_REPOSITORY", project.folder())
        .env("XDG_CACHE_HOME", project.path("cache"));
    let parts = [
        "building large failed",
        "No space left on device",
        "XDG_CACHE_HOME",
        "hello 1 ",
    ];
    expect(&mut command, 1, &parts)
}

fn interrupted_build() -> Outcome {
    let project = Project::new()?;
    project.script("slow", "install = \"echo begun; exec sleep 98765\"")?;
    let mut command = project.command(&["package", "build", "slow"]);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| e.to_string())?;
    let log = project.path("target/log/slow.log");
    wait_for(|| fs::read_to_string(&log).is_ok_and(|text| text.contains("begun")))?;
    let id = i32::try_from(child.id()).map_err(|e| e.to_string())?;
    let id = rustix::process::Pid::from_raw(id).ok_or("no process id")?;
    rustix::process::kill_process(id, rustix::process::Signal::INT).map_err(|e| e.to_string())?;
    let output = child.wait_with_output().map_err(|e| e.to_string())?;
    has(&text(&output), &["interrupted", "goes on from there"])?;
    check(output.status.code() == Some(130), || {
        format!("{:?}", output.status)
    })?;
    wait_for(|| !running("98765"))?;
    project.goes_on()
}

/// Whether a process with this word on its command line is there.
fn running(word: &str) -> bool {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|entry| fs::read(entry.path().join("cmdline")).ok())
        .any(|line| {
            line.starts_with(b"sleep\0")
                && line.windows(word.len()).any(|part| part == word.as_bytes())
        })
}

fn wait_for(condition: impl Fn() -> bool) -> Outcome {
    let limit = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !condition() {
        check(std::time::Instant::now() < limit, || {
            "it did not come within 60 s".into()
        })?;
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    Ok(())
}

fn two_builds_at_once() -> Outcome {
    let project = Project::new()?;
    project.script(
        "slow",
        "install = \"echo begun; sleep 2; mkdir -p $DESTDIR/etc; touch $DESTDIR/etc/slow\"",
    )?;
    let first = project
        .command(&["package", "build", "slow"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| e.to_string())?;
    let log = project.path("target/log/slow.log");
    wait_for(|| fs::read_to_string(&log).is_ok_and(|text| text.contains("begun")))?;
    let mut second = project
        .command(&["package", "build", "slow"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| e.to_string())?;
    let mut line = String::new();
    let errors = second.stderr.take().ok_or("no stderr")?;
    BufReader::new(errors)
        .read_line(&mut line)
        .map_err(|e| e.to_string())?;
    has(&line, &["waiting for process", &first.id().to_string()])?;
    for child in [first, second] {
        let output = child.wait_with_output().map_err(|e| e.to_string())?;
        has(&text(&output), &["slow 1 "])?;
    }
    Ok(())
}

fn failing_build() -> Outcome {
    let project = Project::new()?;
    project.script(
        "broken",
        "build = \"echo last words; false\"\ninstall = \"true\"",
    )?;
    let log = project.path("target/log/broken.log");
    let parts = [
        "building broken failed",
        "last words",
        &log.display().to_string(),
    ];
    project.expect(&["package", "build", "broken"], 1, &parts)?;
    project.goes_on()
}

/// A program linked at a fixed address, with an executable stack and without a protector.
fn soft_program() -> Outcome {
    let project = Project::new()?;
    let build = "echo 'void _start(void) {}' > a.c; clang-22 -fuse-ld=lld -nostdlib -static -no-pie -z execstack -fno-stack-protector -o a a.c";
    project.script(
        "soft",
        &format!("build = \"\"\"{build}\"\"\"\ninstall = \"install -D a $DESTDIR/bin/a\""),
    )?;
    let parts = [
        "soft is refused",
        "/bin/a: pie",
        "/bin/a: noexec-stack",
        "/bin/a: stack-protector",
        "[exempt]",
    ];
    project.expect(&["package", "build", "soft"], 1, &parts)?;
    project.goes_on()
}

/// The real kernel source with a line whose menu is off.
fn lost_kernel_line() -> Outcome {
    let project = Project::new()?;
    let real = alpenglow_tests::repository().join("sources.lock");
    fs::copy(real, project.path("sources.lock")).map_err(|e| e.to_string())?;
    project.share(&["sources", "unpacked"])?;
    project.write("kernel/odd.config", "CONFIG_64BIT=y\nCONFIG_NETFILTER=y\n")?;
    let recipe = "name = \"odd\"\nsummary = \"s\"\nlicense = \"GPL-2.0-only\"\nsource = \"linux\"\nstyle = \"kernel\"\n\
        [kernel]\nfragments = [\"odd\"]\n";
    project.recipe("odd", recipe)?;
    let parts = ["did not survive", "asked: CONFIG_NETFILTER=y", "odd.config"];
    project.expect(&["package", "build", "odd"], 1, &parts)
}
