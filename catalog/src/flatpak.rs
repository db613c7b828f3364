//! Flatpak's applications and runtimes where they are installed: flatpak(1), "File formats".
//! An application's version is the newest release of its AppStream metadata; a runtime's is its
//! branch, which its path says: `runtime/ID/ARCH/BRANCH/COMMIT/metadata`.

use image::Limits;
use model::{Package, PackageType, Problem};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::text::{FileProblems, word};

/// The applications.
pub const APPLICATION: Cataloger = Cataloger {
    name: "flatpak-application",
    reads: "Flatpak's applications, by the newest release that they name",
    paths: &[
        Pattern::Under {
            directory: "export/share/metainfo",
            ending: ".metainfo.xml",
        },
        Pattern::Under {
            directory: "export/share/metainfo",
            ending: ".appdata.xml",
        },
    ],
    role: Role::Installed,
    parse: parse_application,
    ..PLAIN
};

/// The runtimes.
pub const RUNTIME: Cataloger = Cataloger {
    name: "flatpak-runtime",
    reads: "Flatpak's runtimes, by their branches",
    paths: &[Pattern::Under {
        directory: "flatpak/runtime",
        ending: "metadata",
    }],
    role: Role::Installed,
    parse: parse_runtime,
    ..PLAIN
};

fn parse_application(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut reader = Reader::from_reader(bytes);
    let [mut id, mut version] = [None, None];
    let mut is_id = false;
    loop {
        let event = match reader.read_event() {
            Ok(Event::Eof) => break,
            Ok(event) => event,
            Err(error) => {
                problems.at(1, format!("cannot be read as XML to its end: {error}"));
                break;
            }
        };
        match event {
            Event::Start(start) | Event::Empty(start)
                if start.local_name().as_ref() == b"release" =>
            {
                version = version.or_else(|| version_of(&start));
            }
            Event::Start(start) => is_id = id.is_none() && start.local_name().as_ref() == b"id",
            Event::Text(text) if is_id => id = word(&text),
            Event::End(_) => is_id = false,
            _ => {}
        }
    }
    let id = id.map(|id| match id.strip_suffix(".desktop") {
        Some(shorter) if !shorter.is_empty() => shorter.to_owned(),
        _ => id,
    });
    let mut found = Found::default();
    // Without a release nothing is known that could be compared; many name none.
    if let Some((id, version)) = id.zip(version) {
        found
            .packages
            .push(Package::new(PackageType::Flatpak, id, version).into());
    }
    (found, problems.finish())
}

fn version_of(release: &BytesStart<'_>) -> Option<String> {
    let mut attributes = release.attributes().flatten();
    let version = attributes.find(|one| one.key.local_name().as_ref() == b"version")?;
    word(&version.value)
}

fn parse_runtime(path: &str, _: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let mut found = Found::default();
    let mut parts = path.rsplit('/');
    let is_metadata = parts.next() == Some("metadata");
    let (branch, _architecture) = (parts.nth(1), parts.next());
    let id = parts
        .next()
        .filter(|_| is_metadata && parts.next() == Some("runtime"));
    let words = id.zip(branch).and_then(|(id, branch)| {
        let id = word(id.as_bytes())?;
        Some((id, word(branch.as_bytes())?))
    });
    if let Some((id, branch)) = words {
        found
            .packages
            .push(Package::new(PackageType::Flatpak, id, branch).into());
    }
    (found, Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;

    #[test]
    fn applications_name_their_releases() {
        let read = |text: &str| show(parse_application("a", text.as_bytes(), &Limits::default()));
        let text = "<?xml version=\"1.0\"?><component><id>org.gimp.GIMP.desktop</id><name>x</name>\
                    <releases><release date=\"2024-05-01\" version=\"2.10.38\"/>\
                    <release version=\"2.10.36\"><p/></release></releases>\
                    <provides><id>other</id></provides></component>";
        assert_eq!(read(text), "flatpak org.gimp.GIMP 2.10.38\n");
        assert_eq!(read("<component><id>a</id></component>"), "");
        assert!(read("<a></b>").contains("XML"));
    }

    #[test]
    fn runtimes_lie_under_their_branches() {
        let read = |path: &str| show(parse_runtime(path, b"", &Limits::default()));
        let root = "var/lib/flatpak/runtime";
        assert_eq!(
            read(&format!(
                "{root}/org.freedesktop.Platform/x86_64/23.08/abc/metadata"
            )),
            "flatpak org.freedesktop.Platform 23.08\n"
        );
        assert_eq!(read(&format!("{root}/a/metadata")), "");
        assert_eq!(read(&format!("{root}/a/x86_64/1/abc/files/metadata")), "");
    }
}
