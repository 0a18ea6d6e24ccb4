//! Versions and their order.

/// A version's text; empty for a provide without one, which is lower than every version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Version(String);
