internal import COpenSSL

extension Certificate {
    /// Reads what OpenSSL parsed.
    @unsafe init(x509: OpaquePointer) {
        let names = unsafe Names(x509)
        unsafe self.init(
            subject: Self.text(of: X509_get_subject_name(x509)),
            issuer: Self.text(of: X509_get_issuer_name(x509)),
            dnsNames: names.dns, ipAddresses: names.addresses, uris: names.uris,
            emails: names.emails,
            serial: Self.serial(of: x509),
            notBefore: Int(tls_seconds(X509_get0_notBefore(x509))),
            notAfter: Int(tls_seconds(X509_get0_notAfter(x509))),
            fingerprint: Self.fingerprint(of: x509),
            keyType: Self.keyType(of: x509),
            isCA: X509_check_ca(x509) != 0)
    }

    private static func text(of name: OpaquePointer?) -> String {
        let memory = unsafe Owned(BIO_new(BIO_s_mem())) { unsafe BIO_free($0) }
        unsafe X509_NAME_print_ex(memory.pointer, name, 0, tls_name_flags())
        var octets: UnsafePointer<UInt8>?
        let count = unsafe tls_memory(memory.pointer, &octets)
        return unsafe String(
            decoding: UnsafeBufferPointer(start: octets, count: Int(count)), as: UTF8.self)
    }

    private static func serial(of x509: OpaquePointer) -> String {
        guard let serial = unsafe X509_get0_serialNumber(x509) else { return "" }
        return unsafe hex(
            UnsafeBufferPointer(
                start: ASN1_STRING_get0_data(serial), count: Int(ASN1_STRING_length(serial))))
    }

    private static func fingerprint(of x509: OpaquePointer) -> String {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        var count: CUnsignedInt = 0
        unsafe X509_digest(x509, EVP_sha256(), &digest, &count)
        return hex(digest)
    }

    private static func keyType(of x509: OpaquePointer) -> String {
        guard let key = unsafe X509_get0_pubkey(x509),
            let type = unsafe EVP_PKEY_get0_type_name(key)
        else { return "unknown" }
        var group = [CChar](repeating: 0, count: 64)
        var count = 0
        guard unsafe EVP_PKEY_get_group_name(key, &group, group.count, &count) == 1 else {
            return unsafe String(cString: type) + " \(EVP_PKEY_get_bits(key))"
        }
        let name = String(decoding: group.prefix(count).map(UInt8.init), as: UTF8.self)
        return unsafe String(cString: type) + " " + (curves[name] ?? name)
    }

    private static let curves = [
        "prime256v1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521",
    ]

    private static func hex(_ octets: some Sequence<UInt8>) -> String {
        var text = ""
        for octet in octets {
            if octet < 0x10 { text += "0" }
            text += String(octet, radix: 16)
        }
        return text
    }
}

/// The subject's alternative names, by their kinds.
private struct Names {
    var dns: [String] = []
    var addresses: [String] = []
    var uris: [String] = []
    var emails: [String] = []

    @unsafe init(_ x509: OpaquePointer) {
        guard let names = unsafe tls_alternative_names(x509) else { return }
        defer { unsafe GENERAL_NAMES_free(names) }
        let count = unsafe tls_names_count(names)
        for index in 0..<count {
            let name = unsafe tls_name_at(names, index)
            switch unsafe name.type {
            case GEN_DNS: unsafe dns += Self.text(name)
            case GEN_IPADD: unsafe addresses += Self.address(name)
            case GEN_URI: unsafe uris += Self.text(name)
            case GEN_EMAIL: unsafe emails += Self.text(name)
            default: break
            }
        }
    }

    /// None for one that isn't plain.
    private static func text(_ name: tls_name) -> [String] {
        let octets = unsafe UnsafeBufferPointer(start: name.octets, count: Int(name.count))
        let isPlain = unsafe octets.allSatisfy { 0x21...0x7E ~= $0 }
        guard isPlain, unsafe name.count > 0 else { return [] }
        return [unsafe String(decoding: octets, as: UTF8.self)]
    }

    private static func address(_ name: tls_name) -> [String] {
        var room = [CChar](repeating: 0, count: 64)
        guard let text = unsafe tls_address_text(name.octets, name.count, &room) else { return [] }
        return [unsafe String(cString: text)]
    }
}
