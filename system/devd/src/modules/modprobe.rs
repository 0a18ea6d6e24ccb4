//! What the administrator says about modules: the files of modprobe.d(5), and the kernel's command line.
//!
//! `install` is understood as far as it says that a module is never loaded (`/bin/true`, `/bin/false`): devd runs no commands,
//! and leaves out what wants one.

use super::name::normalize;
use crate::error::Error;
use common::Root;
use common::glob;

/// Where files are; of those with the same name only that in the first folder counts.
pub const FOLDERS: &[&str] = &[
    "/etc/modprobe.d",
    "/run/modprobe.d",
    "/usr/local/lib/modprobe.d",
    "/usr/lib/modprobe.d",
    "/lib/modprobe.d",
];

/// Modules that are loaded before and after another, if they can be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Soft {
    pub before: Vec<String>,
    pub after: Vec<String>,
}

/// What the files say, in their order.
#[derive(Debug, Default)]
pub struct Config {
    aliases: Vec<(String, String)>,
    options: Vec<(String, String)>,
    soft: Vec<(String, Soft)>,
    /// Not loaded for a device, and by whose word.
    blacklist: Vec<(String, String)>,
    /// Not loaded at all.
    never: Vec<(String, String)>,
}

impl Config {
    /// Reads them all; what makes no sense is told, and the rest counts.
    pub fn read(root: &Root, complain: &mut impl FnMut(Error)) -> Self {
        let mut config = Self::default();
        for path in root.files(FOLDERS, ".conf") {
            match std::fs::read(root.at(&path)) {
                Ok(text) => config.parse(&text, &path, complain),
                Err(error) => complain(Error::file(&path, "reading it")(error)),
            }
        }
        let words = root.value("/proc/cmdline").unwrap_or_default();
        config.command_line(&words);
        config
    }

    /// Reads a file: a `\` at the end of a line continues it in the next.
    pub fn parse(&mut self, text: &[u8], file: &str, complain: &mut impl FnMut(Error)) {
        let text = String::from_utf8_lossy(text);
        let (mut line, mut first) = (String::new(), 1);
        for (at, part) in text.lines().enumerate() {
            if line.is_empty() {
                first = at + 1;
            }
            if let Some(part) = part.strip_suffix('\\') {
                line += part;
                line.push(' ');
                continue;
            }
            line += part;
            self.told(&line, file, first, complain);
            line.clear();
        }
        self.told(&line, file, first, complain);
    }

    fn told(&mut self, line: &str, file: &str, at: usize, complain: &mut impl FnMut(Error)) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return;
        }
        let number = u32::try_from(at).unwrap_or(0);
        if let Err(what) = self.line(line, &format!("{file}:{number}")) {
            complain(Error::syntax(file, number, what));
        }
    }

    fn line(&mut self, line: &str, place: &str) -> Result<(), String> {
        let mut words = line.split_whitespace();
        let command = words.next().unwrap_or_default();
        let needed = |word: Option<&str>, what: &str| {
            word.map(normalize)
                .ok_or_else(|| format!("'{command}' needs {what}"))
        };
        match command {
            "alias" => {
                let alias = needed(words.next(), "an alias and a module")?;
                let module = needed(words.next(), "an alias and a module")?;
                self.aliases.push((alias, module));
            }
            "blacklist" => {
                let name = needed(words.next(), "a module")?;
                self.blacklist.push((name, place.to_owned()));
            }
            "options" => {
                let name = needed(words.next(), "a module and options")?;
                // As it stands: quotes are the kernel's (kernel/params.c).
                let options: Vec<&str> = words.collect();
                if options.is_empty() {
                    return Err("'options' needs a module and options".to_owned());
                }
                self.options.push((name, options.join(" ")));
            }
            "softdep" => {
                let name = needed(words.next(), "a module, 'pre:' and 'post:'")?;
                self.soft.push((name, soft(words)));
            }
            "install" => {
                let name = needed(words.next(), "a module and a command")?;
                let command: Vec<&str> = words.collect();
                let plainly = matches!(
                    *command,
                    ["/bin/true" | "/bin/false" | "/usr/bin/true" | "/usr/bin/false" | ":"]
                );
                self.never.push((name.clone(), place.to_owned()));
                if !plainly {
                    return Err(format!(
                        "devd runs no commands: '{name}' is not loaded; load it by a service that runs the command, or write 'options' or 'softdep'"
                    ));
                }
            }
            // Nothing is unloaded here, and weak dependencies are for who makes an initramfs.
            "remove" | "weakdep" => drop(needed(words.next(), "a module")?),
            other => {
                return Err(format!(
                    "there is no '{other}': alias, blacklist, options, softdep and install are understood"
                ));
            }
        }
        Ok(())
    }

    /// `modprobe.blacklist=A,B`, `module_blacklist=A,B` (which the kernel itself keeps to) and `MODULE.PARAMETER=VALUE`.
    pub fn command_line(&mut self, text: &str) {
        let place = "the kernel's command line";
        for word in words_of(text) {
            if word == "--" {
                break;
            }
            let (key, value) = word.split_once('=').unwrap_or((&word, ""));
            let names = || value.split(',').filter(|name| !name.is_empty());
            let told = |name: &str| (normalize(name), place.to_owned());
            match key {
                "modprobe.blacklist" => self.blacklist.extend(names().map(told)),
                "module_blacklist" => self.never.extend(names().map(told)),
                _ => {
                    if let Some((module, parameter)) = word.split_once('.')
                        && key.contains('.')
                        && !module.is_empty()
                        && !parameter.is_empty()
                    {
                        self.options.push((normalize(module), parameter.to_owned()));
                    }
                }
            }
        }
    }

    /// The modules that an alias, which has underscores alone, stands for by the administrator's word.
    pub fn aliases(&self, alias: &str) -> Vec<&str> {
        let fits = |pattern: &str| glob::matches(pattern.as_bytes(), alias.as_bytes());
        let mut names: Vec<&str> = Vec::new();
        for (_, name) in self.aliases.iter().filter(|(pattern, _)| fits(pattern)) {
            if !names.contains(&&**name) {
                names.push(name);
            }
        }
        names
    }

    /// A module's parameters, as the kernel takes them.
    pub fn options(&self, name: &str) -> String {
        let options = self.options.iter().filter(|(module, _)| module == name);
        let options: Vec<&str> = options.map(|(_, options)| &**options).collect();
        options.join(" ")
    }

    /// Everything that is to be loaded before and after a module.
    pub fn soft(&self, name: &str) -> Soft {
        let mut all = Soft::default();
        for (_, soft) in self.soft.iter().filter(|(module, _)| module == name) {
            all.before.extend(soft.before.iter().cloned());
            all.after.extend(soft.after.iter().cloned());
        }
        all
    }

    /// Who says that it is not loaded for a device.
    pub fn blacklisted(&self, name: &str) -> Option<&str> {
        let found = self.blacklist.iter().find(|(module, _)| module == name);
        found.map(|(_, place)| &**place)
    }

    /// Who says that it is never loaded.
    pub fn never(&self, name: &str) -> Option<&str> {
        let found = self.never.iter().find(|(module, _)| module == name);
        found.map(|(_, place)| &**place)
    }
}

/// Words behind a module's name; those before `pre:` and `post:` say nothing, as with modprobe.
fn soft<'w>(words: impl Iterator<Item = &'w str>) -> Soft {
    let mut soft = Soft::default();
    let mut list: Option<&mut Vec<String>> = None;
    for word in words {
        match word {
            "pre:" => list = Some(&mut soft.before),
            "post:" => list = Some(&mut soft.after),
            name => {
                if let Some(list) = &mut list {
                    list.push(normalize(name));
                }
            }
        }
    }
    soft
}

/// Words between blanks, with those in double quotes kept together (`lib/cmdline.c`, next_arg).
fn words_of(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for character in text.chars() {
        match character {
            '"' => {
                quoted = !quoted;
                word.push(character);
            }
            blank if blank.is_ascii_whitespace() && !quoted => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            other => word.push(other),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> (Config, Vec<String>) {
        let (mut config, mut errors) = (Config::default(), Vec::new());
        config.parse(text.as_bytes(), "/etc/modprobe.d/a.conf", &mut |error| {
            errors.push(error.to_string())
        });
        (config, errors)
    }

    #[test]
    fn commands_are_understood() {
        let (config, errors) = parse(
            "# all\nalias usb:v1D6B* my-module\nalias net-pf-10 off\nblacklist pc-spkr\noptions snd-hda \\\n  model=\"a b\" x=1\n\
             options snd_hda y\nsoftdep a pre: b-c d post: e\nsoftdep a pre: f\nsoftdep cifs nls\ninstall nouveau /bin/false\nremove x y\n",
        );
        assert_eq!(errors, [""; 0]);
        assert_eq!(config.aliases("usb:v1D6Bp0001"), ["my_module"]);
        assert_eq!(config.aliases("net_pf_10"), ["off"]);
        assert_eq!(
            config.blacklisted("pc_spkr"),
            Some("/etc/modprobe.d/a.conf:4")
        );
        assert_eq!(config.options("snd_hda"), "model=\"a b\" x=1 y");
        let soft = config.soft("a");
        assert_eq!(
            (soft.before, soft.after),
            (
                vec!["b_c".to_owned(), "d".to_owned(), "f".to_owned()],
                vec!["e".to_owned()]
            )
        );
        assert_eq!(config.soft("cifs"), Soft::default());
        assert_eq!(config.never("nouveau"), Some("/etc/modprobe.d/a.conf:11"));
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        let (config, errors) = parse(
            "blacklist\n\nalias x\noptions y\nfoo bar\ninstall z /sbin/modprobe z && true\nblacklist last",
        );
        assert_eq!(
            errors,
            [
                "/etc/modprobe.d/a.conf:1: 'blacklist' needs a module",
                "/etc/modprobe.d/a.conf:3: 'alias' needs an alias and a module",
                "/etc/modprobe.d/a.conf:4: 'options' needs a module and options",
                "/etc/modprobe.d/a.conf:5: there is no 'foo': alias, blacklist, options, softdep and install are understood",
                "/etc/modprobe.d/a.conf:6: devd runs no commands: 'z' is not loaded; load it by a service that runs the command, or write 'options' or 'softdep'",
            ]
        );
        assert!(config.blacklisted("last").is_some() && config.never("z").is_some());
    }

    #[test]
    fn the_kernels_command_line_counts() {
        let mut config = Config::default();
        config.command_line("quiet modprobe.blacklist=a,b-c loop.max_loop=4 snd-x.name=\"p q\" module_blacklist=d -- e.f=1 root=/dev/a.b");
        assert!(config.blacklisted("a").is_some() && config.blacklisted("b_c").is_some());
        assert_eq!(config.options("loop"), "max_loop=4");
        assert_eq!(config.options("snd_x"), "name=\"p q\"");
        assert_eq!(config.options("e"), "");
        assert!(config.never("d").is_some());
        let mut config = Config::default();
        config.command_line("root=/dev/a.b console=ttyS0");
        assert_eq!(config.options("root=/dev/a"), "");
    }

    #[test]
    fn files_of_the_first_folder_count() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        for (path, text) in [
            ("/etc/modprobe.d/a.conf", "blacklist x"),
            ("/lib/modprobe.d/a.conf", "blacklist y"),
            ("/lib/modprobe.d/b.conf", "blacklist z"),
        ] {
            std::fs::create_dir_all(root.at(path).parent().unwrap()).unwrap();
            std::fs::write(root.at(path), text).unwrap();
        }
        let config = Config::read(&root, &mut |error| panic!("{error}"));
        assert!(config.blacklisted("x").is_some() && config.blacklisted("z").is_some());
        assert_eq!(config.blacklisted("y"), None);
    }

    proptest! {
        #[test]
        fn any_file_will_do(text: Vec<u8>, words in "((alias|options|softdep|install|blacklist)?[ a:=\"\\\\\n.-]{0,6}){0,8}") {
            let mut config = Config::default();
            config.parse(&text, "x", &mut |_| {});
            config.parse(words.as_bytes(), "x", &mut |_| {});
            config.command_line(&String::from_utf8_lossy(&text));
            config.command_line(&words);
            config.soft("a");
        }
    }
}
