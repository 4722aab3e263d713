//! What the log holds, and its bytes.

use super::object::Object;
use super::slots::Sink;
use record::{Failure, Layer, Missing, Observation, SeenError, Source, Verdict};

/// An entry of the event log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Something did not hold.
    Failure(Failure),
    /// An error return was asserted and seen.
    Error(SeenError),
    /// A value that documentation leaves open.
    Observation(Observation),
    /// A value that supports or refutes a claim.
    Evidence(Observation),
    /// A probe found a need unmet.
    Missing(Missing),
    /// An object that outlives its process was made.
    Created(Object),
    /// It was removed again.
    Removed(Object),
    /// A process of the spec, whose pid is another one in the next run.
    Process(i32),
    /// A signal handler ran.
    Handler(HandlerEvent),
    /// What the engine writes down for itself.
    Engine(EngineEvent),
}

/// How many values a handler logs at once.
pub const VALUES: usize = 4;

/// What a signal handler logged: numbers, whose meaning the spec knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandlerEvent {
    /// What it is about.
    pub code: u32,
    /// What was there.
    pub values: [u64; VALUES],
}

/// An entry that only the engine can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineEvent {
    /// Which kind it is.
    pub kind: u32,
    /// Its own encoding.
    pub bytes: Vec<u8>,
}

/// A failure whose parts are elsewhere: what a signal handler has, which must not allocate.
#[derive(Clone, Copy, Debug)]
pub(super) struct FailureParts<'a> {
    pub verdict: Verdict,
    pub message: &'a str,
    pub expected: Option<&'a str>,
    pub actual: Option<&'a str>,
    pub source: Option<(&'a str, u32)>,
    pub process: &'a str,
}

impl<'a> From<&'a Failure> for FailureParts<'a> {
    fn from(failure: &'a Failure) -> Self {
        let Failure { verdict, message, expected, actual, source, process, .. } = failure;
        Self {
            verdict: *verdict,
            message,
            expected: expected.as_deref(),
            actual: actual.as_deref(),
            source: source.as_ref().map(|source| (source.file.as_str(), source.line)),
            process,
        }
    }
}

/// How many bytes of a text are kept; how many there were more is said at its end.
pub(super) const TEXT_KEPT: usize = 8192;

const FAILURE: u8 = 1;
const ERROR: u8 = 2;
const OBSERVATION: u8 = 3;
const MISSING: u8 = 4;
const CREATED: u8 = 5;
const REMOVED: u8 = 6;
const PROCESS: u8 = 7;
const HANDLER: u8 = 8;
const ENGINE: u8 = 9;
const EVIDENCE: u8 = 10;

/// Puts an event into a sink.
pub(super) fn encode(event: &Event, sink: &mut dyn Sink) {
    match event {
        Event::Failure(failure) => encode_failure(failure.into(), sink),
        Event::Error(SeenError { call, errno, layer }) => {
            byte(sink, ERROR);
            text(sink, call);
            text(sink, errno);
            byte(sink, *layer as u8);
        }
        Event::Observation(Observation { name, value }) => {
            byte(sink, OBSERVATION);
            text(sink, name);
            text(sink, value);
        }
        Event::Evidence(Observation { name, value }) => {
            byte(sink, EVIDENCE);
            text(sink, name);
            text(sink, value);
        }
        Event::Missing(Missing { need, found, remedy }) => {
            byte(sink, MISSING);
            [need, found, remedy].iter().for_each(|part| text(sink, part));
        }
        Event::Created(object) => encode_object(CREATED, object, sink),
        Event::Removed(object) => encode_object(REMOVED, object, sink),
        Event::Process(pid) => {
            byte(sink, PROCESS);
            number(sink, pid.cast_unsigned());
        }
        Event::Handler(event) => encode_handler(*event, sink),
        Event::Engine(EngineEvent { kind, bytes }) => {
            byte(sink, ENGINE);
            number(sink, *kind);
            sink.put(bytes);
        }
    }
}

pub(super) fn encode_failure(failure: FailureParts, sink: &mut dyn Sink) {
    byte(sink, FAILURE);
    byte(sink, failure.verdict as u8);
    text(sink, failure.message);
    for part in [failure.expected, failure.actual] {
        byte(sink, part.is_some().into());
        part.iter().for_each(|part| text(sink, part));
    }
    byte(sink, failure.source.is_some().into());
    if let Some((file, line)) = failure.source {
        text(sink, file);
        number(sink, line);
    }
    text(sink, failure.process);
}

pub(super) fn encode_handler(event: HandlerEvent, sink: &mut dyn Sink) {
    byte(sink, HANDLER);
    number(sink, event.code);
    event.values.iter().for_each(|value| sink.put(&value.to_ne_bytes()));
}

fn encode_object(kind: u8, object: &Object, sink: &mut dyn Sink) {
    byte(sink, kind);
    let (kind, id) = match object {
        Object::SysvQueue(id) => (1, Ok(*id)),
        Object::SysvSemaphores(id) => (2, Ok(*id)),
        Object::SysvSegment(id) => (3, Ok(*id)),
        Object::Queue(name) => (4, Err(name)),
        Object::SharedMemoryFile(name) => (5, Err(name)),
    };
    byte(sink, kind);
    match id {
        Ok(id) => number(sink, id.cast_unsigned()),
        Err(name) => text(sink, name),
    }
}

fn byte(sink: &mut dyn Sink, byte: u8) {
    sink.put(&[byte]);
}

fn number(sink: &mut dyn Sink, number: u32) {
    sink.put(&number.to_ne_bytes());
}

fn text(sink: &mut dyn Sink, text: &str) {
    let kept = text.floor_char_boundary(TEXT_KEPT);
    number(sink, kept as u32);
    number(sink, (text.len() - kept) as u32);
    sink.put(&text.as_bytes()[..kept]);
}

/// The event that these bytes are; none when they are not one.
pub(super) fn decode(bytes: &[u8]) -> Option<Event> {
    let mut bytes = Bytes(bytes);
    Some(match bytes.byte()? {
        FAILURE => Event::Failure(Failure {
            verdict: *Verdict::ALL.get(usize::from(bytes.byte()?))?,
            message: bytes.text()?,
            expected: bytes.optional(Bytes::text)?,
            actual: bytes.optional(Bytes::text)?,
            source: bytes.optional(|bytes| Some(Source { file: bytes.text()?, line: bytes.number()? }))?,
            process: bytes.text()?,
            signature: String::new(),
        }),
        ERROR => Event::Error(SeenError {
            call: bytes.text()?,
            errno: bytes.text()?,
            layer: *Layer::ALL.get(usize::from(bytes.byte()?))?,
        }),
        OBSERVATION => Event::Observation(Observation { name: bytes.text()?, value: bytes.text()? }),
        EVIDENCE => Event::Evidence(Observation { name: bytes.text()?, value: bytes.text()? }),
        MISSING => Event::Missing(Missing { need: bytes.text()?, found: bytes.text()?, remedy: bytes.text()? }),
        CREATED => Event::Created(bytes.object()?),
        REMOVED => Event::Removed(bytes.object()?),
        PROCESS => Event::Process(bytes.number()?.cast_signed()),
        HANDLER => {
            let (code, mut values) = (bytes.number()?, [0; VALUES]);
            for value in &mut values {
                *value = u64::from_ne_bytes(*bytes.take()?);
            }
            Event::Handler(HandlerEvent { code, values })
        }
        ENGINE => Event::Engine(EngineEvent { kind: bytes.number()?, bytes: bytes.0.to_vec() }),
        _ => return None,
    })
}

/// What is left of an entry.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take().map(|[byte]| *byte)
    }

    fn number(&mut self) -> Option<u32> {
        self.take().map(|bytes| u32::from_ne_bytes(*bytes))
    }

    fn optional<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.byte()? {
            0 => Some(None),
            _ => read(self).map(Some),
        }
    }

    fn text(&mut self) -> Option<String> {
        let (kept, cut) = (self.number()? as usize, self.number()?);
        let (text, rest) = self.0.split_at_checked(kept)?;
        self.0 = rest;
        let mut text = String::from_utf8_lossy(text).into_owned();
        if cut > 0 {
            text.push_str(&format!(" ... ({cut} more bytes)"));
        }
        Some(text)
    }

    fn object(&mut self) -> Option<Object> {
        Some(match self.byte()? {
            1 => Object::SysvQueue(self.number()?.cast_signed()),
            2 => Object::SysvSemaphores(self.number()?.cast_signed()),
            3 => Object::SysvSegment(self.number()?.cast_signed()),
            4 => Object::Queue(self.text()?),
            5 => Object::SharedMemoryFile(self.text()?),
            _ => return None,
        })
    }
}
