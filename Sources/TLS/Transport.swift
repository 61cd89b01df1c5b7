internal import COpenSSL

/// Where OpenSSL reads and writes: the octets of the call under way, instead of a socket.
///
/// Owner: a context, for all of its sessions, since one call is under way at a time. So a session
/// that waits holds no buffer.
@safe final class Transport {
    /// What isn't read yet; only while a session receives.
    var input = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    /// What was written.
    var output: [UInt8] = []

    private let method = unsafe Owned(BIO_meth_new(BIO_TYPE_SOURCE_SINK, "octets")) {
        unsafe BIO_meth_free($0)
    }

    init() {
        unsafe BIO_meth_set_read_ex(method.pointer) { bio, room, limit, count in
            unsafe BIO_clear_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
            let transport = unsafe Transport.of(bio)
            let part = unsafe transport.input.prefix(limit)
            guard unsafe !part.isEmpty, let start = unsafe part.base.baseAddress else {
                unsafe BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
                return 0
            }
            unsafe UnsafeMutableRawPointer(room)?.copyMemory(from: start, byteCount: part.count)
            unsafe transport.input = UnsafeRawBufferPointer(
                rebasing: transport.input.dropFirst(part.count))
            unsafe count?.pointee = part.count
            return 1
        }
        unsafe BIO_meth_set_write_ex(method.pointer) { bio, octets, bytes, count in
            unsafe BIO_clear_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
            unsafe Transport.of(bio).output.append(
                contentsOf: UnsafeRawBufferPointer(start: octets, count: bytes))
            unsafe count?.pointee = bytes
            return 1
        }
        unsafe BIO_meth_set_ctrl(method.pointer) { _, command, _, _ in
            command == BIO_CTRL_FLUSH ? 1 : 0
        }
    }

    /// A new end of it for a session, which will free it.
    @unsafe func makeEnd() -> OpaquePointer? {
        let bio = unsafe BIO_new(method.pointer)
        unsafe BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
        unsafe BIO_set_init(bio, 1)
        return unsafe bio
    }

    /// Lets OpenSSL find nothing more to read.
    func dropInput() { unsafe input = UnsafeRawBufferPointer(start: nil, count: 0) }

    private static func of(_ bio: OpaquePointer?) -> Transport {
        guard let data = unsafe BIO_get_data(bio) else { preconditionFailure("no transport") }
        return unsafe Unmanaged<Transport>.fromOpaque(data).takeUnretainedValue()
    }
}
