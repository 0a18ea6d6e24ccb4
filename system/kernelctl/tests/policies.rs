//! Policies of all kinds, mostly wrong ones: each is understood or refused with a line that it has, and none does harm.

use common::root::Root;
use kernelctl::policy;
use proptest::prelude::*;

const HEADERS: &[&str] = &[
    "",
    "[sysctl]",
    "[groups.batch]",
    "[groups.\"web/workers\"]",
    "[groups]",
    "[thp]",
    "[ksm]",
    "[cpu]",
    "[scheduler]",
    "[block.vda]",
    "[block.\"nvme*\"]",
    "[sysfs]",
    "[modules]",
    "[zram]",
    "[[pressure]]",
    "[profiles.a]",
    "[profiles.a.sysctl]",
    "[profiles.b.groups.batch]",
    "[pressure]",
];

const KEYS: &[&str] = &[
    "vm.swappiness",
    "-vm.swappiness",
    "\"net/ipv4/conf/*/x\"",
    "\"..\"",
    "cpu.max",
    "cpu.weight",
    "\"cpu.max.burst\"",
    "memory.max",
    "memory.high",
    "memory.oom.group",
    "io.max",
    "io.max.vda",
    "io.weight",
    "pids.max",
    "-pids.max",
    "cpuset.cpus",
    "controllers",
    "enabled",
    "khugepaged.defrag",
    "governor",
    "-governor",
    "run",
    "base_slice_ns",
    "read_ahead_kb",
    "\"/sys/x\"",
    "\"/etc/x\"",
    "load",
    "-load",
    "blacklist",
    "size",
    "algorithm",
    "priority",
    "group",
    "resource",
    "kind",
    "stall",
    "window",
    "calm",
    "actions",
    "profile",
    "include",
    "cgroup_root",
    "batch",
    "x",
];

const VALUES: &[&str] = &[
    "1",
    "-1",
    "0",
    "99999",
    "true",
    "\"max\"",
    "\"50%\"",
    "\"1G\"",
    "\"512M\"",
    "\"150ms\"",
    "\"1s\"",
    "\"0-3\"",
    "\"a\"",
    "\"b\"",
    "\"\"",
    "\"../x\"",
    "\"memory\"",
    "\"some\"",
    "[1, 2]",
    "[\"a\", \"b\"]",
    "[]",
    "{}",
    "{ vda = \"rbps=1M\" }",
    "{ max = \"1M\" }",
    "[{ reclaim = \"batch\", amount = \"1M\" }]",
    "[{ freeze = \"\" }]",
    "[{ kill = \"/\" }, { tell = \"x\", signal = \"USR1\" }]",
    "[{ kill = \"a\", amount = 1 }]",
    "[{ x = 1 }]",
    "\"a b=c\"",
    "\"\\u0001\"",
];

/// Understood or refused; a refusal names a line that there is.
fn read(text: &str, profile: Option<&str>) {
    match policy::parse("p.toml", text.as_bytes(), profile) {
        Ok(policy) => {
            let nowhere = Root::new("/nonexistent");
            let steps = policy::steps(&nowhere, &policy, &policy.sysctls);
            for step in steps {
                let inside = ["/proc/sys/", "/sys/", "/run/modprobe.d/"];
                assert!(
                    inside.iter().any(|folder| step.path.starts_with(folder)),
                    "{}",
                    step.path
                );
                assert!(
                    !step.path.split('/').any(|part| part == ".."),
                    "{}",
                    step.path
                );
                assert!(!step.wanted.contains('\u{1}'), "{text}");
            }
        }
        Err(error) => {
            let told = error.to_string();
            let line = told
                .strip_prefix("p.toml:")
                .and_then(|rest| rest.split(':').next());
            let line = line.and_then(|line| line.parse::<usize>().ok());
            let lines = text.lines().count().max(1);
            // The profile that is named on the command line stands in no line.
            let named = told.starts_with("p.toml: there is no profile");
            assert!(
                named || line.is_some_and(|line| (1..=lines + 1).contains(&line)),
                "{told}\n{text}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn policies_are_understood_or_refused_with_their_line(
        sections in prop::collection::vec(
            (prop::sample::select(HEADERS), prop::collection::vec((prop::sample::select(KEYS), prop::sample::select(VALUES)), 0..4)),
            0..5
        ),
        profile in prop::option::of(prop::sample::select(vec!["a", "b", "c"])),
    ) {
        let mut text = String::new();
        for (header, lines) in &sections {
            text += &format!("{header}\n");
            for (key, value) in lines {
                text += &format!("{key} = {value}\n");
            }
        }
        read(&text, profile);
    }

    #[test]
    fn policies_of_others_are_understood_or_refused(
        members in prop::collection::vec((
            prop::sample::select(vec!["profile", "cgroup_root", "groups", "sysctl", "x"]),
            prop::sample::select(vec![
                "1", "\"a\"", "null", "{}", "[]", "{\"vm.x\": 1}", "{\"vm.x\": [1]}", "[{\"path\": \"a\", \"pids_max\": 5}]", "{\"a\": {\"cpu_weight\": 5}}",
                "[{\"path\": \"../a\"}]", "[{\"pids_max\": 5}]", "{\"a\": {\"memory_max\": \"1G\", \"x\": 1}}", "\"/sys/fs/cgroup/../x\"",
            ]),
        ), 0..5)
    ) {
        let members: Vec<String> = members.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
        read(&format!("{{\n{}\n}}", members.join(",\n")), None);
    }
}

/// The file that the manual shows, put together.
#[test]
fn what_the_manual_shows_is_understood() {
    let manual = include_str!("../../../docs/kernelctl.md");
    let policy = manual.split("## The policy").nth(1).unwrap();
    let mut text = String::new();
    for line in policy.lines().filter_map(|line| line.strip_prefix("    ")) {
        // A service's file stands there, too.
        if line.starts_with("type = process") {
            break;
        }
        text += line;
        text.push('\n');
    }
    // Shown in a section of its own, it belongs before all others.
    let text = text.replace("cgroup_root = \"apps\"", "");
    let policy = policy::parse("manual.toml", text.as_bytes(), None).unwrap();
    assert_eq!(policy.profile, "server");
    assert_eq!(policy.groups.len(), 2);
    assert_eq!(policy.triggers[0].actions.len(), 4);
    assert!(policy.zram.is_some() && policy.modules.len() == 2 && policy.knobs.len() >= 7);
}
