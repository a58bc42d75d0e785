/** What a system call answers: a value, or an errno with the kernel's extended-acknowledgement text (netlink NLMSGERR_ATTR_MSG) if it has one. */
export type Result<T = void> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Errno; readonly message?: string };

/** The errno names the simulated kernel and machine use (errno(3)). */
export type Errno =
  | 'EPERM' | 'ENOENT' | 'ESRCH' | 'EINTR' | 'EIO' | 'ENXIO' | 'E2BIG' | 'ENOEXEC' | 'EBADF' | 'ECHILD' | 'EAGAIN' | 'ENOMEM' | 'EACCES' | 'EFAULT'
  | 'EBUSY' | 'EEXIST' | 'EXDEV' | 'ENODEV' | 'ENOTDIR' | 'EISDIR' | 'EINVAL' | 'ENFILE' | 'EMFILE' | 'ENOTTY' | 'ETXTBSY' | 'EFBIG' | 'ENOSPC'
  | 'ESPIPE' | 'EROFS' | 'EMLINK' | 'EPIPE' | 'EDOM' | 'ERANGE' | 'ENAMETOOLONG' | 'ENOSYS' | 'ENOTEMPTY' | 'ELOOP' | 'ENODATA' | 'ENOTSOCK'
  | 'EDESTADDRREQ' | 'EMSGSIZE' | 'EPROTOTYPE' | 'ENOPROTOOPT' | 'EPROTONOSUPPORT' | 'EOPNOTSUPP' | 'EAFNOSUPPORT' | 'EADDRINUSE' | 'EADDRNOTAVAIL'
  | 'ENETDOWN' | 'ENETUNREACH' | 'ENETRESET' | 'ECONNABORTED' | 'ECONNRESET' | 'ENOBUFS' | 'EISCONN' | 'ENOTCONN' | 'ETIMEDOUT' | 'ECONNREFUSED'
  | 'EHOSTDOWN' | 'EPROTO' | 'EHOSTUNREACH' | 'EALREADY' | 'EINPROGRESS';

export const done: Result = { ok: true, value: undefined };
export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}
export function fail(error: Errno, message?: string): { readonly ok: false; readonly error: Errno; readonly message?: string } {
  return message === undefined ? { ok: false, error } : { ok: false, error, message };
}
