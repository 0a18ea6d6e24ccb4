//! What Oil answers.

use super::{Line, Scenario};
use oil::dependency::{Dependency, WorldDependency};
use oil::package::Info;
use oil::solve::{self, Entry, Kind, Memory, Options, Origin, Problem, report, request};
use oil::version::Version;
use oil::world::World;

pub fn entry(line: &Line) -> Entry {
    let list = |key: &str| -> Vec<Dependency> {
        line.all(key)
            .map(|text| Dependency::parse(text).unwrap_or_else(|| panic!("{text}")))
            .collect()
    };
    let info = Info {
        name: line.name.clone(),
        version: Version::from_text(line.version.clone()),
        arch: line.one("A").unwrap_or("noarch").to_owned(),
        installed_size: line
            .one("S")
            .map_or(1, |size| size.parse().expect("a size")),
        provider_priority: line
            .one("k")
            .map_or(0, |priority| priority.parse().expect("a number")),
        depends: list("D"),
        provides: list("P"),
        install_if: list("i"),
        ..Info::default()
    };
    Entry {
        info,
        identity: line.identity().to_vec(),
        tag: line.one("s").map(str::to_owned),
        broken: false,
    }
}

/// The output of one command and its exit status.
pub fn answer(scenario: &Scenario, words: &[String]) -> String {
    let mut tags: Vec<String> = Vec::new();
    let mut memories = vec![(
        Kind::Installed,
        Memory::new(scenario.installed.iter().map(entry).collect()),
    )];
    for (number, repository) in scenario.repositories.iter().enumerate() {
        let tag = repository.tag.as_ref().map_or(0, |tag| {
            let place = tags
                .iter()
                .position(|known| known == tag)
                .unwrap_or_else(|| {
                    tags.push(tag.clone());
                    tags.len() - 1
                });
            place as u8 + 1
        });
        let kind = Kind::Repository {
            number: number as u8,
            tag,
            available: true,
        };
        memories.push((
            kind,
            Memory::new(repository.packages.iter().map(entry).collect()),
        ));
    }
    let mut world = World::parse(&scenario.world.join(" ")).expect("a world");
    let mut options = Options {
        tags,
        arches: vec!["x86_64".to_owned()],
        ..Options::default()
    };
    let (flags, names): (Vec<String>, Vec<String>) = words[1..]
        .iter()
        .cloned()
        .partition(|word| word.starts_with('-'));
    let has = |short: &str, long: &str| flags.iter().any(|flag| flag == short || flag == long);
    options.force_broken_world = has("", "--force-broken-world");
    let sources: Vec<Origin<'_>> = memories
        .iter()
        .map(|(kind, source)| Origin {
            source,
            kind: *kind,
        })
        .collect();
    let mut text = String::new();
    let known = names.iter().all(|name| {
        let mut found = world.get(name).is_some();
        sources
            .iter()
            .for_each(|origin| origin.source.providers(name, &mut |_| found = true));
        found
    });
    match words[0].as_str() {
        "add" => {
            let entries = names
                .iter()
                .map(|name| WorldDependency::parse(name).expect("a dependency"))
                .collect();
            request::add(
                &mut world,
                &mut options,
                entries,
                has("-u", "--upgrade"),
                has("-l", "--latest"),
            );
        }
        "del" if !known => return format!("ERROR: No such package: {}\nexit 1\n", names[0]),
        "del" => {
            request::delete(&mut world, &mut options, &names);
        }
        "fix" | "upgrade"
            if !names
                .iter()
                .all(|name| scenario.installed.iter().any(|line| line.name == *name)) =>
        {
            return "ERROR: Package not found\n".to_owned();
        }
        "upgrade" => {
            let how = request::Upgrade {
                available: has("-a", "--available"),
                latest: has("-l", "--latest"),
                ignore: has("", "--ignore"),
            };
            request::upgrade(&mut world, &mut options, &names, how);
        }
        "fix" => request::fix(
            &mut options,
            &names,
            has("-u", "--upgrade"),
            has("-d", "--depends"),
        ),
        other => panic!("{other}"),
    }
    let unknown: Vec<&WorldDependency> = world
        .entries()
        .iter()
        .filter(|entry| {
            entry
                .tag
                .as_ref()
                .is_some_and(|tag| !options.tags.contains(tag))
        })
        .collect();
    if !unknown.is_empty() {
        for entry in unknown {
            let (name, tag) = (
                &entry.dependency.name,
                entry.tag.as_deref().unwrap_or_default(),
            );
            text += &format!(
                "WARNING: The repository tag for world dependency '{name}@{tag}' does not exist\n"
            );
        }
        return text + "ERROR: Not committing changes due to missing repository tags.\nexit 99\n";
    }
    let solution = solve::solve(&Problem {
        sources: &sources,
        world: world.entries(),
        options: &options,
    });
    if solution.errors > 0 {
        text += &solution.error_report(report::COLUMNS);
        return text + &format!("exit {}\n", solution.errors);
    }
    if words[0] == "del" {
        text += &solution.not_removed(&names, report::COLUMNS);
    }
    text += &solution.change_lines();
    text + &format!(
        "OK: {} B in {} packages\nexit 0\n",
        solution.bytes, solution.packages
    )
}
