/// Checks a name and a password.
///
/// Spec: RFC 7617 §2
public struct BasicAuthentication: Sendable {
    private let expected: [UInt8]

    /// Expects this name and password, in UTF-8.
    public init(username: String, password: String) {
        expected = Array(Base64.encode(Array("\(username):\(password)".utf8)))
    }

    /// Whether a request proves that its sender knows them.
    ///
    /// A request with several `Authorization` fields proves nothing.
    public func admits(_ head: RequestHead, _ message: Span<UInt8>) -> Bool {
        var value: Range<Int>?
        for field in head.fields
        where message.equalsIgnoringCase("authorization", in: field.name) {
            guard value == nil else { return false }
            value = field.value
        }
        return value.map { isExpected(message, $0) } ?? false
    }

    /// The time it takes depends on what was sent, and not on how much of it is right.
    private func isExpected(_ message: Span<UInt8>, _ value: Range<Int>) -> Bool {
        let scheme: StaticString = "basic "
        guard value.count > 6,
            message.equalsIgnoringCase(scheme, in: value.lowerBound..<value.lowerBound + 6)
        else { return false }
        var sent = value.dropFirst(6)
        while let first = sent.first, message[first] == .space { sent.removeFirst() }
        var difference = UInt8(sent.count == expected.count ? 0 : 1)
        for (offset, place) in sent.enumerated() {
            difference |= message[place] ^ expected[offset % expected.count]
        }
        return difference == 0
    }

    /// The field that asks for them, for a response of status 401.
    public static func challenge(realm: String) -> (name: String, value: String) {
        ("WWW-Authenticate", "Basic realm=\"\(realm)\", charset=\"UTF-8\"")
    }
}
