//! Which of a trigger's actions is next: the first, and as long as it does not become calm, the one after it.

/// How far a trigger has come. Times are in microseconds, from any beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    next: usize,
    last: Option<u64>,
}

impl Level {
    /// The action for a firing now, of so many.
    pub fn fire(&mut self, now: u64, calm: u64, actions: usize) -> usize {
        if self.last.is_none_or(|last| now.saturating_sub(last) > calm) {
            self.next = 0;
        }
        self.last = Some(now);
        let action = self.next;
        self.next = (action + 1).min(actions.saturating_sub(1));
        action
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_follow_each_other_until_it_is_calm() {
        let mut level = Level::default();
        let fired: Vec<usize> = [0, 5, 10, 15, 26, 27]
            .into_iter()
            .map(|now| level.fire(now, 10, 3))
            .collect();
        assert_eq!(fired, [0, 1, 2, 2, 0, 1]);
        assert_eq!(Level::default().fire(0, 0, 1), 0);
    }
}
