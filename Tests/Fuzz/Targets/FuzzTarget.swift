/// What hostile octets are thrown at, and what has to hold whatever they are.
///
/// Each stops the program where something doesn't hold; so a fuzzer finds it, and a test that
/// replays what fuzzers have found fails.
public enum FuzzTarget: String, CaseIterable, Sendable {
    /// A request's head: read the same in one read and in two.
    case head
    /// The chunked coding: read the same in one read and in two.
    case chunked
    /// A connection's requests: read the same in one read, in two, and octet by octet.
    case requests
    /// An event in structured mode: if it's one, it's the same after another round.
    case structured
    /// A batch: all of it or nothing.
    case batched
    /// An attribute's value in a header field, in each way of decoding.
    case value
    /// A request with an event in binary mode.
    case binary
    /// JSON as two readers see it, and what is found in it.
    case json
    /// A token, or a set of keys.
    case token
    /// A message of Amazon SNS.
    case sns
    /// A template of a mapping, and a body to be mapped.
    case template
    /// A SOAP document, and the events in it.
    case soap
    /// Frames of HTTP/2.
    case frames

    /// Tries out some octets.
    public func run(_ octets: [UInt8]) {
        switch self {
        case .head: checkHead(octets)
        case .chunked: checkChunks(octets)
        case .requests: checkRequests(octets)
        case .structured: checkStructured(octets)
        case .batched: checkBatch(octets)
        case .value: checkValue(octets)
        case .binary: checkBinary(octets)
        case .json: checkJSON(octets)
        case .token: checkToken(octets)
        case .sns: checkSNS(octets)
        case .template: checkTemplate(octets)
        case .soap: checkSOAP(octets)
        case .frames: checkFrames(octets)
        }
    }
}

/// The octets in two reads, cut at a place that they themselves decide.
func halves(_ octets: [UInt8]) -> [[UInt8]] {
    let place = octets.reduce(into: 17) { $0 = ($0 &* 31 &+ Int($1)) & 0xFFFF } % (octets.count + 1)
    return [Array(octets[..<place]), Array(octets[place...])]
}
