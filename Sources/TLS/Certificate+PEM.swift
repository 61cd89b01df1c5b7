extension Certificate {
    /// The certificates in a PEM file, in their order; nothing is checked but that they are some.
    ///
    /// - Parameter file: what to call it in an error.
    public static func read(
        pem octets: [UInt8], file: String
    ) throws(TLSError) -> [Certificate] {
        try PEM.certificates(octets, file: file).map { unsafe Certificate(x509: $0.pointer) }
    }
}
