//! What `make` builds: with autoconf's `./configure` before, or without one.
//!
//! Libraries are archives, because everything is linked statically: there is no shared library to be found in a sysroot.

use crate::recipe::{Make, Recipe, Style};
use crate::toolchain::LLVM;

/// What the recipe's own preparation and the build find in their environment beside what every build has.
pub fn environment(make: &Make) -> String {
    format!(
        "export CFLAGS={cflags} CXXFLAGS={cflags} LD=ld.lld-{LLVM} CC_FOR_BUILD=clang-{LLVM} BUILD_CC=clang-{LLVM}\n\
         export PKG_CONFIG='pkgconf --static' PKG_CONFIG_SYSROOT_DIR=$SYSROOT\n\
         export PKG_CONFIG_LIBDIR=$SYSROOT/usr/lib/pkgconfig:$SYSROOT/usr/share/pkgconfig\n",
        cflags = quote(&make.cflags),
    )
}

/// Configures and builds.
pub fn build(recipe: &Recipe, make: &Make) -> String {
    let mut text = String::new();
    if recipe.style == Style::Autotools {
        // Always as for another computer: a build must not ask the one that it runs on.
        text.push_str(&format!(
            "./configure --build=\"$(clang-{LLVM} -dumpmachine)\" --host=\"$TRIPLE\" --prefix=/usr --sysconfdir=/etc \
             --localstatedir=/var --enable-static --disable-shared --disable-nls \
             --disable-dependency-tracking{}\n",
            words(&make.configure)
        ));
    }
    let all = [&make.words[..], &make.build[..]].concat();
    text.push_str(&format!("make -j\"$JOBS\"{}\n", words(&all)));
    text
}

/// Installs, without what only libtool reads and an index of manuals that every package would have.
pub fn install(make: &Make) -> String {
    let mut text = String::new();
    if !make.install.is_empty() {
        let all = [&make.words[..], &make.install[..]].concat();
        text.push_str(&format!("make DESTDIR=\"$DESTDIR\"{}\n", words(&all)));
    }
    text.push_str(
        "find \"$DESTDIR\" -name '*.la' -delete\nrm -f \"$DESTDIR\"/usr/share/info/dir\n",
    );
    text
}

/// Words of a command line, each after a space.
fn words(words: &[String]) -> String {
    words
        .iter()
        .map(|word| format!(" {}", quote(word)))
        .collect()
}

/// A word as the shell reads it back, with its variables (`$TRIPLE`) given their values.
fn quote(word: &str) -> String {
    let mut text = String::from("\"");
    for character in word.chars() {
        if "\"\\`".contains(character) {
            text.push('\\');
        }
        text.push(character);
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn words_come_back_from_the_shell_with_variables_given() {
        let all = ["CFLAGS=-Os -g", "A=$NAME", "it's \"x\" `y` \\"].map(String::from);
        let output = Command::new("sh")
            .args(["-c", &format!("printf '%s\\n'{}", words(&all))])
            .env("NAME", "value")
            .output()
            .unwrap();
        assert_eq!(
            String::from_utf8(output.stdout).unwrap(),
            "CFLAGS=-Os -g\nA=value\nit's \"x\" `y` \\\n"
        );
    }

    #[test]
    fn only_autotools_configures() {
        let text = |style: &str| {
            let dir = tempfile::tempdir().unwrap();
            let folder = dir.path().join("hello");
            std::fs::create_dir(&folder).unwrap();
            let text = format!(
                "name = \"hello\"\nsummary = \"s\"\nlicense = \"MIT\"\nlicense-files = [\"COPYING\"]\n\
                 source = \"hello\"\nstyle = \"{style}\"\n[make]\nwords = [\"A=1\"]\nbuild = [\"all\"]\n\
                 [script]\nprepare = \"first\"\n"
            );
            std::fs::write(folder.join("recipe.toml"), text).unwrap();
            crate::style::script(
                &Recipe::read(&folder).unwrap(),
                alpenglow_builder::Arch::X86_64,
            )
        };
        let autotools = text("autotools");
        let order = [
            "export CFLAGS=\"-O2\"",
            "\nfirst\n",
            "\n./configure ",
            "\nmake -j\"$JOBS\" \"A=1\" \"all\"\n",
            "\nmake DESTDIR=\"$DESTDIR\" \"A=1\" \"install\"\n",
            "/usr/share/licenses/hello/",
        ];
        let places: Vec<_> = order.iter().map(|part| autotools.find(part)).collect();
        assert!(
            places.iter().all(Option::is_some) && places.is_sorted(),
            "{places:?}: {autotools}"
        );
        assert!(!text("make").contains("./configure"));
    }
}
