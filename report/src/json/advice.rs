//! What mends an image, as it stands in the document. Layers are named by their diff ids.

use advice::{Action, Advice, Stay, Step, Upgrade};
use model::{Digest, Scan};
use serde::{Serialize, Serializer};

use super::view::LocationView;

/// Advice that was asked for while the document is made.
pub struct AdviceView(Advice);

impl AdviceView {
    pub fn of(scan: &Scan) -> AdviceView {
        AdviceView(advice::advise(&scan.inventory, &scan.findings))
    }
}

impl Serialize for AdviceView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let AdviceView(advice) = self;
        let upgrades = advice.upgrades.as_slice();
        let body = Body {
            clears: advice.clears,
            stays: advice.stays,
            packages: upgrades.iter().map(PackageView::of).collect(),
            steps: advice
                .steps
                .iter()
                .map(|step| StepView::of(step, upgrades))
                .collect(),
        };
        body.serialize(serializer)
    }
}

#[derive(Serialize)]
struct Body<'a> {
    clears: usize,
    stays: usize,
    packages: Vec<PackageView<'a>>,
    steps: Vec<StepView<'a>>,
}

#[derive(Serialize)]
struct PackageView<'a> {
    name: &'a str,
    version: &'a str,
    r#type: &'static str,
    installed: &'a [String],
    target: Option<&'a str>,
    same_major: Option<bool>,
    clears: &'a [String],
    stays: Vec<StayView<'a>>,
    locations: Vec<LocationView<'a>>,
}

impl<'a> PackageView<'a> {
    fn of(upgrade: &'a Upgrade) -> PackageView<'a> {
        PackageView {
            name: &upgrade.name,
            version: &upgrade.version,
            r#type: upgrade.kind.as_str(),
            installed: &upgrade.packages,
            target: upgrade.target.as_deref(),
            same_major: upgrade.same_major,
            clears: &upgrade.clears,
            stays: upgrade.stays.iter().map(StayView::of).collect(),
            locations: upgrade.locations.iter().map(LocationView::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct StayView<'a> {
    id: &'a str,
    why: &'static str,
}

impl<'a> StayView<'a> {
    fn of(stay: &'a Stay) -> StayView<'a> {
        StayView {
            id: &stay.id,
            why: stay.why.as_str(),
        }
    }
}

#[derive(Serialize)]
struct StepView<'a> {
    layers: Vec<&'a str>,
    actions: Vec<ActionView>,
    packages: Vec<Mended<'a>>,
}

impl<'a> StepView<'a> {
    fn of(step: &'a Step, upgrades: &'a [Upgrade]) -> StepView<'a> {
        let mended = step.upgrades.iter().filter_map(|at| upgrades.get(*at));
        StepView {
            layers: step.layers.iter().map(Digest::as_str).collect(),
            actions: step.actions.iter().map(ActionView::of).collect(),
            packages: mended.map(Mended::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct ActionView {
    place: &'static str,
    text: String,
}

impl ActionView {
    fn of(action: &Action) -> ActionView {
        ActionView {
            place: action.place.as_str(),
            text: action.text(),
        }
    }
}

#[derive(Serialize)]
struct Mended<'a> {
    name: &'a str,
    version: &'a str,
    r#type: &'static str,
}

impl<'a> Mended<'a> {
    fn of(upgrade: &'a Upgrade) -> Mended<'a> {
        Mended {
            name: &upgrade.name,
            version: &upgrade.version,
            r#type: upgrade.kind.as_str(),
        }
    }
}
