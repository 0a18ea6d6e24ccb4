//! A file of scenarios: descriptions, commands, and what they print. It reads like a terminal.
//!
//! ```text
//! === a failed soft dependency
//! # Prose.
//! --- main                         a description, in sd/
//! waits-for: bad
//! --- ./script                     any other file; it can be executed
//! #!/bin/sh
//! $ dinitctl start bad             a command of sh(1); further lines of it begin with "> "
//! Service 'bad' failed to start.   what it prints
//! ! dinitctl                       who spoke on standard error
//! [1]                              its exit status, unless 0
//! ```

/// One scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scenario {
    /// What follows `===`.
    pub name: String,
    /// Files to be there: path in the scenario's folder, and text.
    pub files: Vec<(String, String)>,
    /// What is done, in order.
    pub steps: Vec<Step>,
}

/// A command and what it prints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// The command; several lines have line feeds in between.
    pub command: String,
    /// What it prints, as lines of the file.
    pub printed: Vec<String>,
    /// The place of its first line in the file, and of the first line that is no more its, from 0.
    pub lines: std::ops::Range<usize>,
}

/// What the lines of a file belong to.
enum Part {
    Prose,
    File,
    Step,
}

/// Takes a file apart.
///
/// # Errors
/// The line that stands where it cannot, by number.
pub fn parse(text: &str) -> Result<Vec<Scenario>, String> {
    let mut scenarios: Vec<Scenario> = Vec::new();
    let mut part = Part::Prose;
    for (number, line) in text.lines().enumerate() {
        let misplaced = || format!("line {}: '{line}' stands in no scenario", number + 1);
        if let Some(name) = line.strip_prefix("=== ") {
            scenarios.push(Scenario {
                name: name.trim().to_owned(),
                ..Scenario::default()
            });
            part = Part::Prose;
            continue;
        }
        let Some(scenario) = scenarios.last_mut() else {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            return Err(misplaced());
        };
        if let Some(name) = line.strip_prefix("--- ") {
            scenario.files.push((path_of(name.trim()), String::new()));
            part = Part::File;
        } else if let Some(command) = line.strip_prefix("$ ") {
            scenario.steps.push(Step {
                command: command.to_owned(),
                lines: number..number + 1,
                ..Step::default()
            });
            part = Part::Step;
        } else {
            match part {
                Part::Prose if line.is_empty() || line.starts_with('#') => {}
                Part::Prose => return Err(misplaced()),
                Part::File => {
                    let (_, text) = scenario.files.last_mut().ok_or_else(misplaced)?;
                    text.push_str(line);
                    text.push('\n');
                }
                Part::Step => {
                    let step = scenario.steps.last_mut().ok_or_else(misplaced)?;
                    more_of(step, line, number);
                }
            }
        }
    }
    Ok(scenarios)
}

/// A description lies in `sd`; a name with a slash says itself where it lies.
fn path_of(name: &str) -> String {
    match name.strip_prefix("./") {
        Some(path) => path.to_owned(),
        None => format!("sd/{name}"),
    }
}

/// A further line of a step. Empty lines count when something follows.
fn more_of(step: &mut Step, line: &str, number: usize) {
    if let Some(rest) = line.strip_prefix("> ")
        && step.printed.is_empty()
    {
        step.command.push('\n');
        step.command.push_str(rest);
    } else if line.is_empty() {
        return;
    } else {
        let covered = step.lines.end;
        step.printed
            .extend((covered..number).map(|_| String::new()));
        step.printed.push(line.to_owned());
    }
    step.lines.end = number + 1;
}

/// What a command did, as lines of a file of scenarios. Of standard error only who spoke: a program is free in how it
/// says what went wrong, and where its words matter a scenario looks for them.
pub fn printed(out: &str, err: &str, status: &str) -> Vec<String> {
    let mut lines: Vec<String> = out.lines().map(str::to_owned).collect();
    for line in err.lines() {
        let speaker = line.split(':').next().filter(|name| !name.contains(' '));
        if let Some(name) = speaker {
            lines.push(format!("! {name}"));
        }
    }
    lines.dedup_by(|next, line| next == line && line.starts_with("! "));
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    if status != "0" {
        lines.push(format!("[{status}]"));
    }
    lines
}

/// The file's text with what was printed in the place of what was expected.
pub fn recorded(text: &str, found: &[(std::ops::Range<usize>, Vec<String>)]) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut out = String::new();
    let mut next = 0;
    let mut add = |line: &str| {
        out.push_str(line);
        out.push('\n');
    };
    for (place, printed) in found {
        lines[next..=place.start].iter().for_each(|line| add(line));
        let more = lines[place.start + 1..place.end].iter();
        more.take_while(|line| line.starts_with("> "))
            .for_each(|line| add(line));
        printed.iter().for_each(|line| add(line));
        next = place.end;
    }
    lines[next..].iter().for_each(|line| add(line));
    out
}
