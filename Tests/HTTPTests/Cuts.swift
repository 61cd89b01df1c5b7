import Testing

@testable import HTTP

// How the network may cut octets into reads. A decoder that depends on it is wrong, however right
// each of its answers looks; so each is fed its input in all these ways.

/// An octet for each character, which is one of the first 256.
func octets(_ text: String) -> [UInt8] { text.unicodeScalars.map { UInt8($0.value) } }

/// A character for each octet.
func text(_ octets: some Sequence<UInt8>) -> String {
    var text = ""
    for octet in octets { text.unicodeScalars.append(Unicode.Scalar(octet)) }
    return text
}

/// The input whole, in two reads cut at every place, and octet by octet.
func cuts(of input: String) -> [[[UInt8]]] {
    let input = octets(input)
    let halves = input.indices.dropFirst().map { [Array(input[..<$0]), Array(input[$0...])] }
    return [[input]] + halves + [input.map { [$0] }]
}

/// A head that was decoded, with the octets its ranges count in.
struct DecodedHead {
    var head = RequestHead()
    var message: [UInt8] = []
    /// How many octets it has; nothing where it wasn't complete.
    var bytes: Int?

    func text(_ range: Range<Int>?) -> String? { range.map { HTTPTests.text(message[$0]) } }

    var fields: [String] {
        head.fields.map {
            HTTPTests.text(message[$0.name]) + "=" + HTTPTests.text(message[$0.value])
        }
    }
}

/// Plays the part of the connection: shows the decoder ever more of the message.
@discardableResult
func decodeHead(
    _ reads: [[UInt8]], limits: RequestHeadLimits = RequestHeadLimits()
) throws(RequestFailure) -> DecodedHead {
    var decoder = RequestHeadDecoder(limits: limits)
    var decoded = DecodedHead()
    var head = RequestHead()
    for read in reads {
        decoded.message += read
        decoded.bytes = try decoder.decode(decoded.message.span, into: &head)
        decoded.head = head
        if decoded.bytes != nil { break }
    }
    return decoded
}

/// Expects the same failure however the input is cut.
func expectFailure(
    _ failure: RequestFailure, of input: String, limits: RequestHeadLimits = RequestHeadLimits(),
    sourceLocation: SourceLocation = #_sourceLocation
) {
    for reads in cuts(of: input) {
        #expect(throws: failure, "\(reads.map { text($0) })", sourceLocation: sourceLocation) {
            try decodeHead(reads, limits: limits)
        }
    }
}

/// Expects a head that is complete at the input's end, however it is cut, and gives it once.
@discardableResult
func expectHead(
    _ input: String, limits: RequestHeadLimits = RequestHeadLimits(),
    sourceLocation: SourceLocation = #_sourceLocation
) throws -> DecodedHead {
    let whole = try decodeHead([octets(input)], limits: limits)
    for reads in cuts(of: input) {
        let decoded = try decodeHead(reads, limits: limits)
        #expect(decoded.bytes == input.unicodeScalars.count, sourceLocation: sourceLocation)
        #expect(decoded.head == whole.head, "\(reads)", sourceLocation: sourceLocation)
    }
    return whole
}
