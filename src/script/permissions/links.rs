//! Where a path leads.

use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};

/// Follows every link in the absolute `path`, as far as it exists; what does not exist yet stays as
/// written. A link that points to nothing counts as its target, since a write would go there.
///
/// # Errors
/// A folder that cannot be looked into, or links that go round in a circle.
pub(in crate::script) fn real_path(path: &Path) -> io::Result<PathBuf> {
    // As many as Linux follows before ELOOP.
    const LINKS: usize = 40;
    let mut real = PathBuf::new();
    let mut ahead: Vec<Step> = steps(path);
    let mut links = 0;
    while let Some(step) = ahead.pop() {
        match step {
            Step::Root(root) => real.push(root),
            Step::Up => {
                real.pop();
            }
            Step::Down(name) => {
                real.push(name);
                match std::fs::symlink_metadata(&real) {
                    Ok(found) if found.is_symlink() => {
                        links += 1;
                        if links > LINKS {
                            return Err(io::Error::other("too many links"));
                        }
                        let target = std::fs::read_link(&real)?;
                        real.pop();
                        ahead.extend(steps(&target));
                    }
                    Err(missing)
                        if !matches!(
                            missing.kind(),
                            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                        ) =>
                    {
                        return Err(missing);
                    }
                    _ => {}
                }
            }
        }
    }
    Ok(real)
}

enum Step {
    Root(OsString),
    Up,
    Down(OsString),
}

/// The parts of a path, the first one last.
fn steps(path: &Path) -> Vec<Step> {
    path.components()
        .rev()
        .filter_map(|part| match part {
            Component::Prefix(_) | Component::RootDir => Some(Step::Root(part.as_os_str().into())),
            Component::CurDir => None,
            Component::ParentDir => Some(Step::Up),
            Component::Normal(name) => Some(Step::Down(name.into())),
        })
        .collect()
}
