//! The rules that decide which statements speak of a package, each with a package that they mean
//! and one that they do not. The statements are written for the test.

use model::Inventory;

use super::*;
use crate::feed::Parsed;
use crate::record::{Affected, Record, Weakness};
use crate::{Range, State};

/// `rhel:9 nodejs <1:16-1 channel=c module=m arch=src,x86_64`: what is said of one package; `<v`
/// is fixed in, `=v` is a listed version, `!` is not affected, nothing is affected without a fix.
fn affected(text: &str) -> Affected {
    let mut words = text.split(' ');
    let (ecosystem, package) = (words.next().unwrap(), words.next().unwrap());
    let mut row = Affected::of(ecosystem.to_owned(), package, State::Affected);
    for word in words {
        if let Some(version) = word.strip_prefix('<') {
            row.state = State::Fixed;
            row = row.range(Range::before(version.to_owned()));
        } else if let Some(version) = word.strip_prefix('=') {
            row.versions.push(version.to_owned());
        } else if let Some(channel) = word.strip_prefix("channel=") {
            channel.clone_into(&mut row.channel);
        } else if let Some(module) = word.strip_prefix("module=") {
            module.clone_into(&mut row.module);
        } else if let Some(all) = word.strip_prefix("arch=") {
            row.architectures = all.split(',').map(str::to_owned).collect();
        } else {
            row.state = match word {
                "ended" => State::EndOfLife,
                "deferred" => State::Deferred,
                other => {
                    assert_eq!(other, "!");
                    State::NotAffected
                }
            };
        }
    }
    let is_bare = row.ranges.is_empty() && row.versions.is_empty();
    if is_bare && row.state != State::NotAffected {
        row = row.range(Range::all());
    }
    row
}

/// A database in which a source says something of one weakness for each statement.
fn world(source: &str, statements: &[&str]) -> Database {
    let records = statements.iter().enumerate().map(|(number, text)| {
        let id = format!("CVE-2024-000{}", number + 1);
        let mut record = Record::new(&id);
        record.weaknesses = vec![Weakness::new(&id)];
        record.affected = vec![affected(text)];
        record
    });
    let parsed = Parsed {
        records: records.collect(),
        repositories: vec![(
            "rhel-9-for-x86_64-baseos-eus-rpms".to_owned(),
            vec!["cpe:/o:redhat:rhel_eus:9.2::baseos".to_owned()],
        )],
        ..Parsed::default()
    };
    let mut builder = Builder::new(Limits::default());
    let file = FeedFile::plain(source, "a.json", b"");
    builder.add_parsed(&file, parsed).unwrap();
    Database::open(builder.finish()).unwrap()
}

/// The numbers of the statements that make findings.
fn found(package: &Matchable, statements: &[&str]) -> String {
    let assessed = assess(package, &world("osv", statements));
    let gaps = assessed.gaps.iter().map(|gap| format!("? {}", gap.kind));
    let ids = assessed
        .findings
        .iter()
        .map(|one| one.id.replace("CVE-2024-000", ""));
    ids.chain(gaps).collect::<Vec<_>>().join(" ")
}

/// What is made of one weakness of which a source says all of it. A statement that begins with `DSA`
/// is a bulletin's.
fn of_one(package: &Matchable, source: &str, statements: &[&str]) -> String {
    let records = statements.iter().map(|text| {
        let (id, text) = match text.strip_prefix("DSA ") {
            Some(text) => ("DSA-1-1", text),
            None => ("CVE-2024-0001", *text),
        };
        let mut record = Record::new(id);
        record.bulletin = id.starts_with("DSA");
        record.weaknesses = vec![Weakness::new("CVE-2024-0001")];
        record.affected = vec![affected(text)];
        record
    });
    let parsed = Parsed {
        records: records.collect(),
        ..Parsed::default()
    };
    let mut builder = Builder::new(Limits::default());
    let file = FeedFile::plain(source, "a.json", b"");
    builder.add_parsed(&file, parsed).unwrap();
    let assessed = assess(package, &Database::open(builder.finish()).unwrap());
    let told = |one: &Finding| format!("{} {}", one.status, one.fixed_in.join(" "));
    let all: Vec<String> = assessed.findings.iter().map(told).collect();
    all.join("; ").trim_end().to_owned()
}

fn with(text: &str, change: impl FnOnce(&mut Matchable)) -> Matchable {
    let mut package = matchable(text);
    change(&mut package);
    package
}

#[test]
fn an_rpm_is_looked_up_by_its_name_and_by_its_source() {
    let package = matchable("rhel:9 openssl-libs 1:3.0.7-6.el9 openssl 3.0.7-6.el9");
    let statements = [
        "rhel:9 openssl-libs <1:3.0.7-7.el9",
        "rhel:9 openssl arch=src",
        // Of the source's name, but of what is built under it.
        "rhel:9 openssl <1:3.0.7-7.el9 arch=x86_64",
        // The source rpm has no epoch in its name: it is left out on both sides.
        "rhel:9 openssl <1:3.0.7-7.el9 arch=src",
        "rhel:9 openssl <1:3.0.7-5.el9 arch=src",
        "rhel:9 openssl-libs arch=src",
    ];
    assert_eq!(found(&package, &statements), "1 2 4");
    // What is built under the source's own name has both.
    let package = matchable("rhel:9 openssl 1:3.0.7-6.el9 openssl 3.0.7-6.el9");
    assert_eq!(found(&package, &statements), "2 3 4");
}

#[test]
fn a_word_on_what_is_built_goes_before_one_on_its_source() {
    let package = matchable("rhel:9 openssl-libs 3-7 openssl 3-7");
    let statements = ["rhel:9 openssl-libs <3-7", "rhel:9 openssl arch=src"];
    assert_eq!(of_one(&package, "osv", &statements), "");
}

#[test]
fn an_epoch_that_is_missing_is_zero() {
    let package = matchable("rhel:9 perl-Errno 1.30-480.el9 perl 5.32.1-480.el9");
    let statements = [
        "rhel:9 perl-Errno <0:1.30-481.el9",
        "rhel:9 perl-Errno <1.30-480.el9",
    ];
    assert_eq!(found(&package, &statements), "1");
    let package = matchable("rhel:9 perl 4:5.32.1-480.el9");
    assert_eq!(found(&package, &["rhel:9 perl <5.32.1-481.el9"]), "");
}

#[test]
fn builds_of_modules_are_told_apart() {
    let statements = [
        "rhel:8 nodejs <1:18.14.2-3.module+el8.7.0+1+a module=nodejs:18",
        "rhel:8 nodejs <1:16.19.1-2.module+el8.7.0+1+b module=nodejs:16",
        "rhel:8 nodejs <1:19-1.el8",
        // Without a module's name, as AlmaLinux and Rocky have it: by the release.
        "rhel:8 nodejs <1:18.14.2-3.module+el8.7.0+1+a",
        "rhel:8 nodejs <1:20.1.1-1.module+el8.7.0+1+c",
        "rhel:8 nodejs",
    ];
    let eighteen = "rhel:8 nodejs 1:18.12.1-2.module+el8.7.0+9+d";
    let package = with(eighteen, |one| {
        one.package.module = Some("nodejs:18:8070020230322145147:bd1311ed".into());
    });
    assert_eq!(found(&package, &statements), "1 4");
    // A list of packages does not say the stream: the first number does.
    assert_eq!(found(&matchable(eighteen), &statements), "1 4");
    let plain = matchable("rhel:8 nodejs 1:18.12.1-2.el8");
    assert_eq!(found(&plain, &statements), "3 6");
}

#[test]
fn statements_for_other_architectures_are_not_heard() {
    let statements = [
        "rhel:9 a arch=aarch64,s390x",
        "rhel:9 a arch=x86_64",
        "rhel:9 a",
        "rhel:9 a arch=src,x86_64",
    ];
    let package = with("rhel:9 a 1-1", |one| {
        one.package.architecture = Some("x86_64".into());
    });
    assert_eq!(found(&package, &statements), "2 3 4");
    let noarch = with("rhel:9 a 1-1", |one| {
        one.package.architecture = Some("noarch".into());
    });
    assert_eq!(found(&noarch, &statements), "1 2 3 4");
    let older = with("rhel:9 a 1-1", |one| {
        one.package.architecture = Some("i686".into());
    });
    assert_eq!(found(&older, &statements), "2 3 4");
}

#[test]
fn builds_of_another_kind_are_not_compared() {
    let statements = [
        "ol:7 openssl <1:1.0.2k-25.el7",
        "ol:7 openssl <1:1.0.2k-26.el7_9_fips",
    ];
    assert_eq!(
        found(&matchable("ol:7 openssl 1:1.0.2k-24.el7"), &statements),
        "1"
    );
    let fips = matchable("ol:7 openssl 1:1.0.2k-24.el7_9_fips");
    assert_eq!(found(&fips, &statements), "2 ? undecided");
    // Oracle's are a channel, which who has such a build uses.
    let statements = ["ol:7 openssl <1:1.0.2k-26.el7_9_fips channel=fips"];
    let assessed = assess(&fips, &world("osv", &statements));
    assert_eq!(assessed.findings[0].fixed_in, ["1:1.0.2k-26.el7_9_fips"]);
}

#[test]
fn channels_are_in_use_by_evidence_from_the_image() {
    let statements = ["rhel:9 a <1-2 channel=rhel_eus:9.2"];
    let fixes = |package: &Matchable| {
        let assessed = assess(package, &world("osv", &statements));
        assessed
            .findings
            .iter()
            .flat_map(|one| one.fixed_in.clone())
            .collect::<Vec<_>>()
    };
    let package = matchable("rhel:9 a 1-1");
    assert!(fixes(&package).is_empty(), "the fix cannot be had");
    let package = with("rhel:9 a 1-1", |one| {
        one.channels = vec!["content-set rhel-9-for-x86_64-baseos-eus-rpms".into()];
    });
    assert_eq!(fixes(&package), ["1-2"]);
    // A package of Ubuntu's subscription says by its version that it is in use.
    let statements = ["ubuntu:20.04 a <1-1ubuntu1+esm2 channel=esm-apps"];
    let assessed = assess(
        &matchable("ubuntu:20.04 a 1-1ubuntu1+esm1"),
        &world("osv", &statements),
    );
    assert_eq!(assessed.findings[0].fixed_in, ["1-1ubuntu1+esm2"]);
}

#[test]
fn what_others_have_built_is_not_the_distributions() {
    let statements = [
        "rhel:9 a <2-1",
        "rhel:9 a <2-1.el9 channel=epel",
        "rocky:9 a <2-1",
    ];
    let by = |text: &str, vendor: &str| {
        found(
            &with(text, |one| one.package.vendor = Some(vendor.into())),
            &statements,
        )
    };
    assert_eq!(by("rhel:9 a 1-1", "Red Hat, Inc."), "1");
    assert_eq!(by("rhel:9 a 1-1", "Fedora Project"), "2");
    assert_eq!(
        by("rocky:9 a 1-1", "Fedora Project"),
        "2",
        "EPEL is said of rhel"
    );
    assert_eq!(
        by("rocky:9 a 1-1", "Rocky Enterprise Software Foundation"),
        "3"
    );
    assert_eq!(by("rhel:9 a 1-1", "Docker"), "");
    let postgres = matchable("debian:12 postgresql-15 15.2-1.pgdg120+1");
    assert_eq!(
        found(&postgres, &["debian:12 postgresql-15 <15.3-0+deb12u1"]),
        ""
    );
}

#[test]
fn headers_of_the_kernel_have_no_weakness_of_the_kernel() {
    let statements = [
        "debian:12 linux",
        "rhel:9 kernel-headers",
        "rhel:9 kernel arch=src",
    ];
    for (text, expected) in [
        ("debian:12 linux-libc-dev 6.1.1-1 linux 6.1.1-1", ""),
        (
            "debian:12 linux-headers-6.1.0-1-amd64 6.1.1-1 linux 6.1.1-1",
            "",
        ),
        (
            "debian:12 linux-image-6.1.0-1-amd64 6.1.1-1 linux 6.1.1-1",
            "1",
        ),
        ("rhel:9 kernel-headers 5.14-1 kernel 5.14-1", ""),
        ("rhel:9 kernel-core 5.14-1 kernel 5.14-1", "3"),
    ] {
        assert_eq!(found(&matchable(text), &statements), expected, "{text}");
    }
}

#[test]
fn only_programs_without_a_package_manager_are_looked_up_by_product() {
    let statements = [
        "cpe f5/nginx <1.25.3",
        "cpe nginx/nginx <1.25.4",
        "cpe f5/nginx <1.25.3 channel=wordpress",
        "cpe f5/nginx <1.20",
    ];
    let program = |text: &str| with(text, |one| one.package.cpe = Some("f5:nginx".into()));
    assert_eq!(found(&program("generic nginx 1.25.2"), &statements), "1 2");
    assert_eq!(found(&program("npm nginx 1.25.2"), &statements), "");
    let erlang = with("generic erlang 25.2", |one| {
        one.package.cpe = Some("erlang:erlang\\/otp".into());
    });
    assert_eq!(found(&erlang, &["cpe erlang/erlang/otp <25.3"]), "1");
}

#[test]
fn slots_of_gentoo_are_told_apart() {
    let statements = [
        "gentoo:rolling dev-lang/python <3.11.9 module=3.11",
        "gentoo:rolling dev-lang/python <3.12.3 module=3.12",
    ];
    let package = with("gentoo:rolling dev-lang/python 3.11.8", |one| {
        one.package.module = Some("3.11".into());
    });
    assert_eq!(found(&package, &statements), "1");
}

#[test]
fn the_channels_of_red_hats_images_are_their_repositories() {
    assert_eq!(
        Inventory::repository_of("content-set a-rpms"),
        Some("a-rpms")
    );
    assert_eq!(Inventory::repository_of("dnf baseos"), Some("baseos"));
    assert_eq!(Inventory::repository_of("esm-apps"), None);
}

#[test]
fn an_extended_channel_that_is_in_use_goes_before_the_end_of_its_release() {
    let statements = [
        "ubuntu:16.04 apache2 ended",
        "ubuntu:16.04 apache2 <2.4-1ubuntu3.17+esm8 channel=esm-infra",
    ];
    let of = |version: &str, channel: &str| {
        let package = with(&format!("ubuntu:16.04 apache2 {version}"), |one| {
            one.channels = channel.split(' ').map(str::to_owned).collect();
        });
        of_one(&package, "osv", &statements)
    };
    assert_eq!(of("2.4-1ubuntu3.17+esm8", "esm-infra"), "");
    assert_eq!(
        of("2.4-1ubuntu3.17+esm8", ""),
        "",
        "it says itself where it is from"
    );
    let fixed = "fixed 2.4-1ubuntu3.17+esm8";
    assert_eq!(of("2.4-1ubuntu3.17+esm7", "esm-infra"), fixed);
    assert_eq!(of("2.4-1ubuntu3.17", "esm-infra"), fixed);
    assert_eq!(of("2.4-1ubuntu3.17", ""), "end_of_life");
    // A channel of other builds extends nothing.
    let statements = ["ubuntu:20.04 a", "ubuntu:20.04 a ! channel=fips"];
    let package = with("ubuntu:20.04 a 1-1", |one| {
        one.channels = vec!["fips-updates".into()]
    });
    assert_eq!(of_one(&package, "osv", &statements), "affected");
}

#[test]
fn a_bulletin_with_the_fix_makes_a_remark_out_of_date() {
    let statements = ["debian:12 a deferred", "DSA debian:12 a <1-1+deb12u1"];
    let of = |text: &str| of_one(&matchable(text), "osv", &statements);
    assert_eq!(of("debian:12 a 1-1+deb12u1"), "");
    assert_eq!(of("debian:12 a 1-1"), "fixed 1-1+deb12u1");
    assert_eq!(
        of_one(&matchable("debian:12 a 1-1"), "osv", &statements[..1]),
        "deferred"
    );
}

#[test]
fn a_build_with_the_fix_of_its_own_minor_release_has_it() {
    let statements = [
        "rhel:8 glibc <2.28-236.el8_9.13",
        "rhel:8 glibc <2.28-251.el8_10.1",
        "rhel:8 glibc <2.28-189.10.el8_6 channel=rhel_eus:8.6",
    ];
    let of = |version: &str| {
        of_one(
            &matchable(&format!("rhel:8 glibc {version}")),
            "osv",
            &statements,
        )
    };
    assert_eq!(of("2.28-236.el8_9.13"), "");
    assert_eq!(of("2.28-189.10.el8_6"), "");
    assert_eq!(of("2.28-236.el8_9.12"), "fixed 2.28-251.el8_10.1");
    assert_eq!(of("2.28-236.el8"), "fixed 2.28-251.el8_10.1");
    // Another line of the same name is no measure.
    let two = [
        "rhel:9 libasan8 <13.3.1-2.2.el9_5",
        "rhel:9 libasan8 <14.2.1-1.3.el9_5",
    ];
    let of_two = |version: &str| {
        of_one(
            &matchable(&format!("rhel:9 libasan8 {version}")),
            "osv",
            &two,
        )
    };
    assert_eq!(of_two("13.3.1-2.2.el9_5"), "");
    assert_eq!(of_two("14.2.1-1.2.el9_5"), "fixed 14.2.1-1.3.el9_5");
    // The second bulletin of a minor release counts.
    let two = [
        "rhel:8 hplip <3.18.4-13.el8_10",
        "rhel:8 hplip <3.18.4-14.el8_10",
    ];
    let hplip = matchable("rhel:8 hplip 3.18.4-13.el8_10");
    assert_eq!(of_one(&hplip, "osv", &two), "fixed 3.18.4-14.el8_10");
    let eus = "rhel:8 hplip <3.18.4-13.el8_10 channel=rhel_eus:8.10";
    let three = [two[0], two[1], eus];
    assert_eq!(of_one(&hplip, "osv", &three), "fixed 3.18.4-14.el8_10");
    // Of modules the tag has three numbers; a build that is named as mended is, whatever is said of
    // others.
    let statements = [
        "rhel:8 p <1-11.module+el8.2.0+2+a.1 module=p:1 channel=rhel_eus:8.2",
        "rhel:8 p <1-12.module+el8.10.0+1+c module=p:1",
        "rhel:8 p <1-12.module+el8.10.0+1+b module=p:2",
    ];
    let of = |version: &str| {
        let package = with(&format!("rhel:8 p {version}"), |one| {
            one.package.module = Some("p:1:1:x".into());
        });
        of_one(&package, "osv", &statements)
    };
    assert_eq!(of("1-11.module+el8.2.0+2+a.1"), "");
    assert_eq!(of("1-11.module+el8.2.0+3+a.1"), "");
    assert_eq!(of("1-12.module+el8.10.0+1+b"), "");
    assert_eq!(
        of("1-11.module+el8.2.0+1+a.1"),
        "fixed 1-12.module+el8.10.0+1+c"
    );
}

#[test]
fn what_is_known_of_other_products_only_says_nothing_of_this_one() {
    let eus = ["rhel:9 a <2-1 channel=rhel_eus:9.2"];
    assert_eq!(of_one(&matchable("rhel:9 a 1-1"), "osv", &eus), "");
    // Amazon's extras: the same line of a package that the core does not have.
    let extras = [
        "amzn:2 docker <20.10.13-1 channel=docker",
        "amzn:2 docker <25.0.3-1 channel=docker",
    ];
    assert_eq!(
        of_one(&matchable("amzn:2 docker 20.10.4-1"), "osv", &extras),
        "fixed 20.10.13-1"
    );
    // An extra that alone has the package is where it is from, whatever line it is of by now.
    assert_eq!(
        of_one(&matchable("amzn:2 docker 20.10.4-1"), "osv", &extras[1..]),
        "fixed 25.0.3-1"
    );
    let kernels = ["amzn:2 kernel-core <5.15.1-1 channel=kernel-5.15"];
    let tools = ["amzn:2 bpftool <5.15.1-1 channel=kernel-5.15"];
    let of = |text: &str| of_one(&matchable(text), "osv", &tools);
    assert_eq!(of("amzn:2 bpftool 5.10.1-1 kernel 5.10.1-1"), "");
    assert_eq!(
        of("amzn:2 bpftool 5.15.0-1 kernel 5.15.0-1"),
        "fixed 5.15.1-1"
    );
    assert_eq!(
        of_one(&matchable("amzn:2 kernel-core 5.4.1-1"), "osv", &kernels),
        ""
    );
    assert_eq!(
        of_one(&matchable("amzn:2 kernel-core 5.15.0-1"), "osv", &kernels),
        "fixed 5.15.1-1"
    );
}
