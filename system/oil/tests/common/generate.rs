//! Random scenarios, and smaller ones of a scenario.

use super::{Command, Line, Repository, Scenario};

/// A small generator of numbers (SplitMix64), so that a seed means the same everywhere.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'l, T>(&mut self, list: &'l [T]) -> &'l T {
        &list[self.below(list.len())]
    }
}

/// How wild scenarios are.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    pub names: usize,
    pub versions: usize,
    pub conflicts: usize,
    pub virtuals: usize,
    pub install_if: usize,
    pub tags: usize,
    pub missing: usize,
    pub installed: usize,
}

impl Style {
    /// One by number: from plain to all at once.
    pub fn of(random: &mut Random) -> Self {
        let mut some = |percent: usize, of: usize| if random.chance(percent) { of } else { 0 };
        Self {
            conflicts: some(50, 12),
            virtuals: some(60, 30),
            install_if: some(40, 20),
            tags: some(30, 50),
            missing: some(30, 5),
            installed: some(65, 60),
            versions: 1 + some(70, 2),
            names: 3 + some(60, 5) + some(40, 12),
        }
    }
}

fn dependency(random: &mut Random, style: Style, names: &[String]) -> String {
    let missing = random.chance(style.missing);
    let name = if missing {
        "nosuch".to_owned()
    } else {
        random.pick(names).clone()
    };
    let conflict = if random.chance(style.conflicts) {
        "!"
    } else {
        ""
    };
    let version = if random.chance(25) {
        format!(
            "{}{}",
            random.pick(&["=", "<", ">", "<=", ">=", "~", "<~", ">~"]),
            1 + random.below(style.versions + 1)
        )
    } else {
        String::new()
    };
    format!("{conflict}{name}{version}")
}

/// Scenarios from this seed on are calm.
pub const CALM: u64 = 1_000_000;

/// A scenario for a seed: wild, or calm from [`CALM`] on.
pub fn scenario(seed: u64) -> Scenario {
    if seed >= CALM {
        return super::calm::scenario(seed);
    }
    let random = &mut Random(seed);
    let style = Style::of(random);
    let names: Vec<String> = (0..style.names)
        .map(|number| {
            let letter = char::from(b'a' + number as u8 % 26);
            let long = if random.chance(8) {
                "-with-a-longer-name"
            } else {
                ""
            };
            format!("{letter}{long}")
        })
        .collect();
    let virtuals: Vec<String> = if style.virtuals > 0 {
        ["v", "so:w", "cmd:x"].map(str::to_owned).to_vec()
    } else {
        Vec::new()
    };
    let targets: Vec<String> = names.iter().chain(&virtuals).cloned().collect();
    let mut pool: Vec<Line> = Vec::new();
    for name in &names {
        for version in 1..=1 + random.below(style.versions + 1) {
            let mut fields = Vec::new();
            for _ in 0..random.below(4) {
                let text = dependency(random, style, &targets);
                let known = |(_, other): &(String, String)| {
                    super::base_name(other) == super::base_name(&text)
                };
                if !fields.iter().any(known) {
                    fields.push(("D".to_owned(), text));
                }
            }
            if random.chance(style.virtuals) {
                let list = if random.chance(80) { &virtuals } else { &names };
                let provided = random.pick::<String>(list);
                let version = if random.chance(50) {
                    format!("={}", 1 + random.below(3))
                } else {
                    String::new()
                };
                fields.push(("P".to_owned(), format!("{provided}{version}")));
                if random.chance(30) {
                    fields.push(("k".to_owned(), random.below(4).to_string()));
                }
            }
            if random.chance(style.install_if) {
                for _ in 0..1 + random.below(2) {
                    fields.push((
                        "i".to_owned(),
                        dependency(
                            random,
                            Style {
                                missing: 0,
                                ..style
                            },
                            &targets,
                        ),
                    ));
                }
            }
            if random.chance(2) {
                fields.push(("A".to_owned(), "armhf".to_owned()));
            }
            pool.push(Line {
                name: name.clone(),
                version: version.to_string(),
                fields,
            });
        }
    }
    let mut repositories = vec![Repository::default()];
    if random.chance(30) {
        repositories.push(Repository::default());
    }
    if style.tags > 0 {
        repositories.push(Repository {
            tag: Some("t".to_owned()),
            packages: Vec::new(),
        });
    }
    let mut installed: Vec<Line> = Vec::new();
    let populated = random.chance(style.installed);
    for line in &pool {
        let place = random.below(repositories.len());
        let gone = populated && random.chance(6);
        if !gone {
            repositories[place].packages.push(line.clone());
        }
        if random.chance(8) && repositories.len() > 1 {
            let again = (place + 1) % repositories.len();
            repositories[again].packages.push(line.clone());
        }
        if populated && random.chance(50) && installed.iter().all(|other| other.name != line.name) {
            let mut line = line.clone();
            if random.chance(5) {
                line.fields.push(("id".to_owned(), "other".to_owned()));
            }
            if repositories[place].tag.is_some() && random.chance(70) {
                line.fields.push(("s".to_owned(), "t".to_owned()));
            }
            installed.push(line);
        }
    }
    if style.versions > 1 && random.chance(50) {
        for repository in &mut repositories {
            let count = repository.packages.len();
            for place in 0..count {
                let other = random.below(count);
                repository.packages.swap(place, other);
            }
        }
    }
    let wanted = |random: &mut Random, style: Style| {
        let text = dependency(
            random,
            Style {
                conflicts: style.conflicts / 2,
                ..style
            },
            &targets,
        );
        if style.tags > 0 && random.chance(30) {
            let at = text.find(['=', '<', '>', '~']).unwrap_or(text.len());
            format!("{}@t{}", &text[..at], &text[at..])
        } else {
            text
        }
    };
    let mut world: Vec<String> = Vec::new();
    let count = if populated {
        1 + random.below(4)
    } else {
        random.below(2)
    };
    for _ in 0..count {
        let candidates: Vec<&Line> = installed.iter().collect();
        if !candidates.is_empty() && random.chance(70) {
            world.push(random.pick(&candidates).name.clone());
        } else {
            world.push(wanted(random, style));
        }
    }
    world.sort();
    world.dedup_by_key(|entry| super::base_name(entry).to_owned());
    let commands = (0..3)
        .map(|_| {
            command(random, &names[0], &installed, &world, &mut |random| {
                wanted(random, style)
            })
        })
        .collect();
    Scenario {
        repositories,
        installed,
        world,
        commands,
    }
}
/// A command line. `wanted` makes an entry for the world.
pub fn command(
    random: &mut Random,
    fallback: &str,
    installed: &[Line],
    world: &[String],
    wanted: &mut dyn FnMut(&mut Random) -> String,
) -> Command {
    let mut words: Vec<String> = Vec::new();
    let installed_name = |random: &mut Random| match installed.len() {
        0 => fallback.to_owned(),
        _ => random.pick(installed).name.clone(),
    };
    match random.below(10) {
        0..=4 => {
            words.push("add".to_owned());
            if random.chance(20) {
                words.push((*random.pick(&["-u", "-l"])).to_owned());
            }
            for _ in 0..1 + random.below(3) {
                words.push(wanted(random));
            }
        }
        5 | 6 if !world.is_empty() => {
            words.push("del".to_owned());
            words.push(base_of(random.pick::<String>(world)));
        }
        7 if !installed.is_empty() => {
            words.push("fix".to_owned());
            for flag in ["-u", "-d"] {
                if random.chance(40) {
                    words.push(flag.to_owned());
                }
            }
            words.push(installed_name(random));
        }
        _ => {
            words.push("upgrade".to_owned());
            for flag in ["-a", "-l"] {
                if random.chance(30) {
                    words.push(flag.to_owned());
                }
            }
            if random.chance(25) && !installed.is_empty() {
                if random.chance(50) {
                    words.push("--ignore".to_owned());
                }
                words.push(installed_name(random));
            }
        }
    }
    Command {
        words,
        answer: None,
    }
}

pub fn base_of(entry: &str) -> String {
    super::base_name(entry).to_owned()
}

/// Scenarios with one thing less each.
pub fn smaller(scenario: &Scenario) -> Vec<Scenario> {
    let mut list = Vec::new();
    let mut push = |change: &dyn Fn(&mut Scenario)| {
        let mut other = scenario.clone();
        change(&mut other);
        list.push(other);
    };
    // Halves first, then eighths: most of a large scenario has no part in it.
    for parts in [2, 8] {
        for part in 0..parts {
            let within = |place: usize, count: usize| place * parts / count.max(1) == part;
            push(&|other| {
                for repository in &mut other.repositories {
                    let count = repository.packages.len();
                    let mut place = 0..count;
                    repository
                        .packages
                        .retain(|_| !within(place.next().unwrap_or(0), count));
                }
            });
            push(&|other| {
                let count = other.installed.len();
                let mut place = 0..count;
                other
                    .installed
                    .retain(|_| !within(place.next().unwrap_or(0), count));
            });
        }
    }
    for place in 0..scenario.repositories.len() {
        push(&|other| drop(other.repositories.remove(place)));
        for line in 0..scenario.repositories[place].packages.len() {
            push(&|other| drop(other.repositories[place].packages.remove(line)));
        }
    }
    for place in 0..scenario.installed.len() {
        push(&|other| drop(other.installed.remove(place)));
    }
    for place in 0..scenario.world.len() {
        push(&|other| drop(other.world.remove(place)));
    }
    for place in 1..scenario.commands[0].words.len() {
        if scenario.commands[0].words.len() > 2 || scenario.commands[0].words[0] == "upgrade" {
            push(&|other| drop(other.commands[0].words.remove(place)));
        }
    }
    // A field of a package goes everywhere at once, so that the same package stays the same.
    let mut lines: Vec<Line> = scenario
        .repositories
        .iter()
        .flat_map(|repository| repository.packages.clone())
        .collect();
    lines.extend(scenario.installed.iter().cloned());
    for line in &lines {
        for field in 0..line.fields.len() {
            let mut plain = line.clone();
            plain.fields.remove(field);
            push(&|other| {
                let all = other
                    .repositories
                    .iter_mut()
                    .flat_map(|repository| repository.packages.iter_mut());
                for own in all.chain(other.installed.iter_mut()) {
                    if own == line {
                        *own = plain.clone();
                    }
                }
            });
        }
    }
    list.retain(|other| other != scenario);
    list
}
