/* Preloaded into linux.uml by ipcspec. UML 6.1 keeps the extended processor state (NT_X86_XSTATE) in a buffer that is too
 * short for processors with AMX, and the host's PTRACE_SETREGSET refuses an incomplete state (EFAULT). This library copies
 * what UML writes over the complete state, and sets the components that UML does not know to their initial values. */
#include <elf.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* From the start of the state: which parts are not in their initial values, one bit for each. */
enum { PRESENT = 512 };
/* x87, SSE, AVX and AVX-512: what fits into UML's buffer. */
static const uint64_t known_to_uml = 0xe7;

long ptrace(enum __ptrace_request request, ...) {
    va_list rest;
    va_start(rest, request);
    pid_t pid = va_arg(rest, pid_t);
    void *address = va_arg(rest, void *);
    void *data = va_arg(rest, void *);
    va_end(rest);

    if (request == PTRACE_SETREGSET && (uintptr_t)address == NT_X86_XSTATE) {
        static unsigned char state[1 << 16];
        const struct iovec *given = data;
        struct iovec whole = {state, sizeof state};
        if (syscall(SYS_ptrace, PTRACE_GETREGSET, pid, address, &whole) == 0 && whole.iov_len > given->iov_len) {
            uint64_t present;
            memcpy(state, given->iov_base, given->iov_len);
            memcpy(&present, state + PRESENT, sizeof present);
            present &= known_to_uml;
            memcpy(state + PRESENT, &present, sizeof present);
            return syscall(SYS_ptrace, request, pid, address, &whole);
        }
    }
    if (request == PTRACE_PEEKTEXT || request == PTRACE_PEEKDATA || request == PTRACE_PEEKUSER) {
        /* The system call writes the word, the library's function returns it. */
        long word = 0;
        long result = syscall(SYS_ptrace, request, pid, address, &word);
        return result < 0 ? result : word;
    }
    return syscall(SYS_ptrace, request, pid, address, data);
}
