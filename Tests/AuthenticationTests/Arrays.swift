import Authentication

// A span can't be an argument within an expectation.

extension HMAC {
    static func sha256(key: [UInt8], of message: [UInt8]) -> [UInt8] {
        sha256(key: key, message: message.span)
    }
    static func sha1(key: [UInt8], of message: [UInt8]) -> [UInt8] {
        sha1(key: key, message: message.span)
    }
    static func sha384(key: [UInt8], of message: [UInt8]) -> [UInt8] {
        sha384(key: key, message: message.span)
    }
    static func sha512(key: [UInt8], of message: [UInt8]) -> [UInt8] {
        sha512(key: key, message: message.span)
    }
}

extension PublicKey {
    func verifiesEd25519(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        verifiesEd25519(signature, of: message.span)
    }
    func verifiesES256(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        verifiesES256(signature, of: message.span)
    }
}
