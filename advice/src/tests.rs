//! Images as lines of text, and what is advised. Facts after the advisories named in each case;
//! packages and layers are made for the test.

use expect_test::{Expect, expect};
use model::{
    AdvisoryRef, Digest, Distro, Finding, ImageLayer, Installed, Inventory, Location, Ownership,
    Package, PackageType, Severity, Source, Status,
};

use crate::{Advice, Why, advise};

fn layer(number: &str) -> Digest {
    Digest::of(number.as_bytes())
}

/// `type name version path [layer=N] [source=NAME/VERSION] [owned]`.
fn installed(line: &str) -> Installed {
    let words: Vec<&str> = line.split(' ').collect();
    let mut package = Package::new(words[0].parse().unwrap(), words[1], words[2]);
    let mut installed = Installed {
        package: package.clone(),
        path: words[3].to_owned(),
        layer: None,
        ownership: Ownership::Own,
        licence: String::new(),
    };
    for word in &words[4..] {
        match word.split_once('=') {
            Some(("layer", number)) => installed.layer = Some(layer(number)),
            Some(("source", source)) => {
                let (name, version) = source.split_once('/').unwrap();
                package.source = Some(Source {
                    name: name.into(),
                    version: version.into(),
                });
            }
            _ => installed.ownership = Ownership::DistroChanged,
        }
    }
    installed.package = package;
    installed
}

/// `NAME ID [FIX,FIX | STATUS]`, for every package of that name.
fn findings(line: &str, inventory: &Inventory) -> Vec<Finding> {
    let words: Vec<&str> = line.split(' ').collect();
    let status = Status::from_word(words[2]);
    let fixed_in: Vec<String> = match status {
        Some(_) => Vec::new(),
        None => words[2].split(',').map(str::to_owned).collect(),
    };
    let mut rows: Vec<&Installed> = inventory.packages.iter().collect();
    rows.retain(|row| row.package.name == words[0]);
    rows.iter()
        .map(|row| Finding {
            id: words[1].into(),
            aliases: Vec::new(),
            severity: Severity::High,
            cvss: None,
            published: None,
            status: status.unwrap_or(Status::Fixed),
            package: row.package.clone(),
            purl: None,
            fixed_in: fixed_in.clone(),
            description: String::new(),
            advisory: AdvisoryRef {
                source: "feed".into(),
                id: words[1].into(),
                url: None,
            },
            locations: vec![Location {
                path: row.path.clone(),
                layer: row.layer.clone(),
            }],
        })
        .collect()
}

fn image(distro: &str, packages: &[&str]) -> Inventory {
    let (id, version) = distro.split_once(':').unwrap();
    let is_database = |path: &&str| path.starts_with("var/lib/") || path.starts_with("lib/apk/");
    let packages: Vec<Installed> = packages.iter().map(|line| installed(line)).collect();
    let paths = packages.iter().map(|row| row.path.as_str());
    let databases = paths.filter(is_database).map(str::to_owned).collect();
    let numbers = ["0", "1", "2"];
    Inventory {
        distro: Some(Distro::new(id, version)),
        layers: numbers
            .map(|number| ImageLayer {
                diff_id: layer(number),
                command: String::new(),
            })
            .into(),
        packages,
        databases,
        ..Inventory::default()
    }
}

fn told(inventory: &Inventory, advice: &Advice) -> String {
    let mut text = format!("clears {} stays {}\n", advice.clears, advice.stays);
    for upgrade in &advice.upgrades {
        let target = upgrade.target.as_deref().unwrap_or("nothing");
        text += &format!("{} {} -> {target}", upgrade.name, upgrade.version);
        text += match upgrade.same_major {
            Some(false) => " MAJOR",
            Some(true) => " minor",
            None => "",
        };
        text += &format!(
            " of {} clears {}",
            upgrade.packages.join(","),
            upgrade.clears.join(",")
        );
        for stay in &upgrade.stays {
            text += &format!(" stays {} {}", stay.id, stay.why.as_str());
        }
        text.push('\n');
    }
    for step in &advice.steps {
        let numbers: Vec<String> = step
            .layers
            .iter()
            .map(|digest| {
                let at = inventory
                    .layers
                    .iter()
                    .position(|layer| layer.diff_id == *digest);
                at.unwrap().to_string()
            })
            .collect();
        text += &format!("step {} for {:?}\n", numbers.join(","), step.upgrades);
        for action in &step.actions {
            text += &format!("  {}: {}\n", action.place.as_str(), action.text());
        }
    }
    text
}

fn answer(distro: &str, packages: &[&str], lines: &[&str]) -> String {
    let inventory = image(distro, packages);
    let mut all: Vec<Finding> = Vec::new();
    for line in lines {
        all.extend(findings(line, &inventory));
    }
    let advice = advise(&inventory, &all);
    all.reverse();
    assert_eq!(
        advice,
        advise(&inventory, &all),
        "the order of the findings matters"
    );
    told(&inventory, &advice)
}

fn check(distro: &str, packages: &[&str], findings: &[&str], expected: Expect) {
    expected.assert_eq(&answer(distro, packages, findings));
}

#[test]
fn packages_of_one_source_go_together() {
    check(
        "debian:12",
        &[
            "deb apt 2.6.1 var/lib/dpkg/status layer=0",
            "deb libssl3 3.0.9-1+b1 var/lib/dpkg/status layer=0 source=openssl/3.0.9-1",
            "deb openssl 3.0.9-1 var/lib/dpkg/status layer=1",
            "deb zlib1g 1:1.2.13 var/lib/dpkg/status layer=0 source=zlib/1:1.2.13",
            "deb curl 7.88.1-10 var/lib/dpkg/status layer=1",
        ],
        &[
            "libssl3 CVE-2023-5363 3.0.11-1~deb12u2",
            "openssl CVE-2023-5363 3.0.11-1~deb12u2",
            "libssl3 CVE-2023-3817 3.0.10-1~deb12u1",
            "openssl CVE-2023-3817 3.0.10-1~deb12u1",
            "openssl CVE-2023-9999 deferred",
            "zlib1g CVE-2023-45853 will_not_fix",
            "curl CVE-2023-38545 7.88.1-10+deb12u4",
        ],
        expect![[r#"
            clears 5 stays 2
            curl 7.88.1-10 -> 7.88.1-10+deb12u4 of curl clears CVE-2023-38545
            openssl 3.0.9-1 -> 3.0.11-1~deb12u2 of libssl3,openssl clears CVE-2023-3817,CVE-2023-5363 stays CVE-2023-9999 deferred
            zlib 1:1.2.13 -> nothing of zlib1g clears  stays CVE-2023-45853 will_not_fix
            step 0,1 for [0, 1]
              image: apt-get update && apt-get install --only-upgrade -y curl libssl3 openssl && rm -rf /var/lib/apt/lists/*
        "#]],
    );
}

#[test]
fn apk_is_asked_for_the_fix_or_what_is_newer() {
    check(
        "alpine:3.18.4",
        &[
            "apk apk-tools 2.14.0-r2 lib/apk/db/installed layer=0",
            "apk libcrypto3 3.1.3-r0 lib/apk/db/installed layer=0 source=openssl/3.1.3-r0",
            "apk libssl3 3.1.3-r0 lib/apk/db/installed layer=0 source=openssl/3.1.3-r0",
        ],
        &[
            "libssl3 CVE-2023-5363 3.1.4-r0",
            "libcrypto3 CVE-2023-5363 3.1.4-r0",
            "libcrypto3 CVE-2023-5678 3.1.4-r1",
        ],
        expect![[r#"
            clears 3 stays 0
            openssl 3.1.3-r0 -> 3.1.4-r1 of libcrypto3,libssl3 clears CVE-2023-5363,CVE-2023-5678
            step 0 for [0]
              image: apk add --no-cache 'libcrypto3>=3.1.4-r1' 'libssl3>=3.1.4-r1'
              hand: Or build upon a newer base image: all of this came with the lowest layer.
        "#]],
    );
}

#[test]
fn each_distribution_has_its_managers() {
    let mut text = String::new();
    for (distro, kind, manager, version, fix) in [
        ("rhel:9.2", "rpm", "dnf", "2.5.0-1.el9", "2.5.0-2.el9_4"),
        (
            "rhel:9.2",
            "rpm",
            "microdnf",
            "2.5.0-1.el9",
            "2.5.0-2.el9_4",
        ),
        ("fedora:42", "rpm", "dnf5", "2.5.0-1.fc42", "2.5.0-2.fc42"),
        (
            "centos:7",
            "rpm",
            "yum",
            "2.1.0-10.el7_3",
            "0:2.1.0-14.el7_9",
        ),
        ("amzn:2023", "rpm", "dnf", "2.5.0-1", "2.5.0-2"),
        ("sles:15.5", "rpm", "zypper", "2.5.0-1", "2.5.0-2"),
        ("photon:5.0", "rpm", "tdnf", "2.5.0-1", "2.5.0-2"),
        ("arch:", "alpm", "pacman", "2.5.0-1", "2.5.0-2"),
        ("wolfi:20230201", "apk", "apk-tools", "2.5.0-r1", "2.5.0-r2"),
        (
            "gentoo:2",
            "ebuild",
            "sys-apps/portage",
            "2.5.0",
            "2.5.0-r2",
        ),
        ("openwrt:23.05", "opkg", "opkg", "2.5.0-1", "2.5.0-2"),
        ("rhel:9.2", "rpm", "none", "2.5.0-1", "2.5.0-2"),
        ("debian:12", "deb", "none", "2.5.0-1", "2.5.0-2"),
    ] {
        let name = match kind {
            "ebuild" => "dev-libs/expat",
            _ => "expat",
        };
        let packages = [
            format!("{kind} {manager} 1 var/lib/packages"),
            format!("{kind} {name} {version} var/lib/packages"),
        ];
        let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
        let told = answer(distro, &packages, &[&format!("{name} CVE-2024-1 {fix}")]);
        let actions = told.lines().filter(|line| line.starts_with("  "));
        let actions: Vec<&str> = actions.map(str::trim).collect();
        text += &format!("{distro} {manager}\n    {}\n", actions.join("\n    "));
    }
    expect![[r#"
        rhel:9.2 dnf
            image: dnf upgrade -y expat && dnf clean all
        rhel:9.2 microdnf
            image: microdnf upgrade -y expat && microdnf clean all
        fedora:42 dnf5
            image: dnf upgrade -y expat && dnf clean all
        centos:7 yum
            image: yum update -y expat && yum clean all
        amzn:2023 dnf
            image: dnf upgrade -y expat && dnf clean all
        sles:15.5 zypper
            image: zypper --non-interactive refresh && zypper --non-interactive update expat && zypper clean --all
        photon:5.0 tdnf
            image: tdnf upgrade -y expat && tdnf clean all
        arch: pacman
            image: pacman -Syu --noconfirm
        wolfi:20230201 apk-tools
            image: apk add --no-cache 'expat>=2.5.0-r2'
        gentoo:2 sys-apps/portage
            image: emerge --sync && emerge --oneshot --update '>=dev-libs/expat-2.5.0-r2'
        openwrt:23.05 opkg
            image: opkg update && opkg upgrade expat
        rhel:9.2 none
            hand: No package manager for rpm is in the image: build it upon a newer base image, or put the newer packages in from another stage.
        debian:12 none
            hand: No package manager for deb is in the image: build it upon a newer base image, or put the newer packages in from another stage.
    "#]].assert_eq(&text);
}

/// One finding each: what is to be done.
fn one(line: &str, fix: &str, others: &[&str]) -> String {
    let name = line.split(' ').nth(1).unwrap();
    let mut packages = vec![line];
    packages.extend(others);
    let text = answer("debian:12", &packages, &[&format!("{name} CVE-1 {fix}")]);
    let actions = text.lines().filter(|line| line.starts_with("  "));
    let actions: Vec<&str> = actions.map(str::trim).collect();
    format!("{line}\n    {}\n", actions.join("\n    "))
}

#[test]
fn each_language_has_its_tools() {
    let site = "usr/local/lib/python3.11/site-packages";
    let mut text = String::new();
    for (line, fix) in [
        (
            format!("pypi urllib3 1.26.5 {site}/urllib3.dist-info/METADATA"),
            "2.0.7,1.26.18",
        ),
        (
            format!("pypi certifi 2022.1.1 {site}/certifi.dist-info/METADATA"),
            "2023.7.22",
        ),
        (
            format!("pypi wheel 0.37.0 {site}/setuptools/_vendor/wheel.dist-info/METADATA"),
            "0.38.1",
        ),
        (
            "pypi six 1.0 opt/venv/lib/python3.11/site-packages/s.dist-info/METADATA".into(),
            "1.1",
        ),
        ("pypi jinja2 3.1.1 app/requirements.txt".into(), "3.1.3"),
        ("pypi jinja2 3.1.1 poetry.lock".into(), "3.1.3"),
        ("pypi jinja2 2.1.1 poetry.lock".into(), "3.1.3"),
        ("pypi jinja2 3.1.1 api/uv.lock".into(), "3.1.3"),
        ("pypi jinja2 3.1.1 pdm.lock".into(), "3.1.3"),
        ("pypi jinja2 3.1.1 Pipfile.lock".into(), "3.1.3"),
        ("pypi jinja2 3.1.1 pylock.toml".into(), "3.1.3"),
        (
            "npm lodash 4.17.20 app/node_modules/lodash/package.json layer=1".into(),
            "4.17.21",
        ),
        (
            "npm @babel/traverse 7.22.0 app/node_modules/@babel/traverse/package.json".into(),
            "7.23.2",
        ),
        (
            "npm ms 2.0.0 app/node_modules/debug/node_modules/ms/package.json layer=1".into(),
            "2.0.1",
        ),
        (
            "npm tar 6.1.0 usr/local/lib/node_modules/npm/node_modules/tar/package.json".into(),
            "6.2.1",
        ),
        (
            "npm npm 9.5.0 usr/local/lib/node_modules/npm/package.json".into(),
            "9.5.1",
        ),
        (
            "npm ms 2.0.0 app/node_modules/.pnpm/ms@2.0.0/node_modules/ms/package.json".into(),
            "2.0.1",
        ),
        ("npm ms 2.0.0 web/package-lock.json".into(), "2.0.1"),
        ("npm ms 2.0.0 yarn.lock".into(), "2.0.1"),
        ("npm ms 2.0.0 pnpm-lock.yaml".into(), "2.0.1"),
        ("npm ms 2.0.0 srv/package.json".into(), "2.0.1"),
        (
            "maven org.yaml:snakeyaml 1.33 opt/lib/snakeyaml-1.33.jar".into(),
            "2.0",
        ),
        (
            "maven org.yaml:snakeyaml 1.33 a.jar:BOOT-INF/lib/snakeyaml-1.33.jar".into(),
            "2.0",
        ),
        ("maven org.yaml:snakeyaml 1.33 pom.xml".into(), "2.0"),
        (
            "maven org.yaml:snakeyaml 1.33 gradle.lockfile".into(),
            "2.0",
        ),
        ("golang golang.org/x/net v0.15.0 go.mod".into(), "0.17.0"),
        (
            "golang golang.org/x/net v0.15.0 usr/bin/app".into(),
            "v0.17.0",
        ),
        (
            "golang github.com/traefik/traefik/v2 v2.10.0 usr/bin/traefik".into(),
            "2.10.5",
        ),
        ("golang stdlib 1.21.1 usr/bin/app".into(), "1.21.3"),
        ("golang stdlib 1.21.1 usr/local/go/VERSION".into(), "1.21.3"),
        ("golang stdlib 1.21.1 go.mod".into(), "1.21.3"),
        ("cargo h2 0.3.17 Cargo.lock".into(), "0.3.24"),
        ("cargo h2 0.2.7 Cargo.lock".into(), "0.3.24"),
        ("cargo h2 0.3.17 usr/bin/app".into(), "0.3.24"),
        (
            "gem rack 2.2.3 usr/share/gems/specifications/rack-2.2.3.gemspec".into(),
            "2.2.6.4",
        ),
        ("gem rack 2.2.3 Gemfile.lock".into(), "2.2.6.4"),
        ("gem rack 1.6.0 Gemfile.lock".into(), "2.2.6.4"),
        (
            "gem uri 0.12.0 usr/lib/ruby/specifications/default/uri-0.12.0.gemspec".into(),
            "0.12.2",
        ),
        (
            "composer twig/twig v3.4.2 app/vendor/composer/installed.json layer=2".into(),
            "3.4.3",
        ),
        (
            "composer composer/composer 2.6.3 usr/bin/composer".into(),
            "2.6.4",
        ),
        (
            "nuget Newtonsoft.Json 12.0.3 app/Shop.deps.json layer=1".into(),
            "13.0.1",
        ),
        (
            "nuget Microsoft.NETCore.App.Runtime.linux-x64 6.0.1 app/Shop.deps.json".into(),
            "6.0.25",
        ),
        (
            "conda openssl 3.1.3 opt/conda/conda-meta/openssl.json".into(),
            "3.1.4",
        ),
        ("hex plug 1.3.1 mix.lock".into(), "1.3.2"),
        ("hex cowboy 2.0.0 rebar.lock".into(), "2.0.1"),
        ("pub dio 4.0.0 pubspec.lock".into(), "5.0.0"),
        (
            "opam base 1.0 home/o/.opam-switch/packages/base/opam".into(),
            "1.1",
        ),
        (
            "bitnami redis 7.0.1 opt/bitnami/redis/.spdx-redis.spdx".into(),
            "7.0.12",
        ),
        (
            "githubactions actions/checkout 2.0.0 .github/workflows/ci.yml".into(),
            "4.0.0",
        ),
        ("generic nginx 1.24.0 usr/sbin/nginx".into(), "1.25.3"),
        (
            "cran jsonlite 1.0 usr/lib/R/jsonlite/DESCRIPTION".into(),
            "1.1",
        ),
    ] {
        text += &one(&line, fix, &[]);
    }
    expect![[r#"
        pypi urllib3 1.26.5 usr/local/lib/python3.11/site-packages/urllib3.dist-info/METADATA
            image: pip install --no-cache-dir --upgrade 'urllib3>=1.26.18,<2'
        pypi certifi 2022.1.1 usr/local/lib/python3.11/site-packages/certifi.dist-info/METADATA
            image: pip install --no-cache-dir --upgrade 'certifi>=2023.7.22'
        pypi wheel 0.37.0 usr/local/lib/python3.11/site-packages/setuptools/_vendor/wheel.dist-info/METADATA
            hand: wheel 0.37.0 is a part of setuptools: take a newer setuptools, with 0.38.1 or newer.
        pypi six 1.0 opt/venv/lib/python3.11/site-packages/s.dist-info/METADATA
            image: /opt/venv/bin/pip install --no-cache-dir --upgrade 'six>=1.1,<2'
        pypi jinja2 3.1.1 app/requirements.txt
            hand: In app/requirements.txt: jinja2==3.1.3
        pypi jinja2 3.1.1 poetry.lock
            project: poetry update jinja2
        pypi jinja2 2.1.1 poetry.lock
            hand: Raise jinja2 to 3.1.3 in the pyproject.toml beside poetry.lock, then lock again.
        pypi jinja2 3.1.1 api/uv.lock
            project: (cd ./api && uv lock --upgrade-package 'jinja2>=3.1.3,<4' )
        pypi jinja2 3.1.1 pdm.lock
            project: pdm update jinja2
        pypi jinja2 3.1.1 Pipfile.lock
            project: pipenv upgrade 'jinja2>=3.1.3,<4'
        pypi jinja2 3.1.1 pylock.toml
            hand: Lock pylock.toml again, with jinja2==3.1.3 or newer.
        npm lodash 4.17.20 app/node_modules/lodash/package.json layer=1
            project: npm install lodash@4.17.21
        npm @babel/traverse 7.22.0 app/node_modules/@babel/traverse/package.json
            project: (cd ./app && npm install @babel/traverse@7.23.2 )
        npm ms 2.0.0 app/node_modules/debug/node_modules/ms/package.json layer=1
            hand: In app/package.json set "overrides": {"debug": {"ms": "2.0.1"}}, then npm install.
        npm tar 6.1.0 usr/local/lib/node_modules/npm/node_modules/tar/package.json
            hand: tar 6.1.0 is a part of npm: take a newer npm (npm install -g npm@latest), with 6.2.1 or newer.
        npm npm 9.5.0 usr/local/lib/node_modules/npm/package.json
            image: npm install -g npm@9.5.1
        npm ms 2.0.0 app/node_modules/.pnpm/ms@2.0.0/node_modules/ms/package.json
            hand: In app/package.json set "pnpm": {"overrides": {"ms@2.0.0": "2.0.1"}}, then pnpm install.
        npm ms 2.0.0 web/package-lock.json
            project: (cd ./web && npm install ms@2.0.1 )
        npm ms 2.0.0 yarn.lock
            hand: In package.json set "resolutions": {"ms": "2.0.1"}, then yarn install.
        npm ms 2.0.0 pnpm-lock.yaml
            hand: In package.json set "pnpm": {"overrides": {"ms@2.0.0": "2.0.1"}}, then pnpm install.
        npm ms 2.0.0 srv/package.json
            hand: Replace ms in srv/package.json by version 2.0.1 or newer.
        maven org.yaml:snakeyaml 1.33 opt/lib/snakeyaml-1.33.jar
            hand: Replace opt/lib/snakeyaml-1.33.jar by org.yaml:snakeyaml 2.0.
        maven org.yaml:snakeyaml 1.33 a.jar:BOOT-INF/lib/snakeyaml-1.33.jar
            hand: Build a.jar again with org.yaml:snakeyaml 2.0, which lies in it; for Maven, in <dependencyManagement>: <dependency><groupId>org.yaml</groupId><artifactId>snakeyaml</artifactId><version>2.0</version></dependency>
        maven org.yaml:snakeyaml 1.33 pom.xml
            hand: In pom.xml, in <dependencyManagement>: <dependency><groupId>org.yaml</groupId><artifactId>snakeyaml</artifactId><version>2.0</version></dependency>
        maven org.yaml:snakeyaml 1.33 gradle.lockfile
            hand: Beside gradle.lockfile: dependencies { constraints { implementation("org.yaml:snakeyaml:2.0") } }, then gradle dependencies --write-locks.
        golang golang.org/x/net v0.15.0 go.mod
            project: go get golang.org/x/net@v0.17.0 && go mod tidy
        golang golang.org/x/net v0.15.0 usr/bin/app
            hand: Build usr/bin/app again after: go get golang.org/x/net@v0.17.0 && go mod tidy
        golang github.com/traefik/traefik/v2 v2.10.0 usr/bin/traefik
            hand: Take usr/bin/traefik of version 2.10.5 or newer.
        golang stdlib 1.21.1 usr/bin/app
            hand: Build usr/bin/app again with Go 1.21.3 or newer.
        golang stdlib 1.21.1 usr/local/go/VERSION
            hand: Take Go 1.21.3 or newer for usr/local/go/VERSION.
        golang stdlib 1.21.1 go.mod
            project: go get toolchain@go1.21.3
        cargo h2 0.3.17 Cargo.lock
            project: cargo update -p h2@0.3.17 --precise 0.3.24
        cargo h2 0.2.7 Cargo.lock
            hand: Raise h2 to 0.3.24 in the Cargo.toml beside Cargo.lock.
        cargo h2 0.3.17 usr/bin/app
            hand: Build usr/bin/app again after: cargo update -p h2@0.3.17 --precise 0.3.24
        gem rack 2.2.3 usr/share/gems/specifications/rack-2.2.3.gemspec
            image: gem install rack -v 2.2.6.4 && gem uninstall -x -I rack -v 2.2.3
        gem rack 2.2.3 Gemfile.lock
            project: bundle update --conservative rack
        gem rack 1.6.0 Gemfile.lock
            hand: Raise rack to 2.2.6.4 in the Gemfile that Gemfile.lock comes from, then bundle update rack.
        gem uri 0.12.0 usr/lib/ruby/specifications/default/uri-0.12.0.gemspec
            hand: uri 0.12.0 is a part of Ruby itself: take a newer Ruby, with 0.12.2 or newer.
        composer twig/twig v3.4.2 app/vendor/composer/installed.json layer=2
            project: composer require -W 'twig/twig:^3.4.3'
        composer composer/composer 2.6.3 usr/bin/composer
            hand: Replace composer/composer in usr/bin/composer by version 2.6.4 or newer.
        nuget Newtonsoft.Json 12.0.3 app/Shop.deps.json layer=1
            project: dotnet add package Newtonsoft.Json --version 13.0.1
        nuget Microsoft.NETCore.App.Runtime.linux-x64 6.0.1 app/Shop.deps.json
            hand: Build upon .NET 6.0.25 or newer, and publish app/Shop.deps.json again.
        conda openssl 3.1.3 opt/conda/conda-meta/openssl.json
            image: conda install -y 'openssl>=3.1.4'
        hex plug 1.3.1 mix.lock
            project: mix deps.update plug
        hex cowboy 2.0.0 rebar.lock
            project: rebar3 upgrade cowboy
        pub dio 4.0.0 pubspec.lock
            project: dart pub upgrade dio
        opam base 1.0 home/o/.opam-switch/packages/base/opam
            image: opam install -y 'base>=1.1'
        bitnami redis 7.0.1 opt/bitnami/redis/.spdx-redis.spdx
            hand: Build upon a newer image of Bitnami's, with redis 7.0.12 or newer.
        githubactions actions/checkout 2.0.0 .github/workflows/ci.yml
            hand: In .github/workflows/ci.yml: uses: actions/checkout@ the tag of 4.0.0 or newer.
        generic nginx 1.24.0 usr/sbin/nginx
            hand: Replace nginx in usr/sbin/nginx by version 1.25.3 or newer.
        cran jsonlite 1.0 usr/lib/R/jsonlite/DESCRIPTION
            hand: Replace jsonlite in usr/lib/R/jsonlite/DESCRIPTION by version 1.1 or newer.
    "#]].assert_eq(&text);
}

#[test]
fn a_lock_file_beside_tells_the_tool() {
    let line = "npm ms 2.0.0 app/node_modules/ms/package.json";
    let yarn = one(line, "2.0.1", &["npm debug 2.0.0 app/yarn.lock"]);
    let elsewhere = one(line, "2.0.1", &["npm debug 2.0.0 other/yarn.lock"]);
    expect![[r#"
        npm ms 2.0.0 app/node_modules/ms/package.json
            hand: In app/package.json set "resolutions": {"ms": "2.0.1"}, then yarn install.
        npm ms 2.0.0 app/node_modules/ms/package.json
            project: (cd ./app && npm install ms@2.0.1 )
    "#]]
    .assert_eq(&format!("{yarn}{elsewhere}"));
}

#[test]
fn one_layer_is_one_step_and_one_tool_one_command() {
    let site = "usr/local/lib/python3.11/site-packages";
    let packages = [
        format!("pypi urllib3 1.26.5 {site}/urllib3.dist-info/METADATA layer=2"),
        format!("pypi requests 2.28.0 {site}/requests.dist-info/METADATA layer=2"),
        format!("pypi pip 23.0 {site}/pip.dist-info/METADATA layer=0"),
        "pypi urllib3 1.26.5 opt/v/lib/python3.11/site-packages/u.dist-info/METADATA layer=1"
            .into(),
        "deb apt 2.6.1 var/lib/dpkg/status layer=0".into(),
    ];
    let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
    check(
        "debian:12",
        &packages,
        &[
            "urllib3 CVE-2023-43804 1.26.17,2.0.6",
            "urllib3 CVE-2023-45803 1.26.18,2.0.7",
            "requests CVE-2023-32681 2.31.0",
            "requests CVE-2024-35195 affected",
            "pip CVE-2023-5752 23.3",
            "apt CVE-0-0 2.6.2",
        ],
        expect![[r#"
            clears 7 stays 1
            apt 2.6.1 -> 2.6.2 of apt clears CVE-0-0
            pip 23.0 -> 23.3 minor of pip clears CVE-2023-5752
            requests 2.28.0 -> 2.31.0 minor of requests clears CVE-2023-32681 stays CVE-2024-35195 affected
            urllib3 1.26.5 -> 1.26.18 minor of urllib3 clears CVE-2023-43804,CVE-2023-45803
            step 0 for [0]
              image: apt-get update && apt-get install --only-upgrade -y apt && rm -rf /var/lib/apt/lists/*
              hand: Or build upon a newer base image: all of this came with the lowest layer.
            step 0 for [1]
              image: pip install --no-cache-dir --upgrade 'pip>=23.3,<24'
            step 1 for [3]
              image: /opt/v/bin/pip install --no-cache-dir --upgrade 'urllib3>=1.26.18,<2'
            step 2 for [2, 3]
              image: pip install --no-cache-dir --upgrade 'requests>=2.31.0,<3' 'urllib3>=1.26.18,<2'
        "#]],
    );
}

#[test]
fn two_versions_of_a_package_are_one_argument_with_the_higher_target() {
    check(
        "debian:12",
        &[
            "npm ms 0.7.1 package-lock.json layer=1",
            "npm ms 2.0.0 package-lock.json layer=1",
            "npm json5 1.0.1 app/node_modules/a/node_modules/json5/package.json layer=2",
            "npm json5 0.5.1 app/node_modules/@b/c/node_modules/json5/package.json layer=2",
            "npm json5 0.4.0 app/node_modules/renamed/package.json layer=2",
        ],
        &[
            "ms CVE-2017-20162 2.0.1",
            "json5 CVE-2022-46175 1.0.2,2.2.2",
        ],
        expect![[r#"
            clears 5 stays 0
            json5 0.4.0 -> 1.0.2 MAJOR of json5 clears CVE-2022-46175
            json5 0.5.1 -> 1.0.2 MAJOR of json5 clears CVE-2022-46175
            json5 1.0.1 -> 1.0.2 minor of json5 clears CVE-2022-46175
            ms 0.7.1 -> 2.0.1 MAJOR of ms clears CVE-2017-20162
            ms 2.0.0 -> 2.0.1 minor of ms clears CVE-2017-20162
            step 1 for [3, 4]
              project: npm install ms@2.0.1
            step 2 for [0, 1, 2]
              hand: In app/package.json set "overrides": {"@b/c": {"json5": "1.0.2"}}, then npm install.
              hand: In app/package.json set "overrides": {"a": {"json5": "1.0.2"}}, then npm install.
              hand: Replace json5 in app/node_modules/renamed/package.json by version 1.0.2 or newer.
        "#]],
    );
}

#[test]
fn what_has_no_fix_stays_and_says_why() {
    let packages = ["pypi a 1.0 a.dist-info/METADATA", "gem b 1.0 b.gemspec"];
    let lines: Vec<String> = Status::ALL
        .iter()
        .map(|status| format!("a CVE-{status} {status}"))
        .collect();
    let mut lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    // None of them is above the installed version, or can be compared with it.
    lines.extend(["b CVE-1 0.9", "b CVE-2 nonsense"]);
    check(
        "debian:12",
        &packages,
        &lines,
        expect![[r#"
        clears 0 stays 8
        b 1.0 -> nothing of b clears  stays CVE-1 undecided stays CVE-2 undecided
        a 1.0 -> nothing of a clears  stays CVE-affected affected stays CVE-deferred deferred stays CVE-end_of_life end_of_life stays CVE-fixed affected stays CVE-under_investigation under_investigation stays CVE-will_not_fix will_not_fix
    "#]],
    );
    check(
        "debian:12",
        &packages,
        &[],
        expect![[r#"
        clears 0 stays 0
    "#]],
    );
}

#[test]
fn a_fix_that_cannot_be_compared_stays_beside_one_that_can() {
    check(
        "debian:12",
        &["pypi a 1.0 a.dist-info/METADATA"],
        &["a CVE-1 1.1", "a CVE-2 not-a-version"],
        expect![[r#"
            clears 1 stays 1
            a 1.0 -> 1.1 minor of a clears CVE-1 stays CVE-2 undecided
            step  for [0]
              image: pip install --no-cache-dir --upgrade 'a>=1.1,<2'
        "#]],
    );
}

#[test]
fn hostile_names_are_in_no_command() {
    let mut text = String::new();
    for (line, fix) in [
        ("deb --allow-unauthenticated 1 var/lib/dpkg/status", "2"),
        ("deb curl- 1 var/lib/dpkg/status", "2"),
        ("deb curl 1 var/lib/dpkg/status", "2;reboot"),
        (
            "pypi git+https://example.org/x 1.0 x.dist-info/METADATA",
            "1.1",
        ),
        ("pypi x;reboot 1.0 x.dist-info/METADATA", "1.1"),
        ("npm user/repository/$(id) 1.0.0 package-lock.json", "1.1.0"),
        (
            "npm x 1.0.0 usr/lib/node_modules/$(id)/node_modules/x/package.json",
            "1.1.0",
        ),
        ("golang -exec=reboot 1.0.0 go.mod", "1.1.0"),
        ("gem -e 1.0 x/specifications/x.gemspec", "1.1"),
        ("maven g:x 1.0.0 pom.xml", "1.0.1<$(id)>"),
        (
            "pypi six 1.0 opt/$(id)'x/lib/python3/site-packages/s.dist-info/METADATA",
            "1.1",
        ),
        ("npm ms 2.0.0 -x/$(id)/package-lock.json", "2.0.1"),
    ] {
        text += &one(line, fix, &["deb apt 1 var/lib/dpkg/status"]);
    }
    expect![[r#"
        deb --allow-unauthenticated 1 var/lib/dpkg/status
            hand: Upgrade --allow-unauthenticated to 2 or newer by hand: name or version are none that would be safe in a command.
        deb curl- 1 var/lib/dpkg/status
            hand: Upgrade curl- to 2 or newer by hand: name or version are none that would be safe in a command.
        deb curl 1 var/lib/dpkg/status
            hand: Upgrade curl to 2;reboot or newer by hand: name or version are none that would be safe in a command.
        pypi git+https://example.org/x 1.0 x.dist-info/METADATA
            hand: Replace git+https://example.org/x in x.dist-info/METADATA by version 1.1 or newer.
        pypi x;reboot 1.0 x.dist-info/METADATA
            hand: Replace x;reboot in x.dist-info/METADATA by version 1.1 or newer.
        npm user/repository/$(id) 1.0.0 package-lock.json
            hand: Replace user/repository/$(id) in package-lock.json by version 1.1.0 or newer.
        npm x 1.0.0 usr/lib/node_modules/$(id)/node_modules/x/package.json
            hand: x 1.0.0 is a part of $(id): take a newer $(id), with 1.1.0 or newer.
        golang -exec=reboot 1.0.0 go.mod
            hand: Replace -exec=reboot in go.mod by version 1.1.0 or newer.
        gem -e 1.0 x/specifications/x.gemspec
            hand: Replace -e in x/specifications/x.gemspec by version 1.1 or newer.
        maven g:x 1.0.0 pom.xml
            hand: Replace g:x in pom.xml by version 1.0.1<$(id)> or newer.
        pypi six 1.0 opt/$(id)'x/lib/python3/site-packages/s.dist-info/METADATA
            image: '/opt/$(id)'\''x/bin/pip' install --no-cache-dir --upgrade 'six>=1.1,<2'
        npm ms 2.0.0 -x/$(id)/package-lock.json
            project: (cd './-x/$(id)' && npm install ms@2.0.1 )
    "#]].assert_eq(&text);
}

#[test]
fn what_is_not_in_the_database_is_not_upgraded_by_the_manager() {
    check(
        "ubuntu:22.04",
        &[
            "deb apt 2.4 var/lib/dpkg/status",
            "deb libc6 2.35-0ubuntu3 snap/core/usr/share/snappy/dpkg.yaml source=glibc/2.35-0ubuntu3",
            "pypi six 1.0 usr/lib/python3/dist-packages/six.egg-info owned",
        ],
        &["libc6 CVE-1 2.35-0ubuntu3.1", "six CVE-2 1.1"],
        expect![[r#"
            clears 2 stays 0
            glibc 2.35-0ubuntu3 -> 2.35-0ubuntu3.1 of libc6 clears CVE-1
            six 1.0 -> 1.1 minor of six clears CVE-2
            step  for [0, 1]
              hand: Replace glibc in snap/core/usr/share/snappy/dpkg.yaml by version 2.35-0ubuntu3.1 or newer.
              hand: usr/lib/python3/dist-packages/six.egg-info belongs to a package of the distribution: upgrade or remove that one, and install six 1.1 by itself where it is needed.
        "#]],
    );
}

#[test]
fn every_reason_has_a_word_of_its_own() {
    let words: Vec<&str> = Why::all().map(Why::as_str).collect();
    assert_eq!(words.len(), Status::ALL.len());
    assert!(words.contains(&"undecided") && !words.contains(&"fixed"));
}

#[test]
fn every_type_gets_some_advice() {
    for kind in PackageType::ALL {
        let line = format!("{kind} name 1.0.0 some/file");
        let text = one(&line, "1.0.1", &[]);
        assert!(!text.lines().nth(1).unwrap().trim().is_empty(), "{text}");
    }
}
