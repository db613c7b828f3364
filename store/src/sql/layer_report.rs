//! What the catalogue read in a layer.

use model::Digest;

use super::Transaction;
use super::row::given;
use super::value::{compress, decompress};
use crate::metadata::Answer;

pub fn get(
    t: &mut dyn Transaction,
    layer: &Digest,
    catalog_revision: &str,
) -> Answer<Option<Vec<u8>>> {
    let sql = "SELECT report FROM layer_report WHERE layer = ?1 AND catalog_revision = ?2";
    let Some(mut row) = t.first(sql, &given![layer, catalog_revision])? else {
        return Ok(None);
    };
    let packed: Vec<u8> = row.take(0)?;
    decompress(&format!("the report of layer {layer}"), &packed).map(Some)
}

pub fn put(
    t: &mut dyn Transaction,
    layer: &Digest,
    catalog_revision: &str,
    report: &[u8],
) -> Answer<()> {
    let sql = "INSERT INTO layer_report (layer, catalog_revision, report) VALUES (?1, ?2, ?3)
               ON CONFLICT (layer) DO UPDATE SET
                   catalog_revision = excluded.catalog_revision, report = excluded.report";
    t.execute(sql, &given![layer, catalog_revision, compress(report)?])?;
    Ok(())
}
