//! The `[cargo]` table of a recipe: Rust programs.

use super::Recipe;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Rust programs: of the recipe's source, or without one of the workspace `system/`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cargo {
    /// Whether they have Rust's standard library, on the C library of the sysroot (`build` has `musl-dev` and
    /// `rust-std`): a panic is an illegal instruction, for they are small without its texts. Without, they have `core`
    /// alone and no C library.
    #[serde(default)]
    pub std: bool,
    /// Whether what several functions of a program with `std` do in the same words becomes a function of its own: a
    /// fiftieth less, but slower where it is in an inner loop.
    #[serde(default = "yes")]
    pub outline: bool,
    /// The functions in which a program with `std` starts that is several by name ("netd::program::main"): the code that one of
    /// them alone leads to lies in pages of its own, that of the first beside what they have in common.
    #[serde(default)]
    pub apart: Vec<String>,
    /// Whether they are tools that other packages' builds run (`tools`): built for the build root,
    /// with its own standard and C libraries, whatever the architecture that is built for.
    #[serde(default)]
    pub host: bool,
    /// Crates whose code is made for speed in this package, whatever it is made for elsewhere.
    #[serde(default)]
    pub fast: Vec<String>,
    /// What crates of others are told by rustc's `--cfg`, as a name and a value: choices that they have no features for.
    #[serde(default)]
    pub cfg: BTreeMap<String, String>,
    /// The features of the crates, in place of those that they have by default.
    pub features: Option<Vec<String>>,
    /// Where each program goes, by its name ("init" = "/init"). A program of ours is in a crate of
    /// its name.
    pub install: BTreeMap<String, String>,
    /// Further names of programs that do what they are called by: the path of a symbolic link and
    /// the program that it leads to ("/sbin/dinitctl" = "dinit").
    #[serde(default)]
    pub links: BTreeMap<String, String>,
}

fn yes() -> bool {
    true
}

impl Cargo {
    /// What does not fit together, and what to write instead.
    pub(super) fn check(&self, recipe: &Recipe) -> Result<(), String> {
        if self.install.is_empty() {
            return Err("cargo.install names no program".into());
        }
        if self.host && (self.std || !recipe.build.is_empty() || !recipe.run.is_empty()) {
            return Err(
                "cargo.host makes a tool from the build root's own libraries: leave out std, build and run"
                    .into(),
            );
        }
        for library in ["musl-dev", "rust-std"] {
            if self.std && !recipe.build.iter().any(|name| name == library) {
                return Err(format!(
                    "cargo.std needs the libraries to link with, and '{library}' is not among them: \
                     build = [\"musl-dev\", \"rust-std\"]"
                ));
            }
        }
        if !self.outline && !self.std {
            return Err("cargo.outline is for programs with std = true".into());
        }
        if !self.apart.is_empty() && (!self.std || self.install.len() > 1) {
            return Err("cargo.apart is for one program, with std = true".into());
        }
        for path in &self.apart {
            let plain = |part: &str| {
                part.starts_with(|c: char| c.is_ascii_lowercase())
                    && part
                        .chars()
                        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            };
            if !path.contains("::") || !path.split("::").all(plain) {
                return Err(format!(
                    "cargo.apart: '{path}' is not a function's path, like \"netd::program::main\""
                ));
            }
        }
        for feature in self.features.iter().flatten() {
            let good = |c: char| c.is_ascii_alphanumeric() || "_-/".contains(c);
            if feature.is_empty() || !feature.chars().all(good) {
                return Err(format!(
                    "'{feature}' is not a feature's name: letters, digits and _ - / only"
                ));
            }
        }
        for (name, value) in &self.cfg {
            let good = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
            if name.is_empty() || !name.chars().chain(value.chars()).all(good) {
                return Err(format!(
                    "cargo.cfg: '{name} = \"{value}\"' is no name and value: letters, digits and _ - . only"
                ));
            }
        }
        if !self.cfg.is_empty() && !self.std {
            return Err("cargo.cfg is for programs with std = true".into());
        }
        for krate in &self.fast {
            let good = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
            if krate.is_empty() || !krate.chars().all(good) {
                return Err(format!(
                    "cargo.fast: '{krate}' is not a crate's name: letters, digits and _ - only"
                ));
            }
        }
        for program in self.install.keys().chain(self.links.values()) {
            let good = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
            if program.is_empty() || !program.chars().all(good) {
                return Err(format!(
                    "'{program}' is not a program's name: letters, digits and _ - only"
                ));
            }
        }
        for path in self.install.values().chain(self.links.keys()) {
            let good = |c: char| c.is_ascii_alphanumeric() || "/._+-[".contains(c);
            let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
            let rest = path.strip_prefix('/');
            if !rest.is_some_and(|rest| rest.split('/').all(plain)) || !path.chars().all(good) {
                return Err(format!(
                    "'{path}' is not a place for a program: write it from / on, like \"/usr/bin/x\""
                ));
            }
        }
        for (path, program) in &self.links {
            if !self.install.contains_key(program) {
                return Err(format!(
                    "cargo.links.\"{path}\" leads to '{program}', which cargo.install does not name"
                ));
            }
            if self.install.values().any(|place| place == path) {
                return Err(format!("'{path}' is in both cargo.install and cargo.links"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::recipe::Recipe;
    use std::fs;

    fn read(text: &str) -> Result<Recipe, String> {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("multi");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("recipe.toml"), text).unwrap();
        Recipe::read(&folder).map_err(|e| e.to_string())
    }

    const GOOD: &str = "name = \"multi\"\nversion = \"1\"\nsummary = \"s\"\nlicense = \"MIT\"\n\
        build = [\"musl-dev\", \"rust-std\"]\nstyle = \"cargo\"\n[cargo]\nstd = true\ninstall = { multi = \"/sbin/multi\" }\n\
        links = { \"/bin/one\" = \"multi\" }\n";

    #[test]
    fn a_program_with_several_names() {
        let recipe = read(GOOD).unwrap();
        assert!(!recipe.is_tool());
        assert_eq!(recipe.cargo.unwrap().links["/bin/one"], "multi");
    }

    #[test]
    fn a_tool() {
        let text = GOOD
            .replace("build = [\"musl-dev\", \"rust-std\"]\n", "")
            .replace("std = true", "host = true");
        assert!(read(&text).unwrap().is_tool());
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        for (from, to, expected) in [
            ("\"musl-dev\", ", "", "'musl-dev' is not among them"),
            (", \"rust-std\"", "", "'rust-std' is not among them"),
            ("std = true", "host = true", "leave out std, build"),
            ("{ multi = \"/sbin/multi\" }", "{ }", "no program"),
            ("\"/sbin/multi\"", "\"sbin/multi\"", "from / on"),
            ("\"/sbin/multi\"", "\"/sbin/../multi\"", "from / on"),
            ("\"/sbin/multi\"", "\"/sbin/$(x)\"", "from / on"),
            ("{ multi =", "{ \"a b\" =", "program's name"),
            ("= \"multi\" }", "= \"other\" }", "leads to 'other'"),
            ("\"/bin/one\"", "\"/sbin/multi\"", "in both"),
            ("std = true", "stdlib = true", "stdlib"),
            ("std = true", "outline = false", "is for programs with std"),
            ("std = true", "apart = [\"a::f\"]", "is for one program"),
            (
                "std = true",
                "std = true\napart = [\"a::f $(x)\"]",
                "function's path",
            ),
            (
                "std = true",
                "std = true\nfeatures = [\"a b\"]",
                "feature's name",
            ),
            ("std = true", "std = true\nfast = [\"a b\"]", "crate's name"),
            (
                "std = true",
                "std = true\ncfg = { a = \"b c\" }",
                "name and value",
            ),
            (
                "std = true",
                "std = true\ncfg = { \"a\\\"\" = \"b\" }",
                "name and value",
            ),
        ] {
            assert!(GOOD.contains(from), "{from}");
            let text = read(&GOOD.replace(from, to)).unwrap_err();
            assert!(text.contains(expected), "{expected}: {text}");
        }
    }
}
