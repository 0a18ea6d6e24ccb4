//! How much one sender may say: so many bytes a second, and so many at once after it was silent. What is beyond is dropped,
//! counted and told. Whoever is not root is one sender with all its processes; of root's each is one of its own.

use crate::record::Sender;

/// Senders that are remembered.
const MOST: usize = 256;
/// Milliseconds after which what was dropped is told, and told again while it goes on.
const TELL: u64 = 10_000;
/// Bytes that a message costs beside its own.
const LINE: u64 = 64;

/// Bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// A second; 0: any number.
    pub rate: u64,
    pub burst: u64,
}

/// Who is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    User(u32),
    /// One of root's.
    Process(u32),
}

#[derive(Clone, Debug)]
struct Known {
    key: Key,
    sender: Sender,
    /// What it may say, in thousandths of a byte.
    left: u64,
    /// When that was, in milliseconds.
    at: u64,
    lost: u64,
    /// When what was lost is told.
    tell: u64,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Take,
    /// The first that is dropped.
    Begin,
    Drop,
}

/// Messages of a sender that were dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dropped {
    pub sender: Sender,
    pub count: u64,
}

/// Who said how much.
pub struct Limits {
    allowance: Allowance,
    known: Vec<Known>,
    /// Of senders that were forgotten before it was told.
    forgotten: Vec<Dropped>,
}

impl Limits {
    pub fn new(allowance: Allowance) -> Self {
        Self {
            allowance,
            known: Vec::new(),
            forgotten: Vec::new(),
        }
    }

    pub fn set(&mut self, allowance: Allowance) {
        self.allowance = allowance;
    }

    /// Whether a message of so many bytes is taken, at this time in milliseconds.
    pub fn admit(&mut self, sender: Sender, length: usize, now: u64) -> Verdict {
        let Allowance { rate, burst } = self.allowance;
        if rate == 0 {
            return Verdict::Take;
        }
        let full = burst.saturating_mul(1000);
        let key = match sender.uid {
            0 => Key::Process(sender.pid),
            uid => Key::User(uid),
        };
        let at = match self.known.iter().position(|known| known.key == key) {
            Some(at) => at,
            None => {
                self.make_room(now);
                self.known.push(Known {
                    key,
                    sender,
                    left: full,
                    at: now,
                    lost: 0,
                    tell: 0,
                });
                self.known.len() - 1
            }
        };
        let known = &mut self.known[at];
        known.sender = sender;
        let gained = now.saturating_sub(known.at).saturating_mul(rate);
        (known.left, known.at) = (known.left.saturating_add(gained).min(full), now);
        let cost = (length as u64 + LINE) * 1000;
        // Whoever was cut off is heard again when half of a burst is there: not one message now and then.
        let needed = if known.lost > 0 {
            (full / 2).max(cost)
        } else {
            cost
        };
        if known.left >= needed.min(full) {
            known.left = known.left.saturating_sub(cost);
            // What was lost stays to be told.
            return Verdict::Take;
        }
        known.lost += 1;
        if known.lost == 1 {
            known.tell = now + TELL;
            return Verdict::Begin;
        }
        Verdict::Drop
    }

    /// Forgets those who may say all again: nothing is known of them; else the one that was silent longest.
    fn make_room(&mut self, now: u64) {
        if self.known.len() < MOST {
            return;
        }
        let Allowance { rate, burst } = self.allowance;
        let full = burst.saturating_mul(1000);
        self.known.retain(|known| {
            let gained = now.saturating_sub(known.at).saturating_mul(rate);
            known.lost > 0 || known.left.saturating_add(gained) < full
        });
        if self.known.len() >= MOST {
            let ages = self.known.iter().enumerate();
            if let Some((at, _)) = ages.min_by_key(|(_, known)| (known.lost > 0, known.at)) {
                let Known { sender, lost, .. } = self.known.swap_remove(at);
                if lost > 0 {
                    self.forgotten.push(Dropped {
                        sender,
                        count: lost,
                    });
                }
            }
        }
    }

    /// When something is to be told.
    pub fn deadline(&self) -> Option<u64> {
        let lossy = self.known.iter().filter(|known| known.lost > 0);
        let forgotten = self.forgotten.iter().map(|_| 0);
        lossy.map(|known| known.tell).chain(forgotten).min()
    }

    /// What is to be told at this time.
    pub fn due(&mut self, now: u64) -> Vec<Dropped> {
        let due = self
            .known
            .iter_mut()
            .filter(|known| known.lost > 0 && known.tell <= now);
        let due = due.map(|known| Dropped {
            sender: known.sender,
            count: std::mem::take(&mut known.lost),
        });
        let mut all = std::mem::take(&mut self.forgotten);
        all.extend(due);
        all
    }

    /// What was dropped and not told yet, when all ends.
    pub fn rest(&mut self) -> Vec<Dropped> {
        self.due(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: Sender = Sender { pid: 9, uid: 1000 };

    fn limits() -> Limits {
        Limits::new(Allowance {
            rate: 1000,
            burst: 10_000,
        })
    }

    /// How many of a thousand are taken.
    fn said(limits: &mut Limits, sender: Sender, now: u64) -> usize {
        let verdicts = (0..1000).map(|_| limits.admit(sender, 36, now));
        verdicts.filter(|one| *one == Verdict::Take).count()
    }

    #[test]
    fn a_burst_is_taken_and_what_is_beyond_is_told_once() {
        let mut limits = limits();
        assert_eq!(limits.deadline(), None);
        assert_eq!(said(&mut limits, ANN, 0), 100);
        assert_eq!(limits.deadline(), Some(TELL));
        assert!(limits.due(TELL - 1).is_empty());
        let dropped = Dropped {
            sender: ANN,
            count: 900,
        };
        assert_eq!(limits.due(TELL), [dropped]);
        assert_eq!((limits.deadline(), limits.rest()), (None, vec![]));
        // Ten seconds are ten thousand bytes.
        assert_eq!(said(&mut limits, ANN, TELL), 100);
    }

    #[test]
    fn the_first_that_is_dropped_is_told_apart() {
        let mut limits = limits();
        said(&mut limits, Sender { pid: 5, uid: 0 }, 0);
        for _ in 0..100 {
            assert_eq!(limits.admit(ANN, 36, 0), Verdict::Take);
        }
        assert_eq!(limits.admit(ANN, 36, 0), Verdict::Begin);
        assert_eq!(limits.admit(ANN, 36, 1), Verdict::Drop);
        // Half of what it may say at once is there after five seconds.
        assert_eq!(limits.admit(ANN, 36, 4_900), Verdict::Drop);
        assert_eq!(limits.admit(ANN, 36, 5_000), Verdict::Take);
    }

    #[test]
    fn others_are_heard_meanwhile() {
        let mut limits = limits();
        said(&mut limits, ANN, 0);
        let other = Sender { pid: 9, uid: 1001 };
        assert_eq!(said(&mut limits, other, 0), 100);
        for pid in 1..4 {
            assert_eq!(said(&mut limits, Sender { pid, uid: 0 }, 0), 100);
        }
        // Another process of the same user is no other sender.
        assert_eq!(said(&mut limits, Sender { pid: 10, uid: 1000 }, 0), 0);
    }

    #[test]
    fn no_number_of_senders_needs_more_memory() {
        let mut limits = limits();
        for uid in 1..=500 {
            said(&mut limits, Sender { pid: 1, uid }, u64::from(uid));
        }
        assert!(limits.known.len() <= MOST);
        // And nothing that was dropped is forgotten.
        let told: u64 = limits.rest().iter().map(|one| one.count).sum();
        assert_eq!(told, 500 * 900);
        // One message is longer than a burst: it is taken when all is there.
        assert_eq!(
            limits.admit(Sender { pid: 1, uid: 9999 }, 50_000, 0),
            Verdict::Take
        );
    }

    #[test]
    fn without_a_rate_all_is_taken() {
        let mut limits = Limits::new(Allowance { rate: 0, burst: 0 });
        assert_eq!(said(&mut limits, ANN, 0), 1000);
    }
}
