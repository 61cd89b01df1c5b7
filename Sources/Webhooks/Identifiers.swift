internal import Authentication

/// An identifier that is the same whenever the sender sends the same to the same path.
///
/// 128 bits of a hash: as many as a UUID has, and nobody can make two that are equal.
func stableID(path: String, data: some Sequence<UInt8>) -> String {
    let octets = Array(path.utf8) + [0] + Array(data)
    return Hex.encode(SHA256(octets.span).octets.prefix(16))
}

/// A random identifier.
///
/// Spec: RFC 9562 §5.4
func randomUUID() -> String {
    var octets = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
    octets[6] = octets[6] & 0x0F | 0x40
    octets[8] = octets[8] & 0x3F | 0x80
    let digits = Hex.encode(octets)
    var text = ""
    for (place, digit) in digits.enumerated() {
        if [8, 12, 16, 20].contains(place) { text += "-" }
        text.append(digit)
    }
    return text
}
