//! Streams through the wrappings of a source: `.deb` (deb(5), an ar(5) archive), then `data.tar.*`, then a tarball.

use std::io::{self, BufRead, BufReader, Read};

use tar::Archive;

/// Bytes of buffer between decompressors.
const BUFFER: usize = 1 << 16;
/// Memory that a decompressor of xz may take: what xz -9 asks for (65 MiB), with room.
const XZ_MEMORY: u64 = 128 << 20;
/// The largest window that a zstd frame may ask for, as a power of two: 128 MiB, zstd's own bound for `-d`.
const ZSTD_WINDOW_LOG: u32 = 27;

/// A stream of bytes.
pub(crate) type Stream<'a> = Box<dyn Read + 'a>;

/// Takes the compression off a stream, going by its first bytes; a stream of another kind is passed on as it is.
pub(crate) fn decompress<'a>(stream: impl Read + 'a) -> io::Result<Stream<'a>> {
    let mut stream = BufReader::with_capacity(BUFFER, stream);
    // A short read here would hide a magic number only if the stream had fewer than 6 bytes in one piece.
    let start = stream.fill_buf()?;
    Ok(if start.starts_with(&[0xfd, b'7', b'z', b'X', b'Z', 0]) {
        let decoder =
            liblzma::stream::Stream::new_stream_decoder(XZ_MEMORY, liblzma::stream::CONCATENATED)?;
        Box::new(liblzma::bufread::XzDecoder::new_stream(stream, decoder))
    } else if start.starts_with(&[0x1f, 0x8b]) {
        Box::new(flate2::bufread::MultiGzDecoder::new(stream))
    } else if start.starts_with(b"BZh") {
        Box::new(bzip2::bufread::MultiBzDecoder::new(stream))
    } else if start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        let mut decoder = zstd::stream::read::Decoder::with_buffer(stream)?;
        decoder.window_log_max(ZSTD_WINDOW_LOG)?;
        Box::new(decoder)
    } else {
        Box::new(stream)
    })
}

/// Calls `with` on the tarball in `file`: the file itself, or `member` of the `.deb` that it is.
pub(crate) fn with_tarball<T, E: From<io::Error>>(
    file: impl Read,
    member: Option<&str>,
    with: impl FnOnce(Stream<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let Some(member) = member else {
        return with(decompress(file)?);
    };
    let data = deb_data(file)?;
    let mut data = Archive::new(data);
    for entry in data.entries()? {
        let entry = entry?;
        let path = entry.path_bytes();
        let path = path.strip_prefix(b"./").unwrap_or(&path);
        if path == member.as_bytes() {
            if !entry.header().entry_type().is_file() {
                return Err(bad(format!("its member '{member}' is not a regular file")).into());
            }
            return with(decompress(entry)?);
        }
    }
    Err(bad(format!("it has no member '{member}'")).into())
}

/// The tar stream of a `.deb`'s files.
fn deb_data<'a>(mut file: impl Read + 'a) -> io::Result<Stream<'a>> {
    let mut magic = [0; 8];
    file.read_exact(&mut magic)
        .map_err(|_| bad("it is too short for a .deb".to_owned()))?;
    if &magic != b"!<arch>\n" {
        return Err(bad(
            "it is not a .deb (no ar archive), but the lock names a member of one".to_owned(),
        ));
    }
    loop {
        // ar(5): name 16, time 12, owner 6, group 6, mode 8, length 10, `\n.
        let mut header = [0; 60];
        file.read_exact(&mut header)
            .map_err(|_| bad("it ends before its data.tar".to_owned()))?;
        let length = std::str::from_utf8(&header[48..58])
            .ok()
            .and_then(|digits| digits.trim_end().parse::<u64>().ok())
            .filter(|_| &header[58..] == b"`\n")
            .ok_or_else(|| bad("its ar archive is damaged".to_owned()))?;
        if header.starts_with(b"data.tar") {
            return decompress(Whole {
                left: length,
                inner: file,
            });
        }
        let padded = length.saturating_add(length & 1);
        let skipped = io::copy(&mut (&mut file).take(padded), &mut io::sink())?;
        if skipped != padded {
            return Err(bad("it ends before its data.tar".to_owned()));
        }
    }
}

/// Exactly `left` bytes of `inner`; fewer are an error.
struct Whole<R> {
    left: u64,
    inner: R,
}

impl<R: Read> Read for Whole<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let want = buffer
            .len()
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if want == 0 {
            return Ok(0);
        }
        let got = self.inner.read(&mut buffer[..want])?;
        if got == 0 {
            return Err(bad("it ends in the middle".to_owned()));
        }
        self.left -= got as u64;
        Ok(got)
    }
}

fn bad(problem: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem)
}
