//! The `release` file in the home of a Java runtime: lines `NAME="value"`, written by the build of
//! OpenJDK and of those that are made from it.

use image::Limits;
use model::{Package, PackageType, Problem};

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::text::{lines, word};

/// Java runtimes and development kits.
pub const RELEASE: Cataloger = Cataloger {
    name: "java-runtime",
    reads: "Java runtimes and development kits of any maker, and GraalVM",
    paths: &[Pattern::Name("release")],
    role: Role::Installed,
    parse,
    ..PLAIN
};

/// More than any such file has; others of that name are of other programs.
const LONGEST: usize = 512 << 10;

/// What such a file says.
#[derive(Default)]
struct Release {
    version: Option<String>,
    runtime_version: Option<String>,
    full_version: Option<String>,
    graalvm_version: Option<String>,
    /// The maker's own count: `Zulu17.44+15-CA`.
    makers_version: Option<String>,
    implementor: String,
    build_type: String,
    image_type: String,
    modules: String,
}

impl Release {
    fn read(bytes: &[u8]) -> Release {
        let mut release = Release::default();
        for (_, line) in lines(bytes.get(..LONGEST).unwrap_or(bytes)) {
            let Some(at) = line.iter().position(|byte| *byte == b'=') else {
                continue;
            };
            let (name, value) = line.split_at_checked(at).unwrap_or_default();
            let value = value.get(1..).unwrap_or_default().trim_ascii();
            let value = value.strip_prefix(b"\"").unwrap_or(value);
            let value = value.strip_suffix(b"\"").unwrap_or(value);
            let text = || String::from_utf8_lossy(value).to_ascii_lowercase();
            match name {
                b"JAVA_VERSION" => release.version = word(value),
                b"JAVA_RUNTIME_VERSION" => release.runtime_version = word(value),
                b"FULL_VERSION" => release.full_version = word(value),
                b"GRAALVM_VERSION" => release.graalvm_version = word(value),
                b"IMPLEMENTOR_VERSION" => release.makers_version = word(value),
                b"IMPLEMENTOR" => release.implementor = text(),
                b"BUILD_TYPE" => release.build_type = text(),
                b"IMAGE_TYPE" => release.image_type = text(),
                b"MODULES" => release.modules = text(),
                _ => {}
            }
        }
        release
    }

    /// Whether a compiler comes with it. Where nothing tells, it is taken for a kit, which has
    /// all that a runtime has.
    fn is_kit(&self, path: &str) -> bool {
        match (self.image_type.as_str(), self.modules.as_str()) {
            ("jre", _) => false,
            ("", "") => !path.contains("/jre"),
            ("", modules) => modules.split(' ').any(|one| one == "jdk.compiler"),
            _ => true,
        }
    }

    /// The maker and the product, as NVD calls them. OpenJDK is what most are built from, and
    /// the name under which its weaknesses are published.
    fn product(&self, path: &str) -> (&'static str, &'static str) {
        let is_made_by = |maker: &str| self.implementor.contains(maker);
        let product = match self.is_kit(path) {
            true => "jdk",
            false => "jre",
        };
        if is_made_by("azul") || path.contains("zulu") {
            ("azul", "zulu")
        } else if is_made_by("sun microsystems") {
            ("sun", product)
        } else if is_made_by("ibm") || path.contains("/ibm") {
            match self.is_kit(path) {
                true => ("ibm", "java_sdk"),
                false => ("ibm", "java"),
            }
        } else if is_made_by("oracle") || self.build_type == "commercial" {
            ("oracle", product)
        } else {
            ("oracle", "openjdk")
        }
    }

    /// The fullest version that it gives, in either of the two forms that Java's have had:
    /// `1.8.0_372-b07`, `17.0.15+6`.
    fn version(&self) -> Option<&str> {
        let major = |version: &str| version.split('.').next().map(str::to_owned);
        let version = self.version.as_deref();
        let full = self.full_version.as_deref();
        // Some makers count their own versions in that field.
        let full = full.filter(|full| version.is_none_or(|version| major(version) == major(full)));
        self.runtime_version.as_deref().or(full).or(version)
    }
}

fn parse(path: &str, bytes: &[u8], _limits: &Limits) -> (Found, Vec<Problem>) {
    let release = Release::read(bytes);
    let mut found = Found::default();
    if release.version.is_none() && release.runtime_version.is_none() {
        return (found, Vec::new());
    }
    let mut add = |vendor: &str, product: &str, version: &str| {
        let package = Package {
            cpe: Some(format!("{vendor}:{product}")),
            ..Package::new(PackageType::Generic, product, version)
        };
        found.packages.push(package.into());
    };
    if let Some(version) = release.version() {
        let (vendor, product) = release.product(path);
        let own = match product {
            // NVD speaks of Zulu by its own count, and of what it is built from by Java's.
            "zulu" => {
                add("oracle", "openjdk", version);
                let own = release.makers_version.as_deref();
                own.and_then(|own| own.strip_prefix("Zulu"))
            }
            _ => None,
        };
        add(vendor, product, own.unwrap_or(version));
    }
    if let Some(version) = &release.graalvm_version {
        add("oracle", "graalvm", version);
    }
    (found, Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;
    use expect_test::expect;

    #[test]
    fn makers_and_versions_are_told_apart() {
        let mut out = String::new();
        for (path, text) in [
            // Facts of real files, 2024 and 2026; shortened.
            (
                "opt/java/openjdk/release",
                "IMPLEMENTOR=\"Eclipse Adoptium\"\nJAVA_RUNTIME_VERSION=\"21.0.4+7-LTS\"\n\
                 JAVA_VERSION=\"21.0.4\"\nFULL_VERSION=\"21.0.4+7-LTS\"\nIMAGE_TYPE=\"JDK\"\n",
            ),
            (
                "usr/lib/jvm/jdk-1.8-oracle-x64/release",
                "JAVA_VERSION=\"1.8.0_411\"\nJAVA_RUNTIME_VERSION=\"1.8.0_411-b25\"\n\
                 BUILD_TYPE=\"commercial\"\n",
            ),
            (
                "usr/java/jre1.8.0_202/release",
                "JAVA_VERSION=\"1.8.0_202\"\nBUILD_TYPE=\"commercial\"\n",
            ),
            (
                "usr/lib/jvm/zulu17/release",
                "IMPLEMENTOR=\"Azul Systems, Inc.\"\nIMPLEMENTOR_VERSION=\"Zulu17.44+15-CA\"\n\
                 JAVA_VERSION=\"17.0.8\"\nFULL_VERSION=\"17.0.8+7-LTS\"\n",
            ),
            (
                "opt/graalvm/release",
                "IMPLEMENTOR=\"GraalVM Community\"\nJAVA_RUNTIME_VERSION=\"17.0.9+9-jvmci-23.0-b22\"\n\
                 JAVA_VERSION=\"17.0.9\"\nGRAALVM_VERSION=\"23.0.2\"\n",
            ),
            (
                "opt/ibm/java/release",
                "IMPLEMENTOR=\"IBM Corporation\"\r\nJAVA_VERSION=\"11.0.20\"\r\n\
                 MODULES=\"java.base jdk.compiler\"\r\n",
            ),
            ("etc/release", "NAME=x\nVERSION=1\n\n=\n\"\n"),
        ] {
            out += &format!(
                "{path}: {}",
                show(parse(path, text.as_bytes(), &Limits::default()))
            );
        }
        expect![[r#"
            opt/java/openjdk/release: generic openjdk 21.0.4+7-LTS cpe "oracle:openjdk"
            usr/lib/jvm/jdk-1.8-oracle-x64/release: generic jdk 1.8.0_411-b25 cpe "oracle:jdk"
            usr/java/jre1.8.0_202/release: generic jre 1.8.0_202 cpe "oracle:jre"
            usr/lib/jvm/zulu17/release: generic openjdk 17.0.8+7-LTS cpe "oracle:openjdk"
            generic zulu 17.44+15-CA cpe "azul:zulu"
            opt/graalvm/release: generic openjdk 17.0.9+9-jvmci-23.0-b22 cpe "oracle:openjdk"
            generic graalvm 23.0.2 cpe "oracle:graalvm"
            opt/ibm/java/release: generic java_sdk 11.0.20 cpe "ibm:java_sdk"
            etc/release: "#]]
        .assert_eq(&out);
    }
}
