//! What the catalogue read in a layer.

use model::Digest;
use rusqlite::{OptionalExtension, Transaction, params};

use super::value::{compress, decompress};
use crate::metadata::Answer;

pub fn get(
    transaction: &Transaction<'_>,
    layer: &Digest,
    catalog_revision: &str,
) -> Answer<Option<Vec<u8>>> {
    let sql = "SELECT report FROM layer_report WHERE layer = ?1 AND catalog_revision = ?2";
    let mut statement = transaction.prepare_cached(sql)?;
    let given = [layer.as_str(), catalog_revision];
    let packed: Option<Vec<u8>> = statement.query_row(given, |row| row.get(0)).optional()?;
    packed
        .map(|packed| decompress(&format!("the report of layer {layer}"), &packed))
        .transpose()
}

pub fn put(
    transaction: &Transaction<'_>,
    layer: &Digest,
    catalog_revision: &str,
    report: &[u8],
) -> Answer<()> {
    let sql = "INSERT OR REPLACE INTO layer_report (layer, catalog_revision, report)
               VALUES (?1, ?2, ?3)";
    let mut statement = transaction.prepare_cached(sql)?;
    statement.execute(params![layer.as_str(), catalog_revision, compress(report)?])?;
    Ok(())
}
