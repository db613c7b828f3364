//! The tree of products: leaves with what identifies them, and which is a part of which.

use std::collections::HashMap;

use super::document::{Branch, FullName, ProductTree};

/// A product of the tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leaf<'a> {
    /// Its identifier, which has a meaning only to its publisher.
    pub id: &'a str,
    /// Its Common Platform Enumeration name, empty where it has none.
    pub cpe: &'a str,
    /// Its package URL, empty where it has none.
    pub purl: &'a str,
    /// The architecture under which it stands in the tree, empty where it stands under none.
    pub architecture: &'a str,
}

/// A product that a weakness speaks of: a component of a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product<'a> {
    /// The identifier under which it is spoken of.
    pub id: &'a str,
    /// The component; `None` where the platform is meant as a whole.
    pub component: Option<Leaf<'a>>,
    /// What lies between: the module of which the component is a part.
    pub between: Option<Leaf<'a>>,
    /// The platform.
    pub platform: Leaf<'a>,
}

/// Every product of a document, by identifier.
pub struct Tree<'a> {
    leaves: HashMap<&'a str, Leaf<'a>>,
    /// Component and platform of what is put together.
    parts: HashMap<&'a str, (&'a str, &'a str)>,
}

impl<'a> Tree<'a> {
    /// The products of a tree that is at most so deep.
    pub fn of(tree: &'a ProductTree<'a>, depth: usize) -> Result<Tree<'a>, String> {
        let mut all = Tree {
            leaves: HashMap::new(),
            parts: HashMap::with_capacity(tree.relationships.len()),
        };
        for name in &tree.full_product_names {
            all.leaf(name, "");
        }
        let mut open: Vec<(&Branch, &str, usize)> = Vec::new();
        open.extend(tree.branches.iter().map(|branch| (branch, "", 1)));
        while let Some((branch, above, level)) = open.pop() {
            if level > depth {
                return Err(format!("the product tree is more than {depth} levels deep"));
            }
            let architecture = match &*branch.category {
                "architecture" => &*branch.name,
                _ => above,
            };
            if let Some(name) = &branch.product {
                all.leaf(name, architecture);
            }
            let below = branch.branches.iter();
            open.extend(below.map(|branch| (branch, architecture, level + 1)));
        }
        for one in &tree.relationships {
            let pair = (&*one.product_reference, &*one.relates_to_product_reference);
            all.parts.insert(&one.full_product_name.product_id, pair);
        }
        Ok(all)
    }

    fn leaf(&mut self, name: &'a FullName<'a>, architecture: &'a str) {
        let helper = &name.product_identification_helper;
        let leaf = Leaf {
            id: &name.product_id,
            cpe: helper.cpe.as_deref().unwrap_or_default(),
            purl: helper.purl.as_deref().unwrap_or_default(),
            architecture,
        };
        self.leaves.insert(leaf.id, leaf);
    }

    /// The product of an identifier; `None` where the tree does not have all of its parts. There
    /// is room for one thing between a component and its platform.
    pub fn product(&self, id: &'a str) -> Option<Product<'a>> {
        let Some((component, platform)) = self.parts.get(id) else {
            return Some(Product {
                id,
                component: None,
                between: None,
                platform: *self.leaves.get(id)?,
            });
        };
        let component = Some(*self.leaves.get(component)?);
        let (between, platform) = match self.parts.get(platform) {
            Some((between, platform)) => (self.leaves.get(between).copied(), platform),
            None => (None, platform),
        };
        Some(Product {
            id,
            component,
            between,
            platform: *self.leaves.get(platform)?,
        })
    }
}
