internal import CCurl
internal import Glibc

/// Keeps a handle of curl's from addresses that aren't public.
///
/// It's asked for each address before a connection is tried, so whatever a name resolves to at that
/// moment counts; and again before each request, because curl may take a connection that another
/// endpoint made. It must live as long as the handle: curl has a pointer to it.
@safe final class AddressGuard {
    /// The address that was refused since ``reset()``.
    private(set) var refused: String?

    func apply(to easy: UnsafeMutableRawPointer) -> CURLcode {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        return unsafe curl_set_guards(
            easy,
            { context, purpose, address in
                guard let context = unsafe context, let address = unsafe address
                else { return -1 }
                let isLetIn = unsafe Unmanaged<AddressGuard>.fromOpaque(context)
                    ._withUnsafeGuaranteedRef { unsafe $0.lets(in: address) }
                return isLetIn
                    ? unsafe curl_open_closed_on_exec(nil, purpose, address) : -1
            },
            { context, address, _, _, _ in
                guard let context = unsafe context, let address = unsafe address
                else { return CURL_PREREQFUNC_ABORT }
                let isLetIn = unsafe Unmanaged<AddressGuard>.fromOpaque(context)
                    ._withUnsafeGuaranteedRef { $0.lets(in: unsafe String(cString: address)) }
                return isLetIn ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
            }, context)
    }

    /// Forgets what was refused.
    func reset() { refused = nil }

    /// What to say of a request that failed, if it's this that made it fail.
    func error(for result: CURLcode) -> CurlError? {
        guard let refused,
            [CURLE_COULDNT_CONNECT, CURLE_ABORTED_BY_CALLBACK].contains(result)
        else { return nil }
        return CurlError(
            kind: .forbidden, code: Int(result.rawValue),
            text: "\(refused) is no public address")
    }

    private func lets(in address: UnsafeMutablePointer<curl_sockaddr>) -> Bool {
        var octets = [UInt8](repeating: 0, count: 16)
        let count = unsafe curl_address_octets(address, &octets)
        return lets(in: Array(octets.prefix(count)))
    }

    private func lets(in text: String) -> Bool {
        var octets = [UInt8](repeating: 0, count: 16)
        // A zone, as in `fe80::1%eth0`, stands on no public address.
        if unsafe inet_pton(AF_INET6, text, &octets) == 1 { return lets(in: octets) }
        guard unsafe inet_pton(AF_INET, text, &octets) == 1 else {
            refused = text
            return false
        }
        return lets(in: Array(octets.prefix(4)))
    }

    private func lets(in octets: [UInt8]) -> Bool {
        guard !PublicAddress.isPublic(octets) else { return true }
        refused = text(of: octets)
        return false
    }

    private func text(of octets: [UInt8]) -> String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = octets.count == 4 ? AF_INET : AF_INET6
        guard [4, 16].contains(octets.count),
            unsafe inet_ntop(family, octets, &text, socklen_t(text.count)) != nil
        else { return "what the name stands for" }
        return String(
            decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
