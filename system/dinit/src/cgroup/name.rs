//! Names of groups.

/// Controllers, whose files begin with their names (`Documentation/admin-guide/cgroup-v2.rst`).
const CONTROLLERS: [&str; 10] = [
    "cpu",
    "cpuset",
    "dmem",
    "hugetlb",
    "io",
    "memory",
    "misc",
    "perf_event",
    "pids",
    "rdma",
];

/// The name among those known.
pub fn controller(name: &str) -> Option<&'static str> {
    CONTROLLERS.into_iter().find(|known| *known == name)
}

/// The folder of a service: its name, with a `_` before it if the kernel has or could have a file of that name, or we
/// have. Slashes of an argument are `\x2f`. No two services have the same.
pub fn escape(service: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(service.len() + 1);
    let first = service.split(|byte| *byte == b'.').next();
    let owned = ["cgroup", "irq"].into_iter().chain(CONTROLLERS);
    let taken = first.is_some_and(|first| owned.into_iter().any(|name| name.as_bytes() == first));
    if taken || service == super::LEAF || matches!(service.first(), None | Some(b'_' | b'.')) {
        escaped.push(b'_');
    }
    for byte in service {
        match byte {
            b'/' => escaped.extend_from_slice(b"\\x2f"),
            b'\\' => escaped.extend_from_slice(b"\\x5c"),
            byte => escaped.push(*byte),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_folders() {
        for (service, folder) in [
            ("web", "web"),
            ("getty@tty1", "getty@tty1"),
            ("mount@/home/x", "mount@\\x2fhome\\x2fx"),
            ("a\\x2f", "a\\x5cx2f"),
            ("init", "_init"),
            ("_init", "__init"),
            ("memory.max", "_memory.max"),
            ("memory", "_memory"),
            ("memoryhog.1", "memoryhog.1"),
            ("cgroup.procs", "_cgroup.procs"),
            ("..", "_.."),
        ] {
            assert_eq!(escape(service.as_bytes()), folder.as_bytes(), "{service}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_two_share_a_folder(one in "[a_/\\\\x2f.]{0,6}", two in "[a_/\\\\x2f.]{0,6}") {
            let (one, two) = (one.as_bytes(), two.as_bytes());
            proptest::prop_assert_eq!(escape(one) == escape(two), one == two);
        }
    }
}
