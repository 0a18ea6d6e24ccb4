//! The kernel's log: records of /dev/kmsg (`Documentation/ABI/testing/dev-kmsg` of the kernel).

use crate::escape;
use crate::message;
use crate::names;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;

/// A record is no longer (`PRINTK_MESSAGE_MAX` of `kernel/printk/internal.h` is 2048, and escapes make four of one byte).
const RECORD: usize = 16 * 1024;

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub facility: u8,
    pub level: u8,
    /// Each has the one after that of the one before.
    pub sequence: u64,
    /// Microseconds since the machine started, those that it slept not counted.
    pub since_start: u64,
    /// Continues the one before.
    pub fragment: bool,
    /// Whose it is: `caller=` (`CONFIG_PRINTK_CALLER`), if it tells.
    pub caller: Vec<u8>,
    pub text: Vec<u8>,
}

/// Understands one.
pub fn parse(record: &[u8]) -> Option<Record> {
    let end = record.iter().position(|byte| *byte == b';')?;
    let (head, rest) = (
        std::str::from_utf8(&record[..end]).ok()?,
        &record[end + 1..],
    );
    let mut fields = head.split(',');
    let (facility, level) = names::split(fields.next()?.parse().ok()?);
    let sequence = fields.next()?.parse().ok()?;
    let since_start = fields.next()?.parse().ok()?;
    let flags = fields.next()?;
    let caller = fields.find_map(|field| field.strip_prefix("caller="));
    // The lines behind the first are about devices: for those who act by them.
    let text = rest.split(|byte| *byte == b'\n').next().unwrap_or(rest);
    Some(Record {
        facility,
        level,
        sequence,
        since_start,
        // '+' until Linux 4.x.
        fragment: flags.contains(['c', '+']),
        caller: caller.unwrap_or_default().into(),
        text: escape::undo(text),
    })
}

/// What reading gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    Record(Record),
    /// So many were overwritten before they could be read.
    Lost(u64),
}

/// The kernel's log as it is read. Each read gives one record.
pub struct Kmsg {
    file: OwnedFd,
    /// The number of the record that comes next; those before were read already.
    next: u64,
    /// One that fragments may follow.
    held: Option<Record>,
}

impl Kmsg {
    /// Reads from the record of that number on. The descriptor does not wait.
    pub fn new(file: OwnedFd, next: u64) -> Self {
        Self {
            file,
            next,
            held: None,
        }
    }

    pub fn next(&self) -> u64 {
        self.next
    }

    /// Reads what there is, `most` records at most; whether there may be more.
    ///
    /// # Errors
    /// That of read(2): the kernel's log cannot be read any more.
    pub fn read(&mut self, most: u32, mut heard: impl FnMut(Heard)) -> Result<bool, Errno> {
        let mut buffer = [0; RECORD];
        for _ in 0..most {
            let length = match rustix::io::read(&self.file, &mut buffer) {
                Ok(0) => return Err(Errno::PIPE),
                Ok(length) => length,
                // Some were overwritten; the next number tells how many.
                Err(Errno::PIPE | Errno::INTR) => continue,
                Err(Errno::AGAIN) => {
                    self.let_go(&mut heard);
                    return Ok(false);
                }
                Err(errno) => {
                    self.let_go(&mut heard);
                    return Err(errno);
                }
            };
            if let Some(record) = parse(&buffer[..length]) {
                self.take(record, &mut heard);
            }
        }
        Ok(true)
    }

    fn take(&mut self, record: Record, heard: &mut impl FnMut(Heard)) {
        if record.sequence < self.next {
            return;
        }
        let lost = record.sequence - self.next;
        self.next = record.sequence.saturating_add(1);
        if lost > 0 {
            self.let_go(heard);
            heard(Heard::Lost(lost));
        }
        match &mut self.held {
            Some(held)
                if record.fragment && held.caller == record.caller && held.text.len() < RECORD =>
            {
                held.text.extend_from_slice(&record.text);
            }
            _ => {
                self.let_go(heard);
                self.held = Some(record);
            }
        }
    }

    fn let_go(&mut self, heard: &mut impl FnMut(Heard)) {
        if let Some(record) = self.held.take() {
            heard(Heard::Record(record));
        }
    }
}

impl AsFd for Kmsg {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Record {
    /// Who says it, and what: the kernel, or what a program wrote into the kernel's log as it would to syslog.
    pub fn message(&self) -> message::Message<'_> {
        if self.facility == names::KERN {
            return message::Message {
                facility: self.facility,
                level: self.level,
                program: b"kernel",
                text: self.text.as_slice().into(),
            };
        }
        message::Message {
            facility: self.facility,
            level: self.level,
            ..message::parse(&self.text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, send, socketpair};

    #[test]
    fn records_are_understood() {
        let found = parse(
            b"30,340,5690716,-,caller=T1,new=x;udevd[80]: a\\x5cb\n SUBSYSTEM=acpi\n DEVICE=b1:2\n",
        )
        .unwrap();
        let expected = Record {
            facility: 3,
            level: 6,
            sequence: 340,
            since_start: 5_690_716,
            fragment: false,
            caller: b"T1".into(),
            text: b"udevd[80]: a\\b".into(),
        };
        assert_eq!(found, expected);
        assert_eq!(found.message().program, b"udevd");
        let kernel = parse(b"4,1,2,c;NET: x\n").unwrap();
        assert!(kernel.fragment && kernel.message().program == b"kernel");
        assert_eq!(&*kernel.message().text, b"NET: x");
        for record in [
            "",
            ";",
            "1;",
            "1,2,3;x",
            "a,1,2,-;x",
            "1,-2,3,-;x",
            "1,2,3,-",
        ] {
            assert_eq!(parse(record.as_bytes()), None, "{record}");
        }
    }

    /// What comes of these records, each as one read gives it.
    fn heard(next: u64, records: &[&str]) -> Vec<String> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let (ours, kernel) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).unwrap();
        for record in records {
            send(&kernel, record.as_bytes(), SendFlags::empty()).unwrap();
        }
        let mut kmsg = Kmsg::new(ours, next);
        let mut told = Vec::new();
        let more = kmsg.read(1000, |heard| {
            told.push(match heard {
                Heard::Lost(count) => format!("lost {count}"),
                Heard::Record(record) => String::from_utf8(record.text).unwrap(),
            });
        });
        assert_eq!(more, Ok(false));
        told
    }

    #[test]
    fn fragments_are_joined_and_what_is_lost_is_told() {
        let records = [
            "6,10,1,-;a",
            "6,11,1,c; b",
            "6,12,1,c;c",
            "6,13,2,-;d",
            "6,17,3,c;e",
            "6,18,3,-,caller=T1;f",
            "6,19,3,c,caller=T2;g",
            "nonsense",
        ];
        assert_eq!(heard(10, &records), ["a bc", "d", "lost 3", "e", "f", "g"]);
        assert_eq!(heard(13, &records)[..2], ["d", "lost 3"]);
        assert_eq!(heard(0, &records[..1]), ["lost 10", "a"]);
    }

    #[test]
    fn an_end_is_told() {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let (ours, kernel) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).unwrap();
        drop(kernel);
        assert_eq!(Kmsg::new(ours, 0).read(5, |_| ()), Err(Errno::PIPE));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_a_record_or_none(record: Vec<u8>) {
            if let Some(record) = parse(&record) {
                record.message();
            }
        }

        #[test]
        fn any_text_is_a_message(text: Vec<u8>, priority in 0u32..300, sequence: u64) {
            let mut record = format!("{priority},{sequence},5,-;").into_bytes();
            record.extend(text);
            let record = parse(&record).unwrap();
            assert!(record.message().facility < 24);
        }
    }
}
