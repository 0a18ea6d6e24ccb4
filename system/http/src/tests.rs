//! Answers as servers write them, and as they should not.

use crate::{Body, Error, Head, is_text, request};
use proptest::prelude::*;
use std::io::{BufReader, ErrorKind};

/// Status and body of an answer that comes in pieces of `piece` bytes, whether the connection can be asked again, and what is left of it.
fn read(answer: &[u8], piece: usize) -> Result<(u16, Vec<u8>, bool, usize), Error> {
    let mut from = BufReader::with_capacity(piece, answer);
    let head = Head::read(&mut from)?;
    let mut body = Body::new(&head)?;
    let mut all = Vec::new();
    let mut some = [0; 7];
    loop {
        let count = body.read(&mut from, &mut some)?;
        if count == 0 {
            break;
        }
        all.extend_from_slice(&some[..count]);
    }
    let left = from.buffer().len() + from.get_ref().len();
    Ok((head.status, all, body.is_free(), left))
}

/// What cannot be read.
struct Failing(ErrorKind);

impl std::io::Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(self.0.into())
    }
}

fn good(answer: &str) -> (u16, String, bool, usize) {
    let of = |piece| {
        let (status, body, free, left) = read(answer.as_bytes(), piece).expect(answer);
        (status, String::from_utf8(body).expect("text"), free, left)
    };
    let whole = of(4096);
    assert!((1..9).all(|piece| of(piece) == whole), "{answer}");
    whole
}

#[test]
fn bodies_end_where_they_should() {
    let text = |text: &str| text.to_owned();
    assert_eq!(
        good("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nimage and more"),
        (200, text("image"), true, 9)
    );
    assert_eq!(
        good("HTTP/1.1 206 Partial Content\nCONTENT-LENGTH:5,  5\ncontent-length: 5\n\nimage"),
        (206, text("image"), true, 0)
    );
    assert_eq!(
        good(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3;x=y\r\nima\r\n02\r\nge\r\n0\r\nDigest: none\r\n\r\nHTTP"
        ),
        (200, text("image"), true, 4)
    );
    assert_eq!(
        good("HTTP/1.1 200 OK\r\n\r\nall that comes"),
        (200, text("all that comes"), false, 0)
    );
    // No body, whatever is said of it.
    assert_eq!(
        good("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\nHTTP"),
        (304, text(""), true, 4)
    );
    assert_eq!(
        good(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204\r\n\r\n"
        ),
        (204, text(""), true, 0)
    );
}

#[test]
fn connections_that_end_are_known() {
    let free = |fields: &str| good(&format!("HTTP/1.{fields}\r\nContent-Length: 0\r\n\r\n")).2;
    assert!(free("1 200 OK"));
    assert!(!free("0 200 OK"));
    assert!(free("0 200 OK\r\nConnection: Keep-Alive"));
    assert!(!free("1 200 OK\r\nConnection: x, Close"));
    // Both lengths: an answer that others may read as two.
    assert!(
        !good(
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        )
        .2
    );
}

#[test]
fn fields_are_found() {
    let answer = "HTTP/1.1 200 All  is well\r\nETag:\t\"a\" \r\nX-Long: one\r\n\ttwo\r\nx-long : three\r\n\r\n";
    let head = Head::read(&mut answer.as_bytes()).expect("a head");
    assert_eq!((head.status, &*head.reason), (200, "All  is well"));
    assert_eq!(head.get("etag"), Some("\"a\""));
    assert_eq!(head.all("x-long").collect::<Vec<_>>(), ["one two", "three"]);
    assert_eq!(head.get("x"), None);
}

#[test]
fn what_is_no_answer_is_told() {
    let told = |answer: &str| read(answer.as_bytes(), 4096).expect_err(answer).to_string();
    assert!(matches!(read(b"", 9), Err(Error::Closed)));
    // As rustls tells of a connection that ended without a word.
    let mut cut = BufReader::new(Failing(ErrorKind::UnexpectedEof));
    assert!(matches!(Head::read(&mut cut), Err(Error::Closed)));
    let mut late = BufReader::new(Failing(ErrorKind::TimedOut));
    assert!(
        matches!(Head::read(&mut late), Err(Error::Io(error)) if error.kind() == ErrorKind::TimedOut)
    );
    for answer in [
        "SSH-2.0-OpenSSH_9.2\r\n",
        "\x16\x03\x01",
        "HTTP/2 200\r\n\r\n",
        "<html>",
    ] {
        assert!(
            told(answer).starts_with("what answers is no web server"),
            "{answer}"
        );
    }
    for answer in [
        "HTTP/1.1\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno field\r\n\r\n",
    ] {
        assert!(
            told(answer).starts_with("what answers is no web server"),
            "{answer}"
        );
    }
    for length in ["x", "-1", "+5", "5, 6", "99999999999999999999", ""] {
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nimage");
        assert!(told(&answer).contains("how long"), "{answer}");
    }
    assert!(
        told("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n")
            .contains("\"gzip, chunked\"")
    );
    let endless = "HTTP/1.1 200 OK\r\n".to_owned() + &"X: y\r\n".repeat(20_000);
    assert!(told(&endless).contains("too many headers"));
    let long = format!("HTTP/1.1 200 OK\r\nX: {}", "y".repeat(100_000));
    assert!(told(&long).contains("too many headers"));
}

#[test]
fn an_end_in_the_middle_is_an_error() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nimage",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nimage\r\n0\r\n\r\n",
    ] {
        for length in 1..answer.len() {
            match read(&answer.as_bytes()[..length], 4096) {
                Err(Error::Io(error)) => {
                    assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{length}")
                }
                other => panic!("{length}: {other:?}"),
            }
        }
    }
    for chunks in [
        "x\r\n",
        "-1\r\n",
        "\r\n",
        "5\r\nimages\r\n",
        "11111111111111111\r\n",
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
        let error = read(answer.as_bytes(), 4096).expect_err(chunks);
        assert!(error.to_string().contains("damaged"), "{chunks:?} {error}");
    }
}

#[test]
fn requests_are_one_each() {
    assert_eq!(
        request(
            "GET",
            "/a b+c~1/\u{e9}?x=1&y=%20",
            [("Host", "h:1"), ("Range", "bytes=5-")]
        ),
        "GET /a%20b+c~1/%C3%A9?x=1&y=%20 HTTP/1.1\r\nHost: h:1\r\nRange: bytes=5-\r\n\r\n"
    );
    assert_eq!(
        request("GET", "/a\r\nHost: x", []),
        "GET /a%0D%0AHost:%20x HTTP/1.1\r\n\r\n"
    );
    assert!(is_text("\"a b\"\t\u{e9}") && !is_text("a\r\nb") && !is_text("a\0"));
}

proptest! {
    #[test]
    fn any_bytes(bytes: Vec<u8>, piece in 1_usize..64) {
        let _ = read(&bytes, piece);
        let _ = read(&[b"HTTP/1.1 200 OK\r\n", &bytes[..]].concat(), piece);
        let chunks = [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", &bytes[..]].concat();
        let _ = read(&chunks, piece);
    }

    #[test]
    fn chunks_of_any_size(body: Vec<u8>, size in 1_usize..40) {
        let mut answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        for chunk in body.chunks(size) {
            answer.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            answer.extend_from_slice(chunk);
            answer.extend_from_slice(b"\r\n");
        }
        answer.extend_from_slice(b"0\r\n\r\n");
        let (_, read, free, left) = read(&answer, 16).unwrap();
        prop_assert_eq!((read, free, left), (body, true, 0));
    }
}
