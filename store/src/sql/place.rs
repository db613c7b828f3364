//! Where images are: repositories, and the tags that point at them.

use model::Digest;

use super::row::{Row, Value, given};
use super::{Transaction, tag};
use crate::metadata::Answer;
use crate::record::ImagePlace;

const MANIFESTS: &str = "SELECT m.id, r.name, m.digest FROM manifest m
    JOIN repository r ON r.id = m.repository_id";

/// The first places of an image by repository, and whether they are all.
pub fn of_image(
    t: &mut dyn Transaction,
    image: &Digest,
    limit: usize,
) -> Answer<(Vec<ImagePlace>, bool)> {
    let sql = format!("{MANIFESTS} WHERE m.digest = ?1 ORDER BY r.name LIMIT ?2");
    let mut rows = t.query(&sql, &given![image, limit.saturating_add(1)])?;
    let complete = rows.len() <= limit;
    rows.truncate(limit);
    let places = read(t, rows)?.into_iter().map(|(_, place)| place);
    Ok((places.collect(), complete))
}

/// All places of the images of scans, in the order of the scans, then by repository.
pub fn of_scans(t: &mut dyn Transaction, scans: &[i64]) -> Answer<Vec<(i64, Vec<ImagePlace>)>> {
    let sql =
        format!("{MANIFESTS} JOIN scan s ON s.image = m.digest WHERE s.id = ?1 ORDER BY r.name");
    let given: Vec<Vec<Value>> = scans.iter().map(|scan| given![*scan].to_vec()).collect();
    let answers = t.query_each(&sql, &given)?;
    let lengths: Vec<usize> = answers.iter().map(Vec::len).collect();
    let rows = answers.into_iter().flatten().collect();
    let mut places = read(t, rows)?.into_iter().map(|(_, place)| place);
    let of_scan = |(scan, length): (&i64, usize)| (*scan, places.by_ref().take(length).collect());
    Ok(scans.iter().zip(lengths).map(of_scan).collect())
}

fn read(t: &mut dyn Transaction, rows: Vec<Row>) -> Answer<Vec<(i64, ImagePlace)>> {
    let place = |mut row: Row| -> Answer<(i64, ImagePlace)> {
        let (id, repository, digest) = (row.take(0)?, row.parse(1)?, row.parse(2)?);
        let tags = Vec::new();
        Ok((
            id,
            ImagePlace {
                repository,
                digest,
                tags,
            },
        ))
    };
    let mut places: Vec<(i64, ImagePlace)> = rows.into_iter().map(place).collect::<Answer<_>>()?;
    let ids: Vec<i64> = places.iter().map(|(id, _)| *id).collect();
    let mut tags = tag::of_manifests(t, &ids)?;
    for (id, place) in &mut places {
        place.tags = tags.remove(id).unwrap_or_default();
    }
    Ok(places)
}
