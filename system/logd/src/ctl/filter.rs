//! Which records are shown.

use crate::escape;
use crate::record::Record;
use crate::time::Time;

/// All of it must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// One of these, if there are any; `*` at the end stands for any rest.
    pub programs: Vec<String>,
    pub facilities: Vec<u8>,
    /// This level or a more urgent one.
    pub level: Option<u8>,
    pub uid: Option<u32>,
    pub pid: Option<u32>,
    pub since: Option<Time>,
    /// Before that.
    pub until: Option<Time>,
    /// The text has it in it.
    pub text: Option<String>,
}

impl Filter {
    pub fn takes(&self, record: &Record<'_>) -> bool {
        let program = |pattern: &String| match pattern.strip_suffix('*') {
            Some(beginning) => record.program.starts_with(beginning.as_bytes()),
            None => pattern.as_bytes() == record.program,
        };
        let sender = record.sender;
        (self.programs.is_empty() || self.programs.iter().any(program))
            && (self.facilities.is_empty() || self.facilities.contains(&record.facility))
            && self.level.is_none_or(|level| record.level <= level)
            && self
                .uid
                .is_none_or(|uid| sender.is_some_and(|sender| sender.uid == uid))
            && self
                .pid
                .is_none_or(|pid| sender.is_some_and(|sender| sender.pid == pid))
            && self.since.is_none_or(|since| record.time >= since)
            && self.until.is_none_or(|until| record.time < until)
            && self
                .text
                .as_ref()
                .is_none_or(|text| has(&escape::undo(record.text), text.as_bytes()))
    }
}

fn has(text: &[u8], part: &[u8]) -> bool {
    part.is_empty() || text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::parse;

    #[test]
    fn everything_must_hold() {
        let line = b"2026-11-26T07:02:11.5Z daemon.info uid=5 sshd[123]: a\\nb";
        let record = parse(line).unwrap();
        let good = Filter {
            programs: vec!["x".into(), "ss*".into()],
            facilities: vec![3],
            level: Some(6),
            uid: Some(5),
            pid: Some(123),
            since: Time::parse("2026-11-26T07:02:11.5"),
            until: Time::parse("2026-11-26T07:02:12"),
            text: Some("a\nb".into()),
        };
        assert!(good.takes(&record) && Filter::default().takes(&record));
        let mut each: [Filter; 8] = std::array::from_fn(|_| good.clone());
        each[0].programs = vec!["ssh".into()];
        each[1].facilities = vec![4];
        each[2].level = Some(5);
        each[3].uid = Some(6);
        each[4].pid = Some(12);
        each[5].since = Time::parse("2026-11-26T07:02:11.6");
        each[6].until = good.since;
        each[7].text = Some("ab".into());
        for filter in each {
            assert!(!filter.takes(&record), "{filter:?}");
        }
    }
}
