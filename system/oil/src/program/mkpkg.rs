//! `mkpkg`.

use super::arguments::{Arguments, invalid};
use super::keys::{compression, signing_keys};
use super::outcome::{Failure, Outcome, reason};
use super::session::Session;
use oil::dependency::Dependency;
use oil::format::compress::Compression;
use oil::make::{Owners, Spec, Tree, TreeOptions, write_v3};
use oil::package::ScriptKind;
use oil::package_name::PackageName;
use oil::version::Version;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

/// Makes a package.
pub fn run(session: &mut Session, arguments: &Arguments) -> Outcome {
    let mut spec = Spec::default();
    for text in arguments.values("info") {
        field(session, &mut spec, text)?;
    }
    for text in arguments.values("script") {
        script(session, &mut spec, text)?;
    }
    spec.info
        .triggers
        .extend(arguments.values("trigger").into_iter().map(str::to_owned));
    check(session, &spec)?;
    if spec.info.arch.is_empty() {
        oil::arch::native().clone_into(&mut spec.info.arch);
    }
    let keys = signing_keys(arguments)?;
    let compression = compression(arguments)?.unwrap_or_default();
    let tree = match arguments.value("files") {
        Some(path) => Some(tree(session, path, arguments)?),
        None => None,
    };
    if arguments.has("stdout") {
        session.refuse_terminal(arguments)?;
        let identity = write_v3(&mut session.out, &spec, tree.as_ref(), &keys, compression);
        return identity.map(|_| 0).map_err(failed);
    }
    let place = match arguments.value("output") {
        Some(path) => PathBuf::from(path),
        None => default_name(&spec)?,
    };
    let identity = write(&place, &spec, tree.as_ref(), &keys, compression)?;
    if session.verbosity > 0 {
        writeln!(session.out, "{}: {}", place.display(), identity.hex())?;
    }
    Ok(0)
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::of("failed to create package", error)
}

/// Writes beside the place and renames, so that there is no half package.
fn write(
    place: &Path,
    spec: &Spec,
    tree: Option<&Tree>,
    keys: &[oil::keys::PrivateKey],
    compression: Compression,
) -> Result<oil::digest::Digest, Failure> {
    let at = |error: std::io::Error| Failure::of(place.display(), reason(&error));
    let beside = super::beside::beside(place);
    let mut file = BufWriter::with_capacity(128 << 10, File::create(&beside).map_err(at)?);
    let identity = write_v3(&mut file, spec, tree, keys, compression).map_err(failed);
    let identity = identity.and_then(|identity| {
        file.flush().map_err(at)?;
        fs::rename(&beside, place).map_err(at)?;
        Ok(identity)
    });
    if identity.is_err() {
        let _ = fs::remove_file(&beside);
    }
    identity
}

fn default_name(spec: &Spec) -> Result<PathBuf, Failure> {
    let name = PackageName {
        name: &spec.info.name,
        version: spec.info.version.as_str(),
        arch: &spec.info.arch,
        identity: oil::digest::Digest::of(oil::digest::Algorithm::Sha1, b""),
    };
    Ok(name
        .expand("${name}-${version}.apk")
        .map_err(Failure::new)?
        .into())
}

fn tree(session: &mut Session, path: &str, arguments: &Arguments) -> Result<Tree, Failure> {
    let directory = Path::new(path);
    if let Err(error) = fs::metadata(directory) {
        session.error(&format!("file directory '{path}': {}", reason(&error)));
        return Err(failed(reason(&error)));
    }
    let options = TreeOptions {
        owners: Owners::Root,
        xattrs: arguments.switch("xattrs") != Some(false),
        ..TreeOptions::default()
    };
    Tree::read(directory, &options).map_err(failed)
}

/// Makes sure that there is what has to be.
fn check(session: &mut Session, spec: &Spec) -> Result<(), Failure> {
    let info = &spec.info;
    for (name, there) in [
        ("name", !info.name.is_empty()),
        ("version", !info.version.is_empty()),
    ] {
        if !there {
            session.error(&format!("required info field '{name}' not provided"));
            return Err(failed("Invalid argument"));
        }
    }
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte);
    let named = info.name.bytes().all(letter) && info.name.as_bytes()[0].is_ascii_alphanumeric();
    for (name, good, text) in [
        ("name", named, "package name is invalid"),
        (
            "version",
            info.version.is_valid(),
            "package version is invalid",
        ),
    ] {
        if !good {
            session.error(&format!("info field '{name}' has invalid value: {text}"));
            return Err(failed(text));
        }
    }
    Ok(())
}

fn script(session: &mut Session, spec: &mut Spec, text: &str) -> Result<(), Failure> {
    let (kind, path) = text.split_once(':').unwrap_or((text, ""));
    let Some(kind) = ScriptKind::from_name(kind.as_bytes()) else {
        session.error(&format!("invalid script type: {kind}"));
        return Err(invalid("script", text));
    };
    let content = fs::read(path).map_err(|error| Failure::of(path, reason(&error)))?;
    spec.scripts.insert(kind, content);
    Ok(())
}

/// Takes `KEY:VALUE`.
fn field(session: &mut Session, spec: &mut Spec, text: &str) -> Result<(), Failure> {
    let Some((key, value)) = text.split_once(':').filter(|(key, _)| !key.is_empty()) else {
        session.error(&format!("missing key or value: {text}"));
        return Err(invalid("info", text));
    };
    let info = &mut spec.info;
    let list = || {
        let mut list = Dependency::parse_list(value).map_err(|part| {
            Failure::new(format_args!("info field '{key}' has invalid value: {part}"))
        })?;
        list.sort_by(|one, other| one.name.cmp(&other.name));
        list.dedup();
        Ok::<_, Failure>(list)
    };
    let number = || {
        value.parse::<u64>().map_err(|_| {
            Failure::new(format_args!(
                "info field '{key}' has invalid value: not a number"
            ))
        })
    };
    let owned = value.to_owned();
    match key {
        "name" => info.name = owned,
        "version" => info.version = Version::from_text(owned),
        "description" => info.description = owned,
        "arch" => info.arch = owned,
        "license" => info.license = owned,
        "origin" => info.origin = owned,
        "maintainer" => info.maintainer = owned,
        "url" => info.url = owned,
        "repo-commit" => info.commit = owned,
        "build-time" => info.build_time = number()?,
        "provider-priority" => info.provider_priority = number()? as u32,
        "replaces-priority" => info.replaces_priority = number()? as u32,
        "layer" => info.layer = number()? as u32,
        "depends" => info.depends.extend(list()?),
        "provides" => info.provides.extend(list()?),
        "replaces" => info.replaces.extend(list()?),
        "install-if" => info.install_if.extend(list()?),
        "recommends" => info.recommends.extend(list()?),
        "tags" => info
            .tags
            .extend(value.split_whitespace().map(str::to_owned)),
        "triggers" => info
            .triggers
            .extend(value.split_whitespace().map(str::to_owned)),
        _ => {
            session.error(&format!("invalid info field: {key}"));
            return Err(invalid("info", text));
        }
    }
    Ok(())
}
