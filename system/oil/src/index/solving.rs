//! An index as the solver's source: nothing is copied, and only what a world can reach is looked at.

use super::{Index, PackageView};
use crate::dependency::Op;
use crate::format::adb::schema::info;
use crate::solve::{Candidate, Relation, Source};

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// An identity's bytes as the solver compares them: twenty, for the installed database keeps no more.
fn short(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len().min(20)]
}

impl Index {
    fn view(&self, number: u32) -> Option<PackageView<'_>> {
        self.package(number as usize).ok()
    }
}

/// A package that is damaged reads as one without a name and without anything; nobody asks for that.
impl Source for Index {
    fn count(&self) -> u32 {
        self.len() as u32
    }

    fn providers(&self, name: &str, found: &mut dyn FnMut(u32)) {
        let Ok(Some(view)) = self.find(name.as_bytes()) else {
            return;
        };
        let mut numbers: Vec<u32> = view
            .packages()
            .chain(view.providers())
            .map(|number| number as u32)
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.into_iter().for_each(found);
    }

    fn install_if(&self, name: &str, found: &mut dyn FnMut(u32)) {
        if let Ok(Some(view)) = self.find(name.as_bytes()) {
            view.install_if().for_each(|number| found(number as u32));
        }
    }

    fn package(&self, number: u32) -> Candidate<'_> {
        let Some(view) = self.view(number) else {
            return Candidate::default();
        };
        let fields = view.fields();
        let blob = |slot| fields.0.blob(slot).unwrap_or_default();
        Candidate {
            name: text(blob(info::NAME)),
            version: text(blob(info::VERSION)),
            arch: text(blob(info::ARCH)),
            identity: short(blob(info::HASHES)),
            installed_size: fields.0.int(info::INSTALLED_SIZE).unwrap_or(0),
            provider_priority: fields.0.int32(info::PROVIDER_PRIORITY).unwrap_or(0),
            broken: view.is_broken(),
            tag: None,
        }
    }

    fn relations<'s>(
        &'s self,
        number: u32,
        relation: Relation,
        each: &mut dyn FnMut(&'s str, &'s str, Op),
    ) {
        let slot = match relation {
            Relation::Depends => info::DEPENDS,
            Relation::Provides => info::PROVIDES,
            Relation::InstallIf => info::INSTALL_IF,
        };
        let Some(list) = self
            .view(number)
            .and_then(|view| view.fields().dependencies(slot).ok())
        else {
            return;
        };
        for one in list.flatten() {
            each(text(one.name), text(one.version), one.op);
        }
    }
}
