//! The build script of the programs: gives the linker what a program without a C library needs, and nothing for the
//! host's tests.

fn main() {
    let var = |name| std::env::var(name).unwrap_or_default();
    println!("cargo:rerun-if-changed=../bare/bare.ld");
    println!("cargo:rerun-if-changed=../bare/link.rs");
    // The host's own target is built for `cargo test` alone.
    if var("TARGET") == var("HOST") {
        return;
    }
    let script = format!("{}/../bare/bare.ld", var("CARGO_MANIFEST_DIR"));
    for arg in [
        "-nostdlib",
        "-pie",
        "--no-dynamic-linker",
        "--build-id=none",
        "--gc-sections",
        "--icf=all",
        "-O2",
        "-znorelro",
        "-znosectionheader",
        "-n",
    ] {
        println!("cargo:rustc-link-arg-bins={arg}");
    }
    println!("cargo:rustc-link-arg-bins=-T{script}");
}
