/// Decides when the bodies of a connection come too slowly.
///
/// A client may send one body after the other, so only all together tell how slow it is.
struct BodyClock: Sendable {
    private var since: Int?
    private var bytes = 0

    /// Octets of a body came.
    mutating func received(_ bytes: Int) { self.bytes += bytes }

    /// Whether it's too slow.
    ///
    /// - Parameter isExpected: whether some body isn't complete and could be sent.
    mutating func isTooSlow(isExpected: Bool, now: Int, _ limits: HTTP2Limits) -> Bool {
        guard isExpected, let since else {
            since = isExpected ? now : nil
            bytes = 0
            return false
        }
        let time = now - since
        guard time > limits.bodyGrace else { return false }
        return Double(bytes) < Double(limits.bodyBytesPerSecond) * Double(time) / 1e9
    }
}
