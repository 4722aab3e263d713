//! The call descriptions that are linked in, by number and by name. They stand beside the calls that specs make.

use harness::call::{CALLS, CallDescription};
use std::collections::HashMap;
use std::sync::LazyLock;

type Descriptions = Vec<&'static CallDescription>;

/// Of one number, those of an operation come first.
static BY_NUMBER: LazyLock<HashMap<u64, Descriptions>> = LazyLock::new(|| {
    let mut by_number: HashMap<_, Descriptions> = HashMap::new();
    for description in all() {
        by_number.entry(description.number.id() as u64).or_default().push(description);
    }
    for descriptions in by_number.values_mut() {
        descriptions.sort_by_key(|description| description.operation.is_none());
    }
    by_number
});

static BY_NAME: LazyLock<HashMap<String, &'static CallDescription>> =
    LazyLock::new(|| all().map(|description| (description.name(), description)).collect());

/// Every description.
pub fn all() -> impl Iterator<Item = &'static CallDescription> {
    CALLS.iter().flat_map(|call| call.described)
}

/// The description of a system call of this number with these arguments.
pub fn described(number: u64, arguments: &[u64; 6]) -> Option<&'static CallDescription> {
    BY_NUMBER.get(&number)?.iter().copied().find(|description| description.describes(arguments))
}

/// The description of this name.
pub fn named(name: &str) -> Option<&'static CallDescription> {
    BY_NAME.get(name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    // Brings the descriptions with it.
    use calls as _;
    use harness::raw::Sysno;

    #[test]
    fn no_system_call_is_described_twice() {
        let all: Vec<_> = all().collect();
        assert!(all.len() > 140, "only {} descriptions are linked in", all.len());
        assert_eq!(BY_NAME.len(), all.len());
    }

    #[test]
    fn an_operation_has_its_own_description() {
        let name = |operation: i32| {
            let arguments = [3, operation as u64, 0, 0, 0, 0];
            described(Sysno::fcntl.id() as u64, &arguments).map(CallDescription::name)
        };
        assert_eq!(name(libc::F_GETFL), Some("fcntl.F_GETFL".into()));
        assert_eq!(name(libc::F_GETLEASE), Some("fcntl".into()));
    }

    #[test]
    fn private_memory_is_the_allocators() {
        let mapped = |flags: i32| described(Sysno::mmap.id() as u64, &[0, 0, 0, flags as u64, 0, 0]);
        assert!(mapped(libc::MAP_PRIVATE | libc::MAP_ANONYMOUS).is_none());
        assert!(mapped(libc::MAP_SHARED | libc::MAP_ANONYMOUS).is_some());
    }
}
