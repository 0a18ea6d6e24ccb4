//! kernelctl on the kernel that does what no tree can stand for: the edition `kernelctl-demo` under QEMU. Controllers, limits
//! as the kernel has them, swap in compressed memory, modules, pressure.

use crate::demo::{self, until};
use alpenglow_tests::{Outcome, Test, alpenglow, check, has, output, test, text};

/// Instructions of an `apply` of 100 sysctls and 20 groups. The aim is 5 million: 5 ms of a processor that executes one a
/// nanosecond.
const APPLY: f64 = 20e6;

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("kernelctl_policy_holds_and_goes_back", policy),
        test("kernelctl_leaves_nothing_half_applied", whole),
        test("kernelctl_acts_before_memory_runs_out", pressure),
        test("budget_kernelctl_apply", budget),
    ]
}

/// Runs commands in the demo.
fn run(commands: &[&str]) -> Result<String, String> {
    demo::run("kernelctl-demo", commands)
}

fn policy() -> Outcome {
    let said = run(&[
        "kernelctl status || exit 1; kernelctl drift && echo nothing drifted",
        // What the kernel says itself.
        "cd /sys/fs/cgroup; cat cgroup.subtree_control web/cgroup.subtree_control; for f in cpu.max memory.high memory.oom.group pids.max; do echo $f $(cat batch/$f); done; echo cpus $(cat web/workers/cpuset.cpus)",
        "echo swappiness $(cat /proc/sys/vm/swappiness); echo filter $(cat /proc/sys/net/ipv4/conf/lo/rp_filter); cat /proc/swaps; cat /sys/block/zram0/comp_algorithm; cat /run/modprobe.d/kernelctl.conf",
        // Services: one that names its group, one that is moved with its child.
        "wc -l < /sys/fs/cgroup/batch/cgroup.procs; kernelctl attach --service mover web/workers && echo moved $(wc -l < /sys/fs/cgroup/web/workers/cgroup.procs); kernelctl attach $$ batch && grep -c batch /proc/$$/cgroup && kernelctl attach $$ /",
        "kernelctl attach --service limited batch || echo refused; kernelctl attach 999999 batch || echo nobody; kernelctl attach 1 none || echo nowhere",
        "echo 5 > /proc/sys/vm/swappiness; echo 4000 100000 > /sys/fs/cgroup/batch/cpu.max; kernelctl drift || echo drifted; kernelctl apply && kernelctl drift",
        // Groups that are in use stay, and say so.
        "kernelctl revert || echo in use; for s in pressure worker mover; do dinitctl stop $s; done; kernelctl revert; ls -d /sys/fs/cgroup/batch /sys/fs/cgroup/web || echo groups are gone",
        "echo swappiness $(cat /proc/sys/vm/swappiness); wc -l < /proc/swaps; kernelctl apply --json",
    ])?;
    has(
        &said,
        &[
            "nothing drifted",
            "cpu.max 50000 100000",
            "memory.high 50331648",
            "memory.oom.group 1",
            "pids.max 50",
            "cpus 0",
            "swappiness 100",
            "filter 2",
            "/dev/zram0",
            "[lzo-rle]",
            "install pcspkr /bin/false",
            "moved 2",
            "refused",
            "nobody",
            "nowhere",
            "drifted      vm.swappiness: 5 where 100 was set by /etc/kernelctl.toml",
            "drifted      batch/cpu.max: 4000 100000 where 50000 100000",
            "in use",
            "groups are gone",
            "\"outcome\":\"changed\"",
            "swappiness 10",
        ],
    )
}

fn whole() -> Outcome {
    let said = run(&[
        "kernelctl revert -q; dinitctl stop pressure; dinitctl stop worker; kernelctl revert -q; cat /proc/sys/vm/swappiness > /tmp/before; ls /sys/fs/cgroup > /tmp/groups; cat /sys/fs/cgroup/cgroup.subtree_control >> /tmp/groups",
        // The last of these is refused by the kernel, when all others are done.
        "printf 'sysctl.vm.swappiness = 7\\n[groups.a]\\nmemory.max = \"1G\"\\n[groups.\"a/b\"]\\ncpu.max = \"50%%\"\\n\"cpu.max.burst\" = 9000000000\\n' > /tmp/p.toml; kernelctl apply --policy /tmp/p.toml || echo all undone",
        "cat /proc/sys/vm/swappiness | diff - /tmp/before && ls /sys/fs/cgroup > /tmp/after && cat /sys/fs/cgroup/cgroup.subtree_control >> /tmp/after; diff /tmp/groups /tmp/after && echo as before",
        "printf '[groups.c]\\npids.max = 5\\n[groups.\"c/d\"]\\nmemory.max = \"1G\"\\n' > /tmp/p.toml; mkdir /sys/fs/cgroup/c; sleep 1000 & echo $! > /sys/fs/cgroup/c/cgroup.procs; kernelctl apply --policy /tmp/p.toml || echo busy; kill $!; sleep 1; rmdir /sys/fs/cgroup/c",
        "printf '[groups.e]\\nhugetlb = 5\\n' > /tmp/p.toml; kernelctl apply --policy /tmp/p.toml || echo unknown",
        "printf '[modules]\\nload = [\"no_such\"]\\n' > /tmp/p.toml; kernelctl apply --policy /tmp/p.toml || echo no module",
        "printf '[zram]\\nsize = \"16M\"\\nalgorithm = \"nonsense\"\\n' > /tmp/p.toml; kernelctl apply --policy /tmp/p.toml || wc -l < /proc/swaps",
        // Locked until the next start of the system: EPERM.
        "echo 1 > /proc/sys/kernel/unprivileged_bpf_disabled; printf 'sysctl.vm.swappiness = 9\\nsysctl.kernel.unprivileged_bpf_disabled = 0\\n' > /tmp/p.toml; kernelctl apply --policy /tmp/p.toml || diff /proc/sys/vm/swappiness /tmp/before && echo still as before",
        // No room to keep what was before: ENOSPC, and nothing is done.
        "mount -t tmpfs -o size=4k none /run/kernelctl && head -c 4096 /dev/zero > /run/kernelctl/full; printf 'sysctl.vm.swappiness = 9\\n' > /tmp/p.toml; kernelctl apply --policy /tmp/p.toml || diff /proc/sys/vm/swappiness /tmp/before && echo no room; umount /run/kernelctl",
        "umount /sys/fs/cgroup 2> /dev/null; mount -t tmpfs none /sys/fs/cgroup; printf '[groups.a]\\npids.max = 5\\n' > /tmp/p.toml; kernelctl apply --policy /tmp/p.toml || echo no groups; umount /sys/fs/cgroup",
    ])?;
    has(
        &said,
        &[
            "undone       vm.swappiness",
            "undone       a/memory.max",
            "failed       a/b/cpu.max.burst (/tmp/p.toml:6)",
            "all undone",
            "as before",
            "has no processes of its own",
            "busy",
            "/tmp/p.toml:2: a group has no key 'hugetlb'",
            "modules.dep has no module 'no_such'",
            "no algorithm 'nonsense' for zram; there are: ",
            "/tmp/p.toml:1",
            "unprivileged_bpf_disabled: Operation not permitted: run it as root; if it is, the value is read-only",
            "still as before",
            "No space left on device",
            "no room",
            "there are no control groups at /sys/fs/cgroup",
        ],
    )
}

/// A process that takes all it can get: in a group with limits, and anywhere. Whoever is logged in gets answers.
fn pressure() -> Outcome {
    let group = until(
        "grep -q 'froze batch' /run/pressure.log && grep -q 'of batch: killed .*(sh' /run/pressure.log",
    );
    let all = until("grep -q 'of /: killed .*(sh' /run/pressure.log");
    let told = until("grep -q told /run/told");
    let said = run(&[
        "cat /proc/$(pgrep -x kernelctl)/status | grep -e VmRSS -e VmLck",
        // Calm: it sleeps.
        "p=$(pgrep -x kernelctl); a=$(grep ctxt /proc/$p/status); sleep 10; [ \"$a\" = \"$(grep ctxt /proc/$p/status)\" ] && echo no wake-ups",
        "echo 'x=0123456789abcdef; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do x=$x$x; done; i=0; while :; do a[i]=$x; i=$((i+1)); done' > /tmp/hog; sh -c 'kernelctl attach $$ batch && exec sh /tmp/hog' > /dev/null 2>&1 & echo started",
        &group,
        "cat /run/pressure.log; grep -c 'goes on' /run/pressure.log",
        // Two that want the only processor: the service of their group is told.
        &format!(
            "spin='kernelctl attach $$ web/workers && while :; do :; done'; sh -c \"$spin\" & a=$!; sh -c \"$spin\" & b=$!; ({told}); s=$?; kill $a $b; [ $s = 0 ] && echo it was told; grep 'sent signal' /run/pressure.log"
        ),
        ": > /run/pressure.log; sh /tmp/hog > /dev/null 2>&1 & echo started",
        "echo it answers",
        &all,
        "cat /run/pressure.log; dmesg | grep -ci 'out of memory' || echo the kernel killed nothing",
        "dinitctl is-started pressure && dinitctl restart pressure && echo well",
    ])?;
    has(
        &said,
        &[
            "no wake-ups",
            "froze batch",
            "it was told",
            "sent signal 10 to service listener",
            "it answers",
            "the kernel killed nothing",
            "well",
        ],
    )
}

/// 100 keys and 20 groups: what `bench kernelctl` counts, all of it, and not more than is promised for one `apply`.
fn budget() -> Outcome {
    let output = output(alpenglow().args(["bench", "kernelctl", "--json"]))?;
    check(output.status.success(), || text(&output))?;
    let rows: Vec<serde_json::Map<String, serde_json::Value>> =
        serde_json::from_slice(&output.stdout).map_err(|e| format!("{e}: {}", text(&output)))?;
    let (ours, script) = match &*rows {
        [ours, script] => (ours, script),
        _ => return Err(text(&output)),
    };
    let figure = |row: &serde_json::Map<String, serde_json::Value>, key: &str| row[key].as_f64();
    for key in [
        "apply_instructions",
        "apply_cpu_ns",
        "again_instructions",
        "drift_instructions",
        "revert_instructions",
        "program_bytes",
    ] {
        let has = figure(ours, key).is_some_and(|figure| figure > 0.0);
        check(has, || format!("{key} is {:?}", ours[key]))?;
    }
    let beside = figure(script, "apply_instructions").is_some_and(|figure| figure > 0.0);
    check(beside, || format!("{script:?}"))?;
    let apply = figure(ours, "apply_instructions").unwrap_or(f64::MAX);
    check(apply <= APPLY, || {
        format!("apply takes {apply} instructions, {APPLY} are promised")
    })
}
