//! Dependencies: a name, and which versions of it do.
//!
//! `[!]name[op version]`, and in the world `[!]name[@tag][op version]` (`apk-world(5)`). The name is any text
//! without a space, as apk takes it.

use crate::version::{self, Version};
use std::cmp::Ordering;
use std::fmt;

/// How a version is compared, in the bits of the v3 format.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Op(u8);

impl Op {
    /// The same version.
    pub const EQUAL: Self = Self(1);
    /// A lower one.
    pub const LESS: Self = Self(2);
    /// A higher one.
    pub const GREATER: Self = Self(4);
    /// One that begins so; always with [`Op::EQUAL`].
    pub const FUZZY: Self = Self(8);
    /// Not what the rest says.
    pub const CONFLICT: Self = Self(16);
    /// Whatever version.
    pub const ANY: Self = Self(7);
    /// The package with this identity, which stands where the version would.
    pub const IDENTITY: Self = Self(6);

    /// The bits as v3 packages hold them. Absent there means [`Op::EQUAL`] with a version and [`Op::ANY`] without.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// From the bits of v3; none if there are others. Fuzzy carries equal, whether said or not.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Option<Self> {
        if bits & !31 != 0 {
            return None;
        }
        Some(Self(if bits & 8 != 0 { bits | 1 } else { bits }))
    }

    /// Both.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is in it.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether it is a conflict.
    #[must_use]
    pub const fn is_conflict(self) -> bool {
        self.contains(Self::CONFLICT)
    }

    /// The same without [`Op::CONFLICT`].
    #[must_use]
    pub const fn comparison(self) -> Self {
        Self(self.0 & !Self::CONFLICT.0)
    }

    /// The operator between name and version.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self.comparison().0 {
            1 => "=",
            2 => "<",
            3 => "<=",
            4 => ">",
            5 => ">=",
            6 => "><",
            7 => "",
            8 | 9 => "~",
            10 | 11 => "<~",
            12 | 13 => ">~",
            _ => "?",
        }
    }

    /// Whether `version` stands to `wanted` as this says, conflict included. For [`Op::IDENTITY`] the texts of two
    /// identities are what is compared.
    #[must_use]
    pub fn accepts(self, version: &str, wanted: &str) -> bool {
        let holds = match self.comparison() {
            Self::ANY => true,
            Self::IDENTITY => version == wanted,
            comparison => {
                let order = if comparison.contains(Self::FUZZY) {
                    version::compare_prefix(version, wanted)
                } else {
                    version::compare(version, wanted)
                };
                comparison.contains(match order {
                    Ordering::Less => Self::LESS,
                    Ordering::Equal => Self::EQUAL,
                    Ordering::Greater => Self::GREATER,
                })
            }
        };
        holds != self.is_conflict()
    }
}

impl Default for Op {
    fn default() -> Self {
        Self::ANY
    }
}

impl fmt::Debug for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}{:?}",
            if self.is_conflict() { "!" } else { "" },
            self.as_str()
        )
    }
}

/// One dependency, conflict or provide.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Dependency {
    /// The name.
    pub name: String,
    /// The version that the operator compares with; empty when there is none. With [`Op::IDENTITY`] an identity's
    /// text (`Q1…`).
    pub version: Version,
    /// How.
    pub op: Op,
}

impl Dependency {
    /// Any version of `name`.
    #[must_use]
    pub fn any(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// `name=version`.
    #[must_use]
    pub fn exactly(name: impl Into<String>, version: Version) -> Self {
        Self {
            name: name.into(),
            version,
            op: Op::EQUAL,
        }
    }

    /// From its text; none if there is no name, a space, a version that is not valid or an operator without one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        split(text).map(|(name, version, op)| Self {
            name: name.to_owned(),
            version: Version::from_text(version),
            op,
        })
    }

    /// All of a list with spaces or newlines between them. A part that is not a dependency is the error.
    ///
    /// # Errors
    /// The first such part.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, String> {
        text.split([' ', '\n', '\t'])
            .filter(|part| !part.is_empty())
            .map(|part| Self::parse(part).ok_or_else(|| part.to_owned()))
            .collect()
    }

    /// Whether it says what must not be there.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.op.is_conflict()
    }

    /// Whether `version` of its name (empty: a provide without one) is as it says. An identity is not a version:
    /// with [`Op::IDENTITY`] see [`Dependency::matches_package`].
    #[must_use]
    pub fn matches(&self, version: &Version) -> bool {
        if self.op.comparison() == Op::IDENTITY {
            return self.is_conflict();
        }
        self.op.accepts(version.as_str(), self.version.as_str())
    }

    /// The same for a package of that name itself, whose identity has the text `identity`.
    #[must_use]
    pub fn matches_package(&self, version: &Version, identity: &str) -> bool {
        if self.op.comparison() == Op::IDENTITY {
            return self.op.accepts(identity, self.version.as_str());
        }
        self.matches(version)
    }
}

impl fmt::Display for Dependency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_parts(f, self, None)
    }
}

/// A dependency of the world or the command line: it may name a tag of repositories.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct WorldDependency {
    /// The dependency.
    pub dependency: Dependency,
    /// The tag, without its `@`.
    pub tag: Option<String>,
}

impl WorldDependency {
    /// From its text, as [`Dependency::parse`]. The tag begins at the first `@` of the name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, version, op) = split(text)?;
        let (name, tag) = match name.split_once('@') {
            Some((name, tag)) => (name, Some(tag.to_owned())),
            None => (name, None),
        };
        Some(Self {
            dependency: Dependency {
                name: name.to_owned(),
                version: Version::from_text(version),
                op,
            },
            tag,
        })
    }
}

impl From<Dependency> for WorldDependency {
    fn from(dependency: Dependency) -> Self {
        Self {
            dependency,
            tag: None,
        }
    }
}

impl fmt::Display for WorldDependency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_parts(f, &self.dependency, self.tag.as_deref())
    }
}

fn write_parts(
    f: &mut fmt::Formatter<'_>,
    dependency: &Dependency,
    tag: Option<&str>,
) -> fmt::Result {
    if dependency.is_conflict() {
        f.write_str("!")?;
    }
    f.write_str(&dependency.name)?;
    if let Some(tag) = tag {
        write!(f, "@{tag}")?;
    }
    if !dependency.version.is_empty() {
        write!(f, "{}{}", dependency.op.as_str(), dependency.version)?;
    }
    Ok(())
}

/// Name, version and operator of a dependency's text.
pub(crate) fn split(text: &str) -> Option<(&str, &str, Op)> {
    let (text, conflict) = match text.strip_prefix('!') {
        Some(rest) => (rest, Op::CONFLICT),
        None => (text, Op(0)),
    };
    let is_operator = |byte: u8| matches!(byte, b'<' | b'>' | b'=' | b'~');
    if text
        .bytes()
        .any(|byte| matches!(byte, b' ' | b'\n' | b'\t'))
    {
        return None;
    }
    let Some(start) = text.bytes().position(is_operator) else {
        return (!text.is_empty()).then_some((text, "", Op::ANY.with(conflict)));
    };
    let end = text[start..]
        .bytes()
        .position(|byte| !is_operator(byte))
        .map(|length| start + length)?;
    let (name, version) = (&text[..start], &text[end..]);
    let op = text[start..end].bytes().fold(Op(0), |op, byte| {
        op.with(match byte {
            b'<' => Op::LESS,
            b'>' => Op::GREATER,
            b'=' => Op::EQUAL,
            _ => Op::FUZZY.with(Op::EQUAL),
        })
    });
    if name.is_empty() || (op != Op::IDENTITY && !version::is_valid(version)) {
        return None;
    }
    Some((name, version, op.with(conflict)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_as_seen() {
        for (text, shown) in [
            ("a", "a"),
            ("a<>1", "a><1"),
            ("a=>1", "a>=1"),
            ("a=<1", "a<=1"),
            ("a=~1", "a~1"),
            ("a~<1", "a<~1"),
            ("a==1", "a=1"),
            ("a<<1", "a<1"),
            ("a<=>1", "a1"),
            ("a><~1", "a?1"),
            ("!a>1", "!a>1"),
            ("so:libc.so=1.2", "so:libc.so=1.2"),
            ("a><Q1abc=", "a><Q1abc="),
        ] {
            assert_eq!(Dependency::parse(text).expect(text).to_string(), shown);
        }
        for text in [
            "", "!", "=1", "a=", "a~", "a=b=c", "a>1<2", "a b", " a", "a=1.0x!",
        ] {
            assert_eq!(Dependency::parse(text), None, "{text}");
        }
    }

    #[test]
    fn tags() {
        let tagged = WorldDependency::parse("!a@edge>1").expect("valid");
        assert_eq!(tagged.tag.as_deref(), Some("edge"));
        assert_eq!(tagged.dependency.name, "a");
        assert!(tagged.dependency.is_conflict());
        assert_eq!(tagged.to_string(), "!a@edge>1");
        assert_eq!(WorldDependency::parse("a=1@edge"), None);
    }

    #[test]
    fn bits_of_v3() {
        for (text, bits) in [
            ("a", 7),
            ("a=1", 1),
            ("a~1", 9),
            ("a<~1", 11),
            ("a><Q1", 6),
            ("!a", 23),
            ("!a<1", 18),
        ] {
            assert_eq!(Dependency::parse(text).expect(text).op.bits(), bits);
            assert_eq!(Op::from_bits(bits).expect(text).bits(), bits);
        }
        assert_eq!(Op::from_bits(8).expect("fuzzy"), Op::EQUAL.with(Op::FUZZY));
        assert_eq!(Op::from_bits(32), None);
    }

    #[test]
    fn provides_without_a_version_are_below_all() {
        let holds = |text: &str| {
            Dependency::parse(text)
                .expect(text)
                .matches(&Version::default())
        };
        assert!(holds("x") && holds("x<2") && holds("!x>2"));
        assert!(
            !holds("x>2")
                && !holds("x=2")
                && !holds("x~2")
                && !holds("x>=0")
                && !holds("!x")
                && !holds("!x<2")
        );
    }

    #[test]
    fn identities() {
        let wanted = Dependency::parse("a><Q1abc=").expect("valid");
        assert!(wanted.matches_package(&Version::from_text("1"), "Q1abc="));
        assert!(!wanted.matches_package(&Version::from_text("1"), "Q1abd="));
        assert!(!wanted.matches(&Version::from_text("1")));
    }
}
