//! What the figures of `bench oil` are called, and what is to be said about them.

use super::job::Task;
use super::repository::Sizes;
use crate::table::Column;

/// What is printed below the figures.
pub const NOTES: &str = "\
Repositories are made by this benchmark, the same each time, of format v3 with DEFLATE; dpkg has the same files in .deb
packages with DEFLATE. Roots are in memory (/dev/shm). Times are medians of all repetitions, in which each program has
its turn; CPU is user and system time of the program and of all that it started; peak is the most that its largest process
had in memory, and not less than the few MiB of the process that starts it. Over HTTP a request waits 40 ms and a
connection carries 25 MiB/s, on the loopback. Sizes are the program's and those of the shared libraries that it needs
beside the C library's. dpkg knows neither indexes nor a solver nor signatures of packages: '-'.
";

/// The figures, in the order in which `measure` fills them in.
pub fn columns(sizes: &Sizes) -> Vec<Column> {
    let mut columns = Vec::new();
    let mut add = |key: String, heading: String, unit: f64, places| {
        columns.push(Column {
            key: key.into(),
            heading: heading.into(),
            unit,
            places,
        });
    };
    for task in Task::ALL {
        let (key, heading) = names(task, sizes);
        add(
            format!("{key}_cpu_ms"),
            format!("{heading}: CPU ms"),
            1.0,
            1,
        );
        add(format!("{key}_wall_ms"), "  wall ms".to_owned(), 1.0, 1);
        add(
            format!("{key}_peak_kib"),
            "  peak MiB".to_owned(),
            1024.0,
            1,
        );
    }
    add(
        "program_bytes".to_owned(),
        "bytes of the program".to_owned(),
        1.0,
        0,
    );
    columns
}

fn names(task: Task, sizes: &Sizes) -> (&'static str, String) {
    let Sizes {
        index,
        world,
        packages,
        upgraded,
        deleted,
        ..
    } = sizes;
    match task {
        Task::IndexFirst => ("index_first", format!("index of {index}, first")),
        Task::Index => ("index", "the same index again".to_owned()),
        Task::Solve => ("solve", format!("solve a world of {world}")),
        Task::Install => ("install", format!("install {packages}")),
        Task::Owner => ("owner", "owner of a path".to_owned()),
        Task::Nothing => ("nothing", "add what is there".to_owned()),
        Task::Audit => ("audit", "audit".to_owned()),
        Task::Verify => ("verify", format!("verify {packages}")),
        Task::Upgrade => ("upgrade", format!("upgrade {upgraded}")),
        Task::Delete => ("delete", format!("delete {deleted}")),
        Task::Http => ("http", format!("install {packages} over HTTP")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Settings;
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_figure_has_a_key_of_its_own() {
        let columns = columns(&Settings::whole().sizes);
        let keys: BTreeSet<&str> = columns.iter().map(|column| &*column.key).collect();
        assert_eq!(keys.len(), columns.len());
    }
}
