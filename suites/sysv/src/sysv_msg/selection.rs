//! Which message msgrcv takes.

use super::{ROOM, drain, send};
use calls::sysv::Message;
use kit::needs::SYSV;
use kit::prelude::*;
use kit::property;
use kit::sysv::Queue;
use libc::{IPC_NOWAIT, IPC_PRIVATE, MSG_EXCEPT};
use models::TypedQueue;
use proptest::collection::vec;
use proptest::prelude::{Strategy, prop_oneof};

/// Messages of these types, whose texts are the letters.
fn queued() -> [Message; 6] {
    [(3, "a"), (1, "b"), (3, "c"), (2, "d"), (1, "e"), (9, "f")].map(|(kind, text)| Message::new(kind, text))
}

/// The messages of these letters, in the order of these.
fn lettered(letters: &str) -> Vec<Message> {
    let of_letter = |letter| queued().into_iter().find(|message| message.text == [letter]);
    letters.bytes().filter_map(of_letter).collect()
}

/// Receives what there is of this type, and says what is left.
fn take(kind: i64, flags: i32) -> TestResult<(Vec<Message>, Vec<Message>)> {
    use calls::for_layers::libc_raw::msgrcv;
    let queue = Queue::new(IPC_PRIVATE)?;
    send(&queue, &queued())?;
    let mut taken = Vec::new();
    for _ in queued() {
        match msgrcv(queue.id(), ROOM, kind, flags | IPC_NOWAIT) {
            Ok(message) => taken.push(message),
            Err(CallError { errno: Errno::ENOMSG, .. }) => break,
            Err(error) => return Err(error.into()),
        }
    }
    assert_errno!(msgrcv(queue.id(), ROOM, kind, flags | IPC_NOWAIT), ENOMSG);
    Ok((taken, drain(&queue)?))
}

#[rstest]
#[case::any(0, "abcdef", "")]
#[case::of_a_type(3, "ac", "bdef")]
#[case::of_another_type(1, "be", "acdf")]
#[case::of_no_message(4, "", "abcdef")]
#[case::lowest_up_to_2(-2, "bed", "acf")]
#[case::lowest_up_to_8(-8, "bedac", "f")]
#[case::lowest_of_all(i64::MIN, "bedacf", "")]
/// msgrcv receives the oldest message of all for msgtyp 0, of that type for one above 0, and of the lowest type not above its absolute
/// value for one below 0; when there is none IPC_NOWAIT makes it fail with ENOMSG, and the others stay in order.
#[harness::test(
    id = "sysv-msg.types",
    cite = [posix("msgrcv.3p", "DESCRIPTION"), man("msgop.2", "DESCRIPTION")],
    covers = [
        "behaviours:sysvmsg.fifo-type-zero", "behaviours:sysvmsg.type-positive", "behaviours:sysvmsg.type-negative-lowest",
        "behaviours:sysvmsg.mtype-returned", "behaviours:sysvmsg.recv-nowait", "errors:sysv-msg.msgrcv.ENOMSG",
        "notes:msg.same-id-fifo", "notes:msg.removed-after-read",
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn the_type_selects_the_message(#[case] kind: i64, #[case] taken: &str, #[case] left: &str) -> TestResult {
    let found = take(kind, 0)?;
    assert_eq!(found, (lettered(taken), lettered(left)));
    Ok(())
}

#[rstest]
#[case::all_but_a_type(3, "bdef", "ac")]
#[case::all_but_none(4, "abcdef", "")]
/// msgrcv with MSG_EXCEPT receives the oldest message of another type than msgtyp; when there is none IPC_NOWAIT makes it fail with
/// ENOMSG, and the others stay in order.
#[harness::test(
    id = "sysv-msg.except",
    cite = [man("msgop.2", "DESCRIPTION", "MSG_EXCEPT")],
    covers = ["behaviours:sysvmsg.except", "errors:sysv-msg.msgrcv.ENOMSG"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn msg_except_takes_the_other_types(#[case] kind: i64, #[case] taken: &str, #[case] left: &str) -> TestResult {
    let found = take(kind, MSG_EXCEPT)?;
    assert_eq!(found, (lettered(taken), lettered(left)));
    Ok(())
}

/// A message can have any type above 0, the largest long among them; msgsnd fails with EINVAL for 0, -1 and the smallest long, and
/// sends nothing.
#[harness::test(
    id = "sysv-msg.type-range",
    cite = [posix("msgsnd.3p", "ERRORS", "EINVAL"), man("msgop.2", "ERRORS", "EINVAL")],
    covers = ["errors:sysv-msg.msgsnd.EINVAL.2", "behaviours:sysvmsg.mtype-returned"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn types_are_above_0() -> TestResult {
    let queue = Queue::new(IPC_PRIVATE)?;
    for kind in [0, -1, i64::MIN] {
        assert_errno!(msgsnd(queue.id(), &Message::new(kind, "text"), IPC_NOWAIT), EINVAL);
    }
    let sent = [i64::MAX, 1, i64::MAX - 1].map(|kind| Message::new(kind, "text"));
    for message in &sent {
        assert_eq!(msgsnd(queue.id(), message, IPC_NOWAIT), Ok(()));
    }
    assert_eq!(msgrcv(queue.id(), ROOM, i64::MAX - 1, IPC_NOWAIT), Ok(sent[2].clone()));
    assert_eq!(drain(&queue), Ok(sent[..2].to_vec()));
    Ok(())
}

/// A step of a property.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// msgsnd of a message of this type.
    Send(i64),
    /// msgrcv with this msgtyp and this flag.
    Receive(i64, i32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let receive = (-4..5_i64).prop_map(|kind| Step::Receive(kind, 0));
    let receive_another = (1..5_i64).prop_map(|kind| Step::Receive(kind, MSG_EXCEPT));
    vec(prop_oneof![3 => (1..5_i64).prop_map(Step::Send), 1 => receive, 1 => receive_another], 1..40)
}

/// Whatever is sent and received in whatever order: msgrcv takes the oldest message that its msgtyp selects, and fails with ENOMSG if
/// there is none. What is left stays in order.
#[harness::test(
    id = "sysv-msg.order-of-any",
    cite = [man("msgop.2", "DESCRIPTION"), posix("msgrcv.3p", "DESCRIPTION")],
    covers = [
        "behaviours:sysvmsg.fifo-type-zero", "behaviours:sysvmsg.type-positive", "behaviours:sysvmsg.type-negative-lowest",
        "behaviours:sysvmsg.except",
    ],
    needs = [SYSV],
)]
fn a_queue_is_ordered_by_age_within_what_is_selected() -> TestResult {
    property::check(64, steps(), |steps| {
        let (queue, mut model) = (Queue::new(IPC_PRIVATE)?, TypedQueue::default());
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Send(kind) => {
                    let message = Message::new(kind, number.to_string());
                    assert_eq!(msgsnd(queue.id(), &message, IPC_NOWAIT), Ok(()));
                    model.send(message);
                }
                Step::Receive(kind, flag) => {
                    let received = msgrcv(queue.id(), ROOM, kind, flag | IPC_NOWAIT).map_err(|error| error.errno);
                    assert_eq!(received, model.receive(kind, flag).ok_or(Errno::ENOMSG));
                }
            }
        }
        assert_eq!(drain(&queue), Ok(model.0));
        Ok(())
    })
}
