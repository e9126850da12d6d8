use std::io;

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter_all_threads};

/// What a worker needs of the kernel once it works: its channel, memory, time, waiting, and an end.
const NEEDED: &[libc::c_long] = &[
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_recvfrom,
    libc::SYS_sendto,
    libc::SYS_pread64,
    libc::SYS_close,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_futex,
    libc::SYS_sched_yield,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_getrandom,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_tgkill,
    libc::SYS_sigaltstack,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_restart_syscall,
    // The watchdog's thread, which is just beginning.
    libc::SYS_rseq,
    libc::SYS_set_robust_list,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// The kernel's own list of what a worker may ask of it. Everything else (files, sockets, processes,
/// other processes' memory) it refuses with `EPERM`, even if a script took over the interpreter.
pub(crate) struct Syscalls(BpfProgram);

impl Syscalls {
    pub(crate) fn needed() -> io::Result<Self> {
        let rules = NEEDED.iter().map(|&call| (call, Vec::new())).collect();
        let refuse = SeccompAction::Errno(libc::EPERM as u32);
        let machine = std::env::consts::ARCH
            .try_into()
            .map_err(io::Error::other)?;
        SeccompFilter::new(rules, refuse, SeccompAction::Allow, machine)
            .and_then(TryInto::try_into)
            .map(Self)
            .map_err(io::Error::other)
    }

    /// From now on, for every thread of the process.
    pub(crate) fn allow_no_more(&self) -> io::Result<()> {
        apply_filter_all_threads(&self.0).map_err(io::Error::other)
    }
}
