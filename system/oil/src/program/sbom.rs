//! `sbom`: what is installed, as SPDX 2.3 or CycloneDX 1.5, both as JSON.

use super::arguments::{Arguments, invalid};
use super::beside::write_file;
use super::outcome::{Failure, Outcome};
use super::select::place;
use super::serialize::json_text as quoted;
use super::session::Session;
use oil::context::Context;
use oil::date::{Date, now};
use oil::digest::{Algorithm, Digest};
use oil::package::Info;
use oil::solve::{Relation, Source as _};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;

/// Writes it.
pub fn run(session: &mut Session, arguments: &Arguments) -> Outcome {
    let format = arguments.value("format").unwrap_or("spdx");
    let make: fn(&Bill) -> String = match format {
        "spdx" => spdx,
        "cyclonedx" => cyclonedx,
        other => return Err(invalid("format", other)),
    };
    let context = session.open(arguments)?;
    let text = make(&Bill::new(&context)?);
    match arguments.value("output") {
        Some(path) => write_file(path, |out| Ok(out.write_all(text.as_bytes())?))?,
        None => session.out.write_all(text.as_bytes())?,
    }
    Ok(0)
}

/// Installed packages and what they need.
struct Bill {
    packages: Vec<Info>,
    /// For each, the places of those that it depends on.
    needs: Vec<BTreeSet<usize>>,
    time: u64,
}

impl Bill {
    fn new(context: &Context) -> Result<Self, Failure> {
        let mut packages = Vec::new();
        let mut needs = Vec::new();
        for number in 0..context.installed.count() {
            packages.push(context.info(place(number))?);
            let mut names = Vec::new();
            context
                .installed
                .relations(number, Relation::Depends, &mut |name, _, op| {
                    if !op.is_conflict() {
                        names.push(name);
                    }
                });
            let mut set = BTreeSet::new();
            for name in names {
                context.installed.providers(name, &mut |other| {
                    if other != number {
                        set.insert(other as usize);
                    }
                });
            }
            needs.push(set);
        }
        Ok(Self {
            packages,
            needs,
            time: oil::make::source_date_epoch().unwrap_or_else(now),
        })
    }

    /// `2026-01-31T23:59:59Z`.
    fn date(&self) -> String {
        Date::of(self.time).to_string().replace(' ', "T") + "Z"
    }

    /// A digest of all identities: the same system has the same.
    fn digest(&self) -> Digest {
        let mut text = self.time.to_string();
        for info in &self.packages {
            let identity = info
                .identity
                .map(|identity| identity.hex())
                .unwrap_or_default();
            let _ = write!(text, "\n{} {} {identity}", info.name, info.version);
        }
        Digest::of(Algorithm::Sha256, text.as_bytes())
    }
}

/// The package as a package URL (of the type that the specification has for this format).
fn purl(info: &Info) -> String {
    let mut url = format!(
        "pkg:apk/alpenglow/{}@{}?arch={}",
        escaped(&info.name),
        escaped(info.version.as_str()),
        info.arch
    );
    if !info.origin.is_empty() && info.origin != info.name {
        let _ = write!(url, "&upstream={}", escaped(&info.origin));
    }
    url
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// An identifier of SPDX: letters, digits, dots and dashes.
fn spdx_id(info: &Info) -> String {
    let text = format!("{}-{}", info.name, info.version);
    let clean = text.chars().map(|letter| {
        if letter.is_ascii_alphanumeric() || ".-".contains(letter) {
            letter
        } else {
            '-'
        }
    });
    format!("SPDXRef-Package-{}", clean.collect::<String>())
}

fn or_none(text: &str) -> String {
    if text.is_empty() {
        quoted("NOASSERTION")
    } else {
        quoted(text)
    }
}

fn spdx(bill: &Bill) -> String {
    let mut packages = Vec::new();
    let mut relations = Vec::new();
    for (info, needs) in bill.packages.iter().zip(&bill.needs) {
        let id = spdx_id(info);
        let supplier = match info.maintainer.is_empty() {
            true => "NOASSERTION".to_owned(),
            false => format!("Person: {}", info.maintainer),
        };
        packages.push(format!(
            "    {{\n      \"SPDXID\": {},\n      \"name\": {},\n      \"versionInfo\": {},\n      \"supplier\": {},\n      \
             \"downloadLocation\": \"NOASSERTION\",\n      \"filesAnalyzed\": false,\n      \"homepage\": {},\n      \
             \"licenseConcluded\": \"NOASSERTION\",\n      \"licenseDeclared\": {},\n      \
             \"copyrightText\": \"NOASSERTION\",\n      \"summary\": {},\n      \"externalRefs\": [\n        \
             {{ \"referenceCategory\": \"PACKAGE-MANAGER\", \"referenceType\": \"purl\", \"referenceLocator\": {} }}\n      \
             ]\n    }}",
            quoted(&id),
            quoted(&info.name),
            quoted(info.version.as_str()),
            quoted(&supplier),
            or_none(&info.url),
            or_none(&info.license),
            quoted(&info.description),
            quoted(&purl(info)),
        ));
        let mut relation = |from: &str, kind: &str, to: &str| {
            relations.push(format!(
                "    {{ \"spdxElementId\": {}, \"relationshipType\": \"{kind}\", \"relatedSpdxElement\": {} }}",
                quoted(from),
                quoted(to)
            ));
        };
        relation("SPDXRef-DOCUMENT", "DESCRIBES", &id);
        for need in needs {
            relation(&id, "DEPENDS_ON", &spdx_id(&bill.packages[*need]));
        }
    }
    format!(
        "{{\n  \"spdxVersion\": \"SPDX-2.3\",\n  \"dataLicense\": \"CC0-1.0\",\n  \"SPDXID\": \"SPDXRef-DOCUMENT\",\n  \
         \"name\": \"installed packages\",\n  \"documentNamespace\": \"urn:sha256:{}\",\n  \"creationInfo\": {{\n    \
         \"created\": \"{}\",\n    \"creators\": [ \"Tool: oil-{}\" ]\n  }},\n  \"packages\": [\n{}\n  ],\n  \
         \"relationships\": [\n{}\n  ]\n}}\n",
        bill.digest().hex(),
        bill.date(),
        env!("CARGO_PKG_VERSION"),
        packages.join(",\n"),
        relations.join(",\n")
    )
}

fn cyclonedx(bill: &Bill) -> String {
    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    for (info, needs) in bill.packages.iter().zip(&bill.needs) {
        let url = quoted(&purl(info));
        let mut more = String::new();
        if !info.license.is_empty() {
            let _ = write!(
                more,
                ",\n      \"licenses\": [ {{ \"expression\": {} }} ]",
                quoted(&info.license)
            );
        }
        if !info.url.is_empty() {
            let _ = write!(
                more,
                ",\n      \"externalReferences\": [ {{ \"type\": \"website\", \"url\": {} }} ]",
                quoted(&info.url)
            );
        }
        components.push(format!(
            "    {{\n      \"type\": \"library\",\n      \"bom-ref\": {url},\n      \"name\": {},\n      \"version\": {},\n      \
             \"description\": {},\n      \"purl\": {url}{more}\n    }}",
            quoted(&info.name),
            quoted(info.version.as_str()),
            quoted(&info.description)
        ));
        let needs: Vec<String> = needs
            .iter()
            .map(|need| quoted(&purl(&bill.packages[*need])))
            .collect();
        dependencies.push(format!(
            "    {{ \"ref\": {url}, \"dependsOn\": [{}] }}",
            needs.join(", ")
        ));
    }
    let digest = bill.digest().hex();
    // A random-looking number of version 8 (RFC 9562): the same for the same system.
    let serial = format!(
        "{}-{}-8{}-a{}-{}",
        &digest[..8],
        &digest[8..12],
        &digest[13..16],
        &digest[17..20],
        &digest[20..32]
    );
    format!(
        "{{\n  \"bomFormat\": \"CycloneDX\",\n  \"specVersion\": \"1.5\",\n  \"serialNumber\": \"urn:uuid:{serial}\",\n  \
         \"version\": 1,\n  \"metadata\": {{\n    \"timestamp\": \"{}\",\n    \"tools\": {{ \"components\": [ {{ \"type\": \
         \"application\", \"name\": \"oil\", \"version\": \"{}\" }} ] }}\n  }},\n  \"components\": [\n{}\n  ],\n  \
         \"dependencies\": [\n{}\n  ]\n}}\n",
        bill.date(),
        env!("CARGO_PKG_VERSION"),
        components.join(",\n"),
        dependencies.join(",\n")
    )
}
