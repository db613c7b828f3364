//! The tree of products: branches, products on their own, groups, and relationships.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::Limits;
use crate::vex::cpe::Cpe;
use crate::vex::product::{Component, Name, Product, Versions};
use crate::vex::range::Range;

/// Products that may be parts of each other: a package of a module of a product of a release.
const DEPTH: usize = 4;

/// The components that an identifier means, by any of which it is known, and what they are parts
/// of.
type Resolved<'t> = (&'t [Arc<Component>], Vec<Arc<Component>>);

/// The tree, by identifiers of products.
pub struct Tree<'v> {
    products: BTreeMap<&'v str, Vec<Arc<Component>>>,
    /// What is a part of what.
    relations: BTreeMap<&'v str, (&'v str, &'v str)>,
    groups: BTreeMap<&'v str, Vec<&'v str>>,
}

impl<'v> Tree<'v> {
    /// Reads it. A product that cannot be known has no components.
    pub fn of(value: Option<&'v Value>, limits: &Limits) -> Tree<'v> {
        let mut tree = Tree {
            products: BTreeMap::new(),
            relations: BTreeMap::new(),
            groups: BTreeMap::new(),
        };
        let Some(value) = value else { return tree };
        let mut left: Vec<&Value> = list(value, "branches").collect();
        // The depth of a value is bounded by what reads it.
        while let Some(branch) = left.pop() {
            left.extend(list(branch, "branches"));
            if let Some(product) = branch.get("product") {
                tree.add(product, Some(branch), limits);
            }
        }
        for product in list(value, "full_product_names") {
            tree.add(product, None, limits);
        }
        for relation in list(value, "relationships") {
            let made = relation.get("full_product_name");
            let id = made.and_then(|made| text(made, "product_id"));
            let part = text(relation, "product_reference");
            let whole = text(relation, "relates_to_product_reference");
            if let (Some(id), Some(part), Some(whole)) = (id, part, whole) {
                tree.relations.insert(id, (part, whole));
            }
        }
        for group in list(value, "product_groups") {
            let ids = list(group, "product_ids").filter_map(Value::as_str);
            if let Some(id) = text(group, "group_id") {
                tree.groups.insert(id, ids.collect());
            }
        }
        tree
    }

    fn add(&mut self, product: &'v Value, branch: Option<&Value>, limits: &Limits) {
        if let Some(id) = text(product, "product_id") {
            let components = components(product, branch, limits);
            let components = components.into_iter().map(Arc::new);
            self.products.insert(id, components.collect());
        }
    }

    /// The products of a group.
    pub fn group(&self, id: &str) -> impl Iterator<Item = &'v str> + use<'v> {
        let ids = self.groups.get(id).cloned();
        ids.into_iter().flatten()
    }

    /// What an identifier means: a component, or what is a part of others. None where any of it
    /// cannot be known, since the rest would be more than was meant.
    pub fn products(&self, id: &str) -> Vec<Product> {
        let Some((leaf, wholes)) = self.resolve(id, DEPTH) else {
            return Vec::new();
        };
        let product = |component: &Arc<Component>| Product {
            component: Component::clone(component),
            within: wholes.clone(),
        };
        leaf.iter().map(product).collect()
    }

    /// The components that an identifier means, and what they are parts of.
    fn resolve(&self, id: &str, depth: usize) -> Option<Resolved<'_>> {
        if let Some((part, whole)) = self.relations.get(id) {
            let depth = depth.checked_sub(1)?;
            let (leaf, mut wholes) = self.resolve(part, depth)?;
            let (outer, rest) = self.resolve(whole, depth)?;
            // One of several names of a whole is enough.
            wholes.push(outer.first()?.clone());
            wholes.extend(rest);
            return Some((leaf, wholes));
        }
        let own = self.products.get(id).filter(|own| !own.is_empty());
        own.map(|own| (own.as_slice(), Vec::new()))
    }
}

/// What a product is known by: its package URLs, of which CSAF 2.1 has several; or its digest, or
/// its CPE.
fn components(product: &Value, branch: Option<&Value>, limits: &Limits) -> Vec<Component> {
    let Some(helper) = product.get("product_identification_helper") else {
        return Vec::new();
    };
    let several = list(helper, "purls").filter_map(Value::as_str);
    let purls = text(helper, "purl").into_iter().chain(several);
    let names: Vec<Name> = purls.filter_map(|purl| Name::of_purl(purl).ok()).collect();
    let digest = list(helper, "hashes")
        .flat_map(|file| list(file, "file_hashes"))
        .find_map(|hash| {
            let is_256 = text(hash, "algorithm")?.eq_ignore_ascii_case("sha256");
            is_256
                .then(|| Name::of_sha256(text(hash, "value")?))
                .flatten()
        });
    let cpe = text(helper, "cpe").and_then(Cpe::read);
    let mut found: Vec<Component> = names
        .into_iter()
        .filter_map(|name| Component::of(Some(name), digest.clone(), None))
        .collect();
    if found.is_empty() {
        found.extend(Component::of(None, digest, cpe));
    }
    let each = found.into_iter();
    each.filter_map(|component| of_version(component, branch, limits))
        .collect()
}

/// A component in the versions that its branch names, where its package URL says none. `None`
/// where they are a range that cannot be read.
fn of_version(component: Component, branch: Option<&Value>, limits: &Limits) -> Option<Component> {
    let Name::Package(purl) = &component.name else {
        return Some(component);
    };
    let word = |key: &str| branch.and_then(|branch| text(branch, key));
    let name = word("name").unwrap_or_default();
    if purl.version().is_some() {
        return Some(component);
    }
    match word("category") {
        Some("product_version_range") => {
            let range = Range::read(name, limits.products)?;
            Some(component.in_versions(Versions::Within(range)))
        }
        // Where a branch repeats the name of the package, it means each of its versions.
        Some("product_version") if !name.contains(purl.name()) => {
            let version = Versions::Exactly(name.to_owned());
            Some(component.in_versions(version))
        }
        _ => Some(component),
    }
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}

fn list<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    let list = value.get(key).and_then(Value::as_array);
    list.into_iter().flatten()
}
