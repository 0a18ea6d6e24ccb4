//! Services that would have to start before themselves.

use super::links::boxed;
use super::record::LinkFlags;
use super::{Engine, OutOfMemory};
use crate::memory::Room;

const FORWARD: usize = 0;
const BACKWARD: usize = 1;

impl Engine {
    /// Whether the service can be reached from itself. It looks both ways in turn and is done as soon as one way ends,
    /// so that a service that nothing depends on yet, or that depends on nothing, costs next to nothing.
    pub(super) fn in_cycle(&mut self, index: u32) -> bool {
        if self.epoch == u32::MAX {
            self.epoch = 0;
            for record in &mut self.records {
                record.marks = [0; 2];
            }
        }
        self.epoch += 1;
        for way in [FORWARD, BACKWARD] {
            self.search[way].clear();
            self.search[way].push(index);
        }
        let found = loop {
            match (
                self.search_step(index, FORWARD),
                self.search_step(index, BACKWARD),
            ) {
                (Some(true), _) | (_, Some(true)) => break true,
                (None, _) | (_, None) => break false,
                _ => {}
            }
        };
        self.search[FORWARD].clear();
        self.search[BACKWARD].clear();
        found
    }

    /// Looks at one service's neighbours. None: there is nothing left to look at.
    fn search_step(&mut self, goal: u32, way: usize) -> Option<bool> {
        let index = self.search[way].pop()?;
        let record = self.at(index);
        let mut number = if way == FORWARD {
            record.first_out
        } else {
            record.first_in
        };
        while let Some(link) = self.link(number) {
            let other = if way == FORWARD {
                number = link.next_out;
                link.to
            } else {
                number = link.next_in;
                link.from
            };
            if link.flags.contains(LinkFlags::OLD) {
                continue;
            }
            if other == goal {
                return Some(true);
            }
            let epoch = self.epoch;
            let mark = &mut self.at_mut(other).marks[way];
            if *mark != epoch {
                *mark = epoch;
                self.search[way].push(other);
            }
        }
        Some(false)
    }

    /// The names along a cycle that `in_cycle` found, each one before the one that it waits for.
    pub(super) fn cycle_names(&mut self, index: u32) -> Result<Vec<Box<[u8]>>, OutOfMemory> {
        self.epoch = self.epoch.saturating_add(1);
        let epoch = self.epoch;
        // Each entry: a service and the entry from which it was reached.
        let mut queue: Vec<(u32, usize)> = Vec::new();
        let push = |queue: &mut Vec<(u32, usize)>, entry| {
            queue.room(1).map_err(|_| OutOfMemory)?;
            queue.push(entry);
            Ok(())
        };
        push(&mut queue, (index, 0))?;
        let mut head = 0;
        let mut end = None;
        while let Some(&(service, _)) = queue.get(head)
            && end.is_none()
        {
            let mut number = self.at(service).first_out;
            while let Some(link) = self.link(number) {
                number = link.next_out;
                if link.flags.contains(LinkFlags::OLD) {
                    continue;
                }
                if link.to == index {
                    end = Some(head);
                    break;
                }
                let mark = &mut self.at_mut(link.to).marks[FORWARD];
                if *mark != epoch {
                    *mark = epoch;
                    push(&mut queue, (link.to, head))?;
                }
            }
            head += 1;
        }
        let mut names = Vec::new();
        let mut at = end.unwrap_or(0);
        loop {
            let (service, parent) = queue[at];
            names.room(1).map_err(|_| OutOfMemory)?;
            names.push(boxed(&self.at(service).name)?);
            if at == 0 {
                break;
            }
            at = parent;
        }
        names.reverse();
        Ok(names)
    }
}
