use expect_test::expect;

use super::*;
use crate::tests::show;
use crate::zip::tests::zipped;

fn read(path: &str, bytes: &[u8]) -> String {
    show(parse(path, bytes, &Limits::default()))
}

fn properties(group: &str, artifact: &str, version: &str) -> String {
    format!("groupId={group}\nartifactId={artifact}\nversion={version}\n")
}

#[test]
fn an_archive_is_the_artifact_that_fits_its_name() {
    let own = properties("org.example", "app", "1.0");
    let shaded = properties("com.google.guava", "guava", "30.1-jre");
    let bytes = zipped(&[
        (
            "META-INF/MANIFEST.MF",
            b"Implementation-Title: other\nImplementation-Version: 9\n",
        ),
        (
            "META-INF/maven/com.google.guava/guava/pom.properties",
            shaded.as_bytes(),
        ),
        (
            "META-INF/maven/org.example/app/pom.properties",
            own.as_bytes(),
        ),
    ]);
    let together = "\
        maven org.example:app 1.0\n\
        maven com.google.guava:guava 30.1-jre within \
        \"META-INF/maven/com.google.guava/guava/pom.properties\"\n";
    for path in ["x/app-1.0.jar", "x/app.jar", "x/app-1.0-all.jar"] {
        assert_eq!(read(path, &bytes), together, "{path}");
    }
    // One that is called otherwise is known by its name and its manifest; the others stay.
    expect![[r#"
        maven service:service 2.0
        maven com.google.guava:guava 30.1-jre within "META-INF/maven/com.google.guava/guava/pom.properties"
        maven org.example:app 1.0 within "META-INF/maven/org.example/app/pom.properties"
    "#]].assert_eq(&read("x/service-2.0.jar", &bytes));
    // The only one is the archive, where its name says nothing against it.
    let bytes = zipped(&[("META-INF/maven/g/guava/pom.properties", shaded.as_bytes())]);
    expect![[r#"
        maven com.google.guava:guava 30.1-jre
        maven com.google.guava:guava 30.1-jre
    "#]]
    .assert_eq(&(read("x/renamed.jar", &bytes) + &read("x/r-30.1-jre.jar", &bytes)));
    expect![[r#"
        maven service:service 2.0
        maven com.google.guava:guava 30.1-jre within "META-INF/maven/g/guava/pom.properties"
    "#]]
    .assert_eq(&read("x/service-2.0.jar", &bytes));
}

#[test]
fn without_mavens_files_name_and_manifest_tell() {
    let manifest = |text: &str| zipped(&[("META-INF/MANIFEST.MF", text.as_bytes())]);
    let mut out = String::new();
    for (path, text) in [
        // Facts of the real archives of these names, 2022; the last ones are made up.
        (
            "spring-core-5.3.23.jar",
            "Implementation-Title: spring-core\nImplementation-Version: 5.3.23\n",
        ),
        (
            "kotlin-stdlib-1.4.10.jar",
            "Implementation-Title: kotlin-stdlib\nImplementation-Version: 1.4.10-release-411 (1.4.10)\n",
        ),
        (
            "catalina.jar",
            "Implementation-Title: Apache Tomcat\nImplementation-Version: 9.0.60\n",
        ),
        (
            "elasticsearch-core-7.17.0.jar",
            "Implementation-Title: org.elasticsearch#elasticsearch-core;7.17.0\nImplementation-Version: 7.17.0\n",
        ),
        (
            "lucene-core-8.11.1.jar",
            "Extension-Name: org.apache.lucene\nImplementation-Title: org.apache.lucene\nImplementation-Version: 8.11.1 0b002b11819df70783e83ef36b42ed1223c14b5\n",
        ),
        (
            "git.hpi",
            "Group-Id: org.jenkins-ci.plugins\nShort-Name: git\nPlugin-Version: 4.11.3\nPlugin-License-Name: MIT\n",
        ),
        (
            "maven-core-3.8.jar",
            "Bundle-SymbolicName: org.apache.maven.core;singleton:=true\n",
        ),
        (
            "org.eclipse.osgi_3.18.0.v2022.jar",
            "Bundle-SymbolicName: org.eclipse.osgi\nBundle-Version: 3.18.0.v2022\n",
        ),
        ("commons-io-2.4.jar", ""),
        (
            "app.jar",
            "Implementation-Title: my-service\nImplementation-Version: 0.0.1-SNAPSHOT\n",
        ),
        ("app.jar", "Implementation-Version: ${project.version}\n"),
        (
            "agent-spring-5.0.jar",
            "Weave-Classes: org.x.Y\nImplementation-Version: 1\n",
        ),
        ("nothing.jar", ""),
    ] {
        out += &format!("{path}: {}\n", read(path, &manifest(text)).trim_end());
    }
    expect![[r#"
        spring-core-5.3.23.jar: maven org.springframework:spring-core 5.3.23
        kotlin-stdlib-1.4.10.jar: maven org.jetbrains.kotlin:kotlin-stdlib 1.4.10
        catalina.jar: maven org.apache.tomcat:tomcat-catalina 9.0.60
        elasticsearch-core-7.17.0.jar: maven org.elasticsearch:elasticsearch-core 7.17.0
        lucene-core-8.11.1.jar: maven org.apache.lucene:lucene-core 8.11.1
        git.hpi: maven org.jenkins-ci.plugins:git 4.11.3 licence "MIT"
        maven-core-3.8.jar: maven org.apache.maven:maven-core 3.8
        org.eclipse.osgi_3.18.0.v2022.jar: maven org.eclipse.osgi:org.eclipse.osgi 3.18.0.v2022
        commons-io-2.4.jar: maven commons-io:commons-io 2.4
        app.jar: maven my-service:my-service 0.0.1-SNAPSHOT
        app.jar: 
        agent-spring-5.0.jar: 
        nothing.jar: 
    "#]]
    .assert_eq(&out);
}

#[test]
fn a_pom_beside_gives_what_is_missing() {
    let pom = b"<project><parent><groupId>org.up</groupId><version>7</version></parent>\
                <artifactId>x</artifactId><licenses><license><name>MIT</name></license>\
                </licenses></project>";
    let bytes = zipped(&[
        ("META-INF/maven/org.up/x/pom.xml", pom),
        ("META-INF/maven/org.up/x/pom.properties", b"artifactId=x\n"),
        (
            "META-INF/maven/org.other/alone/pom.xml",
            b"<project><version>2</version></project>",
        ),
        ("META-INF/maven/org.other/none/pom.xml", b"<project>"),
        ("templates/pom.xml", pom),
    ]);
    expect![[r#"
        maven org.up:x 7 licence "MIT"
        maven org.other:alone 2 within "META-INF/maven/org.other/alone/pom.xml"
    "#]]
    .assert_eq(&read("x.jar", &bytes));
}

#[test]
fn archives_in_archives_are_read_up_to_the_limits() {
    let lib = properties("g", "lib", "1");
    let lib = zipped(&[("META-INF/maven/g/lib/pom.properties", lib.as_bytes())]);
    let mut bytes = lib.clone();
    for _ in 0..3 {
        bytes = zipped(&[("in/a.jar", &bytes), ("in/lib-1.jar!", &lib)]);
    }
    expect![[r#"
        maven g:lib 1 within "in/a.jar:in/a.jar:in/a.jar"
        maven g:lib 1 within "in/a.jar:in/a.jar:in/lib-1.jar"
        maven g:lib 1 within "in/a.jar:in/lib-1.jar"
        maven g:lib 1 within "in/lib-1.jar"
    "#]]
    .assert_eq(&read("x.war", &bytes));
    let show_with = |limits: Limits| show(parse("x.war", &bytes, &limits));
    let depth = show_with(Limits {
        archive_depth: 2,
        ..Limits::default()
    });
    expect![[r#"
        maven g:lib 1 within "in/lib-1.jar"
        ! x.war:in/a.jar:in/a.jar: lies in more than 2 archives, which are not looked into (limit)
        ! x.war:in/a.jar:in/lib-1.jar: lies in more than 2 archives, which are not looked into (limit)
    "#]].assert_eq(&depth);
    let entries = show_with(Limits {
        archive_entries: 3,
        ..Limits::default()
    });
    expect![[r#"
        maven lib:lib 1 within "in/lib-1.jar"
        ! x.war:in/a.jar: has more than the 3 entries that are looked at (limit)
        ! x.war:in/a.jar:in/a.jar: has more than the 3 entries that are looked at (limit)
        ! x.war:in/lib-1.jar: has more than the 3 entries that are looked at (limit)
    "#]]
    .assert_eq(&entries);
    let inflated = show_with(Limits {
        archive_bytes: 600,
        ..Limits::default()
    });
    expect![[r#"
        maven g:lib 1 within "in/lib-1.jar"
        ! x.war:in/a.jar: more would have to be inflated of this file than the limit (limit)
    "#]]
    .assert_eq(&inflated);
    let ratio = Limits {
        inflate_ratio: 0,
        archive_floor: 600,
        ..Limits::default()
    };
    assert_eq!(show_with(ratio), inflated);
    let held = show_with(Limits {
        captured_bytes: 600,
        ..Limits::default()
    });
    expect![[r#"
        maven g:lib 1 within "in/lib-1.jar"
        ! x.war:in/a.jar: more would have to be inflated of this file than the limit (limit)
    "#]]
    .assert_eq(&held);
}

#[test]
fn what_is_wrong_with_a_member_costs_that_member() {
    let lib = properties("g", "lib", "1");
    let mut bytes = zipped(&[
        ("META-INF/maven/g/lib/pom.properties", lib.as_bytes()),
        ("a.jar!", b"no archive"),
        ("b.jar!", b""),
        ("c.kar!", b"MThd"),
        ("bad.jar", b"xxxxxxxxxxxxxxxxxxxx"),
    ]);
    let at = bytes
        .windows(7)
        .position(|window| window == b"bad.jar")
        .unwrap();
    bytes[at + 7..at + 9].fill(0xff);
    expect![[r#"
        maven g:lib 1
        ! x/lib.jar:a.jar: is no zip archive, or its end is missing (malformed)
        ! x/lib.jar:bad.jar: cannot be inflated (malformed)
    "#]]
    .assert_eq(&read("x/lib.jar", &bytes));
    expect![[r#"
        ! x/lib.jar: is no zip archive, or its end is missing (malformed)
    "#]]
    .assert_eq(&read("x/lib.jar", b"PK, but no archive"));
    assert_eq!(read("x/lib.jar", b""), "");
    assert_eq!(read("x/song.kar", b"MThd"), "");
    assert_eq!(read("x/old.rar", b"Rar!\x1a\x07\0"), "");
}

#[test]
fn members_in_each_others_bytes_count_once() {
    let lib = properties("g", "lib", "1");
    let inner = zipped(&[("META-INF/maven/g/lib/pom.properties!", lib.as_bytes())]);
    let mut bytes = zipped(&[("a.jar!", &inner), ("b.jar!", &inner), ("c.jar!", &inner)]);
    // The third entry of the directory is made to mean the second's bytes, the second the first's
    // under the first's name.
    let entries: Vec<usize> = (0..bytes.len() - 4)
        .filter(|at| bytes[*at..].starts_with(b"PK\x01\x02"))
        .filter(|at| {
            bytes[*at + 46..].starts_with(b"a.jar") || bytes[*at + 47..].starts_with(b".jar")
        })
        .collect();
    let [first, second, third] = entries[..] else {
        panic!("{entries:?}")
    };
    bytes.copy_within(first + 42..first + 51, second + 42);
    bytes.copy_within(first + 42..first + 46, third + 42);
    expect![[r#"
        maven g:lib 1 within "a.jar"
        ! x.jar:c.jar: lies inside another member (malformed)
    "#]]
    .assert_eq(&read("x.jar", &bytes));
}

#[test]
fn an_archive_of_archives_forty_deep_has_a_gap_where_reading_ends() {
    let lib = properties("g", "lib", "1");
    let mut bytes = zipped(&[("META-INF/maven/g/lib/pom.properties", lib.as_bytes())]);
    for _ in 1..40 {
        bytes = zipped(&[
            ("a.jar", &bytes),
            ("META-INF/maven/g/lib/pom.properties", lib.as_bytes()),
        ]);
    }
    let (found, problems) = parse("x.jar", &bytes, &Limits::default());
    assert_eq!(found.packages.len(), Limits::default().archive_depth);
    let way = ["a.jar"; 16].join(":");
    let expected =
        format!("x.jar:{way}: lies in more than 16 archives, which are not looked into (limit)");
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems, [expected]);
}

#[test]
fn a_bomb_is_a_gap() {
    let lib = properties("g", "lib", "1");
    let lib = ("META-INF/maven/g/lib/pom.properties", lib.as_bytes());
    // A small member that inflates to more than is allowed of so small a file.
    let zeroes = vec![0; 33 << 20];
    expect![[r#"
        maven g:lib 1
        ! x.jar:a.jar: more would have to be inflated of this file than the limit (limit)
    "#]]
    .assert_eq(&read("x.jar", &zipped(&[lib, ("a.jar", &zeroes)])));
    // Each level holds the one below ten times: nine levels would be a thousand million archives.
    let mut bytes = zipped(&[lib]);
    for _ in 0..9 {
        let names: Vec<String> = (0..10).map(|number| format!("{number}.jar")).collect();
        let members: Vec<(&str, &[u8])> = names
            .iter()
            .map(|name| (name.as_str(), bytes.as_slice()))
            .collect();
        bytes = zipped(&members);
    }
    assert!(bytes.len() < 1 << 20, "{}", bytes.len());
    let limits = Limits {
        archive_entries: 2_000,
        ..Limits::default()
    };
    let (found, problems) = parse("x.jar", &bytes, &limits);
    assert!(found.packages.len() <= limits.archive_entries);
    assert!((1..=limits.problems + 1).contains(&problems.len()));
    let first = problems.first().unwrap().to_string();
    assert!(
        first.ends_with("has more than the 2000 entries that are looked at (limit)"),
        "{first}"
    );
    // A thousand members that are all the same bytes.
    let inner = zipped(&[("a.jar!", &vec![0; 1 << 20])]);
    let names: Vec<String> = (0..1_000)
        .map(|number| format!("{number:03}.jar!"))
        .collect();
    let members: Vec<(&str, &[u8])> = names
        .iter()
        .map(|name| (name.as_str(), b"".as_slice()))
        .collect();
    let mut bytes = zipped(&[("kernel.jar!", &inner)]);
    let kernel = entry(&bytes, 0);
    let (offset, sizes) = (
        bytes[kernel + 42..kernel + 46].to_vec(),
        bytes[kernel + 10..kernel + 28].to_vec(),
    );
    let rest = zipped(&members);
    let directory = entry(&rest, 0);
    // The directory of the second archive, each entry of which is made to mean the first's member.
    let mut entries = rest[directory..].to_vec();
    for at in (0..entries.len() - 4)
        .filter(|at| entries[*at..].starts_with(b"PK\x01\x02"))
        .collect::<Vec<_>>()
    {
        entries[at + 42..at + 46].copy_from_slice(&offset);
        entries[at + 10..at + 28].copy_from_slice(&sizes);
    }
    bytes.truncate(kernel);
    let start = u32::try_from(bytes.len()).unwrap().to_le_bytes();
    let end = entries.len() - 22;
    entries[end + 16..end + 20].copy_from_slice(&start);
    bytes.extend(entries);
    let (found, problems) = parse("x.jar", &bytes, &Limits::default());
    assert_eq!(found.packages, []);
    let told = problems.iter().map(ToString::to_string);
    let inside = told.filter(|one| one.ends_with("lies inside another member (malformed)"));
    assert!(inside.count() > 90);
}

/// Where an entry of an archive's directory begins.
fn entry(bytes: &[u8], number: usize) -> usize {
    let mut places = (0..bytes.len() - 4).filter(|at| bytes[*at..].starts_with(b"PK\x01\x02"));
    places.nth(number).unwrap()
}
