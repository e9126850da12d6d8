//! How often the disk makes something durable: what every durable commit waits for.

use std::{
    fs::{self, File},
    io::Write,
    time::{Duration, Instant},
};

use crate::{
    Scale,
    site::Folder,
    times::{Times, thousands},
};

const BLOCK: [u8; 4096] = [7; 4096];
/// Of the time for which codes are asked for.
const SHARE: u32 = 2;

/// Appends blocks of 4 KiB in the folder of the stores, each followed by `fdatasync`.
pub fn print(folder: &Folder, scale: &Scale) -> anyhow::Result<()> {
    let path = folder.path.join("blocks");
    let mut file = File::create(&path)?;
    let began = Instant::now();
    let mut times = Vec::new();
    while began.elapsed() < scale.asking / SHARE {
        let began = Instant::now();
        file.write_all(&BLOCK)?;
        file.sync_data()?;
        times.push(began.elapsed());
    }
    let rate = rate(times.len(), began.elapsed());
    let times = Times::of(times);
    println!(
        "  fdatasync      {} a second (4 KiB each), {} ms in the median, {} ms at p99",
        thousands(rate),
        times.median(),
        times.p99()
    );
    Ok(fs::remove_file(path)?)
}

/// How many in a second.
pub fn rate(count: usize, time: Duration) -> u64 {
    (count as f64 / time.as_secs_f64()).round() as u64
}
