//! The frozen Python of `python/` is part of this crate's source; cargo does not see that by itself.

use std::{env, fs, path::Path};

fn main() {
    println!("cargo:rerun-if-changed=python");
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo says where the crate is");
    let target = env::var("OUT_DIR").expect("cargo says where to write");
    let list = format!("&[\n{}]\n", sources(&Path::new(&root).join("python")));
    fs::write(Path::new(&target).join("python_sources.rs"), list)
        .expect("the output directory is writable");
}

/// An `include_str!` for each file, which is how `classes.rs` learns what the files register.
fn sources(folder: &Path) -> String {
    let entries = fs::read_dir(folder).expect("the folder of the frozen Python");
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .collect();
    files.sort();
    let lines = files
        .iter()
        .map(|path| format!("include_str!({path:?}),\n"));
    lines.collect()
}
