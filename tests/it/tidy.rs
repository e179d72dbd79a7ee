//! What the texts of the repository say of each other, and of the code.

use itertools::Itertools;
use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The blocks of a language in a Markdown text.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("\n```{language}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// The commands of a shell script, one a line.
fn commands(script: &str) -> Vec<String> {
    let script = script.replace("\\\n", " ");
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    script.lines().map(words).filter(|line| !line.is_empty()).collect()
}

/// The README's two that CI runs: the main job, and the tests.
fn readme_commands() -> [String; 2] {
    let readme = read("README.md");
    let commands: Vec<_> = blocks(&readme, "sh").into_iter().flat_map(commands).collect();
    commands.try_into().expect("two commands do it all")
}

/// A value of Cargo.toml's own package, which comes first there.
fn manifest(key: &str) -> String {
    let manifest = read("Cargo.toml");
    let value = manifest.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \""));
    value.unwrap().trim_end_matches('"').to_owned()
}

#[test]
fn the_changelog_has_the_version_once() {
    let heading = format!("## {}, ", manifest("version"));
    let changelog = read("CHANGELOG.md");
    assert_eq!(changelog.lines().filter(|line| line.starts_with(&heading)).count(), 1);
}

#[test]
fn the_texts_name_the_least_rust() {
    let least = manifest("rust-version");
    assert!(read("README.md").contains(&format!("Rust {least} or later")));
    assert!(read("CHANGELOG.md").contains(&format!("least Rust is {least}")));
}

#[test]
fn ci_runs_the_commands_of_the_readme() {
    let script = commands(&read(".ci/run"));
    for command in readme_commands() {
        assert!(script.contains(&command), "{command}");
    }
    assert_eq!(script.last(), Some(&readme_commands()[1]));
}

#[test]
fn the_readme_is_short_and_its_example_is_that_of_the_crate() {
    let readme = read("README.md");
    assert!(readme.lines().count() < 120);
    let [example] = blocks(&readme, "rust")[..] else { panic!("one example") };
    let docs = read("src/lib.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("//!"))
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .join("\n");
    assert!(docs.contains(&format!("```\n{example}```\n")));
}

#[test]
fn the_paths_that_the_texts_name_are_there() {
    let is_path = |word: &&str| {
        let folders = ["src/", "tests/", "benches/", "fixtures/", ".ci/"];
        folders.iter().any(|folder| word.starts_with(folder)) && !word.contains(' ')
    };
    for text in ["README.md", "DESIGN.md", "CHANGELOG.md", "fixtures/README.md"] {
        let content = read(text);
        for path in content.split('`').skip(1).step_by(2).filter(is_path) {
            assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(path).exists(), "{text}: {path}");
        }
    }
}

#[test]
fn the_module_map_names_every_room() {
    let design = read("DESIGN.md");
    for (folder, prefix) in [("src", "src/"), ("src/planner", "")] {
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
            let entry = entry.unwrap();
            let slash = if entry.file_type().unwrap().is_dir() { "/" } else { "" };
            let room = format!("`{prefix}{}{slash}", entry.file_name().display());
            assert!(design.contains(&room), "{room}");
        }
    }
}

#[test]
fn the_guide_has_every_chapter() {
    let guide = read("src/guide/mod.rs");
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/guide")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let is_named = guide.contains(&format!("include_str!(\"{name}\")"));
        assert!(name == "mod.rs" || is_named, "{name}");
    }
}

#[cfg(feature = "cli")]
#[test]
fn the_readme_shows_what_its_commands_print() {
    let (readme, folder) = (read("README.md"), tempfile::tempdir().unwrap());
    let [command, _] = readme_commands();
    let command = command.split(" -- ").nth(1).unwrap();
    let [shown] = blocks(&readme, "text")[..] else { panic!("one output") };
    assert_prints(folder.path(), command, shown);
    let plan = "--plan plan.json";
    assert!(readme.contains(&format!("With `{plan}`, the program writes the plan")));
    print_of(folder.path(), &format!("{command} {plan}"));
    for example in blocks(&readme, "console") {
        let example = example.replace("\\\n", " ");
        for example in example.strip_prefix("$ meta0 ").unwrap().split("\n$ meta0 ") {
            let (command, shown) = example.split_once('\n').unwrap();
            assert_prints(folder.path(), command, shown);
        }
    }
}

#[cfg(feature = "cli")]
#[track_caller]
fn assert_prints(folder: &Path, arguments: &str, shown: &str) {
    let printed = print_of(folder, arguments);
    assert!(printed.trim_end() == shown.trim_end(), "README.md is to show:\n{printed}");
}

/// Runs the program in a folder, and returns all that it prints: its report, or why
/// there is none.
#[cfg(feature = "cli")]
fn print_of(folder: &Path, arguments: &str) -> String {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/");
    let paths = |word: &str| word.replace("fixtures/", fixtures.to_str().unwrap());
    let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_meta0"))
        .current_dir(folder)
        .args(arguments.split_whitespace().map(paths))
        .output()
        .unwrap();
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}
