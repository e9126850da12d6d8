//! The frozen Python of `python/` is part of this crate's source; cargo does not see that by itself.
fn main() {
    println!("cargo:rerun-if-changed=python");
}
