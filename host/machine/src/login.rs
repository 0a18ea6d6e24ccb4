//! From a login prompt to a shell that answers.
//!
//! A terminal may lose what is typed while a program changes its settings, so every step is asked
//! again when no answer comes, and the lines are made so that a torn one does no harm.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::{Duration, Instant};

use crate::console::Trouble;
use crate::error::{Error, Result};
use crate::machine::Machine;
use crate::session::Session;

/// How a login prompt ends (getty's `HOST login: `).
pub const PROMPT: &str = "login: ";
const PASSWORD: &str = "Password: ";
const REFUSED: &str = "Login incorrect";
/// How a line begins that starts a plain shell.
const START: &str = "stty -echo; echo ";
/// Before the user's name is given again.
const PATIENCE: Duration = Duration::from_secs(8);
/// Before a shell is asked again for the first time; twice as long each time after.
const FIRST: Duration = Duration::from_secs(1);

/// A user and the password, in clear text.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// The user's name.
    pub user: String,
    /// The password.
    pub password: String,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// Logs in on a machine whose login prompt has just been found on its console.
///
/// # Errors
/// A refused credential; a machine that panics, ends or is slower than `limits.login`.
pub fn at_prompt<'m>(machine: &'m mut Machine, credential: &Credential) -> Result<Session<'m>> {
    let deadline = Instant::now() + machine.limits().login;
    for again in [false, true] {
        if again {
            // Whatever state it is in, an empty line brings the prompt back.
            machine.send_line("")?;
            let limit = left(deadline);
            machine.expect("its login prompt came back", &[PROMPT], limit)?;
        }
        machine.send_line(&credential.user)?;
        match answer(machine, &[PASSWORD, REFUSED], deadline, PATIENCE)? {
            Some(0) => {}
            Some(_) | None => continue,
        }
        machine.send_line(&credential.password)?;
        // It ends the hidden line itself, after what it does to the terminal's waiting input.
        answer(machine, &["\n"], deadline, FIRST)?;
        if shell(machine, deadline, again)? {
            return Ok(Session::new(machine));
        }
    }
    let tail = machine.tail();
    machine.stop();
    Err(Error::Refused {
        machine: machine.name().to_owned(),
        user: credential.user.clone(),
        tail,
    })
}

/// Starts a plain shell with no echo, and waits until it answers; `false` when the login was
/// refused, or ended again.
fn shell(machine: &mut Machine, deadline: Instant, last: bool) -> Result<bool> {
    // A prompt that shows our line after it: getty has it, and no shell.
    let bounced = format!("{PROMPT}{START}");
    let mut words = vec![REFUSED.to_owned(), bounced];
    let mut patience = FIRST;
    let found = loop {
        let (sent, shown) = token();
        // A shell whose standard error is no terminal shows no prompt and edits no lines.
        machine.send_line(&format!("{START}{sent}; exec /bin/sh 2>/dev/null"))?;
        words.push(shown);
        let patterns: Vec<&str> = words.iter().map(String::as_str).collect();
        if let Some(found) = answer(machine, &patterns, deadline, patience)? {
            break found;
        }
        patience *= 2;
    };
    if found < 2 {
        if last {
            // Shown with the refusal: what came after the prompt.
            let _ = machine.console().listen(Duration::from_millis(200));
        }
        return Ok(false);
    }
    // The answers to earlier lines may still come: they do before this one's.
    let mut patience = FIRST;
    loop {
        let (sent, shown) = token();
        machine.send_line(&format!("echo {sent}"))?;
        if answer(machine, &[&format!("{shown}\n")], deadline, patience)?.is_some() {
            return Ok(true);
        }
        patience *= 2;
    }
}

/// Which pattern came; `None` when none did for a while but there is time left to ask again.
fn answer(
    machine: &mut Machine,
    patterns: &[&str],
    deadline: Instant,
    patience: Duration,
) -> Result<Option<usize>> {
    match machine
        .console()
        .expect(patterns, left(deadline).min(patience))
    {
        Ok(found) => Ok(Some(found.which)),
        Err(Trouble::TimedOut(_)) if left(deadline) > Duration::ZERO => Ok(None),
        Err(Trouble::TimedOut(_)) => {
            let limit = machine.limits().login;
            Err(machine.explain(Trouble::TimedOut(limit), "a shell after the login"))
        }
        Err(trouble) => Err(machine.explain(trouble, "a shell answered after the login")),
    }
}

fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

/// A word that is shown otherwise than it is sent, so that a terminal's echo of it is not taken for
/// the answer: `$9` is empty in a shell without arguments. No quotes, so that losing its beginning
/// can't leave one open.
pub(crate) fn token() -> (String, String) {
    let random = RandomState::new().hash_one(0_u8);
    let (a, b) = (random >> 32, random & 0xffff_ffff);
    (format!("x{a:08x}$9x{b:08x}"), format!("x{a:08x}x{b:08x}"))
}
