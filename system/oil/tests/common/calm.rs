//! Scenarios as distributions are: libraries that provide their names, programs that depend on those, documentation
//! that comes by itself, several providers of one thing, and hardly anything that cannot be had.

use super::generate::{Random, base_of, command};
use super::{Line, Repository, Scenario};

fn line(name: &str, version: usize, fields: Vec<(&str, String)>) -> Line {
    let fields = fields
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    Line {
        name: name.to_owned(),
        version: format!("1.{version}-r0"),
        fields,
    }
}

/// The packages of one version of a distribution.
fn packages(names: &[String], seed: u64, version: usize) -> Vec<Line> {
    let random = &mut Random(seed);
    let mut all = Vec::new();
    for (place, name) in names.iter().enumerate() {
        let version = version + random.below(2);
        let mut fields = Vec::new();
        for _ in 0..random.below(4).min(place) {
            let other = &names[random.below(place)];
            let text = match random.below(5) {
                0 => format!("so:{other}.so"),
                1 => format!("so:{other}.so>=1"),
                2 => format!("{other}>=1.{}", 1 + random.below(2)),
                _ => other.clone(),
            };
            if !fields
                .iter()
                .any(|(_, known): &(&str, String)| base_of(known) == base_of(&text))
            {
                fields.push(("D", text));
            }
        }
        if random.chance(12) {
            fields.push(("D", random.pick(&["mailer", "shell", "docs"]).to_string()));
        }
        if random.chance(4) {
            fields.push(("D", format!("!{}", random.pick::<String>(names))));
        }
        fields.push(("P", format!("so:{name}.so=1.{}", random.below(3))));
        match random.below(12) {
            0 => fields.push(("P", "mailer".to_owned())),
            1 => fields.extend([("P", "shell".to_owned()), ("k", (10 + place).to_string())]),
            _ => {}
        }
        all.push(line(name, version, fields));
        if random.chance(25) {
            let conditions = vec![
                ("i", format!("{name}=1.{version}-r0")),
                ("i", "docs".to_owned()),
            ];
            all.push(line(&format!("{name}-doc"), version, conditions));
        }
        if random.chance(15) {
            let fields = vec![
                ("D", format!("{name}=1.{version}-r0")),
                ("D", "docs".to_owned()),
            ];
            all.push(line(&format!("{name}-dev"), version, fields));
        }
    }
    all.push(line("docs", version, Vec::new()));
    let position = all.len();
    for place in 0..position {
        if random.chance(20) {
            let other = random.below(position);
            all.swap(place, other);
        }
    }
    all
}

/// A scenario for a seed.
pub fn scenario(seed: u64) -> Scenario {
    let random = &mut Random(seed);
    let count = 4 + random.below(24);
    let mut names: Vec<String> = Vec::new();
    while names.len() < count {
        let length = 2 + random.below(9);
        let name: String = (0..length)
            .map(|_| char::from(b'a' + random.below(26) as u8))
            .collect();
        if !names.contains(&name) && name != "docs" {
            names.push(name);
        }
    }
    let shape = random.next();
    let mut repositories = vec![Repository {
        tag: None,
        packages: packages(&names, shape, 2),
    }];
    if random.chance(30) {
        repositories.push(Repository {
            tag: None,
            packages: packages(&names, shape ^ u64::from(random.chance(50)), 1),
        });
    }
    if random.chance(20) {
        repositories.push(Repository {
            tag: Some("edge".to_owned()),
            packages: packages(&names, shape ^ 2, 3),
        });
    }
    let mut installed: Vec<Line> = Vec::new();
    let mut world: Vec<String> = Vec::new();
    if random.chance(70) {
        // Part of an older version, with what it depends on by name or library.
        let old = packages(
            &names,
            shape ^ u64::from(random.chance(60)),
            1 + random.below(2),
        );
        let mut pending: Vec<String> = (0..1 + random.below(4))
            .map(|_| random.pick(&old).name.clone())
            .collect();
        world.clone_from(&pending);
        while let Some(name) = pending.pop() {
            let wanted = name
                .trim_start_matches("so:")
                .trim_end_matches(".so")
                .to_owned();
            let Some(found) = old.iter().find(|line| line.name == wanted) else {
                continue;
            };
            if installed.iter().all(|line| line.name != found.name) {
                installed.push(found.clone());
                pending.extend(
                    found
                        .all("D")
                        .filter(|text| !text.starts_with('!'))
                        .map(base_of),
                );
            }
        }
    }
    world.sort();
    world.dedup();
    installed.sort_by(|left, right| left.name.cmp(&right.name));
    let all: Vec<String> = repositories[0]
        .packages
        .iter()
        .map(|line| line.name.clone())
        .collect();
    let tagged = repositories
        .iter()
        .any(|repository| repository.tag.is_some());
    let mut wanted = |random: &mut Random| {
        let name = random.pick::<String>(&all).clone();
        match random.below(12) {
            0 if tagged => format!("{name}@edge"),
            1 => format!("{name}>=1.1"),
            2 => format!("!{name}"),
            3 => format!("so:{name}.so"),
            4 => format!("{name}~1.2"),
            _ => name,
        }
    };
    let commands = (0..3)
        .map(|_| command(random, &names[0], &installed, &world, &mut wanted))
        .collect();
    Scenario {
        repositories,
        installed,
        world,
        commands,
    }
}
