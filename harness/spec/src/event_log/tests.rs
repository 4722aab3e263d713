use super::event::TEXT_KEPT;
use super::*;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};
use record::{Failure, Layer, Missing, Observation, SeenError, Source, Verdict};
use std::time::Duration;

fn failure(message: &str) -> Failure {
    Failure {
        verdict: Verdict::Deviates,
        message: message.into(),
        expected: Some("1".into()),
        actual: None,
        source: Some(Source { file: "a/file.rs".into(), line: 7 }),
        process: "child 1".into(),
        signature: String::new(),
    }
}

#[test]
fn every_kind_of_event_is_read_as_it_was_written() {
    let log = EventLog::new().unwrap();
    let missing = Missing { need: "cpus(2)".into(), found: "one".into(), remedy: "two".into() };
    let seen = SeenError { call: "read".into(), errno: "EAGAIN".into(), layer: Layer::Raw };
    let events = [
        Event::Failure(failure("a message")),
        Event::Failure(Failure { source: None, expected: None, actual: Some(String::new()), ..failure("") }),
        Event::Error(seen),
        Event::Observation(Observation { name: "a name".into(), value: "ü".repeat(100) }),
        Event::Evidence(Observation { name: "a name".into(), value: "5".into() }),
        Event::Missing(missing),
        Event::Created(Object::SysvQueue(-1)),
        Event::Created(Object::SysvSemaphores(2)),
        Event::Removed(Object::SysvSegment(3)),
        Event::Removed(Object::Queue("/name".into())),
        Event::Created(Object::SharedMemoryFile("sem.name".into())),
        Event::Process(12345),
        Event::Handler(HandlerEvent { code: 7, values: [1, 2, 3, u64::MAX] }),
        Event::Engine(EngineEvent { kind: 3, bytes: vec![0, 1, 2] }),
    ];
    events.iter().for_each(|event| log.append(event));
    assert_eq!(log.events(), events);
    let other = EventLog::new().unwrap();
    other.add_checks(2);
    other.merge(&log);
    assert_eq!((other.events(), other.checks(), other.lost()), (events.to_vec(), 2, 0));
    other.unmap();
    log.unmap();
}

#[test]
fn a_long_text_is_cut_and_says_so() {
    let log = EventLog::new().unwrap();
    log.append(&Event::Failure(failure(&format!("x{}", "ü".repeat(TEXT_KEPT)))));
    let [Event::Failure(read)] = &log.events()[..] else { panic!("one failure") };
    // The last character that would be cut in two is left out as well.
    assert!(read.message.ends_with(&format!("ü ... ({} more bytes)", TEXT_KEPT + 2)), "{}", &read.message[8000..]);
    assert_eq!(read.process, "child 1");
    log.unmap();
}

#[test]
fn what_does_not_fit_is_counted() {
    let log = EventLog::new().unwrap();
    let event = Event::Engine(EngineEvent { kind: 0, bytes: vec![0; SIZE / 4] });
    (0..5).for_each(|_| log.append(&event));
    assert_eq!((log.events().len(), log.lost()), (3, 2));
    let other = EventLog::new().unwrap();
    other.merge(&log);
    assert_eq!(other.lost(), 2);
    other.unmap();
    log.unmap();
}

/// Children that only write are killed while they do, and what is written afterwards is found.
#[test]
fn killed_writers_hide_nothing() {
    for delay in (0..40).map(|step| Duration::from_micros(step * 25)) {
        let log = EventLog::new().unwrap();
        let event = Event::Observation(Observation { name: "n".repeat(500), value: "v".into() });
        // SAFETY: the child does nothing but write to the log, which allocates nothing.
        match unsafe { fork() }.unwrap() {
            ForkResult::Child => loop {
                log.append(&event);
            },
            ForkResult::Parent { child } => {
                std::thread::sleep(delay);
                kill(child, Signal::SIGKILL).unwrap();
                waitpid(child, None).unwrap();
            }
        }
        let before = log.events();
        assert!(before.iter().all(|found| *found == event));
        let lost = log.lost();
        log.append(&Event::Failure(failure("behind it")));
        let found = log.events();
        assert!(
            lost > 0 || found.last() == Some(&Event::Failure(failure("behind it"))),
            "{} entries before",
            before.len()
        );
        assert_eq!(found[..before.len()], before);
        log.unmap();
    }
}

#[test]
fn handlers_log_and_assert_without_a_panic() {
    extern "C" fn on_signal(signal: libc::c_int) {
        log_in_handler(5, [signal as u64, 9]);
        crate::assert_in_handler!(signal == libc::SIGURG);
        crate::assert_in_handler!(signal == 0);
    }
    let log = EventLog::new().unwrap();
    log.make_current();
    crate::label::set("child 3");
    // SAFETY: the handler only logs.
    unsafe {
        libc::signal(libc::SIGURG, on_signal as *const () as libc::sighandler_t);
        libc::raise(libc::SIGURG);
    }
    assert_eq!(logged_by_handlers(5), [[libc::SIGURG as u64, 9, 0, 0]]);
    assert_eq!(logged_by_handlers(6), [[0; VALUES]; 0]);
    assert_eq!(log.checks(), 2);
    let failures: Vec<_> = log.events().into_iter().filter(|event| matches!(event, Event::Failure(_))).collect();
    let [Event::Failure(failure)] = &failures[..] else { panic!("{failures:?}") };
    assert_eq!((failure.message.as_str(), failure.process.as_str()), ("signal == 0", "child 3"));
    assert!(failure.source.as_ref().is_some_and(|source| source.file.ends_with("tests.rs")));
}
