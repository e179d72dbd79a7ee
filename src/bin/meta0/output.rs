//! Files to write: whole, or not at all.
//!
//! A new content is written beside its file, and renamed over it when all else
//! of the run has gone well. What is no regular file (a pipe, a device) can't be
//! renamed over and is written at once.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf, absolute};

use tempfile::{Builder, NamedTempFile};

use crate::failure::Failure;

/// A file, or standard output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Output {
    Stdout,
    File(PathBuf),
}

impl From<OsString> for Output {
    fn from(path: OsString) -> Self {
        if path == "-" || path == "/dev/stdout" { Self::Stdout } else { Self::File(path.into()) }
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdout => f.write_str("standard output"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// A content that waits beside its file.
#[derive(Debug)]
#[must_use = "the file is written by `commit` alone"]
pub(crate) struct Staged(Option<(NamedTempFile, PathBuf)>);

impl Output {
    /// Whether one path leads to both, as far as their names tell.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File(one), Self::File(other)) => {
                one == other || absolute(one).ok() == absolute(other).ok()
            }
            _ => self == other,
        }
    }

    /// Writes a content where `commit` finds it.
    pub(crate) fn stage(
        &self,
        content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Staged, Failure> {
        let staged = match self {
            Self::Stdout => unless_gone(content(&mut io::stdout().lock())).map(|()| Staged(None)),
            Self::File(path) => stage_file(path, content),
        };
        staged.map_err(|error| cant_write(self, &error))
    }
}

impl Staged {
    /// Puts the content in its place.
    pub(crate) fn commit(self) -> Result<(), Failure> {
        let Some((file, path)) = self.0 else { return Ok(()) };
        file.persist(&path).map_err(|error| cant_write(path.display(), &error.error))?;
        Ok(())
    }
}

fn cant_write(what: impl fmt::Display, error: &io::Error) -> Failure {
    Failure::because(format_args!("can't write {what}"), error)
}

fn stage_file(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<Staged> {
    // A link stays a link: what it leads to is written.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let old = fs::metadata(&path).ok();
    if old.as_ref().is_some_and(|old| !old.is_file()) {
        let mut file = OpenOptions::new().write(true).open(&path)?;
        return unless_gone(content(&mut file)).map(|()| Staged(None));
    }
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        let message = format!("there is no folder {}", folder.display());
        return Err(io::Error::new(io::ErrorKind::NotFound, message));
    }
    let mut file = create_beside(folder)?;
    if let Some(old) = old {
        file.as_file().set_permissions(old.permissions())?;
    }
    content(&mut file as &mut NamedTempFile<File>)?;
    Ok(Staged(Some((file, path))))
}

/// A file that others may read as the umask lets them, as with any file made.
fn create_beside(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.prefix(".meta0-").tempfile_in(folder)
}

/// A reader that has read enough and gone is no failure.
pub(crate) fn unless_gone(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
