use image::{Limits, Source};
fn main() {
    for target in std::env::args().skip(1) {
        let t = std::time::Instant::now();
        let limits = Limits::default();
        let source = match Source::open(&target, None, &limits) { Ok(s) => s, Err(e) => { println!("{target}: ERROR {e}"); continue } };
        let opened = t.elapsed();
        let inv = catalog::catalogue_source(&source, &limits);
        let inv = match inv { Ok(s) => s, Err(e) => { println!("{target}: ERROR {e}"); continue } };
        let el = t.elapsed();
        let d = inv.distro.as_ref().map(|d| format!("{:?}", d.stream().map(|s| s.to_string()))).unwrap_or_default();
        println!("{target}: {d} {} packages, {} with source, dbs {}, problems {}, open {:?} total {:?}", inv.packages.len(), inv.packages.iter().filter(|p| p.package.source.is_some()).count(), inv.databases.len(), inv.problems.len(), opened, el);
        for p in inv.problems.iter().take(6) { println!("   ! {p}"); }
        if let Some(l) = source.layers().first() {
            let t = std::time::Instant::now();
            let r = catalog::catalogue(l.open().unwrap(), &limits).unwrap();
            let el = t.elapsed();
            let b = r.to_bytes(); let t2 = std::time::Instant::now(); let _ = catalog::LayerReport::from_bytes(&b).unwrap();
            println!("   layer: {:?}, {} MB/s of {} bytes, report {} bytes, read back {:?}", el, r.uncompressed_size as f64 / 1e6 / el.as_secs_f64(), r.uncompressed_size, b.len(), t2.elapsed());
        }
    }
}
