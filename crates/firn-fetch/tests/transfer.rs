//! Fetching over http from a server that follows a script, and `builtin:fetchurl`.
#![allow(clippy::unwrap_used)]

use firn_events::{Activity, Collect, Event, Reporter, Span};
use firn_fetch::{FetchOptions, FetchUrl, Fetcher, OPTIONS_FILE, Proxies, Reason, Waiting};
use firn_formats::{Hash, HashAlgo};
use firn_store::{BuiltinBuilder, BuiltinJob};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Answers one connection after the other, each with the next reply, and keeps the requests.
struct Server {
    base: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn new(replies: Vec<String>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = requests.clone();
        let own = base.clone();
        std::thread::spawn(move || {
            for reply in replies {
                let (stream, _) = listener.accept().unwrap();
                answer(stream, &reply.replace("BASE", &own), &seen);
            }
        });
        Server { base, requests }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn answer(mut stream: TcpStream, reply: &str, seen: &Mutex<Vec<String>>) {
    let mut request = String::new();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while reader.read_line(&mut request).unwrap() > 2 {}
    seen.lock().unwrap().push(request);
    stream.write_all(reply.as_bytes()).unwrap();
}

fn reply(status: &str, headers: &[&str], body: &str) -> String {
    let mut text = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
    for header in headers {
        text += header;
        text += "\r\n";
    }
    if !headers.iter().any(|h| h.starts_with("Content-Length")) {
        text += &format!("Content-Length: {}\r\n", body.len());
    }
    text + "\r\n" + body
}

fn options() -> FetchOptions {
    FetchOptions { retry_delay: 0, attempts: 3, connect_timeout: 5, ..FetchOptions::default() }
}

fn span() -> (Arc<Collect>, Span) {
    let sink = Arc::new(Collect::default());
    let reporter = Reporter::new(sink.clone());
    let span = reporter.start(Activity::Fetch { url: "u".into(), name: "n".into() });
    (sink, span)
}

fn fetch(
    options: FetchOptions,
    url: &str,
) -> (Result<firn_fetch::Fetched, firn_fetch::FetchError>, String) {
    let mut file = tempfile::tempfile().unwrap();
    let (_sink, span) = span();
    let result = Fetcher::new(options).fetch(url, &mut file, &span);
    (result, contents(&mut file))
}

fn contents(file: &mut File) -> String {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0)).unwrap();
    file.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn follows_redirects_and_reports_bytes() {
    let server = Server::new(vec![
        reply("302 Found", &["Location: BASE/b"], ""),
        reply("200 OK", &["ETag: \"t\""], "hello"),
    ]);
    let mut file = tempfile::tempfile().unwrap();
    let (sink, span) = span();
    let fetched =
        Fetcher::new(options()).fetch(&format!("{}/a", server.base), &mut file, &span).unwrap();
    assert_eq!(fetched.url, format!("{}/b", server.base));
    assert_eq!((fetched.size, fetched.etag.as_deref()), (5, Some("\"t\"")));
    assert_eq!(contents(&mut file), "hello");
    let last = sink.take().pop().unwrap();
    assert_eq!(last, Event::Progress { id: span.id(), done: 5, expected: 5 });
}

#[test]
fn resumes_after_a_cut() {
    let server = Server::new(vec![
        reply("200 OK", &["ETag: \"v1\"", "Content-Length: 10"], "01234"),
        reply("503 Busy", &[], ""),
        reply("206 Partial Content", &["ETag: \"v1\"", "Content-Range: bytes 5-9/10"], "56789"),
    ]);
    let (result, text) = fetch(options(), &format!("{}/f", server.base));
    assert_eq!((result.unwrap().size, text.as_str()), (10, "0123456789"));
    let requests = server.requests();
    assert!(!requests[0].contains("range:"), "{}", requests[0]);
    for request in &requests[1..] {
        let lower = request.to_lowercase();
        assert!(lower.contains("range: bytes=5-\r\n"), "{request}");
        assert!(lower.contains("if-range: \"v1\"\r\n"), "{request}");
    }
}

#[test]
fn starts_over_when_the_file_changed() {
    let server = Server::new(vec![
        reply("200 OK", &["ETag: \"v1\"", "Content-Length: 10"], "01234"),
        reply("200 OK", &["ETag: \"v2\""], "abc"),
    ]);
    let (result, text) = fetch(options(), &format!("{}/f", server.base));
    assert_eq!((result.unwrap().size, text.as_str()), (3, "abc"));
}

#[test]
fn failures_say_what_and_where() {
    let gone = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/f", listener.local_addr().unwrap())
    };
    let server = Server::new(vec![
        reply("404 Not Found", &[], ""),
        reply("403 Forbidden", &[], ""),
        reply("500 No", &[], ""),
        reply("500 No", &[], ""),
        reply("500 No", &[], ""),
    ]);
    let url = format!("{}/f", server.base);
    let cases = [
        (url.as_str(), Reason::NotFound, "HTTP error 404"),
        (&url, Reason::Denied, "HTTP error 403"),
        (&url, Reason::Server, "HTTP error 500"),
        (&gone, Reason::Unreachable, "host '127.0.0.1' can't be reached"),
        ("http://no-such-host.invalid/f", Reason::Unreachable, "host 'no-such-host.invalid'"),
        ("gopher://x/", Reason::BadUrl, "scheme 'gopher' is not supported"),
        ("nonsense", Reason::BadUrl, "'nonsense' is not a valid url"),
        ("file:///no/such/file", Reason::NotFound, "cannot fetch 'file:///no/such/file'"),
    ];
    for (url, reason, text) in cases {
        let error = fetch(options(), url).0.unwrap_err();
        assert_eq!(error.reason, reason, "{error}");
        assert!(error.message.contains(text), "{error}");
    }
    assert_eq!(server.requests().len(), 5, "500 is tried again, the others are not");
}

#[test]
fn credentials_and_proxy() {
    let server = Server::new(vec![reply("200 OK", &[], "x"), reply("200 OK", &[], "y")]);
    let netrc = "machine 127.0.0.1 login a password b".to_owned();
    let url = format!("{}/f", server.base);
    fetch(FetchOptions { netrc, ..options() }, &url).0.unwrap();
    assert!(server.requests()[0].to_lowercase().contains("authorization: basic "));
    assert!(server.requests()[0].contains("YTpi"));
    let proxies = Proxies { http: Some(server.base.clone()), ..Proxies::default() };
    let through = FetchOptions { proxies, attempts: 1, ..options() };
    // The tunnel closes at once; what matters is that it was asked for at the proxy.
    fetch(through, "http://far.invalid/file").0.unwrap_err();
    assert!(server.requests()[1].starts_with("CONNECT far.invalid:80 "));
}

#[test]
fn mirrors_are_tried_in_order() {
    let empty = Server::new(vec![reply("404 Not Found", &[], "")]);
    let full = Server::new(vec![reply("200 OK", &[], "deb")]);
    let bases = vec![format!("{}/debian", empty.base), format!("{}/d/", full.base)];
    let mirrored = FetchOptions { debian_mirrors: bases, ..options() };
    let (result, text) = fetch(mirrored, "mirror://debian/pool/x.deb");
    assert_eq!(
        (result.unwrap().url, text.as_str()),
        (format!("{}/d/pool/x.deb", full.base), "deb")
    );
    let nowhere = vec!["http://a.invalid/debian".into(), "http://b.invalid/debian".into()];
    let error = fetch(
        FetchOptions { debian_mirrors: nowhere, attempts: 1, ..options() },
        "mirror://debian/pool/x.deb",
    );
    let error = error.0.unwrap_err();
    assert_eq!(error.reason, Reason::Unreachable);
    for part in ["mirror://debian/pool/x.deb", "a.invalid", "b.invalid", "debian-mirrors"] {
        assert!(error.to_string().contains(part), "{error}");
    }
}

/// Options whose pauses pass at once and are kept, in seconds.
fn patient() -> (FetchOptions, Arc<Mutex<Vec<u64>>>) {
    let pauses = Arc::new(Mutex::new(Vec::new()));
    let kept = pauses.clone();
    let waiting = Waiting::by(move |time| {
        kept.lock().unwrap().push(time.as_secs());
        true
    });
    (FetchOptions { waiting, retry_delay: 250, ..options() }, pauses)
}

#[test]
fn busy_servers_are_waited_for_as_they_ask_and_people_are_told() {
    let server = Server::new(vec![
        reply("503 Busy", &["Retry-After: 7"], ""),
        reply("429 Too Many", &["Retry-After: 4000"], ""),
        reply("200 OK", &[], "deb"),
    ]);
    let (options, pauses) = patient();
    let (sink, span) = span();
    let mut file = tempfile::tempfile().unwrap();
    Fetcher::new(options).fetch(&format!("{}/f", server.base), &mut file, &span).unwrap();
    assert_eq!(*pauses.lock().unwrap(), [7, 60]);
    let told = sink.take().into_iter().filter_map(|event| match event {
        Event::Retry { why, attempt, of, .. } => Some((why, attempt, of)),
        _ => None,
    });
    let wanted = [
        ("host '127.0.0.1': HTTP error 503 (it asks to wait 7 s)".to_owned(), 2, 3),
        ("host '127.0.0.1': HTTP error 429 (it asks to wait 4000 s)".to_owned(), 3, 3),
    ];
    assert_eq!(told.collect::<Vec<_>>(), wanted);
}

#[test]
fn mirrors_are_waited_for_together_and_only_where_that_helps() {
    let lacks = Server::new(vec![reply("404 Not Found", &[], "")]);
    let busy = Server::new(vec![
        reply("502 Bad", &[], ""),
        reply("504 Late", &[], ""),
        reply("200 OK", &[], "deb"),
    ]);
    let (options, pauses) = patient();
    let bases = vec![lacks.base.clone(), busy.base.clone()];
    let (result, text) =
        fetch(FetchOptions { debian_mirrors: bases, ..options }, "mirror://debian/x.deb");
    assert_eq!((result.unwrap().size, text.as_str()), (3, "deb"));
    assert_eq!((lacks.requests().len(), busy.requests().len()), (1, 3));
    assert_eq!(pauses.lock().unwrap().len(), 2);
    // What all mirrors lack is not waited for.
    let none = Server::new(vec![reply("404 Not Found", &[], ""), reply("410 Gone", &[], "")]);
    let (options, pauses) = patient();
    let bases = vec![format!("{}/a", none.base), format!("{}/b", none.base)];
    let error = fetch(FetchOptions { debian_mirrors: bases, ..options }, "mirror://debian/x.deb");
    assert_eq!(error.0.unwrap_err().reason, Reason::NotFound);
    assert!(pauses.lock().unwrap().is_empty());
}

#[test]
fn who_asks_to_stop_waits_no_longer() {
    let server = Server::new(vec![reply("503 Busy", &[], "")]);
    let waiting = Waiting::by(|_| false);
    let error = fetch(FetchOptions { waiting, ..options() }, &format!("{}/f", server.base));
    assert_eq!(error.0.unwrap_err().reason, Reason::Interrupted);
}

fn job(dir: &std::path::Path, attrs: &[(&str, &str)]) -> BuiltinJob {
    let env: BTreeMap<String, String> =
        attrs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    BuiltinJob {
        name: "f".into(),
        builder: "fetchurl".into(),
        args: Vec::new(),
        env,
        structured_attrs: None,
        outputs: BTreeMap::from([("out".to_owned(), dir.join("out"))]),
        store_dir: "/nix/store".into(),
        tmp_dir: dir.to_owned(),
    }
}

#[test]
fn builtin_passes_over_a_mirror_with_another_file() {
    let wrong = Server::new(vec![reply("200 OK", &[], "old")]);
    let right = Server::new(vec![reply("200 OK", &[], "new")]);
    let dir = tempfile::tempdir().unwrap();
    let mirrored = FetchOptions { debian_mirrors: vec![wrong.base, right.base], ..options() };
    let json = serde_json::to_vec(&mirrored).unwrap();
    std::fs::write(dir.path().join(OPTIONS_FILE), json).unwrap();
    let hash = Hash::of(HashAlgo::Sha256, "new").base16();
    let attrs = [
        ("url", "mirror://debian/f"),
        ("outputHash", &hash),
        ("outputHashAlgo", "sha256"),
        ("outputHashMode", "flat"),
    ];
    FetchUrl.build(&job(dir.path(), &attrs)).unwrap();
    assert_eq!(std::fs::read_to_string(dir.path().join("out")).unwrap(), "new");
}

#[test]
fn builtin_unpacks_a_nar_and_makes_executables() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let tree = dir.path().join("tree");
    std::fs::create_dir(&tree).unwrap();
    std::fs::write(tree.join("f"), "x").unwrap();
    let mut nar = Vec::new();
    firn_formats::nar::dump_path(&tree, &mut nar).unwrap();
    let packed = {
        let mut e = liblzma::write::XzEncoder::new(Vec::new(), 1);
        e.write_all(&nar).unwrap();
        e.finish().unwrap()
    };
    let path = dir.path().join("t.nar.xz");
    std::fs::write(&path, packed).unwrap();
    let url = format!("file://{}", path.display());
    FetchUrl.build(&job(dir.path(), &[("url", &url), ("unpack", "1")])).unwrap();
    assert_eq!(std::fs::read_to_string(dir.path().join("out/f")).unwrap(), "x");

    let other = tempfile::tempdir().unwrap();
    FetchUrl.build(&job(other.path(), &[("url", &url), ("executable", "1")])).unwrap();
    let mode = other.path().join("out").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o755);
    let error = FetchUrl.build(&job(other.path(), &[])).unwrap_err();
    assert!(error.contains("attribute 'url' missing"), "{error}");
}
