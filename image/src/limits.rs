//! How much of foreign data is looked at.

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// Bounds for everything that is read from an image. All sizes are in bytes.
///
/// The default suits a server that anybody may push to: far above what honest images hold (the
/// largest layers in the wild are about 15 GiB), and low enough that one image cannot fill memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A manifest or index. Registries agree on 4 MiB.
    pub manifest_bytes: u64,
    /// An image's configuration.
    pub config_bytes: u64,
    /// Layers that one image may have. Linux overlays end at 500.
    pub layers: usize,
    /// Manifests that one index may name.
    pub index_members: usize,
    /// Indexes that may lie inside each other.
    pub index_depth: usize,
    /// One layer, inflated.
    pub layer_bytes: u64,
    /// Inflated bytes per compressed byte, looked at once [`Limits::ratio_floor`] is passed.
    pub inflate_ratio: u64,
    /// Inflated bytes up to which any ratio is allowed: a file of zeroes is honest.
    pub ratio_floor: u64,
    /// Memory that a zstd frame may ask for, as the exponent of two of its window.
    pub zstd_window_log: u32,
    /// Entries of one layer, or files of one directory tree.
    pub entries: u64,
    /// Directories that may lie inside each other, on disk.
    pub directory_depth: usize,
    /// A path, or the target of a link.
    pub path_bytes: usize,
    /// All paths and targets of links of one layer.
    pub names_bytes: u64,
    /// One header's long name, PAX records or sparse map.
    pub metadata_bytes: u64,
    /// One file that is read into memory to be catalogued, and all that wait for their journals.
    pub captured_bytes: u64,
    /// One such file of text. A name and a version are a few bytes of it, and some hundred bytes
    /// once they are read: less of it makes more.
    pub text_bytes: u64,
    /// Packages that are kept of one file of a layer.
    pub packages: usize,
    /// Packages that are kept of a layer, and of an image.
    pub image_packages: usize,
    /// Files that packages own and that are kept of a layer: those that may hold packages.
    pub owned_files: usize,
    /// Archives that may lie inside each other, in a file of a layer: a jar in a jar.
    pub archive_depth: usize,
    /// All that is inflated of one file of a layer and of the archives in it. It stands to the
    /// file's own size as [`Limits::inflate_ratio`] allows, once [`Limits::archive_floor`] is
    /// passed; what is held at one time is bounded by [`Limits::captured_bytes`].
    pub archive_bytes: u64,
    /// Inflated bytes of one file of a layer up to which any ratio is allowed.
    pub archive_floor: u64,
    /// Entries of one file of a layer and of the archives in it.
    pub archive_entries: usize,
    /// One program or archive that is read into memory to be catalogued, one at a time.
    pub program_bytes: u64,
    /// An archive that must be inflated before it can be read at any place.
    pub spool_bytes: u64,
    /// A bill of materials that is looked at itself, inflated.
    pub bill_bytes: u64,
    /// Components of such a bill.
    pub bill_components: usize,
    /// Package repositories that one file may name, and all files of a layer together.
    pub repositories: usize,
    /// Problems that are kept of one file, and of one layer as a whole; later ones are counted in
    /// the last.
    pub problems: usize,
    /// Problems that are kept of all files of a layer; later ones are counted.
    pub file_problems: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            manifest_bytes: 4 * MIB,
            config_bytes: 8 * MIB,
            layers: 500,
            index_members: 1_000,
            index_depth: 4,
            layer_bytes: 64 * GIB,
            inflate_ratio: 250,
            ratio_floor: 512 * MIB,
            zstd_window_log: 27,
            entries: 5_000_000,
            directory_depth: 255,
            path_bytes: (4 * KIB) as usize,
            names_bytes: 512 * MIB,
            metadata_bytes: MIB,
            captured_bytes: 512 * MIB,
            text_bytes: 64 * MIB,
            packages: 200_000,
            image_packages: 1_000_000,
            owned_files: 2_000_000,
            archive_depth: 16,
            archive_bytes: 2 * GIB,
            archive_floor: 32 * MIB,
            archive_entries: 1_000_000,
            program_bytes: GIB,
            spool_bytes: 64 * GIB,
            bill_bytes: 2 * GIB,
            bill_components: 1_000_000,
            repositories: 10_000,
            problems: 100,
            file_problems: 10_000,
        }
    }
}
