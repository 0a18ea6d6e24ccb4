use crate::daemon::*;

#[test]
fn loading() {
    let reason = |text: &str| after(&[204, text.len() as u8, 0], text.as_bytes());
    let load = |code: u8| [code];
    badly(
        "dinitctl start x",
        &[(LOAD.0, &load(71)), (&[204], &reason("x:3: bad value"))],
        "x:3: bad value",
    );
    badly(
        "dinitctl start x",
        &[(LOAD.0, &load(72)), (&[204], BAD)],
        "dinit-check x",
    );
    badly(
        "dinitctl start x",
        &[(LOAD.0, &load(60)), (&[204], BAD)],
        "spelled",
    );
    well(
        "dinitctl stop --ignore-unstarted x",
        &[(LOAD.0, &load(60))],
        "",
    );
    well(
        "dinitctl unload x",
        &[FIND, (&[9, 5, 0, 0, 0], ACK)],
        "Service 'x' unloaded.\n",
    );
    badly(
        "dinitctl unload x",
        &[FIND, (&[9, 5, 0, 0, 0], NAK)],
        "cannot unload",
    );
    badly("dinitctl unload x", &[NOT_FOUND], "not loaded");
    well(
        "dinitctl reload x",
        &[FIND, (&[16, 5, 0, 0, 0], ACK)],
        "Service 'x' reloaded.\n",
    );
    well(
        "dinitctl reload x",
        &[NOT_FOUND, LOAD],
        "Service 'x' reloaded.\n",
    );
    let refused = [
        FIND,
        (&[16, 5, 0, 0, 0], NAK),
        (&[204], &reason("type cannot change")),
    ];
    badly("dinitctl reload x", &refused, "type cannot change");

    let other: Step<'_> = (&[1, 1, 0, b'y'], &[59, 0, 6, 0, 0, 0, 0]);
    let both: &[u8] = &[202, 2, 0, 5, 0, 0, 0, 6, 0, 0, 0];
    well(
        "dinitctl reload x y",
        &[FIND, other, (both, ACK)],
        "Service 'x' reloaded.\nService 'y' reloaded.\n",
    );
    badly(
        "dinitctl reload x y",
        &[FIND, other, (both, &after(&[202, 1, 0], b"y"))],
        "nothing was reloaded: y",
    );
    badly(
        "dinitctl reload x y",
        &[FIND, other, (both, BAD)],
        "extension",
    );
}

#[test]
fn looking() {
    let mut entry = vec![62, 1, 2, 2, 8 + 16, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, b'x'];
    entry.push(63);
    well(
        "dinitctl list",
        &[(&[25], &entry)],
        "[[+]     ] x (pid: 7)\n",
    );
    well(
        "dinitctl list --json",
        &[(&[25], &entry)],
        "[{\"name\":\"x\",\"state\":\"started\",\"target\":\"started\",\"explicit\":true,\"skipped\":false,\"failed\":false,\
         \"has_console\":false,\"waits_for_console\":false,\"stop_reason\":\"normal\",\"pid\":7}]\n",
    );
    let old = [62, 1, 0, 0, 0, 6, 0, 0, 0, 3, 0, 0, b'x', 63];
    let ran = run("dinitctl list", 4, &[(&[8], &old)]);
    assert_eq!(ran.out, "[     {X}] x (exit status: 3)\n");

    let mut status = vec![70, 0, 0, 0, 0, 4, 18, 0, 2];
    status.resize(32, 0);
    let steps = [FIND, FOLDER, (&[28, 5, 0, 0, 0][..], &status[..])];
    let told = "Service: x\n    File: /nowhere/x\n    State: STOPPED (could not be launched)\n        \
        Stage: executing command\n        Error: No such file or directory\n";
    well("dinitctl status x", &steps, told);
    let json = run("dinitctl status --json x", 7, &steps).out;
    assert!(
        json.contains("\"stage\":\"executing command\",\"errno\":2,\"file\":\"/nowhere/x\""),
        "{json}"
    );
    let ran = run(
        "dinitctl status x",
        1,
        &[FIND, (&[18, 5, 0, 0, 0], &status[..12])],
    );
    assert_eq!(ran.out, told.replace("    File: /nowhere/x\n", ""));
    let steps = [FIND, (&[28, 5, 0, 0, 0][..], &status[..])];
    well("dinitctl is-failed x", &steps, "STOPPED\n");
    let ran = run("dinitctl is-started x", 7, &steps);
    assert_eq!((ran.out.as_str(), ran.status), ("STOPPED\n", Some(1)));
    let ran = run("dinitctl is-started x", 7, &[NOT_FOUND]);
    assert_eq!(
        (ran.out.as_str(), ran.err.as_str(), ran.status),
        ("", "", Some(1))
    );
}

#[test]
fn the_rest() {
    let other: Step<'_> = (&[2, 1, 0, b'y'], &[59, 0, 6, 0, 0, 0, 0]);
    let change = |command, kind| [command, kind, 5, 0, 0, 0, 6, 0, 0, 0];
    well(
        "dinitctl add-dep need x y",
        &[LOAD, other, (&change(11, 0), ACK)],
        "Service 'x': dependency 'y' added\n",
    );
    well(
        "dinitctl rm-dep milestone x y",
        &[LOAD, other, (&change(12, 3), ACK)],
        "Service 'x': dependency 'y' removed\n",
    );
    badly(
        "dinitctl add-dep waits-for x y",
        &[LOAD, other, (&change(11, 2), NAK)],
        "circular",
    );
    badly(
        "dinitctl rm-dep regular x y",
        &[LOAD, other, (&change(12, 0), NAK)],
        "no such dependency",
    );

    let ran = run_with(
        "dinitctl setenv A=b HERE",
        7,
        &[(b"\x11\x03\0A=b", ACK), (b"\x11\x06\0HERE=1", ACK)],
        |command| {
            command.env("HERE", "1");
        },
    );
    assert_eq!((ran.out.as_str(), ran.status), ("", Some(0)));
    well("dinitctl unsetenv A", &[(b"\x11\x01\0A", ACK)], "");
    badly("dinitctl unsetenv A=b", &[], "no '='");
    badly("dinitctl setenv =b", &[(b"\x11\x02\0=b", BAD)], "refused");

    well(
        "dinitctl trigger x",
        &[LOAD, (&[19, 5, 0, 0, 0, 1], ACK)],
        "",
    );
    badly(
        "dinitctl untrigger x",
        &[LOAD, (&[19, 5, 0, 0, 0, 0], NAK)],
        "triggered",
    );
    well(
        "dinitctl signal HUP x",
        &[LOAD, (&[21, 1, 0, 0, 0, 5, 0, 0, 0], ACK)],
        "",
    );
    badly(
        "dinitctl signal 99 x",
        &[LOAD, (&[21, 99, 0, 0, 0, 5, 0, 0, 0], &[75])],
        "no signal 99",
    );
    badly(
        "dinitctl signal 1 x",
        &[LOAD, (&[21, 1, 0, 0, 0, 5, 0, 0, 0], &[74])],
        "no process",
    );
    badly(
        "dinitctl signal 1 x",
        &[LOAD, (&[21, 1, 0, 0, 0, 5, 0, 0, 0], &[76])],
        "could not be sent",
    );
    well(
        "dinitctl shutdown",
        &[(&[10, 2], ACK)],
        "Shutting down dinit...\nConnection closed.\n",
    );
    well("dinitctl reexec", &[(&[203], ACK)], "Replacing dinit.\n");
    badly("dinitctl reexec", &[(&[203], BAD)], "extension");

    let log = b"\x49\0\x04\0\0\0one\n";
    well(
        "dinitctl catlog x",
        &[LOAD, (&[20, 0, 5, 0, 0, 0], log)],
        "one\n",
    );
    well(
        "dinitctl catlog --clear x",
        &[LOAD, (&[20, 1, 5, 0, 0, 0], b"\x49\0\x03\0\0\0two")],
        "two\n(last line is truncated or incomplete)\n",
    );
    badly(
        "dinitctl catlog x",
        &[LOAD, (&[20, 0, 5, 0, 0, 0], NAK)],
        "log-type",
    );
    let more = after(
        ACK,
        b"\xc9\x0a\0\x05\0\0\0ab\n\xc9\x09\0\x06\0\0\0no\xc9\x09\0\x05\0\0\0c\n",
    );
    well(
        "dinitctl catlog --follow x",
        &[
            LOAD,
            (&[20, 0, 5, 0, 0, 0], log),
            (&[201, 5, 0, 0, 0], &more),
        ],
        "one\nab\nc\n",
    );
}

#[test]
fn extensions_on_details() {
    let text = b"dinit 1\nnow 3000000000\nboot 1000000000\nservices 1\n\nservice x\nstate started\ntarget started\nexplicit\n\
        requested 1000000000\nstarted 2000000000\n";
    let reply = [&[200][..], &(text.len() as u32).to_le_bytes(), text].concat();
    let all: Step<'_> = (&[200, 255, 255, 255, 255], &reply);
    let lacking: Step<'_> = (all.0, BAD);
    well("dinitctl analyze blame", &[all], "    1.000s x\n");
    well(
        "dinitctl analyze critical-chain",
        &[all],
        "x @1.000s +1.000s\n",
    );
    well(
        "dinitctl graph --json",
        &[all],
        "[{\"name\":\"x\",\"state\":\"started\",\"explicit\":true,\"depends\":[]}]\n",
    );
    well(
        "dinitctl why x",
        &[FIND, all],
        "x is started since 1.000s.\n  It was started explicitly; 'dinitctl release' takes that back.\n",
    );
    badly("dinitctl analyze", &[lacking], "extension");
    badly("dinitctl graph", &[lacking], "extension");
    badly("dinitctl why x", &[FIND, lacking], "extension");
    badly("dinitctl why x", &[NOT_FOUND], "not loaded");
}
