//! Dependencies: a name, and which versions of it do.

use crate::version::Version;

/// One dependency, conflict or provide.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Dependency {
    /// The name.
    pub name: String,
    /// The version that the operator compares with; empty when there is none.
    pub version: Version,
}
