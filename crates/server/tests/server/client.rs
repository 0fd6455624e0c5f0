//! A small HTTP client, which can also stop in the middle.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// A response, whose body may still come.
pub(crate) struct Response {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    reader: BufReader<TcpStream>,
}

/// Sends a request, and reads the head of its response.
pub(crate) fn send(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
    let mut head =
        format!("{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    stream.write_all(format!("{head}content-type: application/json\r\n\r\n{body}").as_bytes()).expect("it is read");
    let mut reader = BufReader::new(stream);
    let status = line(&mut reader);
    let status = status.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or_else(|| panic!("{status:?}"));
    let mut headers = Vec::new();
    loop {
        let line = line(&mut reader);
        let Some((name, value)) = line.split_once(": ") else { break };
        headers.push((name.to_lowercase(), value.to_owned()));
    }
    Response { status, headers, reader }
}

fn line(reader: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    reader.read_line(&mut line).expect("a line");
    line.trim_end().to_owned()
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The rest of the body.
    pub(crate) fn text(mut self) -> String {
        let mut text = Vec::new();
        if self.header("transfer-encoding") != Some("chunked") {
            self.reader.read_to_end(&mut text).expect("a body");
            return String::from_utf8(text).expect("it is text");
        }
        while let Some(chunk) = self.chunk() {
            text.extend(chunk);
        }
        String::from_utf8(text).expect("it is text")
    }

    /// The next chunk; `None` after the last one.
    pub(crate) fn chunk(&mut self) -> Option<Vec<u8>> {
        let length = usize::from_str_radix(&line(&mut self.reader), 16).ok().filter(|length| *length > 0)?;
        let mut chunk = vec![0; length];
        self.reader.read_exact(&mut chunk).expect("a whole chunk");
        line(&mut self.reader);
        Some(chunk)
    }

    pub(crate) fn json(self) -> Value {
        let text = self.text();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
    }

    /// The data of the events, without the last `[DONE]`, and whether that came.
    pub(crate) fn events(self) -> (Vec<Value>, bool) {
        let text = self.text();
        let data: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
        let done = data.last() == Some(&"[DONE]");
        let events = &data[..data.len() - usize::from(done)];
        (events.iter().map(|event| serde_json::from_str(event).expect("it is JSON")).collect(), done)
    }
}
