//! What is measured in a process of its own: how it is told its job, and tells what it found.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::ffi::OsString;
use std::io;
use std::process::ExitCode;

/// Does the job that the first argument holds as JSON, prints what was found as JSON, and returns an exit status.
pub(crate) fn run<Job: DeserializeOwned, Found: Serialize>(
    arguments: &[OsString],
    measure: impl FnOnce(Job) -> io::Result<Found>,
) -> ExitCode {
    let job = arguments
        .first()
        .and_then(|text| serde_json::from_str(text.to_str()?).ok());
    let result = match job {
        Some(job) => measure(job).and_then(|found| Ok(serde_json::to_string(&found)?)),
        None => Err(io::Error::other("it was not told what to measure")),
    };
    match result {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
