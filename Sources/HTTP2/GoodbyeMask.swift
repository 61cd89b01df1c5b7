/// Hides a client's GOAWAY from the library, which reads nothing after one while no stream is open.
///
/// A client that says goodbye won't take streams of ours, and there are none; it may go on asking.
/// Its frame is passed on as one of a type that nobody knows, which the library skips. One that is
/// malformed is left alone, so that the library refuses it.
///
/// A pure value, fed with all that comes, from the connection preface on.
///
/// Spec: RFC 9113 §6.8
struct GoodbyeMask {
    private static let headBytes = 9
    private static let unknownType: UInt8 = 0xFA

    /// Octets of the preface, then of a payload, that are still to come.
    private var passing = 24
    /// The begun head of a frame.
    private var head: [UInt8] = []

    /// Gives octets on, in parts, until one of them fails.
    ///
    /// A frame's head that isn't complete is kept back.
    ///
    /// - Parameter feed: takes a part and tells whether to go on.
    mutating func pass(_ octets: Span<UInt8>, _ feed: (Span<UInt8>) -> Bool) {
        var fed = 0
        var place = 0
        while place < octets.count {
            if passing > 0 {
                let count = min(passing, octets.count - place)
                passing -= count
                place += count
                continue
            }
            let isWhole = head.isEmpty && octets.count - place >= Self.headBytes
            if isWhole, octets[place + 3] != 7 {
                passing = Self.payloadBytes(octets.extracting(place..<place + Self.headBytes))
                place += Self.headBytes
                continue
            }
            if fed < place, !feed(octets.extracting(fed..<place)) { return }
            let end = min(octets.count, place + Self.headBytes - head.count)
            for index in place..<end { head.append(octets[index]) }
            place = end
            fed = end
            guard head.count == Self.headBytes else { return }
            mask()
            passing = Self.payloadBytes(head.span)
            let isTaken = feed(head.span)
            head.removeAll(keepingCapacity: true)
            guard isTaken else { return }
        }
        if fed < place { _ = feed(octets.extracting(fed..<place)) }
    }

    private mutating func mask() {
        let isOfConnection = head[5] & 0x7F | head[6] | head[7] | head[8] == 0
        guard head[3] == 7, isOfConnection, Self.payloadBytes(head.span) >= 8 else { return }
        head[3] = Self.unknownType
    }

    private static func payloadBytes(_ head: Span<UInt8>) -> Int {
        Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
    }
}
