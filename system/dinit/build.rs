//! Hands the order of the code to the linker, for the system's own target. The program is to lie on a boundary of 64 KiB,
//! the piece in which the kernel maps a file's pages around one that is touched: then the same pages are mapped each time.

fn main() {
    println!("cargo::rerun-if-changed=layout.ld");
    let var = |name| std::env::var(name).unwrap_or_default();
    if var("CARGO_CFG_TARGET_ENV") == "musl" {
        let folder = var("CARGO_MANIFEST_DIR");
        println!("cargo::rustc-link-arg-bins=-T{folder}/layout.ld");
        println!("cargo::rustc-link-arg-bins=-zmax-page-size=65536");
    }
}
