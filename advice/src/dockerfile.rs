//! The line of a Dockerfile that made a layer, from what an image's history says of it.
//!
//! Builders write it in three ways: the old builder as the shell's command (`/bin/sh -c apt-get …`,
//! and `/bin/sh -c #(nop) COPY …` for what runs nothing), buildkit as the instruction with a note
//! at its end, both with the build's arguments before the shell (`|1 VERSION=3 /bin/sh -c …`).

/// The instruction, its blanks and line ends as single blanks; empty where there is none. What is
/// in no known form is left as it is.
pub fn instruction(command: &str) -> String {
    let words: Vec<&str> = command.split_whitespace().collect();
    let text = words.join(" ");
    let text = text
        .strip_suffix("# buildkit")
        .map_or(text.as_str(), str::trim_end);
    if let Some(rest) = text.strip_prefix("/bin/sh -c #(nop)") {
        return rest.trim_start().to_owned();
    }
    let run = text.strip_prefix("RUN ").unwrap_or(text);
    let shell = match run.starts_with('|') {
        true => run.split_once("/bin/sh -c ").map(|(_, rest)| rest),
        false => run.strip_prefix("/bin/sh -c "),
    };
    match shell {
        Some(command) => format!("RUN {command}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_builder_is_understood() {
        for (command, expected) in [
            (
                "/bin/sh -c #(nop) ADD file:e7cf in / ",
                "ADD file:e7cf in /",
            ),
            ("/bin/sh -c apk add curl", "RUN apk add curl"),
            ("|1 V=3 /bin/sh -c make  V=$V", "RUN make V=$V"),
            (
                "RUN /bin/sh -c apt-get update # buildkit",
                "RUN apt-get update",
            ),
            ("RUN |2 A=1 B=/bin /bin/sh -c make # buildkit", "RUN make"),
            ("COPY app /app # buildkit", "COPY app /app"),
            (
                "RUN /bin/bash -ec make # buildkit",
                "RUN /bin/bash -ec make",
            ),
            ("bazel build ...", "bazel build ..."),
            ("|", "|"),
            ("", ""),
        ] {
            assert_eq!(instruction(command), expected);
        }
    }
}
