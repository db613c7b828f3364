//! Identifiers of weaknesses and of bulletins.

/// A CVE as two numbers, which is how many of them are kept in little room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cve {
    /// The year in its name.
    pub year: u16,
    /// Its number in that year.
    pub number: u32,
}

impl Cve {
    /// The CVE that an identifier is or wraps; `None` for a number that nobody has given out.
    pub fn of(identifier: &str) -> Option<Cve> {
        let (year, number) = cve(identifier)?.strip_prefix("CVE-")?.split_once('-')?;
        Some(Cve {
            year: year.parse().ok()?,
            number: number.parse().ok()?,
        })
    }
}

/// The CVE that an identifier is or wraps: `CVE-2021-3782`, `UBUNTU-CVE-2021-3782`,
/// `CVE-2021-35940.patch`. Its form is that of the CVE record format: a year and at least four
/// digits.
pub fn cve(identifier: &str) -> Option<&str> {
    let start = identifier.find("CVE-")?;
    let wrapped = identifier.get(start..)?;
    let is_start = start == 0 || identifier.get(..start)?.ends_with('-');
    let mut parts = wrapped.splitn(3, '-').skip(1);
    let year = parts.next()?;
    let number = parts.next()?;
    let digits = number.bytes().take_while(u8::is_ascii_digit).count();
    let fits = is_start && is_digits(year) && year.len() == 4 && digits >= 4;
    let length = "CVE-".len() + year.len() + 1 + digits;
    fits.then(|| wrapped.get(..length)).flatten()
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Prefixes of identifiers that name a bulletin: one text about several weaknesses.
const BULLETINS: &[&str] = &[
    "ALAS",
    "ALBA-",
    "ALEA-",
    "ALSA-",
    "DLA-",
    "DSA-",
    "DTSA-",
    "ELSA-",
    "FEDORA-",
    "GLSA-",
    "LSN-",
    "MGASA-",
    "PHSA-",
    "OESA-",
    "RHBA-",
    "RHEA-",
    "RHSA-",
    "RLBA-",
    "RLEA-",
    "RLSA-",
    "RXSA-",
    "SUSE-",
    "USN-",
    "openSUSE-",
    "openEuler-SA-",
];

/// Whether an identifier names a bulletin and not a weakness.
pub fn is_bulletin(identifier: &str) -> bool {
    BULLETINS
        .iter()
        .any(|prefix| identifier.starts_with(prefix))
}

/// Whether a word looks like an identifier: a letter first, a hyphen, and a digit somewhere.
pub fn looks_like_one(word: &str) -> bool {
    let starts = word
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic());
    let digit = word.bytes().any(|byte| byte.is_ascii_digit());
    starts && digit && word.contains('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cve_is_found_where_there_is_one() {
        for (text, expected) in [
            ("CVE-2021-3782", Some("CVE-2021-3782")),
            ("UBUNTU-CVE-2021-3782", Some("CVE-2021-3782")),
            ("ROOT-OS-DEBIAN-CVE-2023-1234567", Some("CVE-2023-1234567")),
            ("CVE-2021-35940.patch", Some("CVE-2021-35940")),
            ("CVE-46838", None),
            ("CVE-2021-123", None),
            ("XCVE-2021-1234", None),
            ("CVE-", None),
            ("CVE-2021-é", None),
            ("GHSA-xxxx-CVE-", None),
            ("", None),
        ] {
            assert_eq!(cve(text), expected, "{text}");
        }
    }

    #[test]
    fn a_cve_is_two_numbers() {
        for (text, expected) in [
            ("CVE-1999-0001", Some((1999, 1))),
            ("UBUNTU-CVE-2018-1999046", Some((2018, 1_999_046))),
            ("CVE-2020-4294967296", None),
            ("DSA-5380-1", None),
        ] {
            let found = Cve::of(text).map(|cve| (cve.year, cve.number));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn bulletins_are_told_from_weaknesses() {
        assert!(is_bulletin("DSA-5380-1") && is_bulletin("ALAS2-2021-1") && is_bulletin("USN-1-1"));
        assert!(!is_bulletin("CVE-2021-3782") && !is_bulletin("GHSA-27p5-7cw6-m45h"));
        assert!(looks_like_one("wnpa-sec-2017-18") && looks_like_one("XSA-313"));
        assert!(looks_like_one("GHSA-27p5-7cw6-m45h"));
        assert!(!looks_like_one("N/A") && !looks_like_one("(+") && !looks_like_one("XPTI"));
    }
}
