//! The program, on a tree that stands for the kernel's: what it writes, tells, keeps and puts back.

mod common;

use common::{Tree, snapshot};
use std::fs;

fn tree() -> Tree {
    let tree = Tree::new(&[
        ("vm.swappiness", "60\n"),
        ("kernel.printk", "4\t4\t1\t7\n"),
        ("net.ipv4.conf.eth0.rp_filter", "0\n"),
        ("net.ipv4.conf.lo.rp_filter", "0\n"),
    ]);
    tree.write(
        "usr/lib/sysctl.d/10-system.conf",
        "vm.swappiness = 20\nnet.ipv4.conf.*.rp_filter = 1\n-net.ipv4.conf.lo.rp_filter\n",
    );
    tree.write(
        "etc/kernelctl.toml",
        "[sysctl]\nvm.swappiness = 10\nkernel.printk = [4, 4, 1, 7]\n",
    );
    tree
}

#[test]
fn what_is_wanted_is_set_told_and_put_back() {
    let tree = tree();
    let before = snapshot(tree.0.path());
    let said = tree.said(&["plan"], 0);
    assert!(
        said.contains("would change vm.swappiness: 60 -> 10\n"),
        "{said}"
    );
    assert!(said.contains("2 would change, 1 held"), "{said}");
    assert_eq!(snapshot(tree.0.path()), before, "plan changed something");

    let said = tree.said(&["apply"], 0);
    assert!(
        said.contains("changed      vm.swappiness: 60 -> 10\n"),
        "{said}"
    );
    assert!(said.contains("held         kernel.printk"), "{said}");
    assert_eq!(tree.sysctl("vm.swappiness"), "10");
    assert_eq!(tree.sysctl("net.ipv4.conf.eth0.rp_filter"), "1");
    assert_eq!(tree.sysctl("net.ipv4.conf.lo.rp_filter"), "0");
    let printk = tree.path("proc/sys/kernel/printk");
    assert_eq!(
        fs::read_to_string(printk).unwrap(),
        "4\t4\t1\t7\n",
        "what holds is not written"
    );

    assert!(tree.said(&["apply"], 0).contains("3 held"));
    assert!(tree.said(&["status"], 0).contains("3 held"));
    assert_eq!(tree.said(&["drift"], 0), "nothing to do\n");
    tree.write("proc/sys/vm/swappiness", "33\n");
    let said = tree.said(&["drift"], 1);
    assert!(
        said.contains("drifted      vm.swappiness: 33 where 10 was set by /etc/kernelctl.toml:2"),
        "{said}"
    );
    // Who changed it, where that can be known.
    tree.write("proc/sys/vm/swappiness", "60\n");
    let said = tree.said(&["drift"], 1);
    assert!(said.contains(":2 (as it was before kernelctl)"), "{said}");
    tree.write("etc/sysctl.d/90-other.conf", "\nvm.swappiness = 070\n");
    tree.write("proc/sys/vm/swappiness", "56\n");
    let said = tree.said(&["drift", "--json"], 1);
    let why = "\"why\":\"/etc/sysctl.d/90-other.conf:2 asks for it\"";
    assert!(said.contains(why), "{said}");
    fs::remove_file(tree.path("etc/sysctl.d/90-other.conf")).unwrap();
    // What was before the first apply counts, not what was before the second.
    tree.said(&["apply"], 0);
    let said = tree.said(&["revert"], 0);
    assert!(
        said.contains("reverted     vm.swappiness: 10 -> 60"),
        "{said}"
    );
    assert_eq!(tree.sysctl("vm.swappiness"), "60");
    assert_eq!(tree.sysctl("net.ipv4.conf.eth0.rp_filter"), "0");
    assert_eq!(tree.said(&["revert"], 0), "nothing to do\n");
}

#[test]
fn what_a_policy_no_longer_wants_goes_back() {
    let tree = tree();
    tree.said(&["apply"], 0);
    tree.write("etc/kernelctl.toml", "[sysctl]\nkernel.printk = 3\n");
    tree.write("usr/lib/sysctl.d/10-system.conf", "");
    let said = tree.said(&["apply"], 0);
    assert!(
        said.contains("reverted     vm.swappiness: 10 -> 60"),
        "{said}"
    );
    assert_eq!(tree.sysctl("net.ipv4.conf.eth0.rp_filter"), "0");
    assert!(tree.said(&["status"], 0).contains("1 held"));
}

#[test]
fn a_failure_leaves_nothing_half_applied() {
    let tree = tree();
    tree.write("etc/sysctl.d/99-typo.conf", "vm.swapiness = 1\n");
    let before = snapshot(&tree.path("proc"));
    let said = tree.said(&["apply"], 1);
    assert!(said.contains("failed       vm.swapiness (/etc/sysctl.d/99-typo.conf:1): there is no /proc/sys/vm/swapiness"), "{said}");
    assert!(said.contains("untouched    vm.swappiness = 60"), "{said}");
    assert_eq!(snapshot(&tree.path("proc")), before);
    assert_eq!(tree.said(&["status"], 0), "nothing to do\n");
    // The same, done as far as it goes.
    let said = tree.said(&["apply", "--keep-going"], 1);
    assert!(
        said.contains("changed      vm.swappiness: 60 -> 10"),
        "{said}"
    );
    // And by somebody who can do without it.
    tree.write("etc/sysctl.d/99-typo.conf", "-vm.swapiness = 1\n");
    let said = tree.said(&["apply"], 0);
    assert!(said.contains("ignored      vm.swapiness"), "{said}");
}

#[test]
fn mistakes_in_files_are_told_before_anything_is_done() {
    let tree = tree();
    tree.write("etc/sysctl.d/50-bad.conf", "fine = 1\nnonsense\n");
    let before = snapshot(tree.0.path());
    for words in [["apply"], ["plan"]] {
        let said = tree.said(&words, 1);
        assert!(
            said.contains("/etc/sysctl.d/50-bad.conf:2: 'nonsense' is no assignment"),
            "{said}"
        );
    }
    assert_eq!(snapshot(tree.0.path()), before);
    fs::remove_file(tree.path("etc/sysctl.d/50-bad.conf")).unwrap();
    tree.write("etc/kernelctl.toml", "[sysctl]\n\n[sysctls]\n");
    let said = tree.said(&["apply"], 1);
    assert!(
        said.contains("/etc/kernelctl.toml:3: the policy has no key 'sysctls'"),
        "{said}"
    );
    assert!(
        tree.said(&["apply", "--policy", "/none.toml"], 1)
            .contains("/none.toml: reading it: No such file")
    );
}

#[test]
fn json_says_the_same() {
    let tree = tree();
    let said = tree.said(&["apply", "--json"], 0);
    let entry = "\"key\":\"vm.swappiness\",\"path\":\"/proc/sys/vm/swappiness\",\"file\":\"/etc/kernelctl.toml\",\"line\":2,\
                 \"outcome\":\"changed\",\"old\":\"60\",\"wanted\":\"10\",\"got\":\"10\",\"error\":null";
    assert!(said.contains(entry), "{said}");
    assert!(document::json::parse(said.as_bytes()).is_ok());
}

#[test]
fn wrong_use_has_a_status_of_its_own() {
    let tree = tree();
    for words in [&["aply"][..], &["apply", "--nope"], &["plan", "x"]] {
        assert!(tree.said(words, 2).contains("--help tells what there is"));
    }
    assert!(tree.said(&["--help"], 0).contains("Exit status"));
}

/// A run that is killed between two writes: what was before is known.
#[test]
fn what_was_before_is_kept_before_anything_is_written() {
    let tree = tree();
    // The last one cannot be written: it is a folder by then.
    tree.said(&["apply"], 0);
    let state = tree.path("run/kernelctl/state.json");
    let text = fs::read_to_string(&state).unwrap();
    tree.said(&["revert"], 0);
    // As if nothing but the first write had been done.
    fs::write(&state, text).unwrap();
    tree.write("proc/sys/vm/swappiness", "10\n");
    let said = tree.said(&["revert"], 0);
    assert!(
        said.contains("reverted     vm.swappiness: 10 -> 60"),
        "{said}"
    );
    assert!(
        said.contains("held         net.ipv4.conf.eth0.rp_filter = 0"),
        "{said}"
    );
}

/// The policy that comes with a system is read where the machine has none; what can wait is not looked at the first time.
#[test]
fn what_was_installed_is_a_policy_too() {
    let tree = Tree::new(&[("vm.swappiness", "60\n")]);
    let policy = "[sysctl]\nvm.swappiness = 7\n\n[zram]\nsize = \"1M\"\n";
    tree.write("lib/kernelctl.toml", policy);
    let said = tree.said(&["apply", "--first", "--json"], 0);
    assert!(
        said.contains("\"policy\":\"/lib/kernelctl.toml\""),
        "{said}"
    );
    assert!(!said.contains("zram"), "{said}");
    assert_eq!(tree.sysctl("vm.swappiness"), "7");
    // The second time it is, and cannot be set up in a tree.
    let said = tree.said(&["apply", "--keep-going"], 1);
    assert!(
        said.contains("failed       zram (/lib/kernelctl.toml:4)"),
        "{said}"
    );
    tree.write("etc/kernelctl.toml", "[sysctl]\nvm.swappiness = 8\n");
    tree.said(&["apply"], 0);
    assert_eq!(tree.sysctl("vm.swappiness"), "8");
}
