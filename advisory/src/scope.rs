//! Which packages of a name a statement speaks of, as one string: it is kept once for the many
//! statements that share it.

/// Channel, module and architectures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope<'a> {
    /// The extra channel that holds the fix (`esm`), empty for the main one.
    pub channel: &'a str,
    /// The module of which the package has to be (`nodejs:18`), empty where it is of none.
    pub module: &'a str,
    /// The architectures that are meant; none for all.
    pub architectures: Vec<&'a str>,
}

impl<'a> Scope<'a> {
    /// The scope that was written so.
    pub fn parse(text: &'a str) -> Scope<'a> {
        let mut parts = text.splitn(3, ';');
        let mut next = || parts.next().unwrap_or_default();
        let (channel, module, architectures) = (next(), next(), next());
        let architectures = architectures.split(',').filter(|one| !one.is_empty());
        Scope {
            channel,
            module,
            architectures: architectures.collect(),
        }
    }
}

/// `channel;module;architecture,architecture`, without what is empty at the end.
pub fn write(channel: &str, module: &str, architectures: &[String]) -> String {
    let clean = |text: &str| text.replace(';', " ");
    let mut architectures: Vec<String> = architectures.iter().map(|one| clean(one)).collect();
    architectures.sort();
    architectures.dedup();
    let parts = [clean(channel), clean(module), architectures.join(",")];
    parts.join(";").trim_end_matches(';').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for (channel, module, architectures, text) in [
            ("", "", &[][..], ""),
            ("esm", "", &[], "esm"),
            ("", "nodejs:18", &[], ";nodejs:18"),
            ("", "", &["x86_64", "aarch64", "x86_64"], ";;aarch64,x86_64"),
            ("a;b", "m", &["s390x"], "a b;m;s390x"),
        ] {
            let given: Vec<String> = architectures.iter().map(|one| (*one).to_owned()).collect();
            assert_eq!(write(channel, module, &given), text);
            let scope = Scope::parse(text);
            assert_eq!(scope.channel, channel.replace(';', " "));
            assert_eq!(scope.module, module);
            let again: Vec<String> = scope
                .architectures
                .iter()
                .map(|one| (*one).into())
                .collect();
            assert_eq!(write(scope.channel, scope.module, &again), text);
        }
    }
}
