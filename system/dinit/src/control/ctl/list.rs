//! list.

use super::{Session, describe};
use crate::control::failure::Failure;
use crate::control::output;
use crate::engine::{State, StopReason};
use crate::protocol::details::state_name;
use crate::protocol::reply::{Code, Reply};
use crate::protocol::request::Request;
use crate::protocol::status::{EXITED, Process, Status};
use document::json::Json;

pub fn run(session: &mut Session) -> Result<i32, Failure> {
    let as_json = session.given.has("json");
    let output = session.output;
    let layout = session.client.list_layout();
    let colour = output::colour();
    let mut lines = Vec::new();
    let mut json = Json::default();
    json.array();
    let request = Request::List(layout).encode().ok_or(Failure::Protocol)?;
    session.client.send(&request)?;
    loop {
        match session.client.reply(layout, &mut |_| ())? {
            Reply::Service { status, name } if as_json => write_json(&mut json, name, &status),
            Reply::Service { status, name } => line(&mut lines, name, &status, colour),
            Reply::Code(Code::ListDone) => break,
            _ => return Err(Failure::Protocol),
        }
    }
    json.end();
    match as_json {
        true => output.print(format_args!("{}\n", json.finish())),
        false => output.bytes(&lines),
    }
    Ok(0)
}

/// `[{+}     ] name (pid: 5)`: brackets say what is to be, signs what is (dinitctl(8)).
fn line(out: &mut Vec<u8>, name: &[u8], status: &Status, colour: bool) {
    let up = status.target == State::Started;
    let choose = |condition, yes: char, no: char| if condition { yes } else { no };
    let failed = describe::failed(status);
    let mut mark = String::from("[");
    mark.push(choose(status.explicit, '[', choose(up, '{', ' ')));
    mark.push(match status.state {
        State::Started => choose(status.skipped, 's', '+'),
        _ => ' ',
    });
    mark.push(choose(status.explicit, ']', choose(up, '}', ' ')));
    mark.push_str(match status.state {
        State::Starting => "<<",
        State::Stopping => ">>",
        _ => "  ",
    });
    mark.push(choose(!up_or_moving_up(status), '{', ' '));
    mark.push(match status.state {
        State::Stopped => choose(failed, 'X', '-'),
        _ => ' ',
    });
    mark.push(choose(!up_or_moving_up(status), '}', ' '));
    mark.push(']');
    if colour {
        let code = match status.state {
            State::Started => 32,
            State::Stopped if failed => 31,
            State::Stopped => 2,
            _ => 33,
        };
        mark = format!("\x1b[{code}m{mark}\x1b[0m");
    }
    out.extend_from_slice(mark.as_bytes());
    out.push(b' ');
    out.extend_from_slice(name);

    let mut rest = String::new();
    match status.process {
        Process::Running { pid } if status.state != State::Stopped => {
            rest += &format!(" (pid: {pid})");
        }
        Process::Ended(exit)
            if status.state == State::Stopped && status.stop_reason == StopReason::Terminated =>
        {
            if exit.code == EXITED {
                rest += &format!(" (exit status: {})", exit.status);
            } else if describe::by_signal(exit) {
                rest += &format!(" (signal: {})", exit.status);
            }
        }
        _ => (),
    }
    if status.has_console {
        rest += " (has console)";
    } else if status.waits_for_console {
        rest += " (waiting for console)";
    }
    rest.push('\n');
    out.extend_from_slice(rest.as_bytes());
}

fn up_or_moving_up(status: &Status) -> bool {
    status.target != State::Stopped
}

/// One service as an object.
pub fn write_json(json: &mut Json, name: &[u8], status: &Status) {
    json.object();
    members(json, name, status);
    json.end();
}

/// What every object about a service has.
pub fn members(json: &mut Json, name: &[u8], status: &Status) {
    json.key("name");
    json.bytes(name);
    json.key("state");
    json.string(state_name(status.state));
    json.key("target");
    json.string(state_name(status.target));
    for (key, value) in [
        ("explicit", status.explicit),
        ("skipped", status.skipped),
        (
            "failed",
            status.state == State::Stopped && describe::failed(status),
        ),
        ("has_console", status.has_console),
        ("waits_for_console", status.waits_for_console),
    ] {
        json.key(key);
        json.bool(value);
    }
    json.key("stop_reason");
    json.string(describe::reason(status.stop_reason));
    match status.process {
        Process::Running { pid } => {
            json.key("pid");
            json.number(pid);
        }
        Process::NotLaunched { stage, errno } => {
            json.key("stage");
            json.string(&describe::Stage(stage).to_string());
            json.key("errno");
            json.number(errno);
        }
        Process::Ended(exit) if exit.code == EXITED => {
            json.key("exit_status");
            json.number(exit.status);
        }
        Process::Ended(exit) if describe::by_signal(exit) => {
            json.key("signal");
            json.number(exit.status);
        }
        Process::Ended(_) => (),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Exit;

    #[test]
    fn lines_are_those_of_dinitctl() {
        use State::*;
        let show = |state, target, change: &dyn Fn(&mut Status)| {
            let mut status = Status {
                state,
                target,
                ..Status::STOPPED
            };
            change(&mut status);
            let mut out = Vec::new();
            line(&mut out, b"x", &status, false);
            String::from_utf8(out).unwrap()
        };
        let nothing = |_: &mut Status| ();
        assert_eq!(show(Started, Started, &nothing), "[{+}     ] x\n");
        assert_eq!(show(Starting, Started, &nothing), "[{ }<<   ] x\n");
        assert_eq!(show(Starting, Stopped, &nothing), "[   <<{ }] x\n");
        assert_eq!(show(Stopping, Started, &nothing), "[{ }>>   ] x\n");
        assert_eq!(show(Stopping, Stopped, &nothing), "[   >>{ }] x\n");
        assert_eq!(show(Stopped, Stopped, &nothing), "[     {-}] x\n");
        let running = |status: &mut Status| {
            status.explicit = true;
            status.skipped = true;
            status.has_console = true;
            status.process = Process::Running { pid: 7 };
        };
        assert_eq!(
            show(Started, Started, &running),
            "[[s]     ] x (pid: 7) (has console)\n"
        );
        let ended = |code, status| {
            move |of: &mut Status| {
                of.stop_reason = StopReason::Terminated;
                of.process = Process::Ended(Exit { code, status });
            }
        };
        assert_eq!(
            show(Stopped, Stopped, &ended(1, 0)),
            "[     {-}] x (exit status: 0)\n"
        );
        assert_eq!(
            show(Stopped, Stopped, &ended(1, 3)),
            "[     {X}] x (exit status: 3)\n"
        );
        assert_eq!(
            show(Stopped, Stopped, &ended(2, 9)),
            "[     {X}] x (signal: 9)\n"
        );
        let failed = |status: &mut Status| status.stop_reason = StopReason::DependencyFailed;
        assert_eq!(show(Stopped, Stopped, &failed), "[     {X}] x\n");
    }
}
