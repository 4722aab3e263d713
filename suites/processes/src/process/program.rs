//! Programs that specs make themselves, so that nothing has to be installed: an ELF executable of a few instructions, and scripts.

use kit::prelude::*;
use libc::{EM_AARCH64, EM_X86_64, ET_EXEC, PF_R, PF_W, PF_X, PT_INTERP, PT_LOAD};
use std::fs;

/// What a program does.
#[derive(Clone, Copy, Debug)]
pub enum Program {
    /// exit_group(2) with this status.
    Exits(u8),
    /// ppoll(2) of nothing, for ever: it is blocked in [`calls::POLL`].
    Sleeps,
}

/// The machine of this program, and another.
pub const MACHINE: [u16; 2] =
    if cfg!(target_arch = "x86_64") { [EM_X86_64, EM_AARCH64] } else { [EM_AARCH64, EM_X86_64] };

/// Where the program lies in its file, and in memory.
const CODE: u64 = 512;
const START: u64 = 0x40_0000;
/// A page of any machine is no larger.
const ALIGNMENT: u64 = 0x1_0000;

impl Program {
    /// A file with the program, executable for all.
    pub fn file(self, name: &str) -> TestResult<Name> {
        executable(name, &self.elf(MACHINE[0], None))
    }

    /// The file: an ELF header (elf(5)), program headers, the name of its interpreter if it has one, and the instructions.
    pub fn elf(self, machine: u16, interpreter: Option<&str>) -> Vec<u8> {
        const HEADER: u64 = 64;
        const PROGRAM_HEADER: u64 = 56;
        const NAME: u64 = 256;
        let segments = 1 + u16::from(interpreter.is_some());
        // The two do not lie in the same place.
        let start = if interpreter.is_some() { 2 * START } else { START };
        let mut file = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let mut add = |bytes: &[u8]| file.extend_from_slice(bytes);
        [ET_EXEC, machine].iter().for_each(|half| add(&half.to_le_bytes()));
        add(&1_u32.to_le_bytes());
        [start + CODE, HEADER, 0].iter().for_each(|word| add(&word.to_le_bytes()));
        add(&0_u32.to_le_bytes());
        [HEADER as u16, PROGRAM_HEADER as u16, segments, 0, 0, 0].iter().for_each(|half| add(&half.to_le_bytes()));
        let size = CODE + self.instructions().len() as u64;
        let mut segment = |kind: u32, offset: u64, size: u64, alignment: u64| {
            // Before 6.10 Linux clears what follows an interpreter in its last page, which has to be writable.
            [kind, PF_R | PF_W | PF_X].iter().for_each(|word| add(&word.to_le_bytes()));
            [offset, start + offset, start + offset, size, size, alignment]
                .iter()
                .for_each(|word| add(&word.to_le_bytes()));
        };
        if let Some(name) = interpreter {
            segment(PT_INTERP, NAME, name.len() as u64 + 1, 1);
        }
        segment(PT_LOAD, 0, size, ALIGNMENT);
        file.resize(NAME as usize, 0);
        file.extend(interpreter.unwrap_or_default().bytes());
        file.resize(CODE as usize, 0);
        file.extend(self.instructions());
        file
    }

    /// xor edi, edi; xor esi, esi; xor edx, edx; xor r10, r10; mov eax, 271; syscall; jmp to the beginning. Or: mov edi, status;
    /// mov eax, 231; syscall.
    #[cfg(target_arch = "x86_64")]
    fn instructions(self) -> Vec<u8> {
        match self {
            Self::Exits(status) => vec![0xbf, status, 0, 0, 0, 0xb8, 231, 0, 0, 0, 0x0f, 0x05],
            Self::Sleeps => {
                vec![0x31, 0xff, 0x31, 0xf6, 0x31, 0xd2, 0x4d, 0x31, 0xd2, 0xb8, 15, 1, 0, 0, 0x0f, 0x05, 0xeb, 0xee]
            }
        }
    }

    /// mov x0 to x3, 0; mov x8, 73; svc 0; b to the beginning. Or: mov x0, status; mov x8, 94; svc 0.
    #[cfg(target_arch = "aarch64")]
    fn instructions(self) -> Vec<u8> {
        let words = match self {
            Self::Exits(status) => vec![0xd280_0000 | u32::from(status) << 5, 0xd280_0bc8, 0xd400_0001],
            Self::Sleeps => {
                vec![0xd280_0000, 0xd280_0001, 0xd280_0002, 0xd280_0003, 0xd280_0928, 0xd400_0001, 0x17ff_fffa]
            }
        };
        words.into_iter().flat_map(u32::to_le_bytes).collect()
    }
}

/// A file that everybody may execute, with this content.
pub fn executable(name: &str, content: &[u8]) -> TestResult<Name> {
    let file = Name::file(name)?;
    fs::write(&file, content)?;
    file.set_permissions(0o755)?;
    Ok(file)
}

/// A script with this interpreter, a relative path perhaps, and its argument.
pub fn script(name: &str, interpreter: &str) -> TestResult<Name> {
    executable(name, format!("#!{interpreter}\n").as_bytes())
}
