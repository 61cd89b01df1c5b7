/// The first octets of what a sink answered.
struct AnswerBody: Sendable, Equatable, ExpressibleByStringLiteral {
    var octets: [UInt8]

    init(_ octets: [UInt8]) { self.octets = octets }

    init(_ text: String) { octets = Array(text.utf8) }

    init(stringLiteral text: String) { self.init(text) }

    /// What people read; what isn't UTF-8 is replaced.
    var text: String { String(decoding: octets, as: UTF8.self) }
}
