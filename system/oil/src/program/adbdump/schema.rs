//! The schemas' fields in the order of their slots (apk-v3(5)).

use oil::format::adb::Kind;

/// What a value is.
#[derive(Clone, Copy)]
pub enum Shape {
    /// A text.
    Text,
    /// A text of several lines.
    Script,
    /// Bytes, in hexadecimal digits.
    Bytes,
    /// A number.
    Number,
    /// Permission bits.
    Mode,
    /// A dependency.
    Dependency,
    /// A name, a zero and a value.
    Attribute,
    /// Fields.
    Object(&'static [(&'static str, Shape)]),
    /// A list of these.
    List(&'static Shape),
    /// A payload of its own, of a package.
    Package,
}

use Shape::{Attribute, Bytes, Dependency, List, Mode, Number, Object, Script, Text};

const DEPENDENCIES: Shape = List(&Dependency);

const INFO: &[(&str, Shape)] = &[
    ("name", Text),
    ("version", Text),
    ("hashes", Bytes),
    ("description", Text),
    ("arch", Text),
    ("license", Text),
    ("origin", Text),
    ("maintainer", Text),
    ("url", Text),
    ("repo-commit", Bytes),
    ("build-time", Number),
    ("installed-size", Number),
    ("file-size", Number),
    ("provider-priority", Number),
    ("depends", DEPENDENCIES),
    ("provides", DEPENDENCIES),
    ("replaces", DEPENDENCIES),
    ("install-if", DEPENDENCIES),
    ("recommends", DEPENDENCIES),
    ("layer", Number),
    ("tags", List(&Text)),
];

const ACL: &[(&str, Shape)] = &[
    ("mode", Mode),
    ("user", Text),
    ("group", Text),
    ("xattrs", List(&Attribute)),
];

const FILE: &[(&str, Shape)] = &[
    ("name", Text),
    ("acl", Object(ACL)),
    ("size", Number),
    ("mtime", Number),
    ("hash", Bytes),
    ("target", Bytes),
];

const DIRECTORY: &[(&str, Shape)] = &[
    ("name", Text),
    ("acl", Object(ACL)),
    ("files", List(&Object(FILE))),
];

const SCRIPTS: &[(&str, Shape)] = &[
    ("trigger", Script),
    ("pre-install", Script),
    ("post-install", Script),
    ("pre-deinstall", Script),
    ("post-deinstall", Script),
    ("pre-upgrade", Script),
    ("post-upgrade", Script),
];

/// A package's fields.
pub const PACKAGE: &[(&str, Shape)] = &[
    ("info", Object(INFO)),
    ("paths", List(&Object(DIRECTORY))),
    ("scripts", Object(SCRIPTS)),
    ("triggers", List(&Text)),
    ("replaces-priority", Number),
];

const INDEX: &[(&str, Shape)] = &[
    ("description", Text),
    ("packages", List(&Object(INFO))),
    ("pkgname-spec", Text),
];

const DATABASE: &[(&str, Shape)] = &[("packages", List(&Shape::Package))];

/// The fields of a kind of container.
pub fn of(kind: Kind) -> &'static [(&'static str, Shape)] {
    match kind {
        Kind::Index => INDEX,
        Kind::Package => PACKAGE,
        Kind::Database => DATABASE,
    }
}
