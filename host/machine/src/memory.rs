//! The smallest memory a boot needs.

use std::ops::RangeInclusive;

use crate::error::{Error, Result};
use crate::measure::{Until, measure};
use crate::spec::{Hypervisor, Marker, Spec};

/// The smallest memory in MiB, out of `range`, with which the machine still shows the marker. It
/// boots under the counter, where the answer is the same each time; a boot that hangs costs
/// `limits.boot`.
///
/// # Errors
/// [`Error::Memory`] when the most is not enough; what has nothing to do with memory, as it is.
pub fn smallest(
    hypervisor: &Hypervisor,
    spec: &Spec,
    marker: &Marker,
    range: RangeInclusive<u32>,
) -> Result<u32> {
    let (low, high) = range.into_inner();
    bisect(low, high, |mib| {
        let mut spec = spec.clone();
        spec.memory_mib = mib;
        measure(
            hypervisor,
            &spec,
            std::slice::from_ref(marker),
            Until::Markers,
        )
        .map(drop)
    })
    .map_err(|(mib, source)| match source {
        short if is_shortage(&short) => Error::Memory {
            machine: spec.name.clone(),
            mib,
            source: Box::new(short),
        },
        other => other,
    })
}

/// Whether a boot's failure may come from too little memory.
fn is_shortage(error: &Error) -> bool {
    matches!(
        error,
        Error::Panic { .. } | Error::TimedOut { .. } | Error::Silent { .. } | Error::Ended { .. }
    )
}

/// The smallest number of `low..=high` that `boots`; it is taken that all above it do.
fn bisect(
    low: u32,
    high: u32,
    mut boots: impl FnMut(u32) -> Result<()>,
) -> Result<u32, (u32, Error)> {
    boots(high).map_err(|error| (high, error))?;
    let (mut low, mut enough) = (low.min(high), high);
    while low < enough {
        let middle = low + (enough - low) / 2;
        match boots(middle) {
            Ok(()) => enough = middle,
            Err(error) if is_shortage(&error) => low = middle + 1,
            Err(error) => return Err((middle, error)),
        }
    }
    Ok(enough)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(mib: u32) -> impl FnMut(u32) -> Result<()> {
        move |given| {
            if given >= mib {
                return Ok(());
            }
            Err(Error::Panic {
                machine: "m".into(),
                waiting_for: "x".into(),
                line: "out of memory".into(),
                tail: Box::default(),
            })
        }
    }

    #[test]
    fn finds_each_threshold() {
        for mib in 1..=65 {
            let found = bisect(4, 64, needs(mib));
            match mib {
                65 => assert!(matches!(found, Err((64, Error::Panic { .. })))),
                _ => assert_eq!(found.unwrap(), mib.max(4)),
            }
        }
    }

    #[test]
    fn stops_at_what_is_no_shortage() {
        let mut runs = 0;
        let found = bisect(1, 64, |mib| {
            runs += 1;
            if mib == 64 {
                return Ok(());
            }
            Err(Error::Interrupted {
                machine: "m".into(),
            })
        });
        assert!(matches!(found, Err((_, Error::Interrupted { .. }))));
        assert_eq!(runs, 2);
    }
}
