//! `meta0 plan waves`.

use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use meta0::{Partial, Plan, PrefixMapping};
use tempfile::Builder;

use super::{read, unsaid};
use crate::args::WavesArgs;
use crate::failure::Failure;
use crate::report::say;

/// Writes what meta0 is to merge for each wave, and what undoes it: all files, or none.
pub(super) fn run(args: &WavesArgs) -> Result<ExitCode, Failure> {
    let (plan, before) = read(&args.file, &args.mapping)?;
    let dir = &args.dir;
    let cant_write =
        |error| Failure::because(format_args!("can't write {}", dir.display()), &error);
    refuse_used(dir)?;
    let parent = match dir.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    if !parent.is_dir() {
        let problem = format!("there is no folder {}", parent.display());
        return Err(Failure::new(format!("can't write {}: {problem}", dir.display())));
    }
    let beside = folder_beside(parent).map_err(cant_write)?;
    let mut notes = String::new();
    write(&plan, &before, beside.path(), &mut notes)?;
    let report =
        format!("{plan}\n{notes}{} files written to {}\n", 2 * plan.waves().len(), dir.display());
    say(&report, false)?;
    // An empty folder in its place is replaced.
    fs::rename(beside.path(), dir).map_err(cant_write)?;
    let _ = beside.keep();
    Ok(ExitCode::SUCCESS)
}

/// Refuses a file, and a folder that has something in it.
fn refuse_used(dir: &Path) -> Result<(), Failure> {
    let is_empty = fs::read_dir(dir).map(|mut entries| entries.next().is_none());
    let problem = match is_empty {
        Ok(false) => "is not empty",
        Err(_) if dir.exists() => "is no folder that can be read",
        Ok(true) | Err(_) => return Ok(()),
    };
    Err(Failure::new(format!("{} {problem}", dir.display()))
        .hint("give --dir a folder that is not there yet, so that no older wave stays in it"))
}

/// A folder that others may read as the umask lets them.
fn folder_beside(parent: &Path) -> io::Result<tempfile::TempDir> {
    let mut builder = Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o777));
    }
    builder.prefix(".meta0-").tempdir_in(parent)
}

fn write(
    plan: &Plan,
    before: &PrefixMapping,
    dir: &Path,
    notes: &mut String,
) -> Result<(), Failure> {
    let misfit = |error| Failure::unmet("the plan does not fit the mapping", &error);
    for (number, wave) in plan.wave_partials(before).map_err(misfit)?.enumerate() {
        let name = format!("wave-{:04}", number + 1);
        let files = [
            (format!("{name}.json"), &wave.forward),
            (format!("{name}.rollback.json"), &wave.rollback),
        ];
        for (file, partial) in files {
            write_file(&dir.join(&file), partial)?;
            let note = unsaid(partial.unsaid());
            if !note.is_empty() {
                *notes += &file;
                *notes += ": ";
                *notes += &note;
            }
        }
    }
    Ok(())
}

fn write_file(path: &Path, partial: &Partial) -> Result<(), Failure> {
    fs::write(path, partial.json().unwrap_or("{}\n"))
        .map_err(|error| Failure::because(format_args!("can't write {}", path.display()), &error))
}
