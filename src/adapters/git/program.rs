//! Which git is started.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// The first git in `PATH`, by its whole path; `git` where there is none.
///
/// A child with an environment of its own whose program is given by name is forked, with all of our memory, before it is
/// looked for. By its path it is spawned at once.
pub fn program() -> PathBuf {
    first_in(&std::env::var_os("PATH").unwrap_or_default()).unwrap_or_else(|| "git".into())
}

fn first_in(folders: &OsStr) -> Option<PathBuf> {
    let mut places = std::env::split_paths(folders).map(|folder| folder.join("git"));
    places.find(|path| path.is_absolute() && can_be_run(path))
}

fn can_be_run(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use super::*;

    #[test]
    fn the_first_git_that_can_be_run_is_found_by_its_whole_path() {
        let root = tempfile::tempdir().unwrap();
        let [none, text, folder, first, second] =
            ["none", "text", "folder", "first", "second"].map(|name| root.path().join(name));
        for place in [&none, &text, &first, &second] {
            fs::create_dir(place).unwrap();
        }
        fs::create_dir_all(folder.join("git")).unwrap();
        for (place, mode) in [(&text, 0o644), (&first, 0o755), (&second, 0o755)] {
            fs::write(place.join("git"), "").unwrap();
            fs::set_permissions(place.join("git"), Permissions::from_mode(mode)).unwrap();
        }
        let looked = |places: &[&Path]| first_in(&std::env::join_paths(places).unwrap());
        let relative = Path::new("bin");
        let found = looked(&[relative, &none, &text, &folder, &first, &second]);
        assert_eq!(found, Some(first.join("git")));
        assert_eq!(looked(&[relative, &none, &text, &folder]), None);
        assert_eq!(first_in(OsStr::new("")), None);
    }
}
