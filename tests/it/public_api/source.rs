//! The source as syntax trees, and which of its items `src/lib.rs` exports.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::{Item, ItemImpl, UseTree};

use super::item::{
    Impl, attributes_of, has_cfg_test, has_example, header_of, is_public, members_of, name_of, text,
};

/// The files of the library, by path.
#[derive(Default)]
pub(super) struct Source {
    root: PathBuf,
    files: BTreeMap<PathBuf, Vec<Item>>,
}

impl Source {
    /// All of a folder but the program.
    pub(super) fn read(root: &Path) -> Self {
        let mut source = Self { root: root.to_owned(), ..Self::default() };
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if entry.is_dir() && !entry.ends_with("bin") {
                    folders.push(entry);
                } else if entry.extension().is_some_and(|extension| extension == "rs") {
                    let file = syn::parse_file(&fs::read_to_string(&entry).unwrap()).unwrap();
                    source.files.insert(entry, file.items);
                }
            }
        }
        source
    }

    /// Every public item, ascending by name, with all that is public of it below.
    pub(super) fn listing(&self) -> String {
        let public = self.exports();
        let ours: BTreeSet<_> = self.files.values().flatten().filter_map(name_of).collect();
        let hidden: BTreeSet<_> =
            ours.iter().filter(|name| !public.contains_key(*name)).cloned().collect();
        let item = |(name, path): (&String, &PathBuf)| {
            let item = self.item(name, path);
            let mut below: BTreeSet<String> = BTreeSet::new();
            for block in self.impls_of(name, path, &ours) {
                below.extend(Impl(block).lines(name, &hidden));
            }
            let (fields, derived) = members_of(item);
            below.extend(derived);
            let below = fields.into_iter().chain(below).map(|line| format!("    {line}\n"));
            format!("{}\n{}", header_of(item), below.collect::<String>())
        };
        public.iter().map(item).collect::<Vec<_>>().join("\n")
    }

    /// What a newcomer meets and finds no example of: a type or a function that is
    /// exported, or a function that makes something of a mapping, a plan or a topology.
    /// What an error says is in its message.
    pub(super) fn without_example(&self) -> Vec<String> {
        let exports = self.exports();
        let ours = exports.keys().cloned().collect();
        let mut lacking = Vec::new();
        for (name, path) in exports.iter().filter(|(name, _)| !name.ends_with("Error")) {
            let item = self.item(name, path);
            if !matches!(item, Item::Const(_)) && !has_example(attributes_of(item)) {
                lacking.push(name.clone());
            }
            if ["PrefixMapping", "Plan", "Topology"].contains(&name.as_str()) {
                let blocks = self.impls_of(name, path, &ours);
                let operations = blocks.flat_map(|block| Impl(block).operations());
                let operations = operations.filter(|operation| !has_example(&operation.attrs));
                lacking.extend(operations.map(|it| format!("{name}::{}", it.sig.ident)));
            }
        }
        lacking
    }

    fn item(&self, name: &str, path: &Path) -> &Item {
        let mut items = self.files[path].iter();
        items.find(|item| name_of(item).as_deref() == Some(name)).expect("it was found there")
    }

    /// The blocks that are about an item: those that name it, in files where the name
    /// is nothing else's.
    fn impls_of<'a>(
        &'a self,
        name: &'a str,
        path: &'a Path,
        ours: &'a BTreeSet<String>,
    ) -> impl Iterator<Item = &'a ItemImpl> {
        let is_its_own =
            move |items: &[Item]| items.iter().all(|i| name_of(i).as_deref() != Some(name));
        let files =
            self.files.iter().filter(move |(file, items)| *file == path || is_its_own(items));
        let items = files.flat_map(|(_, items)| items);
        let blocks = items.filter_map(|item| match item {
            Item::Impl(block) if !has_cfg_test(&block.attrs) => Some(block),
            _ => None,
        });
        blocks.filter(move |block| Impl(block).is_about(name, ours))
    }

    /// The names that `src/lib.rs` exports, each with the file that has its item. It has
    /// none of its own but the guide, which is text.
    fn exports(&self) -> BTreeMap<String, PathBuf> {
        let mut exports = BTreeMap::new();
        for item in &self.files[&self.root.join("lib.rs")] {
            let Item::Use(used) = item else {
                let is_text = matches!(item, Item::Mod(module) if module.ident == "guide");
                assert!(is_text || !text(item).contains("pub "), "{}", text(item));
                continue;
            };
            for path in paths(&used.tree).into_iter().filter(|_| is_public(&used.vis)) {
                let (name, modules) = path.split_last().expect("a path has a name");
                exports.insert(name.clone(), self.find(&self.root, modules, name));
            }
        }
        exports
    }

    /// The file that has the item of a name, which a module below a folder has or
    /// exports in turn.
    fn find(&self, folder: &Path, modules: &[String], name: &str) -> PathBuf {
        let folder = modules.iter().fold(folder.to_owned(), |path, module| path.join(module));
        let path = [folder.with_extension("rs"), folder.join("mod.rs")];
        let path = path.into_iter().find(|path| self.files.contains_key(path)).unwrap();
        let items = &self.files[&path];
        if items.iter().any(|item| name_of(item).as_deref() == Some(name)) {
            return path;
        }
        let used = items.iter().filter_map(|item| match item {
            Item::Use(used) => Some(paths(&used.tree)),
            _ => None,
        });
        let exported = used.flatten().find(|path| path.last().is_some_and(|last| last == name));
        let exported = exported.unwrap_or_else(|| panic!("{name} is not in {}", path.display()));
        self.find(&folder, &exported[..exported.len() - 1], name)
    }
}

/// The paths that a `use` brings, each as its words.
fn paths(tree: &UseTree) -> Vec<Vec<String>> {
    match tree {
        UseTree::Path(path) => {
            let mut paths = paths(&path.tree);
            for words in &mut paths {
                words.insert(0, path.ident.to_string());
            }
            paths
        }
        UseTree::Name(name) => vec![vec![name.ident.to_string()]],
        UseTree::Group(group) => group.items.iter().flat_map(paths).collect(),
        // No item has such a name, so that an export of that kind is refused.
        UseTree::Rename(name) => vec![vec![format!("{} as {}", name.ident, name.rename)]],
        UseTree::Glob(_) => vec![vec!["*".to_owned()]],
    }
}
