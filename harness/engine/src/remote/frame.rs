//! Records on a console: one frame on one line, numbered and with a checksum.
//!
//! A console is shared: a kernel's messages and other programs write there too. What stands between frames is left alone. What
//! got into a frame, or took one away, is found by checksum and number, and then there are no records at all: a verdict from
//! damaged data is none.

use record::{Line, Records};
use std::io::{self, Write};

/// What a frame begins with, wherever in the line it stands.
const MARK: &str = "@ipcspec ";

/// Makes a frame of each line that is written: what records are written to when they go to a console.
#[derive(Debug)]
pub struct Frames<W> {
    out: W,
    next: usize,
    /// The beginning of a line.
    line: Vec<u8>,
}

impl<W: Write> Frames<W> {
    /// Frames for the records of one run.
    pub fn new(out: W) -> Self {
        Self { out, next: 0, line: Vec::new() }
    }
}

impl<W: Write> Write for Frames<W> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        for part in text.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if self.line.last() == Some(&b'\n') {
                let mut body = format!("{} ", self.next).into_bytes();
                body.append(&mut self.line);
                let sum = crc32fast::hash(body.trim_ascii_end());
                // The first newline ends what somebody else began. One write, so that fewer things come between.
                let mut frame = format!("\n{MARK}{sum:08x} ").into_bytes();
                frame.append(&mut body);
                self.out.write_all(&frame)?;
                self.next += 1;
            }
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Reads the lines of a console, and keeps the records in them.
#[derive(Debug, Default)]
pub struct Reader {
    /// As a record file has them.
    records: Vec<u8>,
    frames: usize,
    damage: Option<String>,
    ended: bool,
}

impl Reader {
    /// Takes one line of a console. Gives the record that was in it, if there was one and nothing is damaged so far.
    pub fn line(&mut self, line: &[u8]) -> Option<Line> {
        let at = line.windows(MARK.len()).position(|part| part == MARK.as_bytes())?;
        if self.damage.is_some() {
            return None;
        }
        let record = match self.check(&line[at + MARK.len()..]) {
            Ok(record) => record,
            Err(damage) => {
                self.damage = Some(damage);
                return None;
            }
        };
        self.records.extend(record.as_bytes());
        self.records.push(b'\n');
        self.frames += 1;
        // What is no record to this reader, which may be an old one, is told when all are read.
        let line = serde_json::from_str(record).ok();
        self.ended |= matches!(line, Some(Line::Seal(_)));
        line
    }

    /// The record in what follows the mark.
    fn check<'a>(&self, text: &'a [u8]) -> Result<&'a str, String> {
        let expected = self.frames;
        let fits = |text: &'a [u8]| {
            let (sum, body) = std::str::from_utf8(text).ok()?.trim_end_matches(['\r', '\n']).split_once(' ')?;
            let (number, record) = body.split_once(' ')?;
            let sum = u32::from_str_radix(sum, 16).ok()?;
            (sum == crc32fast::hash(body.as_bytes())).then_some((number.parse::<usize>().ok()?, record))
        };
        match fits(text) {
            None => Err(format!("frame {expected} is damaged: its checksum does not fit")),
            Some((number, _)) if number != expected => {
                Err(format!("frame {number} came where frame {expected} was expected"))
            }
            Some((_, record)) => Ok(record),
        }
    }

    /// Whether the last frame has come, or something is damaged: there is nothing to wait for.
    pub fn is_over(&self) -> bool {
        self.ended || self.damage.is_some()
    }

    /// The records, if they are whole; else a sentence.
    pub fn finish(self) -> Result<Records, String> {
        if let Some(damage) = self.damage {
            return Err(format!("its records came damaged, so there are none: {damage}"));
        }
        if self.frames == 0 {
            return Err("it sent no records".into());
        }
        Records::read(&self.records[..]).map_err(|error| format!("what it sent {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use record::{EndRecord, FORMAT, RunRecord, Writer};

    /// What a console shows of a run that judged nothing: three frames, of which the last is the seal.
    fn console() -> String {
        let mut out = Vec::new();
        let mut frames = Writer::new(Frames::new(&mut out));
        let run = RunRecord {
            format: FORMAT,
            version: "0.0.0".into(),
            run: "a run".into(),
            started: 0,
            target: None,
            selected: 0,
            repeat: 1,
            selection: Vec::new(),
            shard: None,
            seed: None,
            mutation: None,
            environment: crate::environment::look("userns", [].into()),
        };
        let end = EndRecord::default();
        for line in [Line::Run(Box::new(run)), Line::End(end)] {
            frames.line(&line).expect("memory can be written");
        }
        String::from_utf8(out).expect("JSON is UTF-8")
    }

    fn read(console: &[u8]) -> Result<Records, String> {
        let mut reader = Reader::default();
        console.split(|byte| *byte == b'\n').for_each(|line| {
            reader.line(line);
        });
        reader.finish()
    }

    #[test]
    fn what_stands_between_frames_is_left_alone() {
        let records = read(console().as_bytes()).expect("whole records");
        let noisy = console().replace('\n', "\r\n").replace("@ipcspec", "[    1.5] login: @ipcspec");
        assert_eq!(read(format!("\u{0}booting\n{noisy}[    2.0] reboot: \n").as_bytes()), Ok(records));
    }

    #[test]
    fn what_gets_into_a_frame_damages_it_wherever_it_lands() {
        let whole = console();
        let frame = whole.trim_start().find('\n').expect("the first frame ends") + 1;
        for at in 2..frame {
            for noise in ["[    3.1] random: crng init done\n", "x", "\u{1b}[0m", "\n"] {
                let mut mixed = whole.clone().into_bytes();
                mixed.splice(at..at, noise.bytes());
                // Before the mark and behind the frame there is room for others.
                let words = match read(&mixed) {
                    Err(words) => words,
                    Ok(_) => panic!("{noise:?} at {at} passed"),
                };
                assert!(words.starts_with("its records came damaged, so there are none: frame "), "{words}");
            }
        }
    }

    #[test]
    fn no_frame_is_lost_or_doubled_unseen() {
        let whole = console();
        let frames: Vec<_> = whole.split_inclusive("\n\n").collect();
        let words = |frames: &[&str]| read(frames.concat().as_bytes()).expect_err("it is refused");
        let [first, end, seal] = frames[..] else { panic!("three frames") };
        assert_eq!(words(&[]), "it sent no records");
        assert_eq!(words(&[first]), "what it sent is not one whole run: its end line is missing, so it was cut off");
        let damaged = "its records came damaged, so there are none";
        assert_eq!(words(&[end, seal]), format!("{damaged}: frame 1 came where frame 0 was expected"));
        assert_eq!(words(&[first, seal]), format!("{damaged}: frame 2 came where frame 1 was expected"));
        assert_eq!(words(&[first, first, end, seal]), format!("{damaged}: frame 0 came where frame 1 was expected"));
        assert_eq!(words(&[first, end, end, seal]), format!("{damaged}: frame 1 came where frame 2 was expected"));
    }

    #[test]
    fn a_byte_that_changed_on_the_way_is_noticed() {
        let whole = console();
        for at in 1..whole.len() - 1 {
            let mut changed = whole.clone().into_bytes();
            changed[at] ^= 0x02;
            // A newline before a mark is for others' sake. Where the mark itself went, its frame is missed.
            let harmless = whole[at..].starts_with("\n@");
            assert_eq!(read(&changed).is_ok(), harmless, "byte {at}");
        }
    }

    #[test]
    fn a_newer_target_is_recognised() {
        let body = format!(r#"0 {{"kind":"run","format":{},"shape":"of tomorrow"}}"#, FORMAT + 1);
        let frame = format!("{MARK}{:08x} {body}\n", crc32fast::hash(body.as_bytes()));
        let words = read(frame.as_bytes()).expect_err("it is refused");
        assert!(words.starts_with(&format!("what it sent has record format {}", FORMAT + 1)), "{words}");
    }
}
