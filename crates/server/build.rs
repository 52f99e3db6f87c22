//! The apps are embedded: a new build of them is a new program, also when there was none before.

fn main() {
    for app in ["shop", "console"] {
        let folder = format!("../../web/apps/{app}/dist");
        // Cargo looks at a missing folder on every build, and at the files of one that is there.
        emit(&format!("cargo::rerun-if-changed={folder}"));
    }
}

/// Tells cargo, by the only way there is: standard output.
fn emit(line: &str) {
    use std::io::Write;
    writeln!(std::io::stdout().lock(), "{line}").unwrap_or(());
}
