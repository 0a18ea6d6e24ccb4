//! Why packages are chosen and refused, in sentences.

mod common;

use common::{Line, ours};
use oil::dependency::WorldDependency;
use oil::solve::{Kind, Memory, Options, Origin, Problem, Solution, solve};

fn with<T>(lines: &[&str], world: &[&str], look: impl FnOnce(&Solution<'_>) -> T) -> T {
    let memory = Memory::new(
        lines
            .iter()
            .map(|line| ours::entry(&Line::parse(line)))
            .collect(),
    );
    let kind = Kind::Repository {
        number: 0,
        tag: 0,
        available: true,
    };
    let sources = [Origin {
        source: &memory,
        kind,
    }];
    let world: Vec<WorldDependency> = world
        .iter()
        .map(|entry| WorldDependency::parse(entry).expect("a dependency"))
        .collect();
    let options = Options {
        arches: vec!["x86_64".to_owned()],
        ..Options::default()
    };
    look(&solve(&Problem {
        sources: &sources,
        world: &world,
        options: &options,
    }))
}

fn sentences(solution: &Solution<'_>, name: &str) -> Vec<String> {
    let sentence = |one: &oil::solve::explain::Explanation| {
        let reasons: Vec<String> = one.reasons.iter().map(ToString::to_string).collect();
        format!(
            "{} {}: {}",
            one.package,
            if one.chosen { "chosen" } else { "refused" },
            reasons.join("; ")
        )
    };
    solution.explain(name).iter().map(sentence).collect()
}

#[test]
fn chosen_and_refused() {
    let lines = [
        "a 1 D:b<3",
        "b 1",
        "b 2",
        "b 3",
        "b 4 A:armhf",
        "d 1 i:a i:b",
        "e 1",
    ];
    with(&lines, &["a"], |solution| {
        assert_eq!(solution.errors, 0);
        assert_eq!(
            sentences(solution, "b"),
            [
                "b-1 refused: b-2 was preferred",
                "b-2 chosen: a-1 needs b<3",
                "b-3 refused: a-1 cannot be with it (b<3); b-2 was preferred",
                "b-4 refused: it is for armhf; a-1 cannot be with it (b<3); b-2 was preferred",
            ]
        );
        assert_eq!(
            sentences(solution, "d"),
            ["d-1 chosen: it comes by itself with a and b"]
        );
        assert_eq!(sentences(solution, "e"), Vec::<String>::new());
        assert_eq!(solution.why("b").expect("there"), ["world", "a-1", "b-2"]);
        assert_eq!(solution.why("d").expect("there"), ["world", "a-1", "d-1"]);
        assert_eq!(solution.why("e"), None);
    });
}

#[test]
fn names_taken() {
    with(&["a 1 P:x=2", "x 1", "y 1 P:x"], &["a", "x"], |solution| {
        assert_eq!(
            sentences(solution, "x"),
            [
                "a-1 chosen: the world asks for a; the world asks for x",
                "x-1 refused: a-1 has its name x",
                "y-1 refused: nothing asks for it"
            ]
        );
    });
}
