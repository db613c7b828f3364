"""What versions of each scheme look like: seeds after real ones, pieces to change them with, what
the crate does otherwise than the tool on purpose, and lines that no tool can tell."""

from dataclasses import dataclass, field


@dataclass
class Scheme:
    told: str
    seeds: list
    pieces: list
    # Pairs in which either matches are left out of tables, and counted apart in comparisons.
    explained: list = field(default_factory=list)
    hand: str = ""


def words(text):
    return text.split()


NUMBERS = words("0 1 2 9 10 00 01 .0 .1 .2 .10 .01 .00")
SEMANTIC = NUMBERS + words(
    "-0 -1 -rc -rc.1 -rc.2 -rc.10 -alpha -alpha.1 -beta -beta.11 -beta.x -1a -a1 -A - -- + +1"
    " +build.1 +build.01 -x.7.z.92 -pre -pre.0 v"
)
DEBIAN = NUMBERS + words(
    "1: 0: : - -1 -1+b1 ~ ~rc1 ~~ ~bpo12+1 +deb12u1 +dfsg +dfsg-2 .1 a b z A + -0ubuntu0.22.04.1"
)
RPM = NUMBERS + words(
    "1: 0: : - -1 -1.el8 -2.el9_4 .el8 .el9 ~ ~rc1 ~~ ^ ^git1 ^20230101 a b rc z _ + .. ._ Z"
)

SCHEMES = {
    "apk": Scheme("", [], []),
    "dpkg": Scheme(
        "",
        words(
            "1.0-1 1.1.1n-0+deb11u5 2:8.39-15 7.88.1-10+deb12u5 1:2.13.2+dfsg-1 5.36.0-7+deb12u1"
            " 2.36-9+deb12u4 1.0~rc1-1 1.0-1~bpo11+1 20230311 3.0.2-0ubuntu1.15 1:9.18.24-1 0.9.8zg"
            " 4.19.269-1+b1 1.0-1.1 6.1.0-13"
        ),
        DEBIAN,
        explained=[(r"^-", "what starts with a hyphen is an option to dpkg")],
    ),
    "opkg": Scheme(
        "Orders told by `dpkg --compare-versions` of dpkg 1.21.22, whose order opkg took over, 2026-11.",
        words(
            "1.1.1w-1 2023-06-25-1a7c3e9b-1 5.15.134-1-7a2c3f 1.35.0-5 2.88-1 22.03.5 2024.09.08~abc-r1"
            " 3.0.12-1 1.2.4-r4 1.2.4-r10 19.07.10 2019.78-2 8.2.3-r0 5.4.188-1-b9a1 1:2.0-1 0~20200101-1"
        ),
        DEBIAN + words("-r1 -r10"),
        explained=[(r"^-", "what starts with a hyphen is an option to dpkg")],
    ),
    "rpm": Scheme(
        "Orders told by rpm.vercmp of rpm 4.18.0, 2026-11.",
        words(
            "1.0-1 1:1.1.1k-7.el8_6 1.1.1k-6.el8_5 2.17-326.el7_9 4.18.0-553.el8_10 3.6.8-56.el8_9"
            " 7.61.1-33.el8_9.5 1.0~rc1-1 1.0^git1-1 1.0-1.module_el8.8.0+3567+56a616e4 2.34-60.el9"
            " 20230731.1.el9 1.8.0.372.b07-1.el7_9 1:1.8.0.372.b07-1.el7_9 5.14.0-362.8.1.el9_3 249-4"
            " 0.9.8e-40.0.2.el5_11 1.2.3 1.2.3a-1 6.1.52-71.125.amzn2023 10.2.0-1.oe2203sp3 2.9.14-150400.5.25.1"
            " 32:9.11.4-26.P2.el7_9.15 0:1.0-1 5.0.0-0.rc1.1 5.0.0-1"
        ),
        RPM,
        explained=[
            (r"^\d*:?-|:$", "a version that is empty is undecided"),
        ],
    ),
    "pacman": Scheme(
        "Orders told by vercmp of pacman 6.0.2, 2026-11.",
        words(
            "1.1.1.w-1 3.1.4-1 2.38-7 1:1.20.4-1 6.6.1.arch1-1 13.2.1-5 20230831-1 r8.0.0-2 8.3.0-1.1"
            " 1.0rc1-1 1.0-1 1.0.a-1 1.0a-1 5.2.021-1 2:7.4-1 0.9.8.zh-1 1.5b-2 4.19_alpha1-1 1.2.3+r4+gabc-1"
            " 1.2.3.r4.gabc-1 0:1.0-1 2023.09.22-1 12.0.0_1-1"
        ),
        [piece for piece in RPM if "^" not in piece] + words("+r1+gabc .r1 rc1"),
        explained=[(r"^\d*:?-|:$", "a version that is empty is undecided")],
    ),
    "portage": Scheme(
        "Orders told by portage.versions.vercmp of portage 3.0.83, 2026-11.",
        words(
            "1.1.1w 1.1.1w-r1 3.0.12 2.38-r7 1.0_rc1 1.0_rc2 1.0_alpha 1.0_alpha1 1.0_beta2 1.0_pre20230101"
            " 1.0_p1 1.0_p 1.0_p1-r2 1.0_alpha1_p2 1.0_rc1_p3-r1 6.6.1 9999 1.02 1.1 1.10 1.010 0.9.8z_p8-r100"
            " 2.12.2b 2.12.2 2.12.2.1 13.2.1_p20230826 8.3_p1 1.2.3_pre 1 1.0 1.0.0 1-r0 01 5.2.21_p1"
        ),
        NUMBERS + words("_alpha _alpha1 _beta _pre _pre1 _rc _rc1 _rc10 _p _p0 _p1 _p10 -r0 -r1 -r01 -r10 a b z _ - . cvs."),
    ),
    "semver": Scheme(
        "Orders told by Cargo's crate semver 1 (cmp_precedence), 2026-11. Elixir's Version agrees.",
        words(
            "1.0.0 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1"
            " 0.1.0 0.0.0-0 0.0.0 2.3.4+build.5 2.3.4+build.6 2.3.4-rc.1+b 1.2.3-4 1.2.3-0a 1.2.3--- 10.2.0 9.10.0"
            " 4.17.21 0.10.38 0.10.55 0.9.24 1.0.0-x-y-z.4 0.3.0-pre.20230101 1.0.0-rc1 1.0.0-rc10 1.0.0-rc2"
        ),
        SEMANTIC,
        explained=[
            (r"^\d+(\.\d+)?$", "missing numbers are zero"),
            (r"\d{19}", "numbers past 64 bits are ordered by their value"),
        ],
        hand="""
0.1 = 0.1.0
0.0.9 < 0.1
0.1.0-rc.1 < 0.1
1 = 1.0.0
1-rc ? 1.0.0
1.0+b ? 1.0.0
v1.0.0 ? 1.0.0
""",
    ),
    "bitnami": Scheme(
        "Orders told by github.com/bitnami/go-version 1, 2026-11.",
        words(
            "1.2.3 1.2.3-0 1.2.3-1 1.2.3-4 1.2.3-10 2.13.7-1 2.13.7-r2 1.2.4-2 10.11.2 10.11.2-1 9.0.80 9.0.0"
            " 8.0.33 8.0.33-r1 5.7.41+b1 1.2.3-1.2 1.2.3-a 1.2.3-1-r2"
        ),
        SEMANTIC + words("-r1 -2 -4"),
        explained=[
            (r"(^|[.-])0\d", "zeros before a number are read"),
            (r"[.-][xX]($|[.+])", "x is every revision to Bitnami's library"),(r"\d{19}", "numbers past 64 bits are ordered by their value")],
        hand="""
2018.08.18 = 2018.8.18
2021.09.25 < 2021.12.09
10.11 ? 10.11.0
nightly.2026-03-10.0 ? 1.0.0
""",
    ),
    "npm": Scheme(
        "Orders told by node-semver 7.8.6 with the option loose, 2026-11.",
        words(
            "1.0.0 v1.0.0 =1.0.0 1.0.0beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.10 1.0.0-rc.1 4.17.21 4.17.20 16.14.0"
            " 0.0.0-experimental-1a2b3c 18.3.0-next-85de6de1b-20230328 7.0.0-bridge.0 2.0.0-alpha.9+build 1.2.3-4"
            " 01.02.03 1.0.0rc1 1.0.0rc.1 1.0.0-x.7.z.92 0.10.3 0.9.12 5.0.0-0 1.2.3+b 1.2.3-01 1.2.3-1"
            " 3.0.0-canary.1 10.0.0 9.9.9 v=2.0.0 1.0.0-0.3.7"
        ),
        SEMANTIC + words("beta rc1 a = v= x"),
        explained=[
            (r"^[v=]*\d+(\.\d+)?$", "missing numbers are zero"),
            (r"^[v=]*\d+\.\d+\.\d\d+\.", "node takes 1.2.34.5 for 1.2.3-4.5"),
            (r"\d-+($|[+.])", "node takes a hyphen with nothing behind it for a forerunner"),
            (r"\d{16}", "numbers past 2^53 are ordered by their value"),
            (r".{257}", "versions longer than 256 characters are read"),
        ],
        hand="""
1.2 = 1.2.0
1.1.9 < 1.2
1.2-rc ? 1.2.0
1.2.x ? 1.2.0
* ? 1.2.0
""",
    ),
    "pep440": Scheme(
        "Orders told by packaging 26.4, 2026-11.",
        words(
            "1.0 1.0.0 1.0.dev1 1.0a1 1.0a1.dev2 1.0b2 1.0rc1 1.0c1 1.0.post1 1.0-1 1.0.post1.dev3 1!0.5 2023.7.22"
            " 1.0+cu118 1.0+local.1 1.0+local.a 1.0+ubuntu.1 2.0.0rc1.post1 1.0alpha 1.0_beta.3 1.0-preview-2 v1.1"
            " 1.0r4 1.0.rev5 0.9.8 0.10 41.0.2 3.0.0a10 3.0.0a9 1.26.18 2.0b0 4.2.16 5.0a0 1.0pre1 1.0.0-alpha.1"
            " 2004d 1.0.x 1.0-SNAPSHOT 2.0.0+1 2.0.0+1.a 2.0.0+a.1 1.0dev 0.4.post3 1e1"
        ),
        NUMBERS
        + words(
            "a a1 b b2 rc rc1 c1 alpha beta.2 pre preview1 .post .post1 -1 post2 .rev3 r4 .dev .dev1 dev2 .DEV3 RC1"
            " +1 +a +a.1 +1.a +A-b_c + 1! 0! - . _ v -r .a1 -b.2 _rc_1"
        ),
    ),
    "maven": Scheme(
        "Orders told by ComparableVersion of maven-artifact 3.9.11, 2026-11.",
        words(
            "1 1.0 1.0.0 1-alpha-1 1-alpha1 1.0-alpha 1.0-a1 1.0-beta-2 1.0-b2 1.0-M1 1.0.M1 1.0-milestone-2 1.0-RC1"
            " 1.0.RC1 1.0-rc-2 1.0-CR1 1.0-SNAPSHOT 1.0.0.Final 1.0.GA 1.0.RELEASE 1.0-sp-1 1.0.SP1 2.9.10.8"
            " 2.9.10.7 2.14.0-rc2 32.0.0-android 32.0.0-jre 32.1.0-jre 31.1-jre 9.4.51.v20230217 9.4.50.v20221201"
            " 4.1.94.Final 4.1.93.Final 4.2.0.Alpha5 5.3.27 5.3.0.RELEASE 10.1.0-M1 10.1.0-M14 10.1.8 8.5.88"
            " 2.0.0-M3 1.2.17-atlassian-16 1.8.0_252 3.0.0-beta-1 r09 r03 20030203.000550 20040616 2.1.1.1 1-1 1.1"
            " 1-foo 1.foo 1-1.foo 1foo 1.0.0-x 1-xyz-2 1.0.1-incubating 0.9.5.5 1.0.0.redhat-00001 1.78.1 1.9.0-jdk15"
        ),
        NUMBERS
        + words(
            "-alpha -alpha-1 -a1 a a1 -beta -b-2 -M1 .M2 -RC1 .rc2 -cr -SNAPSHOT -ga .Final .RELEASE -sp .SP1 -1 -0"
            " -x x -jre .v2023 -foo-1 - . .. -- foo _1 -1-1 -0-x m1 sp2 -z9"
        ),
        explained=[(r"(?<!\d)0{10,}", "zeros, ten or more, are one zero")],
    ),
    "gem": Scheme(
        "Orders told by Gem::Version of RubyGems 3.3.15, 2026-11.",
        words(
            "1 1.0 1.0.0 1.0.a 1.0.a1 1.0.a.2 1.0.b1 1.0.pre 1.0.rc1 1.0.0.beta 1.0.0.beta2 1.0-1 1.0.pre.1 7.0.4.3"
            " 7.0.4.2 6.1.7.3 5.2.4.rc1 2.0.0.pre1 1.15.0.rc1 1.15.0 1.8.7.374 0.0.1 5.2.4.5.a 4.2.11.0.1 1.0.0.0.1"
            " 1.0a 1.0.a0 1.0.alpha.10 1.0.alpha.9 3.2.1-java 1.0.A 2.3.0.rc.2 1.15.0-x86_64-linux"
        ),
        NUMBERS + words("a b a1 .a .b .pre .rc1 .beta2 -1 -rc - .A Z .0.0 a0 -0 -a.0 .x"),
    ),
    "perl": Scheme(
        "Orders told by version->parse of version 0.9929 (Perl 5.36), 2026-11.",
        words(
            "1.09 1.1 1.10 1.02 1.020 1.02_03 v1.2 v1.2.3 1.2.3 1.002003 1.002 5.36.0 5.036 0.9929 2.14 2.140 3.00_01"
            " v0.10.2 6.68 6.0601 20230101 1 1.0 v1 .5 1. 0.000001 1.0_1 v1.2.3_4"
        ),
        NUMBERS + words("_1 _ v . .1.2 .001 001 a -1 -TRIAL"),
        explained=[(r"\d{8}_?\d{2}|\d{9}", "numbers past 31 bits are ordered by their value")],
    ),
    "golang": Scheme(
        "Orders told by golang.org/x/mod/semver 0.30, releases of Go in the form of its vulnerability database, 2026-11.",
        words(
            "v0.0.0-20190101000000-abcdefabcdef v0.0.0-20220315160706-3147a52a75dd v1.2.3 1.2.3 v1.2.4-0.20200101000000-0123456789ab"
            " v1.2.4-pre.0.20200101000000-0123456789ab v2.0.0+incompatible 2.0.0 v1 v1.2 v0.17.0 v0.3.8 0.3.8 v0.10.0"
            " v1.0.0-rc.1 v1.0.0-rc1 v1.0.0-rc10 v20.10.24+incompatible go1.21rc2 go1.21rc10 1.21.0-rc.2 1.21.0-0 1.21.0"
            " go1.20 go1.20.5 go1.21.0 go1.9beta2 go1.9 go1.22.4-1 1.20.10 go1.18beta1 1.18.0-beta1 v1.2.3+dirty v4.1.0-a"
        ),
        SEMANTIC + words("go1.2 go1.21rc1 rc1 beta1 v1 +incompatible -0.20200101000000-0123456789ab"),
        hand="""
(devel) ? v1.0.0
devel ? v1.0.0
go ? v1.0.0
gopher ? v1.0.0
go1.21.0+auto = go1.21
go1.20.5-bigcorp = 1.20.5
""",
    ),
    "nuget": Scheme(
        "Orders told by NuGet.Versioning 5.5 in mono 6.8, 2026-11.",
        words(
            "1.0 1.0.0 1.0.0.0 1 1.0.0.1 1.0.0-alpha 1.0.0-ALPHA 1.0.0-alpha.1 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1"
            " 13.0.3 13.0.1 12.0.3 4.3.0 4.3.4 6.0.0-preview.7.21377.19 6.0.0-rc.2.21480.5 6.0.0 1.0.0+a 1.0.0-rc1+b"
            " 2.0.0-Beta1 2.0.0-beta1 2.0.0-beta10 2.0.0-beta9 01.02.3 5.0.0.0-preview 1.2.3.4 1.2.3.10 1.0-dev 0.0.0"
        ),
        SEMANTIC + words("-Alpha -RC.1 .0.0 .0.1 -B"),
        explained=[
            (r"\d{10}", "numbers past 32 bits are ordered by their value"),
            (r"(-|\.)-\d+($|[.+])", "NuGet takes -1 in a forerunner for a number"),
        ],
    ),
    "composer": Scheme(
        "Orders told by composer/semver 3.3.2 in PHP 8.2, 2026-11.",
        words(
            "1.0 1.0.0 v1.0.0 1.0.0.0 1.0.0-alpha 1.0.0-alpha1 1.0.0a2 1.0.0-beta.2 1.0.0-b3 1.0-RC1 1.0rc2 1.0.0-patch1"
            " 1.0-pl2 1.0p3 1.0.0-dev 1.0.x-dev 1.x-dev 2.0-dev dev-master dev-main master 2010.01.02 20100102 2010-01-02"
            " 2010-01-02.5 20100102-203040 2010-01-02-10-20-30.5 1.2.3.4 5.8.35 9.52.7 10.0.0-beta1 4.4.50 v6.2.7 1.0.0-stable"
            " 1.0.0+build 1.0.0-beta.1.2 2.3.*-dev 1.0.0-alpha.1-dev 201903.0 100000 1.0. 7.103 8.0.0-rc11 3.0.0-beta2.1"
        ),
        NUMBERS
        + words(
            "-alpha -alpha1 a1 -beta -beta.2 b -RC1 rc -rc.2 -patch1 -p -pl2 p1 -dev .dev dev -stable .x-dev .*-dev + +b - . _ v"
            " -1 .x -01 -02-03 0102 -RC.1-2"
        ),
        explained=[
            (r"(?!stable)(?i:stable)", "the word stable in capitals is the same word"),
            (r"(?i)^dev-|^(master|trunk|default)$", "a branch has no order: see the source"),
            (r"\d{18}", "numbers past 64 bits are ordered by their value"),
        ],
        hand="""
dev-main ? 1.0.0
master ? dev-main
dev-main = dev-main
DEV-main = dev-main
1.0.0 ? 2.0.0@dev
1.0-STABLE = 1.0
1.x-dev < 2.0
1.9.9 < 1.x-dev
""",
    ),
    "conda": Scheme(
        "Orders told by conda's VersionOrder, 2026-08.",
        words(
            "0.4 0.4.0 0.4.1.rc 0.4.1.RC 0.4.1 0.5a1 0.5b3 0.5C1 0.5 0.9.6 0.960923 1.0 1.1dev1 1.1_ 1.1a1 1.1.0dev1 1.1.dev1"
            " 1.1.a1 1.1.0rc1 1.1.0 1.1 1.1.0post1 1.1.post1 1.1post1 1996.07.12 1!0.4.1 1!3.1.1.6 2!0.4.1 1.1.1w 1.1.1_ 1.1.1"
            " 1.0+abc 1.0+abc_1 1.0.1-rc1 2022a 2022b 3.11.0rc1_0 9e 11.8.89 2.12.0.dev0 1_2_3"
        ),
        NUMBERS + words("a a1 b rc rc1 dev dev1 .dev post post1 .post _ - _1 -1 +a +1 + 1! ! A RC .x * _a a_"),
    ),
    "conan": Scheme(
        "Orders told by Version of conan 2.34, 2026-11.",
        words(
            "1.1.1w 1.1.1v 3.0.8 3.1.4 1.2.13 1.2.11 1.0 1.0.0 1.0.0-rc1 1.0.0-rc2 1.0-beta.2 1.0-beta.10 1.0+b1 1.0+b2"
            " cci.20210118 cci.20230101 8.0.1 7.88.1 2.13.7 1.80.0 1.81.0 9.e 2023.10 0.0.0 1.0-pre+b 3.4.0-rc.1"
        ),
        NUMBERS + words("-rc1 -rc2 -beta.2 -1 -a +b1 +1 + - .a a w x"),
        explained=[
            (r"\d_+\d|(^|[.+-])[+-]\d", "Python reads 1_0, +1 and -1 as numbers"),
        ],
    ),
    "cran": Scheme(
        "Orders told by compareVersion of R 4.2.2, 2026-11.",
        words("1.0 1.0.0 1.0-1 1.0-10 1.2-3 1.2.3 3.4-12 0.9.8 1.99.0 2.0 4.2.2 0.0.0.9000 1.0.0-1 2023.12 1 7.3-60.0.1"),
        NUMBERS + words("-1 -0 -2 - . a .9000"),
        explained=[(r"\d{10}", "numbers past 31 bits are ordered by their value")],
    ),
    "hackage": Scheme(
        "Orders told by Version of Cabal 3.2, 2026-11.",
        words("1 1.0 1.0.0 1.0.0.0 0.3.6.3 0.3.6 2.1.0.0 1.9.10.2 1.10 1.2.3.4 4.16.0.0 0.0.0.1 20230101 1.0.1 1.0.10"),
        NUMBERS + words(". -1 a .0.0"),
        explained=[
            (r"(^|\.)0\d", "zeros before a number are read"),
            (r"-", "Cabal reads tags and forgets them"),
            (r"\d{10}", "numbers past nine digits are read"),
        ],
        hand="""
1.0-foo ? 1.0
1.0 ? 1.0-1
01.2 = 1.2
""",
    ),
    "jvm": Scheme(
        "Orders told by Runtime.Version of OpenJDK 17 without builds and options, 2026-11; what it does not read by hand.",
        words(
            "8 9 11 11.0.19 11.0.19+7 11.0.19+7-LTS 17 17-ea 17-ea+3 17.0.7 17.0.7+7 17.0.8.1+1 17.0.8 17.0.8-ea 21 21.0.1"
            " 21.0.1+12-LTS 21-internal 9.0.4 10.0.2 8.0.372 8.0.362 17.0.0 22-beta+1 11.0.2.0.1"
        ),
        NUMBERS + words("-ea -ea+1 -beta -internal +7 +7-LTS +12 .0.1 .4 -1 -10"),
        explained=[
            (r"(^|\.)0\d", "zeros before a number are read"),
            (r"(?i)-(lts|ga|b\d+)($|[-+])", "what is optional is not taken for a forerunner"),
            (r"\+0|\+$|\+-|-$|\+\d+[^-\d]|\+[^\d]|-\w*-", "builds and options are read in any form"),
            (r"^0|^1\.", "Java 1.8 is Java 8"),
            (r"\d{10}", "numbers past 31 bits are ordered by their value"),
        ],
        hand="""
1.8.0_372 = 8u372
1.8.0_372 = 8.0.372
1.8.0_372-b07 = 8u372
1.8.0_372-b07 = 1.8.0_372
8u372-b07 = 8.0.372+7
8u372-ga = 8u372
8.0-update302 = 8u302
8.0-update_302-b08 = 8u302
1.8.0-update302 = 8u302
1.8.0_update302 = 8u302
8.0.0_302 = 8u302
1.8.0 = 8
1.8.0 < 1.8.0_20
1.8.0_20 < 1.8.0_25
1.8.0_9 < 1.8.0_20
1.7.0_80 < 1.8.0
1.4.2_19 < 1.5.0
1.6.0_45 < 1.7.0
1.8.0_372 < 9
1.8.0_372 < 11.0.19
1.8.0_372 < 17
1.9.0-ea-b19 < 9
9-ea+19 < 9.0.1
1.9.0-ea-b19 = 9-ea
8u362 < 8u372
7u80 < 8u5
17-ea < 17
17.0.7-LTS = 17.0.7
1.8.0_372x ? 8
8u ? 8
1.8.0_ ? 8
17.0.1_5 ? 17
java ? 8
""",
    ),
}
