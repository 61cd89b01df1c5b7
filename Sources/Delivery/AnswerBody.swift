/// The first octets of what a sink answered.
struct AnswerBody: Sendable, Equatable, ExpressibleByStringLiteral {
    var octets: [UInt8]

    init(_ octets: [UInt8]) { self.octets = octets }

    init(_ text: String) { octets = Array(text.utf8) }

    init(stringLiteral text: String) { self.init(text) }

    /// The same with stars for a secret.
    func hiding(_ secret: some StringProtocol) -> AnswerBody {
        AnswerBody(octets.replacing(Array(secret.utf8), with: Array("***".utf8)))
    }

    /// What people read; what isn't UTF-8 is replaced.
    var text: String { String(decoding: octets, as: UTF8.self) }
}
