//! The edition `container`: what Debian's own tools make of its image, what runs in it, and editions like it that make no
//! sense.

mod engine;

use super::project::{Project, expect};
use alpenglow_forge::Edition;
use alpenglow_tests::{Outcome, Test, alpenglow, check, has, output, repository, test, text};
use engine::{Engine, images};
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("container_runs_as_debian_loads_it", runs),
        test("container_describes_itself", describes),
        test("container_adds_packages_of_its_key_alone", adds),
        test("container_that_is_damaged_is_refused", damaged),
        test("container_keeps_its_budget", budget),
        test("container_is_the_same_twice", same_twice),
        test("container_boots_on_no_machine", no_machine),
        test("container_formats_that_make_no_sense", no_sense),
    ]
}

fn runs() -> Outcome {
    let engine = Engine::new()?;
    engine.load("oci-archive:/images/oci.tar")?;
    // As an engine that is older than image layouts reads the same file, and as a root without an image.
    let same = "skopeo copy --quiet docker-archive:/images/oci.tar oci:/work/other:one && \
        umoci unpack --image /work/other:one /work/older && diff -r --no-dereference /work/older/rootfs /work/bundle/rootfs && \
        mkdir /work/import && tar -xpzf /images/root.tar.gz -C /work/import && \
        diff -r --no-dereference /work/import /work/bundle/rootfs";
    engine.shell(same)?;
    // By Zstandard, which umoci does not know: skopeo unpacks the layer for it.
    let newer = "skopeo copy --quiet --dest-decompress oci-archive:/images/oci-zstd.tar dir:/work/plain && \
        skopeo copy --quiet dir:/work/plain oci:/work/newer:one && \
        umoci unpack --image /work/newer:one /work/zstd && diff -r --no-dereference /work/zstd/rootfs /work/bundle/rootfs";
    engine.shell(newer)?;
    let images = images()?;
    let plain = |file: &Path| {
        let packed = fs::read(file).map_err(|e| format!("{}: {e}", file.display()))?;
        let mut plain = Vec::new();
        if packed.starts_with(b"\xfd7zXZ") {
            liblzma::read::XzDecoder::new(&packed[..]).read_to_end(&mut plain)
        } else {
            flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut plain)
        }
        .map_err(|e| format!("{}: {e}", file.display()))?;
        Ok::<_, String>(plain)
    };
    check(plain(&images.tar)? == plain(&images.tar_xz)?, || {
        "root.tar.xz is another archive than root.tar.gz".to_owned()
    })?;
    let (status, said) = engine.run(
        "cat /etc/os-release; oil --version; apk --print-arch; echo PATH=$PATH; id -u; pwd; ls -dl /tmp /etc/shadow; \
         type sh oil toybox; ls /lib/apk/db; find /bin /sbin /lib /usr -name 'libc*' -o -name 'ld-*'; exit 7",
    )?;
    check(status == Some(7), || format!("{status:?}: {said}"))?;
    let parts = [
        "NAME=\"Alpenglow\"",
        "compatible with apk-tools 3",
        "\nx86_64\n",
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin\n0\n/\n",
        "drwxrwxrwt",
        "-rw-------",
        "/bin/sh",
        "/sbin/oil",
        "/bin/toybox",
        "installed",
    ];
    has(&said, &parts)?;
    // Everything is static: nothing of a C library is there.
    check(!said.contains("/ld-") && !said.contains("/libc"), || {
        said.clone()
    })
}

fn describes() -> Outcome {
    let engine = Engine::new()?;
    let said = engine.shell("skopeo inspect oci-archive:/images/oci.tar")?;
    let image: serde_json::Value =
        serde_json::from_str(&said).map_err(|e| format!("{e}: {said}"))?;
    for (key, value) in [
        ("Architecture", "amd64"),
        ("Os", "linux"),
        ("Created", "2026-01-01T00:00:00Z"),
    ] {
        check(image[key] == value, || format!("{key}: {said}"))?;
    }
    let label = |name: &str| {
        let value = &image["Labels"][format!("org.opencontainers.image.{name}")];
        value.as_str().unwrap_or_default().to_owned()
    };
    check(label("title") == "Alpenglow", || said.clone())?;
    check(!label("version").is_empty(), || said.clone())?;
    // Those of its packages, all of them.
    has(
        &label("licenses"),
        &["0BSD", "MirOS", "(MIT OR Apache-2.0)"],
    )?;
    let config = engine.shell("skopeo inspect --config oci-archive:/images/oci.tar")?;
    has(
        &config,
        &["\"/bin/sh\"", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
    )
}

fn adds() -> Outcome {
    let engine = Engine::new()?;
    engine.load("oci-archive:/images/oci.tar")?;
    let ours = engine.folder("ours")?;
    let packages = ["toybox-shutdown", "oil-tools"];
    let mut command = alpenglow();
    command
        .args(["package", "repository"])
        .arg(&ours)
        .args(packages);
    expect(&mut command, 0, &[".rsa.pub"])?;
    // Signed with the key of another cache.
    let project = Project::new()?;
    let theirs = engine.folder("theirs")?;
    let words = [
        "package",
        "repository",
        &theirs.display().to_string(),
        "hello",
    ];
    project.expect(&words, 0, &[".rsa.pub"])?;

    let (status, said) = engine.run(include_str!("container/add.sh"))?;
    check(status == Some(0), || format!("{status:?}: {said}"))?;
    has(
        &said,
        &["Installing toybox-shutdown", "all went as it should"],
    )
}

fn damaged() -> Outcome {
    let engine = Engine::new()?;
    let whole = fs::read(&images()?.oci).map_err(|e| e.to_string())?;
    let place = |text: &[u8]| {
        let at = whole.windows(text.len()).position(|part| part == text);
        at.ok_or_else(|| format!("'{}' is not in the image", String::from_utf8_lossy(text)))
    };
    // In the layer, which is the last and most of the file; and in the configuration.
    for (what, at) in [
        ("layer", whole.len() - 20_000),
        ("config", place(b"\"/bin/sh\"")? + 3),
    ] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        let file = engine.folder("")?.join("damaged.tar");
        fs::write(file, bytes).map_err(|e| e.to_string())?;
        let copy = "skopeo copy --quiet oci-archive:/work/damaged.tar oci:/work/damaged:one";
        let (status, said) = engine.try_shell(copy)?;
        check(status != Some(0) && said.contains("igest"), || {
            format!("{what}: {status:?} {said}")
        })?;
    }
    Ok(())
}

/// Bytes of all files of an archive, those with several names once, as tar(1) lists them.
fn unpacked(archive: &Path) -> Result<u64, String> {
    let output = output(
        Command::new("tar")
            .args(["--numeric-owner", "-tvzf"])
            .arg(archive),
    )?;
    check(output.status.success(), || text(&output))?;
    let list = text(&output);
    let files = list.lines().filter(|line| line.starts_with('-'));
    let sizes = files.map(|line| {
        let size = line
            .split_whitespace()
            .nth(2)
            .and_then(|word| word.parse::<u64>().ok());
        size.ok_or_else(|| format!("no size in '{line}'"))
    });
    sizes.sum()
}

fn budget() -> Outcome {
    let edition = Edition::read(&repository(), "container").map_err(|e| e.to_string())?;
    let images = images()?;
    let length = |path: &Path| {
        path.metadata()
            .map(|found| found.len())
            .map_err(|e| e.to_string())
    };
    for (what, value, budget) in [
        (
            "root_bytes",
            unpacked(&images.tar)?,
            edition.budget.root_bytes,
        ),
        ("tar_bytes", length(&images.tar)?, edition.budget.tar_bytes),
        (
            "tar_xz_bytes",
            length(&images.tar_xz)?,
            edition.budget.tar_xz_bytes,
        ),
        ("oci_bytes", length(&images.oci)?, edition.budget.oci_bytes),
        (
            "oci_zstd_bytes",
            length(&images.oci_zstd)?,
            edition.budget.oci_zstd_bytes,
        ),
    ] {
        let budget = budget.ok_or_else(|| format!("its edition has no budget of {what}"))?;
        println!("{what}: {value} of {budget}");
        check(value > 100_000 && value <= budget, || {
            format!("{what} is {value}, and the budget {budget}")
        })?;
    }
    Ok(())
}

/// A project with an edition of one small package.
fn small(lines: &str) -> Result<Project, String> {
    let project = Project::new()?;
    let edition = format!("name = \"small\"\nsummary = \"s\"\npackages = [\"hello\"]\n{lines}\n");
    project.write("editions/small.toml", &edition)?;
    Ok(project)
}

fn same_twice() -> Outcome {
    let project = small("formats = [\"tar\", \"oci\", \"tar-xz\", \"oci-zstd\"]")?;
    let build = ["build", "--edition", "small"];
    let read = || {
        let read = |name: &str| {
            let path = project.path("target/small-x86_64").join(name);
            fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))
        };
        Ok::<_, String>([
            read("oci.tar")?,
            read("root.tar.gz")?,
            read("oci-zstd.tar")?,
            read("root.tar.xz")?,
        ])
    };
    project.expect(&build, 0, &["tar /", "oci /", "root.tar.gz ", "oci.tar "])?;
    let first = read()?;
    let systems = project.path("cache/alpenglow/systems");
    fs::remove_dir_all(&systems).map_err(|e| e.to_string())?;
    let mut masked = project.masked(&build);
    expect(&mut masked, 0, &["oci.tar "])?;
    check(read()? == first, || {
        "the second image is another".to_owned()
    })?;
    // Another time makes another image, beside the one that there is.
    let mut other = project.command(&build);
    expect(
        other.env("SOURCE_DATE_EPOCH", "1800000000"),
        0,
        &["oci.tar "],
    )?;
    check(read()? != first, || {
        "the time is not in the image".to_owned()
    })?;
    project.expect(&build, 0, &["oci.tar "])?;
    check(read()? == first, || "the first image is lost".to_owned())?;
    // One format alone, as asked; the archive beside it is not kept where it is no format of the edition.
    fs::remove_dir_all(project.path("target/small-x86_64")).map_err(|e| e.to_string())?;
    let said = output(project.command(&build).args(["--format", "oci"]))?;
    let said = text(&said);
    check(
        said.lines().count() == 1 && said.starts_with("oci /"),
        || said,
    )?;
    check(
        !project.path("target/small-x86_64/root.tar.gz").exists(),
        || "root.tar.gz is there unasked".to_owned(),
    )
}

fn no_machine() -> Outcome {
    let parts = [
        "no machine boots edition 'container'",
        "made as oci, oci-zstd, tar, tar-xz",
        "bzimage and initramfs",
        "./alpenglow build --edition container",
        "docs/container.md",
    ];
    expect(
        alpenglow().args(["boot", "--edition", "container"]),
        1,
        &parts,
    )
}

fn no_sense() -> Outcome {
    for (lines, parts) in [
        (
            "",
            [
                "neither a kernel nor formats",
                "formats = [\"oci\", \"tar\"]",
            ],
        ),
        ("formats = [\"qcow9\"]", ["'qcow9' is not known", "oci"]),
        (
            "formats = [\"vmlinux\"]",
            ["'vmlinux' is made of a kernel", "kernel ="],
        ),
        (
            "formats = [\"initramfs\"]",
            ["does not say how", "compression ="],
        ),
    ] {
        let project = small(lines)?;
        let parts = ["editions/small.toml: ", parts[0], parts[1]];
        project.expect(&["build", "--edition", "small"], 1, &parts)?;
        project.goes_on()?;
    }
    let project = small("formats = [\"tar\"]")?;
    let build = ["build", "--edition", "small", "--format"];
    let parts = ["not made as bzimage", "but as tar", "editions/small.toml"];
    project.expect(&[&build[..], &["bzimage"]].concat(), 1, &parts)?;
    project.expect(&[&build[..], &["qcow9"]].concat(), 2, &["'qcow9'", "oci"])?;
    let parts = ["no machine boots edition 'small'", "made as tar"];
    project.expect(&["boot", "--edition", "small"], 1, &parts)
}
