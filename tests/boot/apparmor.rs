//! AppArmor, and the C++ library below what loads its profiles: the edition `apparmor-demo` under QEMU, with a program in C++ that is
//! confined and a profile with a mistake.

use crate::demo::{run, until};
use alpenglow_tests::{Outcome, Test, boot, check, has, test};

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("apparmor_confines_what_has_a_profile", confined),
        test("apparmor_that_is_off_is_told", off),
    ]
}

/// A profile by hand for the copy, as old as what packages bring; whether it may read the other file is said by the mode.
fn by_hand(mode: &str) -> String {
    format!(
        "printf 'abi <abi/4.0>,\nprofile copy /tmp/copy {{\n /tmp/copy mr,\n /dev/ttyS* rw,\n /etc/hostname {mode},\n}}\n' > /etc/apparmor.d/copy; \
         touch -d 2026-01-01T00:00:00 /etc/apparmor.d/copy"
    )
}

/// The program, as it is confined and as it is not; its status is the number of files that it could not read.
const ALL: &str = "/etc/apparmor-demo/named /etc/apparmor-demo/other /etc/apparmor-demo/empty /nowhere; echo status $?";

fn confined() -> Outcome {
    let first = format!("echo confined; first-lines {ALL}");
    let copied = format!("cp /usr/bin/first-lines /tmp/copy; echo free; /tmp/copy {ALL}");
    // The console has a line of init's between the two, sooner or later.
    let again = "dinitctl restart apparmor; first-lines /etc/apparmor-demo/other && echo read anew";
    let (refused, allowed) = (by_hand("w"), by_hand("r"));
    let refused = format!("{refused}; dinitctl restart apparmor; /tmp/copy /etc/hostname");
    let kept = format!("{allowed}; dinitctl restart apparmor; /tmp/copy /etc/hostname");
    let packages = "oil del --quiet apparmor-demo; ls /etc/apparmor.d; echo as it is; /tmp/copy /etc/hostname; aa-status";
    let late = until("dinitctl is-started late > /dev/null");
    let said = run(
        "apparmor-demo",
        &[
            &late,
            // A profile with a mistake is told, the next one is there all the same, and what starts with the system has it.
            "dinitctl list; dinitctl catlog apparmor; dinitctl catlog confined; aa-status",
            &first,
            "logctl -k -g 'apparmor=\"DENIED\"' | tail -n 1; logctl -k -g DENIED | grep -c named || echo nothing of the other",
            // The same program by another path has no profile.
            &copied,
            // Without the mistake all is well; a rule that is added, in another second than what was compiled, counts once all are read anew.
            "rm /etc/apparmor.d/usr.bin.erring; dinitctl start apparmor > /dev/null && echo all are loaded; sleep 2; sed -i 's/{named,empty}/{named,empty,other}/' /etc/apparmor.d/usr.bin.first-lines",
            again,
            // What was compiled goes by times of files: which profile counts here is not to be told, until packages bring or take something.
            &format!("{refused}; :"),
            &format!("{kept}; :"),
            packages,
            "echo mounted $(grep -c securityfs /proc/mounts) time",
        ],
    )?;
    has(
        &said,
        &[
            "Yes\nAppArmor parser error for /etc/apparmor.d in profile /etc/apparmor.d/usr.bin.erring at line 6: syntax error",
            "/etc/apparmor-demo/named: what the profile names\n/etc/apparmor-demo/other: refused: Permission denied\n",
            "1 profiles are in enforce mode.\n   first-lines\n",
            // Of libc++ in a guest: what is thrown in a thread is caught as what it is.
            "confined\n/etc/apparmor-demo/named: what the profile names\n/etc/apparmor-demo/other: refused: Permission denied\n\
             /etc/apparmor-demo/empty: wrong: it is empty\n/nowhere: not there: No such file or directory\nstatus 3\n",
            "apparmor=\"DENIED\" operation=\"open\" class=\"file\" profile=\"first-lines\" name=\"/etc/apparmor-demo/other\"",
            "nothing of the other",
            "free\n/etc/apparmor-demo/named: what the profile names\n/etc/apparmor-demo/other: what nobody names\n\
             /etc/apparmor-demo/empty: wrong: it is empty\n/nowhere: not there: No such file or directory\nstatus 2\n",
            "read anew\n",
            "all are loaded\n",
            "/etc/hostname: refused: Permission denied\n",
            "as it is\n/etc/hostname: alpenglow\n",
            "mounted 1 time\n",
        ],
    )?;
    let failed = said.lines().find(|line| line.ends_with("apparmor"));
    check(failed.is_some_and(|line| line.contains('X')), || said)
}

/// The kernel was told to leave it: nothing is loaded, nothing fails, and what would be confined runs.
fn off() -> Outcome {
    let settled = until("dinitctl is-started boot > /dev/null");
    let asked =
        "dinitctl is-started apparmor > /dev/null && echo nothing failed; dinitctl catlog apparmor";
    let free = "first-lines /etc/apparmor-demo/other";
    let mut words = vec!["--edition", "apparmor-demo", "--board", "microvm"];
    words.extend(["--append", "apparmor=0"]);
    for command in [&*settled, asked, free] {
        words.extend(["--run", command]);
    }
    has(
        &boot(&words, 0)?,
        &[
            "nothing failed\n",
            "No - disabled at boot.\n",
            "/etc/apparmor-demo/other: what nobody names\n",
        ],
    )
}
