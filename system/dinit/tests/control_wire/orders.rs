use crate::daemon::*;

#[test]
fn orders() {
    let started = event(0, 0);
    let stopped = event(1, 0);
    let failed = event(2, 3);
    let acknowledged = |events: &[u8]| after(&[79, 50], events);
    let start = &[3, 128, 5, 0, 0, 0];
    let stop = &[4, 130, 5, 0, 0, 0];
    well(
        "dinitctl start x",
        &[LOAD, FOLDER, (start, &acknowledged(&started))],
        "Service 'x' started.\n",
    );
    well(
        "dinitctl --quiet start x",
        &[LOAD, FOLDER, (start, &acknowledged(&started))],
        "",
    );
    well(
        "dinitctl start x",
        &[LOAD, FOLDER, (start, &[79, 61])],
        "Service started.\n",
    );
    well(
        "dinitctl start --pin --no-wait x",
        &[LOAD, FOLDER, (&[3, 129, 5, 0, 0, 0], &[79, 50])],
        "Issued start command successfully for service 'x'.\n",
    );
    // What happened before the order does not count, what happened while it was done does.
    let early = after(&failed, &acknowledged(&started));
    well(
        "dinitctl start x",
        &[LOAD, FOLDER, (start, &early)],
        "Service 'x' started.\n",
    );
    let within = [&[79][..], &failed, &stopped, &[50]].concat();
    let ran = run("dinitctl start x", 7, &[LOAD, FOLDER, (start, &within)]);
    let told = "Service 'x' failed to start.\nReason: service process terminated before ready: exited - status 3\n";
    assert_eq!((ran.out.as_str(), ran.status), (told, Some(1)));
    let ran = run(
        "dinitctl start x",
        7,
        &[LOAD, FOLDER, (start, &acknowledged(&event(3, 0)))],
    );
    assert_eq!(
        (ran.out.as_str(), ran.status),
        ("Service 'x' start cancelled.\n", Some(1))
    );
    badly(
        "dinitctl start x",
        &[LOAD, FOLDER, (start, &[79, 67])],
        "pinned stopped",
    );
    badly(
        "dinitctl start x",
        &[LOAD, FOLDER, (start, &[79, 69])],
        "shutting down",
    );
    badly(
        "dinitctl wake x",
        &[LOAD, FOLDER, (&[5, 128, 5, 0, 0, 0], &[79, 51])],
        "no active service",
    );

    well(
        "dinitctl stop x",
        &[LOAD, (stop, &acknowledged(&stopped))],
        "Service 'x' stopped.\n",
    );
    well(
        "dinitctl stop x",
        &[LOAD, (stop, &[79, 61])],
        "Service (already) stopped.\n",
    );
    well(
        "dinitctl stop --force x",
        &[LOAD, (&[4, 128, 5, 0, 0, 0], &[79, 61])],
        "Service (already) stopped.\n",
    );
    badly(
        "dinitctl stop x",
        &[LOAD, (stop, &[79, 68])],
        "pinned started",
    );
    let dependents: &[u8] = &[79, 65, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0];
    let name: Step<'_> = (&[15, 0, 9, 0, 0, 0], &[66, 0, 2, 0, b'a', b'b']);
    badly(
        "dinitctl stop x",
        &[LOAD, (stop, dependents), name],
        " ab\n",
    );
    let restart = &[4, 134, 5, 0, 0, 0];
    let both = [&[79, 50][..], &stopped, &started].concat();
    well(
        "dinitctl restart x",
        &[LOAD, FOLDER, (restart, &both)],
        "Service 'x' stopped.\nService 'x' started.\n",
    );
    let both = [&[79][..], &stopped, &[50], &started].concat();
    well(
        "dinitctl restart x",
        &[LOAD, FOLDER, (restart, &both)],
        "Service 'x' stopped.\nService 'x' started.\n",
    );
    well(
        "dinitctl restart x",
        &[LOAD, FOLDER, (restart, &[79, 61])],
        "Service restarted.\n",
    );
    badly(
        "dinitctl restart x",
        &[LOAD, FOLDER, (restart, &[79, 51])],
        "not started",
    );
    well(
        "dinitctl restart --ignore-unstarted x",
        &[LOAD, FOLDER, (restart, &[79, 51])],
        "Service 'x' is not currently started.\n",
    );

    let release = &[6, 128, 5, 0, 0, 0];
    let mut status = vec![70, 0, 2, 2];
    status.resize(32, 0);
    let ask: &[u8] = &[28, 5, 0, 0, 0];
    well(
        "dinitctl release x",
        &[LOAD, (release, &[79, 50]), (ask, &status)],
        "Service 'x' released; it goes on for services that need it.\n",
    );
    status[3] = 0;
    well(
        "dinitctl release x",
        &[LOAD, (release, &[79, 50]), (ask, &after(&status, &stopped))],
        "Service 'x' stopped.\n",
    );
    well(
        "dinitctl unpin x",
        &[LOAD, (&[7, 5, 0, 0, 0], ACK)],
        "Service 'x' unpinned.\n",
    );
}
