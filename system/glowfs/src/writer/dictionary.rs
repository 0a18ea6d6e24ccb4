//! The dictionary.

use crate::error::{Error, Result};

/// Trains a dictionary of at most `size` bytes; none when the samples are too few for one.
///
/// # Errors
/// None for now: a trainer that cannot make one says so, and there is none then.
pub fn train(samples: &[u8], lengths: &[usize], size: usize) -> Result<Option<Vec<u8>>> {
    if lengths.iter().sum::<usize>() != samples.len() {
        return Err(Error::impossible(format_args!("samples of a dictionary")));
    }
    Ok(zstd::dict::from_continuous(samples, lengths, size).ok())
}
