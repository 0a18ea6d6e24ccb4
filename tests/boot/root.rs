//! Where the image of a root may come from, on a machine with a disk and a network card: from a server, by DHCP or with an address that is given, appended to
//! the initramfs, on a partition by its label. What is not as it was signed does not start, whichever way it came.

use crate::uml::path_from;
use alpenglow_builder::debian::MACHINE;
use alpenglow_builder::{Arch, Cache, Root};
use alpenglow_image::cpio::Meta;
use alpenglow_image::{Archive, Credential, initramfs};
use alpenglow_machine::{Board, DiskBus, Hypervisor, Machine, Network, Spec, hypervisor};
use alpenglow_tests::{Outcome, Test, check, has, named, test, text};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

#[path = "root/disk.rs"]
mod disk;

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("glowfs_is_fetched_from_a_server", is_fetched),
        test("glowfs_from_a_server_is_not_trusted", is_not_trusted),
        test("glowfs_is_appended_or_on_a_partition", is_elsewhere),
        test("glowfs_is_found_on_every_bus", is_on_every_bus),
    ]
}

const EDITION: &str = "standard-glowfs";
/// One whose initramfs has modules.
const DRIVERS: &str = "glowfs-drivers-demo";
/// Where the image is in the initramfs.
const IMAGE: &str = "root.glowfs";
/// Where the key is.
const KEY: &str = "etc/glowfs/alpenglow.pub";

/// The edition's parts: its initramfs without the image, and the image.
struct Parts {
    kernel: PathBuf,
    hypervisor: Hypervisor,
    base: Vec<u8>,
    image: Vec<u8>,
    folder: tempfile::TempDir,
}

impl Parts {
    fn new() -> Result<Self, String> {
        Self::of(EDITION)
    }

    fn of(edition: &str) -> Result<Self, String> {
        let made = |format: &str| {
            let words = ["build", "--edition", edition, "--format", format];
            path_from(&words, &format!("{format} "), 1)
        };
        let archive = fs::read(made("cpio")?).map_err(|e| e.to_string())?;
        let (base, image) = without(&archive, IMAGE)?;
        let cache = Cache::open().map_err(|e| e.to_string())?;
        let machine = Root::made(&cache, &MACHINE).map_err(|e| e.to_string())?;
        let machine = machine.ok_or("the root of machines is not there: boot one first")?;
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        // Nothing is counted here.
        let counter = PathBuf::new();
        let folders = vec![
            cache.dir().to_owned(),
            alpenglow_tests::repository(),
            std::env::temp_dir(),
        ];
        Ok(Self {
            kernel: made("vmlinux")?,
            hypervisor: hypervisor::of_root(&machine, counter, folders, true),
            base,
            image,
            folder,
        })
    }

    /// A machine of the base with further archives, and with these words.
    fn machine(&self, further: &[&[u8]], words: &[String]) -> Result<Spec, String> {
        let mut initrd = self.folder.path().join("base");
        fs::write(&initrd, &self.base).map_err(|e| e.to_string())?;
        for (number, archive) in further.iter().enumerate() {
            let longer = self.folder.path().join(format!("with-{number}"));
            initramfs::append(&initrd, archive, &longer).map_err(|e| e.to_string())?;
            initrd = longer;
        }
        let mut spec = Spec::new(EDITION, Arch::X86_64, &self.kernel, initrd);
        spec.board = Board::Microvm;
        spec.words.extend_from_slice(words);
        Ok(spec)
    }

    /// Boots to a login, runs a command, and returns what it says.
    fn starts(
        &self,
        further: &[&[u8]],
        words: &[String],
        change: impl FnOnce(&mut Spec),
        command: &str,
    ) -> Result<String, String> {
        let credential = Credential::random().map_err(|e| e.to_string())?;
        let shadow = fs::read_to_string(named("ALPENGLOW_TREE").join("etc/shadow"))
            .map_err(|e| e.to_string())?;
        let own = credential
            .archive(&shadow, None, Some("upper"))
            .map_err(|e| e.to_string())?;
        let mut spec = self.machine(&[further, &[&own]].concat(), words)?;
        change(&mut spec);
        let login = alpenglow_machine::Credential {
            user: "root".into(),
            password: credential.password().to_owned(),
        };
        let commands = [command.to_owned()];
        let finished =
            alpenglow_machine::run(&self.hypervisor, &spec, &login, &commands, |_, _| {});
        let finished = finished.map_err(|e| e.to_string())?;
        Ok(finished.outcomes[0].output.clone())
    }

    /// Boots what must not come up, and must say this and that nothing is started.
    fn tells(
        &self,
        further: &[&[u8]],
        words: &[String],
        network: Option<Network>,
        told: &str,
    ) -> Outcome {
        self.tells_with(further, words, |spec| spec.network = network, told)
    }

    /// The same with a machine that is changed somehow.
    fn tells_with(
        &self,
        further: &[&[u8]],
        words: &[String],
        change: impl FnOnce(&mut Spec),
        told: &str,
    ) -> Outcome {
        let mut spec = self.machine(further, words)?;
        change(&mut spec);
        let failed = |error: alpenglow_machine::Error| format!("'{told}' is not told: {error}");
        let mut machine = Machine::start(&self.hypervisor, &spec).map_err(failed)?;
        let ends = ["early: the system is not started", "login: "];
        let found = machine.expect("a message", &ends, spec.limits.boot);
        let found = found.map_err(failed)?;
        check(found.which == 0, || format!("it came up: {}", found.before))?;

        has(&found.before, &[told])
    }
}

/// QEMU's own network, whose server of addresses gives 10.0.2.15, and where 10.0.2.2 is this computer.
fn user() -> Network {
    Network::User {
        forwards: Vec::new(),
    }
}

/// An archive without one of its files, and that file.
fn without(archive: &[u8], name: &str) -> Result<(Vec<u8>, Vec<u8>), String> {
    let (mut rest, mut kept, mut file) = (archive, Vec::new(), None);
    while !rest.is_empty() {
        // The form `newc`: 110 bytes, of which eight digits each are the lengths of data and name.
        let number = |at: usize| {
            let digits = rest.get(at..at + 8).and_then(|d| str::from_utf8(d).ok());
            digits.and_then(|digits| usize::from_str_radix(digits, 16).ok())
        };
        let (Some(length), Some(name_length)) = (number(54), number(94)) else {
            return Err(format!(
                "not an archive, {} bytes before its end",
                rest.len()
            ));
        };
        let data = (110 + name_length).next_multiple_of(4);
        let end = (data + length).next_multiple_of(4).min(rest.len());
        let called = rest.get(110..110 + name_length - 1).unwrap_or_default();
        match called == name.as_bytes() {
            true => file = Some(rest[data..data + length].to_vec()),
            false => kept.extend_from_slice(&rest[..end]),
        }
        rest = &rest[end..];
        if called == b"TRAILER!!!" {
            break;
        }
    }
    let file = file.ok_or_else(|| format!("there is no {name} in the initramfs"))?;
    Ok((kept, file))
}

/// An archive of one file.
fn archive_of(path: &str, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut archive = Archive::new(0);
    let made = archive
        .add_file(path, Meta::root(0o644), bytes)
        .and_then(|_| archive.to_bytes());
    made.map_err(|e| e.to_string())
}

/// What a server does that is asked for a path.
type Answer = dyn Fn(&str, &mut TcpStream) -> std::io::Result<()> + Send + Sync;

/// A server on the loopback; returns its address as the guest sees it.
fn serve(answer: Arc<Answer>) -> Result<String, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
    let port = listener.local_addr().map_err(|e| e.to_string())?.port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            std::thread::spawn(move || -> std::io::Result<()> {
                let mut lines = BufReader::new(stream.try_clone()?).lines();
                let request = lines.next().transpose()?.unwrap_or_default();
                while lines
                    .next()
                    .transpose()?
                    .is_some_and(|line| !line.is_empty())
                {}
                answer(request.split(' ').nth(1).unwrap_or_default(), &mut stream)
            });
        }
    });
    Ok(format!("http://10.0.2.2:{port}"))
}

fn head(length: usize) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n")
}

/// The image is served, the initramfs has none; the system that it has asks for an address of its own afterwards.
fn is_fetched() -> Outcome {
    let parts = Parts::new()?;
    let image = parts.image.clone();
    let address = serve(Arc::new(move |_, stream| {
        stream.write_all(head(image.len()).as_bytes())?;
        stream.write_all(&image)
    }))?;
    let image = format!("glowfs.image={address}/a/root.glowfs");
    let connected = |spec: &mut Spec| spec.network = Some(user());
    let command = "cat /proc/mounts; netd wait-online --timeout 60s && netd status; dmesg | grep -i -e warn -e oops || echo nothing else";
    let wanted = [
        "/downloaded.glowfs /sysroot/image glowfs ro",
        "overlay / overlay rw",
        "10.0.2.15/24 (lease)",
        "nothing else",
    ];
    // Without another word, servers of addresses are asked.
    let said = parts.starts(&[], std::slice::from_ref(&image), connected, command)?;
    has(&said, &wanted)?;
    let given = "ip=10.0.2.77::10.0.2.2:255.255.255.0::eth0:off".to_owned();
    let command = "cat /proc/mounts";
    let said = parts.starts(&[], &[image, given], connected, command)?;
    has(&said, &wanted[..2])
}

/// Servers and images that are not as they should be.
fn is_not_trusted() -> Outcome {
    let parts = Parts::new()?;
    let image = parts.image.clone();
    let length = image.len();
    let address = serve(Arc::new(move |path, stream| {
        let (told, bytes) = match path {
            "/whole" => (length, image.clone()),
            "/label" | "/top" => {
                // A byte of the label, and one of the digest of all blocks.
                let mut changed = image.clone();
                changed[if path == "/top" { 125 } else { 72 }] ^= 1;
                (length, changed)
            }
            "/closes" => (length, image[..length / 3].to_vec()),
            "/less" => (length / 2, image.clone()),
            "/more" => (length + 4096, image.clone()),
            "/endless" => (1 << 40, image.clone()),
            "/page" => (31, b"<html>Log in to this network</h".to_vec()),
            _ => return stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
        };
        stream.write_all(head(told).as_bytes())?;
        stream.write_all(&bytes)
    }))?;
    let tells = |path: &str, further: &[&[u8]], told: &str| {
        let words = [format!("glowfs.image={address}/{path}")];
        parts.tells(further, &words, Some(user()), told)
    };
    tells("label", &[], "the signature is wrong")?;
    tells("top", &[], "the signature is wrong")?;
    let other = archive_of(KEY, format!("{}\n", "00".repeat(32)).as_bytes())?;
    tells("whole", &[&other], "not signed by any of the required keys")?;
    tells(
        "closes",
        &[],
        &format!("/closes: it ends after {} of {length} bytes", length / 3),
    )?;
    tells(
        "more",
        &[],
        &format!("/more: it ends after {length} of {} bytes", length + 4096),
    )?;
    tells(
        "less",
        &[],
        &format!("truncated: {} bytes are there", length / 2),
    )?;
    tells("endless", &[], "/endless: it has 1099511627776 bytes, and ")?;
    tells("page", &[], "not a GlowFS image")?;
    tells("none", &[], "/none: the server answers '404 Not Found'")?;
    // Nobody listens, and no cable is there.
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
    let port = listener.local_addr().map_err(|e| e.to_string())?.port();
    drop(listener);
    let words = [format!("glowfs.image=http://10.0.2.2:{port}/x")];
    parts.tells(&[], &words, Some(user()), "/x: Connection refused")?;
    let words = ["glowfs.image=http://10.0.2.2/x".to_owned()];
    let unconnected = |spec: &mut Spec| spec.devices.push("virtio-net-device".to_owned());
    let silent = "/x: eth0: no DHCP server has given an address within 30 s";
    parts.tells_with(&[], &words, unconnected, silent)?;
    parts.tells(&[], &words, None, "/x: there is no network card")
}

/// Without a server: a second archive behind the first, and a partition.
fn is_elsewhere() -> Outcome {
    let parts = Parts::new()?;
    let appended = archive_of(IMAGE, &parts.image)?;
    let said = parts.starts(&[&appended], &[], |_| {}, "cat /proc/mounts")?;
    has(
        &said,
        &[
            "/root.glowfs /sysroot/image glowfs ro",
            "overlay / overlay rw",
        ],
    )?;
    let mut changed = parts.image.clone();
    changed[72] ^= 1;
    let changed = archive_of(IMAGE, &changed)?;
    parts.tells(&[&changed], &[], None, "the signature is wrong")?;
    parts.tells(&[], &[], None, "there is no image of the root")?;

    let path = parts.folder.path().join("disk");
    let on_disk = |path: &Path, image: &[u8]| fs::write(path, disk::with(image, "root-a"));
    on_disk(&path, &parts.image).map_err(|e| e.to_string())?;
    let words = ["glowfs.image=PARTLABEL=root-a".to_owned()];
    let with_disk = |spec: &mut Spec| spec.disks.push(path.clone());
    let said = parts.starts(&[], &words, with_disk, "cat /proc/mounts")?;
    has(
        &said,
        &["/dev/vda1 /sysroot/image glowfs ro", "overlay / overlay rw"],
    )
}

/// On a disk whose driver is built in, and on one whose driver is a module of the initramfs; the layer is on another disk. So are cards found.
fn is_on_every_bus() -> Outcome {
    let parts = Parts::of(DRIVERS)?;
    let image = parts.folder.path().join("image");
    fs::write(&image, disk::with(&parts.image, "root-a")).map_err(|e| e.to_string())?;
    let layer = parts.folder.path().join("layer");
    let words = ["glowfs.image=PARTLABEL=root-a", "glowfs.layer=LABEL=kept"].map(str::to_owned);
    // Which of two disks is found first is left open.
    for (bus, disk) in [
        (DiskBus::Sata, "/dev/sd"),
        (DiskBus::Nvme, "/dev/nvme"),
        (DiskBus::Usb, "/dev/sd"),
    ] {
        let told = |what: String| format!("{bus}: {what}");
        made_anew(&layer)?;
        let with_disks = |spec: &mut Spec| {
            spec.board = Board::Q35;
            spec.disk_bus = bus;
            spec.disks = vec![image.clone(), layer.clone()];
        };
        let command = "cat /proc/mounts; ls /sys/bus/usb/drivers";
        let said = parts
            .starts(&[], &words, with_disks, command)
            .map_err(told)?;
        for at in [" /sysroot/image glowfs ro", " /sysroot/layer ext4 rw"] {
            let mount = said.lines().find(|line| line.contains(at));
            let mount = mount.ok_or_else(|| told(said.clone()))?;
            check(mount.starts_with(disk), || told(mount.to_owned()))?;
        }
        has(&said, &["overlay / overlay rw"]).map_err(told)?;
        let by_usb = said.contains("usb-storage");
        check(by_usb == (bus == DiskBus::Usb), || told(said))?;
    }

    // A card whose driver is a module too, which nothing answers.
    let words = ["glowfs.image=http://10.0.2.2/x".to_owned()];
    let with_card = |spec: &mut Spec| {
        spec.board = Board::Q35;
        spec.devices.push("e1000e,romfile=".to_owned());
    };
    let silent = "/x: eth0: no DHCP server has given an address within 30 s";
    parts.tells_with(&[], &words, with_card, silent)
}

/// An empty file system for the layer.
fn made_anew(layer: &Path) -> Outcome {
    let file = fs::File::create(layer).and_then(|file| file.set_len(32 << 20));
    file.map_err(|e| e.to_string())?;
    let mut made = Command::new("mkfs.ext4");
    let made = made.args(["-q", "-L", "kept"]).arg(layer).output();
    let made = made.map_err(|e| e.to_string())?;
    check(made.status.success(), || text(&made))
}
