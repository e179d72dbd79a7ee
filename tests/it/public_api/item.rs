//! What is public of an item, in lines.

use std::collections::BTreeSet;

use syn::spanned::Spanned;
use syn::{Attribute, Fields, ImplItem, ImplItemFn, Item, ItemImpl, Type, Visibility};

pub(super) const fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

pub(super) fn has_cfg_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| text(attribute) == "#[cfg(test)]")
}

/// The name of a type, a trait or a function.
pub(super) fn name_of(item: &Item) -> Option<String> {
    match item {
        Item::Struct(item) => Some(item.ident.to_string()),
        Item::Enum(item) => Some(item.ident.to_string()),
        Item::Type(item) => Some(item.ident.to_string()),
        Item::Trait(item) => Some(item.ident.to_string()),
        Item::Const(item) => Some(item.ident.to_string()),
        Item::Fn(item) => Some(item.sig.ident.to_string()),
        _ => None,
    }
}

/// Its first line.
pub(super) fn header_of(item: &Item) -> String {
    match item {
        Item::Struct(item) => {
            let generics = text(&item.generics);
            format!("{}struct {}{generics}", openness(&item.attrs), item.ident)
        }
        Item::Enum(item) => {
            let generics = text(&item.generics);
            format!("{}enum {}{generics}", openness(&item.attrs), item.ident)
        }
        Item::Const(item) => format!("const {}: {}", item.ident, text(&item.ty)),
        Item::Fn(item) => text(&item.sig),
        _ => unreachable!("no item of another kind is exported"),
    }
}

fn openness(attributes: &[Attribute]) -> &'static str {
    let is_open = attributes.iter().any(|attribute| text(attribute) == "#[non_exhaustive]");
    if is_open { "#[non_exhaustive] " } else { "" }
}

/// Its public fields or its variants, in their order; and the traits that it derives.
pub(super) fn members_of(item: &Item) -> (Vec<String>, Vec<String>) {
    match item {
        Item::Struct(item) => {
            let (public, private): (Vec<_>, Vec<_>) =
                item.fields.iter().partition(|field| is_public(&field.vis));
            let mut fields: Vec<_> =
                public.into_iter().map(|shown| format!("pub {}", field(shown))).collect();
            if !private.is_empty() {
                fields.push("..".to_owned());
            }
            (fields, derived(&item.attrs))
        }
        Item::Enum(item) => {
            let variants = item.variants.iter().map(|variant| {
                let fields = variant.fields.iter().map(field).collect::<Vec<_>>().join(", ");
                let fields = match &variant.fields {
                    Fields::Named(_) => format!(" {{ {fields} }}"),
                    Fields::Unnamed(_) => format!("({fields})"),
                    Fields::Unit => fields,
                };
                format!("{}{}{fields}", openness(&variant.attrs), variant.ident)
            });
            (variants.collect(), derived(&item.attrs))
        }
        _ => (Vec::new(), Vec::new()),
    }
}

fn field(field: &syn::Field) -> String {
    match &field.ident {
        Some(name) => format!("{name}: {}", text(&field.ty)),
        None => text(&field.ty),
    }
}

fn derived(attributes: &[Attribute]) -> Vec<String> {
    let derives = attributes.iter().filter(|attribute| attribute.path().is_ident("derive"));
    let lists = derives.map(|attribute| text(&attribute.meta.require_list().unwrap().tokens));
    let traits = lists.flat_map(|list| list.split(", ").map(str::to_owned).collect::<Vec<_>>());
    traits.map(|name| format!("impl {name}")).collect()
}

/// A block of functions, or of a trait.
#[derive(Clone, Copy)]
pub(super) struct Impl<'a>(pub(super) &'a ItemImpl);

impl<'a> Impl<'a> {
    /// Whether it is of a type, or of a trait that names it, for a type of another crate.
    pub(super) fn is_about(self, name: &str, ours: &BTreeSet<String>) -> bool {
        match subject(&self.0.self_ty) {
            Some(subject) if ours.contains(&subject) => subject == name,
            _ => self.trait_words().contains(name),
        }
    }

    /// Its public functions that make something new, or may refuse.
    pub(super) fn operations(self) -> impl Iterator<Item = &'a ImplItemFn> {
        let functions = self.0.items.iter().filter_map(|item| match item {
            ImplItem::Fn(function) if is_public(&function.vis) => Some(function),
            _ => None,
        });
        functions.filter(|function| {
            let output = text(&function.sig.output);
            output.contains("Self") || output.contains("Result<")
        })
    }

    /// The words of its trait, such as `From` and `Digits`.
    fn trait_words(self) -> BTreeSet<String> {
        let path = self.0.trait_.as_ref().map_or_else(String::new, |(path, _)| text(path));
        let is_in_word = |letter: char| letter.is_alphanumeric() || letter == '_';
        path.split(|letter| !is_in_word(letter)).map(str::to_owned).collect()
    }

    /// Its lines: the public functions, or the trait with its types. A trait that names
    /// what is hidden is nobody's business.
    pub(super) fn lines(self, name: &str, hidden: &BTreeSet<String>) -> Vec<String> {
        let Some((trait_, _)) = &self.0.trait_ else {
            return self.0.items.iter().filter_map(public_line).collect();
        };
        if !self.trait_words().is_disjoint(hidden) {
            return Vec::new();
        }
        let of = match &*self.0.self_ty {
            Type::Reference(_) => format!(" for &{name}"),
            of if subject(of).as_deref() != Some(name) => format!(" for {}", text(of)),
            _ => String::new(),
        };
        let types = self.0.items.iter().filter_map(|item| match item {
            ImplItem::Type(item) => Some(format!("{} = {}", item.ident, text(&item.ty))),
            _ => None,
        });
        let types: Vec<_> = types.collect();
        let types =
            if types.is_empty() { String::new() } else { format!(" {{ {} }}", types.join(", ")) };
        vec![format!("impl {}{of}{types}", without_lifetimes(trait_))]
    }
}

fn public_line(item: &ImplItem) -> Option<String> {
    match item {
        ImplItem::Fn(item) if is_public(&item.vis) => Some(format!("pub {}", text(&item.sig))),
        ImplItem::Const(item) if is_public(&item.vis) => {
            Some(format!("pub const {}: {}", item.ident, text(&item.ty)))
        }
        _ => None,
    }
}

/// The type that a block is of, through references.
fn subject(of: &Type) -> Option<String> {
    match of {
        Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
        Type::Reference(reference) => subject(&reference.elem),
        _ => None,
    }
}

/// A trait as it is derived: its last word, with its types and without lifetimes.
fn without_lifetimes(path: &syn::Path) -> String {
    let last = path.segments.last().expect("a path has a word");
    let arguments = text(&last.arguments);
    if arguments.starts_with("<'") { last.ident.to_string() } else { text(last) }
}

/// The source of a node, in one line, without what is nobody's business: a trailing
/// comma, or that an argument is changed inside.
pub(super) fn text(node: &impl Spanned) -> String {
    let source = node.span().source_text().unwrap_or_default();
    let line = source.split_whitespace().collect::<Vec<_>>().join(" ");
    let rewritten = [("( ", "("), (", )", ")"), ("< ", "<"), (", >", ">")];
    let inside = [("(mut ", "("), (", mut ", ", ")];
    let rewrites = rewritten.into_iter().chain(inside);
    let line = rewrites.fold(line, |line, (from, to)| line.replace(from, to));
    line.trim_end_matches(',').to_owned()
}

/// Whether the documentation of an item has an example, or says where there is one.
pub(super) fn has_example(attributes: &[Attribute]) -> bool {
    let docs = attributes.iter().filter(|attribute| attribute.path().is_ident("doc"));
    let docs = docs.map(|line| text(line).trim_start_matches('/').to_owned()).collect::<String>();
    docs.contains("# Examples") || docs.contains("has an example")
}

pub(super) fn attributes_of(item: &Item) -> &[Attribute] {
    match item {
        Item::Struct(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        _ => &[],
    }
}
