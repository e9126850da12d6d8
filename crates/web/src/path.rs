use std::path::{Path, PathBuf};

/// The file that a relative path from outside names below `root`.
///
/// `None` when the path could lead elsewhere or names what is nobody's business: an empty or
/// absolute path, `.`, `..`, a file or directory whose name starts with a dot, a backslash, a
/// drive letter, a control character.
pub(crate) fn below(root: &Path, path: &str) -> Option<PathBuf> {
    path.split('/').all(is_plain_name).then(|| root.join(path))
}

fn is_plain_name(segment: &str) -> bool {
    !segment.is_empty()
        && !segment.starts_with('.')
        && !segment.contains(|c: char| c.is_control() || matches!(c, '\\' | ':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_path_stays_below_the_root() {
        let root = Path::new("/srv/static");
        let file = below(root, "img/logo.png");
        assert_eq!(file.as_deref(), Some(Path::new("/srv/static/img/logo.png")));
    }

    #[test]
    fn a_path_that_leads_elsewhere_is_refused() {
        for path in [
            "",
            "/etc/passwd",
            "..",
            "../secret",
            "img/../../secret",
            "img/..",
            "./logo.png",
            "img//logo.png",
            "img/",
            ".git/config",
            "img/.htaccess",
            "..\\secret",
            "img\\..\\secret",
            "C:/secret",
            "logo.png\0.txt",
            "logo\n.png",
        ] {
            assert_eq!(below(Path::new("/srv/static"), path), None, "{path:?}");
        }
    }
}
