internal import CLinux
internal import Glibc

/// A system call that failed.
public struct SystemError: Error, Equatable, CustomStringConvertible {
    /// The call's name in C, such as `epoll_ctl`.
    public var call: String
    /// What the call left in `errno`.
    public var errno: CInt

    /// Names the failed call.
    public init(call: String, errno: CInt) {
        self.call = call
        self.errno = errno
    }

    /// The call and the system's own words, such as `bind: Address already in use`.
    public var description: String {
        unsafe "\(call): \(String(cString: strerror(errno)))"
    }
}

/// Passes on a call's result, which is `-errno` where it failed.
@discardableResult
public func check(_ call: String, _ result: CInt) throws(SystemError) -> CInt {
    guard result >= 0 else { throw SystemError(call: call, errno: -result) }
    return result
}

/// An open file descriptor, and the duty to close it.
public struct Descriptor: ~Copyable, Sendable {
    /// The number to hand to a system call; it dies with this value.
    public let number: CInt

    /// Takes over what `call` returned: a descriptor, or `-errno`.
    public init(from call: String, _ result: CInt) throws(SystemError) {
        number = try check(call, result)
    }

    deinit { close(number) }
}

/// A thread that was started, to be waited for.
public struct LoopThread: Sendable {
    private let thread: pthread_t

    /// Runs `body` on a new thread, which tools such as `top -H` show as `name` (15 octets).
    public init(name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        final class Box: Sendable {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var thread = pthread_t()
        let box = unsafe Unmanaged.passRetained(
            Box {
                unsafe name.withCString { unsafe linux_name_thread($0) }
                body()
            })
        let status = unsafe pthread_create(
            &thread, nil,
            { context in
                guard let context = unsafe context else { return nil }
                unsafe Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body()
                return nil
            }, box.toOpaque())
        guard status == 0 else {
            unsafe box.release()
            throw SystemError(call: "pthread_create", errno: status)
        }
        self.thread = thread
    }

    /// Waits for the thread's end; to be called once, from another thread.
    public func join() { pthread_join(thread, nil) }
}

/// How many processors the process may run on, at least 1.
public func processorsCount() -> Int { Int(linux_processors()) }
