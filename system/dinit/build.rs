//! Hands the order of the code to the linker, for the system's own target.

fn main() {
    println!("cargo::rerun-if-changed=layout.ld");
    let var = |name| std::env::var(name).unwrap_or_default();
    if var("CARGO_CFG_TARGET_ENV") == "musl" {
        let folder = var("CARGO_MANIFEST_DIR");
        println!("cargo::rustc-link-arg-bins=-T{folder}/layout.ld");
    }
}
