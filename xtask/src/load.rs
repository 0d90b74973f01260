//! `cargo xtask load`: closed-loop readers against a running server. Prints, for each path, requests a second, the
//! client's own times and the server's (its `Server-Timing` header), beside each other.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

const HELP: &str = "cargo xtask load ADDRESS:PORT (--token TOKEN | --cookie VALUE) [--clients N] [--seconds S] PATH…";

struct Options {
    address: String,
    header: String,
    clients: usize,
    seconds: u64,
    paths: Vec<String>,
}

/// What one client measured, in microseconds.
#[derive(Default)]
struct Times {
    client: Vec<u64>,
    server: Vec<u64>,
    failed: u64,
}

pub fn run(args: &[String]) -> anyhow::Result<()> {
    let options = parse(args)?;
    println!("{} clients, {} s each", options.clients, options.seconds);
    println!("{:>9} {:>9} {:>9} {:>9} {:>9} {:>7}  path", "req/s", "p50 ms", "p99 ms", "srv p50", "srv p99", "failed");
    for path in &options.paths {
        let times = measure(&options, path)?;
        let rate = times.client.len() as f64 / options.seconds as f64;
        let ms = |list: &[u64], share: f64| percentile(list, share) as f64 / 1000.0;
        println!(
            "{rate:>9.0} {:>9.2} {:>9.2} {:>9.2} {:>9.2} {:>7}  {path}",
            ms(&times.client, 0.5),
            ms(&times.client, 0.99),
            ms(&times.server, 0.5),
            ms(&times.server, 0.99),
            times.failed
        );
    }
    Ok(())
}

fn parse(args: &[String]) -> anyhow::Result<Options> {
    let mut options =
        Options { address: String::new(), header: String::new(), clients: 8, seconds: 5, paths: Vec::new() };
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        let mut value = || rest.next().with_context(|| format!("{arg} needs a value: {HELP}"));
        match arg.as_str() {
            "--token" => options.header = format!("Authorization: Bearer {}", value()?),
            "--cookie" => options.header = format!("Cookie: vouch_session={}", value()?),
            "--clients" => options.clients = value()?.parse().context("--clients: expected a number")?,
            "--seconds" => options.seconds = value()?.parse().context("--seconds: expected a number")?,
            path if path.starts_with('/') => options.paths.push(path.to_owned()),
            address if options.address.is_empty() => options.address = address.to_owned(),
            other => bail!("{other} was not expected: {HELP}"),
        }
    }
    if options.address.is_empty() || options.header.is_empty() || options.paths.is_empty() {
        bail!("{HELP}");
    }
    Ok(options)
}

fn measure(options: &Options, path: &str) -> anyhow::Result<Times> {
    let mut all = Times::default();
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..options.clients).map(|_| scope.spawn(|| client(options, path))).collect();
        for client in clients {
            let times = client.join().map_err(|_| anyhow::anyhow!("a client ended early"))??;
            all.client.extend(times.client);
            all.server.extend(times.server);
            all.failed += times.failed;
        }
        anyhow::Ok(())
    })?;
    all.client.sort_unstable();
    all.server.sort_unstable();
    Ok(all)
}

#[expect(clippy::disallowed_methods, reason = "measuring is what this does")]
fn client(options: &Options, path: &str) -> anyhow::Result<Times> {
    let stream = TcpStream::connect(&options.address).with_context(|| format!("connecting to {}", options.address))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{}\r\n\r\n", options.address, options.header);
    let mut times = Times::default();
    let end = Instant::now() + Duration::from_secs(options.seconds);
    while Instant::now() < end {
        let begin = Instant::now();
        writer.write_all(request.as_bytes())?;
        let (status, server) = answer(&mut reader)?;
        times.client.push(u64::try_from(begin.elapsed().as_micros())?);
        times.server.extend(server);
        times.failed += u64::from(status >= 400);
    }
    Ok(times)
}

/// Reads one answer whole; its status and the server's own time.
fn answer(reader: &mut BufReader<TcpStream>) -> anyhow::Result<(u16, Option<u64>)> {
    let (mut status, mut length, mut chunked, mut server) = (0, 0, false, None);
    let mut line = String::new();
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            bail!("the server closed the connection");
        }
        let header = line.trim_end();
        if header.is_empty() {
            break;
        }
        if let Some(rest) = header.strip_prefix("HTTP/1.1 ") {
            status = rest.split(' ').next().unwrap_or_default().parse()?;
            continue;
        }
        let (name, value) = header.split_once(':').unwrap_or((header, ""));
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse()?,
            "transfer-encoding" => chunked = value.contains("chunked"),
            "server-timing" => {
                let dur = value.split("dur=").nth(1).and_then(|d| d.trim().parse::<f64>().ok());
                server = dur.map(|ms| (ms * 1000.0) as u64);
            }
            _ => {}
        }
    }
    if chunked {
        loop {
            line.clear();
            reader.read_line(&mut line)?;
            let size = u64::from_str_radix(line.trim(), 16).context("a chunk's size")?;
            std::io::copy(&mut reader.by_ref().take(size + 2), &mut std::io::sink())?;
            if size == 0 {
                return Ok((status, server));
            }
        }
    }
    std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink())?;
    Ok((status, server))
}

fn percentile(sorted: &[u64], share: f64) -> u64 {
    let last = sorted.len().saturating_sub(1);
    let index = (last as f64 * share).round() as usize;
    sorted.get(index).copied().unwrap_or(0)
}
