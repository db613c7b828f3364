//! The groups of artifacts that do not carry Maven's properties, by their names; and guesses at
//! those of others.
//!
//! Rows are facts about Maven Central: artifacts that are common in images, whose archives are
//! made by other tools than Maven.

use super::manifest::Manifest;

/// Artifacts by what their names begin with; the longest counts.
const FAMILIES: &[(&str, &str)] = &[
    ("akka-", "com.typesafe.akka"),
    ("asm", "org.ow2.asm"),
    ("aspectj", "org.aspectj"),
    ("bc-fips", "org.bouncycastle"),
    ("bcmail-", "org.bouncycastle"),
    ("bcpg-", "org.bouncycastle"),
    ("bcpkix-", "org.bouncycastle"),
    ("bcprov-", "org.bouncycastle"),
    ("bctls-", "org.bouncycastle"),
    ("bcutil-", "org.bouncycastle"),
    ("brave", "io.zipkin.brave"),
    ("cassandra-", "org.apache.cassandra"),
    ("connect-", "org.apache.kafka"),
    ("dagger", "com.google.dagger"),
    ("elasticsearch", "org.elasticsearch"),
    ("elasticsearch-rest-", "org.elasticsearch.client"),
    ("gradle-", "org.gradle"),
    ("groovy", "org.codehaus.groovy"),
    ("grpc-", "io.grpc"),
    ("hibernate-", "org.hibernate"),
    ("hibernate-search-", "org.hibernate.search"),
    ("hibernate-validator", "org.hibernate.validator"),
    ("jackson-core-asl", "org.codehaus.jackson"),
    ("jackson-jaxrs-asl", "org.codehaus.jackson"),
    ("jackson-mapper-asl", "org.codehaus.jackson"),
    ("jetty-", "org.eclipse.jetty"),
    ("junit-jupiter", "org.junit.jupiter"),
    ("junit-platform-", "org.junit.platform"),
    ("junit-vintage-", "org.junit.vintage"),
    ("kafka-", "org.apache.kafka"),
    ("kafka_", "org.apache.kafka"),
    ("kotlin-", "org.jetbrains.kotlin"),
    ("kotlinx-", "org.jetbrains.kotlinx"),
    ("lucene-", "org.apache.lucene"),
    ("micrometer-", "io.micrometer"),
    ("micronaut-", "io.micronaut"),
    ("mockito-", "org.mockito"),
    ("moshi", "com.squareup.moshi"),
    ("okhttp", "com.squareup.okhttp3"),
    ("okio", "com.squareup.okio"),
    ("opensearch", "org.opensearch"),
    ("opensearch-rest-", "org.opensearch.client"),
    ("opentelemetry-", "io.opentelemetry"),
    (
        "opentelemetry-instrumentation-",
        "io.opentelemetry.instrumentation",
    ),
    ("opentelemetry-semconv", "io.opentelemetry.semconv"),
    ("pekko-", "org.apache.pekko"),
    ("perfmark-", "io.perfmark"),
    ("play_", "com.typesafe.play"),
    ("poi", "org.apache.poi"),
    ("reactor-", "io.projectreactor"),
    ("reactor-kafka", "io.projectreactor.kafka"),
    ("reactor-netty", "io.projectreactor.netty"),
    ("retrofit", "com.squareup.retrofit2"),
    ("selenium-", "org.seleniumhq.selenium"),
    ("solr-", "org.apache.solr"),
    ("spring-", "org.springframework"),
    ("spring-amqp", "org.springframework.amqp"),
    ("spring-batch-", "org.springframework.batch"),
    ("spring-boot", "org.springframework.boot"),
    ("spring-cloud-", "org.springframework.cloud"),
    ("spring-data-", "org.springframework.data"),
    ("spring-graphql", "org.springframework.graphql"),
    ("spring-hateoas", "org.springframework.hateoas"),
    ("spring-integration-", "org.springframework.integration"),
    ("spring-kafka", "org.springframework.kafka"),
    ("spring-ldap-", "org.springframework.ldap"),
    ("spring-plugin-", "org.springframework.plugin"),
    ("spring-rabbit", "org.springframework.amqp"),
    ("spring-restdocs-", "org.springframework.restdocs"),
    ("spring-retry", "org.springframework.retry"),
    ("spring-security-", "org.springframework.security"),
    ("spring-session-", "org.springframework.session"),
    ("spring-statemachine-", "org.springframework.statemachine"),
    ("spring-vault-", "org.springframework.vault"),
    ("spring-ws-", "org.springframework.ws"),
    ("spring-xml", "org.springframework.ws"),
    ("testcontainers", "org.testcontainers"),
    ("tomcat-", "org.apache.tomcat"),
    ("tomcat-embed-", "org.apache.tomcat.embed"),
    ("unboundid-ldapsdk", "com.unboundid"),
    ("websocket-", "org.eclipse.jetty.websocket"),
    ("zipkin-", "io.zipkin.zipkin2"),
];

/// Single artifacts.
const SINGLE: &[(&str, &str)] = &[
    ("activation", "javax.activation"),
    ("ant", "org.apache.ant"),
    ("antlr", "antlr"),
    ("bcel", "org.apache.bcel"),
    ("checker-qual", "org.checkerframework"),
    ("chill", "com.twitter"),
    ("classworlds", "classworlds"),
    ("commons-beanutils", "commons-beanutils"),
    ("commons-chain", "commons-chain"),
    ("commons-cli", "commons-cli"),
    ("commons-codec", "commons-codec"),
    ("commons-collections", "commons-collections"),
    ("commons-configuration", "commons-configuration"),
    ("commons-daemon", "commons-daemon"),
    ("commons-dbcp", "commons-dbcp"),
    ("commons-digester", "commons-digester"),
    ("commons-discovery", "commons-discovery"),
    ("commons-el", "commons-el"),
    ("commons-fileupload", "commons-fileupload"),
    ("commons-httpclient", "commons-httpclient"),
    ("commons-io", "commons-io"),
    ("commons-jexl", "commons-jexl"),
    ("commons-jxpath", "commons-jxpath"),
    ("commons-lang", "commons-lang"),
    ("commons-logging", "commons-logging"),
    ("commons-logging-api", "commons-logging"),
    ("commons-modeler", "commons-modeler"),
    ("commons-net", "commons-net"),
    ("commons-pool", "commons-pool"),
    ("commons-validator", "commons-validator"),
    ("graal-sdk", "org.graalvm.sdk"),
    ("gson", "com.google.code.gson"),
    ("guice", "com.google.inject"),
    ("h2", "com.h2database"),
    ("hamcrest", "org.hamcrest"),
    ("hamcrest-all", "org.hamcrest"),
    ("hamcrest-core", "org.hamcrest"),
    ("hamcrest-library", "org.hamcrest"),
    ("hibernate-commons-annotations", "org.hibernate.common"),
    ("hsqldb", "org.hsqldb"),
    ("jackson-jaxrs", "org.codehaus.jackson"),
    ("jackson-xc", "org.codehaus.jackson"),
    ("java-jwt", "com.auth0"),
    ("javax.inject", "javax.inject"),
    ("jaxb-api", "javax.xml.bind"),
    ("jaxb-core", "com.sun.xml.bind"),
    ("jaxb-impl", "com.sun.xml.bind"),
    ("jaxb-xjc", "com.sun.xml.bind"),
    ("jdom", "org.jdom"),
    ("jdom2", "org.jdom"),
    ("jedis", "redis.clients"),
    ("jna", "net.java.dev.jna"),
    ("jna-platform", "net.java.dev.jna"),
    ("jooq", "org.jooq"),
    ("jsch", "com.jcraft"),
    ("jsp-api", "javax.servlet.jsp"),
    ("jsr305", "com.google.code.findbugs"),
    ("jtds", "net.sourceforge.jtds"),
    ("jython", "org.python"),
    ("jython-standalone", "org.python"),
    ("lettuce-core", "io.lettuce"),
    ("lombok", "org.projectlombok"),
    ("mail", "javax.mail"),
    ("mariadb-java-client", "org.mariadb.jdbc"),
    ("mssql-jdbc", "com.microsoft.sqlserver"),
    ("mysql-connector-j", "com.mysql"),
    ("mysql-connector-java", "mysql"),
    ("ojdbc11", "com.oracle.database.jdbc"),
    ("ojdbc8", "com.oracle.database.jdbc"),
    ("opentest4j", "org.opentest4j"),
    ("oro", "oro"),
    ("postgresql", "org.postgresql"),
    ("reactive-streams", "org.reactivestreams"),
    ("rxjava", "io.reactivex"),
    ("scala-compiler", "org.scala-lang"),
    ("scala-library", "org.scala-lang"),
    ("scala-reflect", "org.scala-lang"),
    ("serializer", "xalan"),
    ("servlet-api", "javax.servlet"),
    ("sqlite-jdbc", "org.xerial"),
    ("stax-api", "javax.xml.stream"),
    ("velocity", "org.apache.velocity"),
    ("velocity-engine-core", "org.apache.velocity"),
    ("wsdl4j", "wsdl4j"),
    ("xalan", "xalan"),
    ("xercesImpl", "xerces"),
    ("xml-apis", "xml-apis"),
    ("xmlsec", "org.apache.santuario"),
    ("xpp3", "xpp3"),
    ("xpp3_min", "xpp3"),
];

/// Archives that a program ships under other names than Maven Central has for them: file,
/// group, artifact.
const RENAMED: &[(&str, &str, &str)] = &[
    (
        "annotations-api",
        "org.apache.tomcat",
        "tomcat-annotations-api",
    ),
    ("catalina", "org.apache.tomcat", "tomcat-catalina"),
    ("catalina-ant", "org.apache.tomcat", "tomcat-catalina-ant"),
    ("catalina-ha", "org.apache.tomcat", "tomcat-catalina-ha"),
    ("catalina-ssi", "org.apache.tomcat", "tomcat-ssi"),
    (
        "catalina-storeconfig",
        "org.apache.tomcat",
        "tomcat-storeconfig",
    ),
    ("catalina-tribes", "org.apache.tomcat", "tomcat-tribes"),
    ("el-api", "org.apache.tomcat", "tomcat-el-api"),
    ("jasper", "org.apache.tomcat", "tomcat-jasper"),
    ("jasper-el", "org.apache.tomcat", "tomcat-jasper-el"),
    ("jaspic-api", "org.apache.tomcat", "tomcat-jaspic-api"),
    ("jenkins-core", "org.jenkins-ci.main", "jenkins-core"),
    ("tomcat-i18n-en", "org.apache.tomcat", "tomcat-i18n-en"),
    ("tomcat-websocket", "org.apache.tomcat", "tomcat-websocket"),
    ("websocket-api", "org.apache.tomcat", "tomcat-websocket-api"),
];

/// Whether a file of that name is one of a known program.
pub fn is_known(file: &str) -> bool {
    RENAMED.iter().any(|(name, _, _)| *name == file)
}

/// The group of an artifact, and its name on Maven Central.
pub fn of(artifact: &str, manifest: Option<&Manifest>) -> (String, String) {
    let renamed = RENAMED.iter().find(|(file, _, _)| *file == artifact);
    if let Some((_, group, artifact)) = renamed {
        return ((*group).to_owned(), (*artifact).to_owned());
    }
    let has = |of: fn(&str, &Manifest) -> Option<String>| of(artifact, manifest?);
    let group = find(SINGLE, |name| name == artifact).or_else(|| has(|_, it| said(it)));
    let group = group.or_else(|| find(FAMILIES, |start| artifact.starts_with(start)));
    let group = group.or_else(|| has(guess));
    (
        group.unwrap_or_else(|| artifact.to_owned()),
        artifact.to_owned(),
    )
}

/// The group of the row with the longest name that is meant.
fn find(rows: &[(&str, &str)], is_meant: impl Fn(&str) -> bool) -> Option<String> {
    let meant = rows.iter().filter(|(name, _)| is_meant(name));
    let longest = meant.max_by_key(|(name, _)| name.len());
    longest.map(|(_, group)| (*group).to_owned())
}

/// What a manifest gives as the group: Jenkins' plugins do, publishing plugins of Gradle's in the
/// title, Maven as the vendor's identifier.
fn said(manifest: &Manifest) -> Option<String> {
    let said = [
        manifest.get("Group-Id"),
        published(manifest),
        manifest.get("Implementation-Vendor-Id"),
    ];
    let group = said.into_iter().flatten().find(|text| is_group(text));
    group.map(str::to_owned)
}

/// The group in a title of the form `group#artifact;version`.
fn published(manifest: &Manifest) -> Option<&str> {
    let title = manifest.get("Implementation-Title")?;
    title.split_once('#').map(|(group, _)| group)
}

/// What names in a manifest let guess.
fn guess(artifact: &str, manifest: &Manifest) -> Option<String> {
    let title = manifest.get("Implementation-Title");
    let names = [
        manifest.bundle("Bundle-SymbolicName"),
        manifest.get("Automatic-Module-Name"),
        title,
    ];
    let mut names = names.into_iter().flatten().filter(|name| is_group(name));
    let extension = manifest.get("Extension-Name").filter(|name| is_group(name));
    let extension = extension.filter(|name| Some(*name) == title);
    let front = names.find_map(|name| before(name, artifact));
    front.or(extension).map(str::to_owned)
}

/// Whether a text has the form of a group: words with dots between them.
fn is_group(text: &str) -> bool {
    let is_word = |word: &str| {
        let mut chars = word.chars();
        chars
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic())
            && chars.all(|char| char.is_ascii_alphanumeric() || "-_".contains(char))
    };
    text.contains('.') && text.split('.').all(is_word)
}

/// What stands before the artifact in a name made of both. Where the artifact begins with the
/// group's last word, the name has that once: `org.apache.maven.core` is
/// `org.apache.maven:maven-core`.
fn before<'a>(name: &'a str, artifact: &str) -> Option<&'a str> {
    let dotted = artifact.replace(['-', '_'], ".");
    let front = [artifact, &dotted]
        .into_iter()
        .find_map(|end| name.strip_suffix(end));
    let front = front?.strip_suffix('.')?;
    let whole = dotted.split_once('.').and_then(|(first, _)| {
        let at = front.len() + 1 + first.len();
        // With a dash in the artifact's place, it was not put together of both.
        (name.get(front.len() + 1..at) == Some(first) && name.ends_with(&dotted))
            .then(|| name.get(..at))
            .flatten()
    });
    let group = whole.unwrap_or(front);
    group.contains('.').then_some(group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_one_row() {
        for rows in [FAMILIES, SINGLE] {
            assert!(
                rows.windows(2).all(|pair| pair[0].0 < pair[1].0),
                "sorted, once each"
            );
        }
        assert!(RENAMED.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn groups_are_what_is_known_before_what_is_guessed() {
        let manifest = Manifest::read(
            b"Bundle-SymbolicName: org.apache.commons.lang\nImplementation-Vendor-Id: org.apache\n",
        );
        for (artifact, group) in [
            ("commons-lang", "commons-lang"),
            ("spring-web", "org.apache"),
            ("lang", "org.apache"),
        ] {
            assert_eq!(of(artifact, Some(&manifest)).0, group, "{artifact}");
        }
        let bundle = Manifest::read(b"Bundle-SymbolicName: org.apache.maven.core\n");
        assert_eq!(of("maven-core", Some(&bundle)).0, "org.apache.maven");
        assert_eq!(of("core", Some(&bundle)).0, "org.apache.maven");
        assert_eq!(of("other", Some(&bundle)).0, "other");
        assert_eq!(of("other", None).0, "other");
        let web = of("spring-security-web", None).0;
        assert_eq!(web, "org.springframework.security");
    }
}
