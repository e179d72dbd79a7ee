//! Files and streams: whole or untouched.

use std::fs;
use std::process::Stdio;

use super::{THREE, answer, complaint, folder_with, meta0, names_in};
use crate::fixtures::fixture;

const BOOTSTRAP: &str = "bootstrap --services - --digits 1 --replicas 2 --min-dist 3";

#[test]
fn without_an_output_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let report = answer(meta0(BOOTSTRAP).write_stdin(THREE).current_dir(&folder), 0);
    assert!(report.contains("\nnothing written: --output FILE writes the mapping\n"), "{report}");
    assert_eq!(names_in(folder.path()), [""; 0]);
}

#[test]
fn a_file_and_standard_output_get_the_same_mapping() {
    let (folder, path) = folder_with("mapping.json", "old");
    let to_file = answer(
        meta0(&format!("{BOOTSTRAP} -o mapping.json")).write_stdin(THREE).current_dir(&folder),
        0,
    );
    assert!(to_file.contains("\nmapping written to mapping.json\n"), "{to_file}");
    assert_eq!(names_in(folder.path()), ["mapping.json"]);

    let to_stdout = meta0(&format!("{BOOTSTRAP} -o -")).write_stdin(THREE).output().unwrap();
    assert_eq!(to_stdout.stdout, fs::read(path).unwrap());
    let report = String::from_utf8(to_stdout.stderr).unwrap();
    let moved = to_file.replace("written to mapping.json", "written to standard output");
    assert_eq!(report, moved, "the report goes to standard error");
}

#[test]
fn a_seed_makes_the_mapping_and_nothing_else() {
    let bootstrap = |seed: u8| {
        let common = "bootstrap --services @services-96-with-ids.openio.json --digits 2 -o -";
        meta0(&format!("{common} --seed {seed}")).output().unwrap()
    };
    let (zero, one) = (bootstrap(0), bootstrap(1));
    assert_eq!(bootstrap(1).stdout, one.stdout);
    assert_ne!(zero.stdout, one.stdout);
    assert_eq!(zero.stderr, one.stderr);
}

#[test]
fn a_run_that_fails_leaves_the_file() {
    let (folder, path) = folder_with("mapping.json", "old");
    for (arguments, status) in [
        ("bootstrap --services - --min-dist 4 -o mapping.json", 1),
        ("bootstrap --services nowhere.json -o mapping.json", 2),
        ("bootstrap --services - --digits 7 -o mapping.json", 2),
    ] {
        complaint(meta0(arguments).write_stdin(THREE).current_dir(&folder), status);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old", "{arguments}");
        assert_eq!(names_in(folder.path()), ["mapping.json"], "{arguments}");
    }
}

#[test]
fn an_output_that_cant_be_written_is_named() {
    let (folder, _) = folder_with("file", "");
    for (path, wanted) in [
        ("nowhere/m.json", "error: can't write nowhere/m.json: there is no folder nowhere\n"),
        (".", "error: can't write .: Is a directory (os error 21)\n"),
    ] {
        let mut command = meta0(&format!("{BOOTSTRAP} -o {path}"));
        let text = complaint(command.write_stdin(THREE).current_dir(&folder), 2);
        assert_eq!(text, wanted);
    }
    assert_eq!(names_in(folder.path()), ["file"]);
}

#[test]
fn the_mapping_may_come_by_standard_input() {
    let mapping = fs::read(fixture("mapping-12-slices.digits2.json")).unwrap();
    let services = "--services @services-12.conscience.json --digits 2";
    let report = answer(meta0(&format!("check {services} --mapping -")).write_stdin(mapping), 0);
    assert!(report.starts_with("OK: "), "{report}");
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let services = fixture("services-12.conscience.json");
    for arguments in ["bootstrap -o - --services", "bootstrap --services"] {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_meta0"))
            .args(arguments.split(' '))
            .arg(&services)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && !stderr.contains("error"), "{arguments}: {stderr}");
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::{self, File};
    use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
    use std::path::Path;

    use super::{BOOTSTRAP, THREE, answer, folder_with, meta0, names_in};

    #[test]
    fn the_mapping_may_come_by_a_pipe_that_is_a_file() {
        let command = format!(
            "{} check --services {} --digits 2 --mapping <(cat {})",
            env!("CARGO_BIN_EXE_meta0"),
            super::fixture("services-12.conscience.json").display(),
            super::fixture("mapping-12-slices.digits2.json").display(),
        );
        let output = std::process::Command::new("bash").args(["-c", &command]).output().unwrap();
        let report = String::from_utf8(output.stdout).unwrap();
        assert!(report.starts_with("OK: "), "{report}");
    }

    fn bootstrap_to(path: &Path) {
        answer(meta0(&format!("{BOOTSTRAP} -o")).arg(path).write_stdin(THREE), 0);
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_new_file_has_the_permissions_of_any_other() {
        let (folder, ordinary) = folder_with("ordinary", "");
        let path = folder.path().join("mapping.json");
        bootstrap_to(&path);
        assert_eq!(mode(&path), mode(&ordinary));
    }

    #[test]
    fn an_old_file_keeps_its_permissions() {
        let (_folder, path) = folder_with("mapping.json", "");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        bootstrap_to(&path);
        assert_eq!(mode(&path), 0o640);
        assert!(fs::read_to_string(&path).unwrap().starts_with("{\n\"0000\":["));
    }

    #[test]
    fn a_link_stays_a_link() {
        let (folder, path) = folder_with("mapping.json", "old");
        let link = folder.path().join("link");
        symlink("mapping.json", &link).unwrap();
        bootstrap_to(&link);
        assert!(link.is_symlink());
        assert_ne!(fs::read_to_string(path).unwrap(), "old");
    }

    #[test]
    fn a_device_stays_a_device() {
        bootstrap_to(Path::new("/dev/null"));
        assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    }

    #[test]
    fn a_report_that_cant_be_written_fails_the_run() {
        let (folder, path) = folder_with("mapping.json", "old");
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_meta0"))
            .args(["bootstrap", "--services"])
            .arg(super::fixture("services-12.conscience.json"))
            .arg("-o")
            .arg(&path)
            .stdout(File::options().write(true).open("/dev/full").unwrap())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(
            String::from_utf8(output.stderr).unwrap(),
            "error: can't write standard output: No space left on device (os error 28)\n"
        );
        assert_eq!(fs::read_to_string(path).unwrap(), "old");
        assert_eq!(names_in(folder.path()), ["mapping.json"]);
    }
}
