internal import COpenSSL

/// An object of OpenSSL's that is freed with its last owner.
@safe final class Owned {
    let pointer: OpaquePointer
    private let free: (OpaquePointer?) -> Void

    /// - Parameter pointer: none where OpenSSL had no memory, which nobody survives.
    init(_ pointer: OpaquePointer?, _ free: @escaping (OpaquePointer?) -> Void) {
        guard let pointer = unsafe pointer else { preconditionFailure("OpenSSL has no memory") }
        unsafe self.pointer = pointer
        unsafe self.free = free
    }

    deinit { unsafe free(pointer) }
}

/// The last mistake that OpenSSL noted for this thread.
enum OpenSSLError {
    /// Forgets what was noted.
    static func clear() { ERR_clear_error() }

    /// What the library calls it.
    static var text: String {
        let error = ERR_peek_last_error()
        guard error != 0, let reason = unsafe ERR_reason_error_string(error) else {
            return "no reason given"
        }
        return unsafe String(cString: reason)
    }
}
