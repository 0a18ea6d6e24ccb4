//! The linker of a program that is several by name (`[cargo] apart`): it lays the code of each apart, so that one that runs has
//! little more in memory than is its own (docs/decisions/0019-one-program.md).

use super::cargo::OBJECT;
use crate::toolchain::LLVM;

/// Where it stands in the sandbox.
pub const LINKER: &str = "/build/object/link";

/// What it does, but for its head: which linker it calls, and what the parts are.
const BODY: &str = include_str!("apart.sh");

/// Writes it, for a program whose parts start in these functions: "netd::program::main".
pub fn linker(functions: &[String]) -> String {
    let names: Vec<String> = functions.iter().map(|path| mangled(path)).collect();
    format!(
        "mkdir -p {OBJECT}\n\
         cat > {LINKER} <<'END'\n\
         #!/bin/sh\n\
         linker() {{ ld.lld-{LLVM} \"$@\"; }}\n\
         parts='{}'\n\
         {BODY}END\n\
         chmod 755 {LINKER}\n",
        names.join(" ")
    )
}

/// How the name of a function ends that is not generic: each part of its path, behind its length (symbol mangling v0).
fn mangled(path: &str) -> String {
    let parts = path.split("::");
    parts.map(|part| format!("{}{part}", part.len())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn names_are_mangled() {
        assert_eq!(mangled("netd::program::main"), "4netd7program4main");
        assert_eq!(mangled("logd::ctl::main"), "4logd3ctl4main");
    }

    /// A linker that keeps of a program what an entry leads to stands in for the real one: what the script makes of the maps is tried here.
    /// That every part is found each build checks itself, and what comes of it `bench netd` measures.
    #[test]
    fn what_parts_have_alone_and_in_common_is_put_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let object = dir.path().to_str().unwrap();
        let stand_in = r#"linker() {
            entry= map= order=
            for word; do case $word in
                -Map=*) map=${word#-Map=} ;;
                --symbol-ordering-file=*) order=${word#*=} ;;
                _RNv*) entry=$word ;;
            esac; done
            [ -z "$order" ] || { cp "$order" HERE/order; return; }
            keeps() { for name; do echo "1 1 1 1 a.rcgu.o:(.text.$name)"; done; echo "1 1 1 1 libc.a(poll.lo):(.text.poll)"; }
            case $entry in
                *3two1f) keeps "$entry" both of_two unlikely.rare same_b ;;
                *3one1f) keeps "$entry" of_one both same_a ;;
                *) keeps _RNvCs1_3one1f _RNvCs2_3two1f of_one of_two both unlikely.rare same_a
                   echo "selected section a.rcgu.o:(.text.same_a)"
                   echo "  removing identical section a.rcgu.o:(.text.same_b)" ;;
            esac >"$map"
            [ -n "$entry" ] || grep identical -B 1 "$map" || :
        }"#;
        let script = linker(&["one::f".into(), "two::f".into()]);
        let (_, script) = script.split_once("<<'END'\n").unwrap();
        let script = script.split_once("\nEND\n").unwrap().0;
        let head = format!("linker() {{ ld.lld-{LLVM} \"$@\"; }}");
        assert!(script.contains(&head));
        let script = script
            .replace(&head, &stand_in.replace("HERE", object))
            .replace("/build/object", object);
        let output = Command::new("sh").args(["-c", &script]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        let order = std::fs::read_to_string(dir.path().join("order")).unwrap();
        let order: Vec<&str> = order.lines().collect();
        assert_eq!(
            order,
            [
                "_RNvCs2_3two1f",
                "of_two",
                "rare",
                "_RNvCs1_3one1f",
                "of_one",
                "both",
                "same_a"
            ]
        );
    }
}
