//! Control groups and files below /sys, on a tree that stands for the kernel's. What only a kernel does (files that come with
//! a group, controllers, swap, modules) is tested in a machine: `tests/boot/kernelctl.rs` of the project.

mod common;

use common::{Tree, snapshot};
use std::fs;

/// A hierarchy with a group that is there, as the kernel would have it with all controllers on.
fn tree(policy: &str) -> Tree {
    let tree = Tree::new(&[("vm.swappiness", "60\n")]);
    tree.write("sys/fs/cgroup/cgroup.controllers", "cpu io memory pids\n");
    tree.write(
        "sys/fs/cgroup/cgroup.subtree_control",
        "cpu io memory pids\n",
    );
    for (file, value) in [
        ("cpu.max", "max 100000\n"),
        ("cpu.weight", "100\n"),
        ("memory.high", "max\n"),
        ("memory.oom.group", "0\n"),
        ("pids.max", "max\n"),
        ("io.weight", "default 100\n254:0 50\n"),
        ("io.max", "254:0 rbps=max wbps=5 riops=max wiops=max\n"),
    ] {
        tree.write(&format!("sys/fs/cgroup/batch/{file}"), value);
    }
    tree.write("sys/class/block/vda/dev", "254:0\n");
    tree.write(
        "sys/kernel/mm/transparent_hugepage/enabled",
        "always [madvise] never\n",
    );
    for cpu in [0, 1] {
        let path = format!("sys/devices/system/cpu/cpufreq/policy{cpu}/scaling_governor");
        tree.write(&path, "schedutil\n");
    }
    tree.write("etc/kernelctl.toml", policy);
    tree
}

fn first_line(tree: &Tree, path: &str) -> String {
    let text = fs::read_to_string(tree.path(path)).unwrap();
    text.lines().next().unwrap_or("").to_owned()
}

#[test]
fn limits_are_set_and_put_back() {
    let tree = tree(
        "[groups.batch]\ncpu.max = '50%'\ncpu.weight = 50\nmemory.high = '1M'\nmemory.oom.group = true\npids.max = 20\nio.weight = 100\n",
    );
    let said = tree.said(&["plan"], 0);
    assert!(
        said.contains("would change batch/cpu.max: max 100000 -> 50000 100000"),
        "{said}"
    );
    assert!(said.contains("held         batch = there"), "{said}");
    assert!(
        said.contains("held         batch/io.weight = 100"),
        "{said}"
    );
    tree.said(&["apply"], 0);
    assert_eq!(
        first_line(&tree, "sys/fs/cgroup/batch/memory.high"),
        "1048576"
    );
    assert_eq!(
        first_line(&tree, "sys/fs/cgroup/batch/memory.oom.group"),
        "1"
    );
    tree.said(&["drift"], 0);
    tree.said(&["revert"], 0);
    assert_eq!(first_line(&tree, "sys/fs/cgroup/batch/memory.high"), "max");
    assert_eq!(
        first_line(&tree, "sys/fs/cgroup/batch/cpu.max"),
        "max 100000"
    );
    // It was there before.
    assert!(tree.path("sys/fs/cgroup/batch").is_dir());
}

#[test]
fn a_group_that_was_made_is_removed_when_its_limits_cannot_be_set() {
    // The tree brings no files with a group, so that the first limit fails.
    let tree = tree("sysctl.vm.swappiness = 5\n[groups.'web/new']\npids.max = 20\n");
    let before = snapshot(&tree.path("proc"));
    let said = tree.said(&["apply"], 1);
    assert!(
        said.contains("failed       web/cgroup.subtree_control (/etc/kernelctl.toml:2)"),
        "{said}"
    );
    assert!(said.contains("undone       vm.swappiness"), "{said}");
    assert!(said.contains("undone       web = "), "{said}");
    assert!(!tree.path("sys/fs/cgroup/web").exists());
    assert_eq!(tree.sysctl("vm.swappiness"), "60");
    assert_eq!(before.len(), snapshot(&tree.path("proc")).len());
    assert_eq!(tree.said(&["status"], 0), "nothing to do\n");
}

#[test]
fn hosts_of_another_kind_are_told_the_way_out() {
    let none = Tree::new(&[("vm.swappiness", "60\n")]);
    none.write(
        "etc/kernelctl.toml",
        "sysctl.vm.swappiness = 5\n\n[groups.batch]\npids.max = 20\n",
    );
    let said = none.said(&["apply"], 1);
    assert!(said.contains("batch (/etc/kernelctl.toml:3): there are no control groups at /sys/fs/cgroup: mount them"), "{said}");
    assert_eq!(none.sysctl("vm.swappiness"), "60");
    fs::create_dir_all(none.path("sys/fs/cgroup/memory")).unwrap();
    fs::create_dir_all(none.path("sys/fs/cgroup/unified")).unwrap();
    let said = none.said(&["apply"], 1);
    assert!(
        said.contains("version 1") && said.contains("cgroup_no_v1=all"),
        "{said}"
    );
    assert!(!none.path("sys/fs/cgroup/batch").exists());
    // The rest can be had all the same.
    none.said(&["apply", "--keep-going"], 1);
    assert_eq!(none.sysctl("vm.swappiness"), "5");

    let lacking = tree("[groups.batch]\ncpuset.cpus = '0'\n");
    let said = lacking.said(&["plan"], 1);
    assert!(
        said.contains("there is no controller 'cpuset'") && said.contains("cpu io memory pids"),
        "{said}"
    );
}

#[test]
fn devices_have_lines_of_their_own() {
    let tree = tree("[groups.batch]\nio.max = { vda = 'rbps=1M' }\n");
    let said = tree.said(&["plan"], 0);
    assert!(said.contains("would change batch/io.max[vda]: vda rbps=max wbps=5 riops=max wiops=max -> vda rbps=1048576"), "{said}");
    tree.write(
        "etc/kernelctl.toml",
        "[groups.batch]\nio.max.nvme9 = 'rbps=1M'\n",
    );
    let said = tree.said(&["apply"], 1);
    assert!(said.contains("there is no block device 'nvme9'"), "{said}");
}

#[test]
fn files_below_sys_and_what_there_is_not() {
    let tree =
        tree("[thp]\nenabled = 'madvise'\n[cpu]\ngovernor = 'performance'\n[ksm]\n-run = 1\n");
    let said = tree.said(&["apply"], 0);
    assert!(said.contains("held         thp.enabled"), "{said}");
    assert!(said.contains("ignored      ksm.run"), "{said}");
    for cpu in [0, 1] {
        let path = format!("sys/devices/system/cpu/cpufreq/policy{cpu}/scaling_governor");
        assert_eq!(first_line(&tree, &path), "performance");
    }
    tree.write(
        "etc/kernelctl.toml",
        "[scheduler]\nbase_slice_ns = 3000000\n",
    );
    let said = tree.said(&["apply"], 1);
    assert!(said.contains("mount debugfs"), "{said}");
    assert_eq!(
        first_line(
            &tree,
            "sys/devices/system/cpu/cpufreq/policy0/scaling_governor"
        ),
        "performance"
    );
    tree.write("etc/kernelctl.toml", "");
    tree.said(&["apply"], 0);
    assert_eq!(
        first_line(
            &tree,
            "sys/devices/system/cpu/cpufreq/policy0/scaling_governor"
        ),
        "schedutil"
    );
}

#[test]
fn modules_that_are_never_loaded_are_in_a_file() {
    let tree = tree("[modules]\nblacklist = ['pcspkr', 'a-b']\n");
    tree.said(&["apply"], 0);
    let text = fs::read_to_string(tree.path("run/modprobe.d/kernelctl.conf")).unwrap();
    assert!(
        text.contains("blacklist a_b\ninstall a_b /bin/false\n"),
        "{text}"
    );
    tree.said(&["drift"], 0);
    tree.said(&["revert"], 0);
    assert!(!tree.path("run/modprobe.d/kernelctl.conf").exists());
}

#[test]
fn what_a_policy_says_wrong_is_told_with_its_line() {
    for (policy, told) in [
        (
            "[groups.batch]\n\ncpu.wait = 1",
            "3: a group has no key 'cpu.wait'; there are: cpu.weight",
        ),
        (
            "[groups.batch]\ncpu.weight = 0",
            "2: 'cpu.weight' is a number from 1 to 10000",
        ),
        (
            "[groups.batch]\nmemory.max = 'lots'",
            "2: 'memory.max' is a size",
        ),
        ("[groups.batch]\ncpu.max = '0%'", "2: 'cpu.max' is '50%'"),
        (
            "[groups.batch]\nmemory.oom.group = 1",
            "2: 'memory.oom.group' is true or false",
        ),
        (
            "[groups.batch]\ncpuset.cpus = 'a'",
            "2: 'cpuset.cpus' is a list",
        ),
        ("[groups.batch]\nio.max = 5", "2: 'max' is a table"),
        (
            "[groups.batch]\nio.max = { vda = 'x=1' }",
            "2: 'vda' is limits of a device",
        ),
        ("[groups.'../x']", "1: '../x' is no name of a group"),
        (
            "[groups.'memory.max']",
            "1: 'memory.max' is no name of a group",
        ),
        ("[thp]\nenabledd = 1", "2: thp has no key 'enabledd'"),
        (
            "[sysfs]\n'/etc/passwd' = 1",
            "2: '/etc/passwd' is no path of a file below /sys",
        ),
        ("[zram]\nsize = 'x'", "2: 'size' is at least 1M"),
        ("[zram]\nalgorithm = 'zstd'", "1: zram needs a size"),
        (
            "[modules]\nload = 'a b=c'\nblacklist = 'a'",
            "1: 'a' is to be loaded",
        ),
        (
            "[modules]\nload = '../x'",
            "2: '../x' is no name of a module",
        ),
    ] {
        let tree = tree(policy);
        let said = tree.said(&["apply"], 1);
        assert!(
            said.contains(&format!("/etc/kernelctl.toml:{told}")),
            "{policy}: {said}"
        );
        assert!(!tree.path("run").exists(), "{policy}");
    }
}

#[test]
fn the_policy_of_others_is_read() {
    let tree = tree("");
    let json = "{\"profile\": \"server\", \"cgroup_root\": \"/sys/fs/cgroup\",\n\"groups\": [{\"path\": \"batch\", \"cpu_weight\": 50,\n\
                \"memory_high\": \"1M\", \"pids_max\": 20, \"memory_max\": null}],\n\"sysctl\": {\"vm.swappiness\": \"7\"}}";
    tree.write("kernel-policy.json", json);
    let path = tree.path("kernel-policy.json");
    let said = tree.said(&["apply", "--json", "--policy", path.to_str().unwrap()], 0);
    assert!(said.contains("\"profile\":\"server\""), "{said}");
    assert_eq!(tree.sysctl("vm.swappiness"), "7");
    assert_eq!(first_line(&tree, "sys/fs/cgroup/batch/pids.max"), "20");
    tree.write("kernel-policy.json", &json.replace("pids_max", "pid_max"));
    let said = tree.said(&["apply", "--policy", path.to_str().unwrap()], 1);
    assert!(
        said.contains("kernel-policy.json:3: a group has no key 'pid_max'"),
        "{said}"
    );
}
