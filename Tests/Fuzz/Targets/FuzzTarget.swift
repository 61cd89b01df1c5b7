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
        }
    }
}

/// The octets in two reads, cut at a place that they themselves decide.
func halves(_ octets: [UInt8]) -> [[UInt8]] {
    let place = octets.reduce(into: 17) { $0 = ($0 &* 31 &+ Int($1)) & 0xFFFF } % (octets.count + 1)
    return [Array(octets[..<place]), Array(octets[place...])]
}
