//! What the version of an rpm says of the build that it is.

use model::evr::without_epoch;

/// Releases of modules' builds: `1.module+el8.1.0+5811+44509afe`, `1.module_el8.6.0+2904+e21f0b`.
pub fn is_modular(version: &str) -> bool {
    version.contains(".module+") || version.contains(".module_")
}

/// A module's build without its context, which has no order: `1-12.module+el8.10.0+23147` of
/// `1-12.module+el8.10.0+23147+95b68fad`.
pub fn without_context(version: &str) -> &str {
    let bare = without_epoch(version);
    let is_context = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let cut = bare.rsplit_once('+');
    let cut = cut.filter(|(_, context)| is_modular(bare) && is_context(context));
    cut.map_or(bare, |(build, _)| build)
}

/// The minor release for which it was built: `el8_9` of `2.28-236.el8_9.13`, `el8.2` of
/// `0.78-11.module+el8.2.0+23234+854d7c34`.
pub fn minor(version: &str) -> Option<&str> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some((_, rest)) = version
        .split_once(".module")
        .filter(|_| is_modular(version))
    {
        let tag = rest.get(1..)?.split(['+', '_']).next()?;
        let (tag, _) = tag.rsplit_once('.')?;
        return tag.strip_prefix("el").map(|_| tag);
    }
    let (at, _) = version.match_indices(".el").next()?;
    let rest = version.get(at + 1..)?;
    let tag = rest.split(['.', '+', '~', '^']).next()?;
    let (major, minor) = tag.strip_prefix("el")?.split_once('_')?;
    (is_number(major) && is_number(minor)).then_some(tag)
}

/// Whether two versions begin with the same numbers, so many of them.
pub fn is_of_same_line(a: &str, b: &str, count: usize) -> bool {
    let line = |version| without_epoch(version).split(['.', '-']).take(count);
    line(a).eq(line(b))
}

/// Kinds of builds whose versions are above or below others' for no reason of their content.
pub fn flavour(version: &str) -> Option<&'static str> {
    let lower = version.to_ascii_lowercase();
    ["ksplice", "fips"]
        .into_iter()
        .find(|kind| lower.contains(kind))
}
