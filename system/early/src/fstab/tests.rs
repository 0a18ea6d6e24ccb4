use super::options::Discard;
use super::*;
use proptest::prelude::*;
use rustix::mount::MountAttrFlags;

fn all(text: &str) -> (Vec<Entry>, Vec<String>) {
    let mut errors = Vec::new();
    let entries = parse(text.as_bytes(), FILE, |error| {
        errors.push(error.to_string())
    });
    (entries, errors)
}

#[test]
fn lines_are_understood() {
    let (entries, errors) = all(
        "# all\n\nUUID=\"AB12-cd34\" /boot/ vfat ro,nodev,noatime,umask=077,x-mount.mkdir=700 0 2\n/dev/vda2\t/a\\040b ext4\n\
         LABEL=my\\040swap none swap pri=5,discard=once,nofail\ntmpfs /tmp tmpfs defaults,nosuid,size=10%,mode=1777\nserver:/x=y /n nfs _netdev,noauto 0 0\n/a /b none rbind,rslave\n\
         UUID=ABCDEF00-1111-2222-3333-444444444444 / auto rw,user,exec 0 1\n",
    );
    assert_eq!(errors, [""; 0]);
    let boot = &entries[0];
    assert_eq!(
        (&boot.source, &*boot.target, boot.pass),
        (&Source::Name("by-uuid", "AB12-CD34".to_owned()), "/boot", 2)
    );
    assert!(boot.options.read_only && boot.options.make == Some(0o700));
    assert_eq!(
        boot.options.attributes,
        MountAttrFlags::MOUNT_ATTR_NODEV | MountAttrFlags::MOUNT_ATTR_NOATIME
    );
    assert_eq!(
        boot.options.own,
        [("umask".to_owned(), Some("077".to_owned()))]
    );
    assert_eq!(
        (&*entries[1].target, &entries[1].options, entries[1].pass),
        ("/a b", &Options::default(), 0)
    );
    let swap = &entries[2];
    assert_eq!(swap.source, Source::Name("by-label", "my swap".to_owned()));
    assert_eq!(
        (
            swap.options.priority,
            swap.options.discard,
            swap.options.nofail
        ),
        (Some(5), Some(Discard::Once), true)
    );
    assert_eq!(entries[3].options.own.len(), 2);
    assert!(entries[4].is_remote() && entries[4].options.noauto && !entries[3].is_remote());
    assert_eq!(entries[4].source, Source::Plain("server:/x=y".to_owned()));
    assert_eq!(
        (entries[5].options.bind, entries[5].options.propagation),
        (Some(true), Some((Propagation::Slave, true)))
    );
    let root = &entries[6];
    assert_eq!(
        (&root.source, &*root.target),
        (
            &Source::Name("by-uuid", "abcdef00-1111-2222-3333-444444444444".to_owned()),
            "/"
        )
    );
    assert_eq!(
        root.options.attributes,
        MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV
    );
}

#[test]
fn mistakes_are_told_with_their_line_and_the_rest_counts() {
    for (line, told) in [
        (
            "/dev/sda",
            "a line has a device, a place, a type and options",
        ),
        ("/dev/sda a ext4", "'a' is no place: it begins with a slash"),
        (
            "/dev/sda /a ext4 defaults 0 x",
            "the sixth field (pass) is a number, and not 'x'",
        ),
        (
            "/dev/sda /a b ext4 defaults 0 1",
            "there are 7 fields, and six are understood: write blanks in names as \\040",
        ),
        ("UUID= /a ext4", "UUID= has no value"),
        (
            "/dev/sda none swap pri=high",
            "pri= is a number from 0 to 32767",
        ),
        (
            "/x /a ext4 loop",
            "'loop' is not known: have a service make the loop device (losetup), and name that",
        ),
        ("/x /a ../b", "'../b' is no type of a file system"),
        (
            "/x /a ext4 x-mount.mkdir=9",
            "x-mount.mkdir= is a mode, as 0755",
        ),
    ] {
        let (entries, errors) = all(&format!("\n{line}\n/dev/good /good ext4\n"));
        assert_eq!(errors, [format!("/etc/fstab:2: {told}")], "{line}");
        assert_eq!(entries.len(), 1, "{line}");
    }
}

proptest! {
    #[test]
    fn any_file_will_do(bytes: Vec<u8>, text in "(((UUID=|LABEL=\"?)?[/a\\\\0-9]{0,6} ){0,7}(ro|pri=|discard|x-mount.mkdir=|rbind|,|=|\"){0,5}\n){0,4}") {
        parse(&bytes, "x", |_| {});
        for entry in parse(text.as_bytes(), "x", |_| {}) {
            prop_assert!(entry.is_swap() || entry.target.starts_with('/'));
        }
    }

    #[test]
    fn names_come_back(name in "[a-z \\\\#\t]{1,12}") {
        let escaped: String = name.bytes().map(|byte| match byte {
            b'a'..=b'z' => char::from(byte).to_string(),
            other => format!("\\{other:03o}"),
        }).collect();
        prop_assert_eq!(decode(&escaped), name);
    }
}
