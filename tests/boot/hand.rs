//! `min` on a terminal, as a person uses it.

use alpenglow_tests::{Outcome, Test, alpenglow, check, has, test};
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![test("boot_min_by_hand", by_hand)]
}

/// How long anything on the terminal may take.
const LIMIT: Duration = Duration::from_secs(120);

/// `./alpenglow boot` on a pseudo-terminal, which script(1) makes.
struct Terminal {
    child: Child,
    bytes: Receiver<Vec<u8>>,
    said: String,
    seen: usize,
}

impl Terminal {
    fn open(words: &[&str]) -> Result<Self, String> {
        let inner = alpenglow();
        let line = format!("{} {}", inner.get_program().display(), words.join(" "));
        let mut command = Command::new("script");
        command.args(["-q", "-e", "-c", &line, "/dev/null"]);
        command.envs(
            inner
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().map_err(|e| e.to_string())?;
        let mut output = child.stdout.take().ok_or("no output")?;
        let (sender, bytes) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Ok(Self {
            child,
            bytes,
            said: String::new(),
            seen: 0,
        })
    }

    /// Waits for a text after what was waited for before; returns what came until its end.
    fn expect(&mut self, wanted: &str) -> Result<String, String> {
        let end = Instant::now() + LIMIT;
        loop {
            if let Some(at) = self.said[self.seen..].find(wanted) {
                let from = self.seen;
                self.seen += at + wanted.len();
                return Ok(self.said[from..self.seen].to_owned());
            }
            match self
                .bytes
                .recv_timeout(end.saturating_duration_since(Instant::now()))
            {
                Ok(bytes) => self.said.push_str(&String::from_utf8_lossy(&bytes)),
                Err(RecvTimeoutError::Timeout) => {
                    return Err(format!("no '{wanted}' within {LIMIT:?} in:\n{}", self.said));
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(format!("it ended before '{wanted}':\n{}", self.said));
                }
            }
        }
    }

    fn line(&mut self, text: &str) -> Outcome {
        let input = self.child.stdin.as_mut().ok_or("no input")?;
        input
            .write_all(format!("{text}\r").as_bytes())
            .and_then(|()| input.flush())
            .map_err(|e| e.to_string())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An empty and a wrong password are refused, the one that was shown is taken, and `poweroff`
/// gives the terminal back.
fn by_hand() -> Outcome {
    let mut terminal = Terminal::open(&["boot"])?;
    let greeting = terminal.expect(" (made for this boot alone)")?;
    let password = greeting
        .split("with the password ")
        .nth(1)
        .and_then(|rest| rest.split_whitespace().next())
        .ok_or_else(|| greeting.clone())?
        .to_owned();
    for attempt in ["", "wrong", &password] {
        terminal.expect("login: ")?;
        terminal.line("root")?;
        terminal.expect("assword: ")?;
        terminal.line(attempt)?;
        if attempt != password {
            terminal.expect("ncorrect")?;
        }
    }
    terminal.expect("# ")?;
    terminal.line("echo $((40 + 2)) is the answer")?;
    // What is typed is echoed with the sum not done.
    let answer = terminal.expect("42 is the answer")?;
    check(!answer.contains(&password), || {
        "the password was echoed".into()
    })?;
    // Ctrl-C is the guest's.
    terminal.line("sleep 1000 || echo interrupted")?;
    std::thread::sleep(Duration::from_millis(500));
    terminal.line("\x03")?;
    terminal.expect("# ")?;
    terminal.line("poweroff")?;
    let status = terminal.child.wait().map_err(|e| e.to_string())?;
    has(&format!("{:?}", status.code()), &["Some(0)"])
}
