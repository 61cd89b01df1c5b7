internal import CloudEvents

/// What is remembered of an event: which one it is, and what it says.
struct Fingerprint: Equatable, Sendable {
    /// How many octets it's stored in.
    static let bytes = 24

    /// Of `source` and `id`, by which an event is told from all others.
    ///
    /// Spec: CloudEvents §3.1
    var identity: (UInt64, UInt64)
    /// Of all the rest, in whatever order its attributes came.
    var content: UInt64

    static func == (one: Fingerprint, other: Fingerprint) -> Bool {
        one.identity == other.identity && one.content == other.content
    }

    func append(to octets: inout [UInt8]) {
        for word in [identity.0, identity.1, content] {
            for place in 0..<8 { octets.append(UInt8(truncatingIfNeeded: word >> (8 * place))) }
        }
    }

    /// Reads what was appended; the octets must be there.
    init(_ octets: Span<UInt8>, at offset: Int) {
        identity = (octets.word(at: offset), octets.word(at: offset + 8))
        content = octets.word(at: offset + 16)
    }

    init(identity: (UInt64, UInt64), content: UInt64) {
        self.identity = identity
        self.content = content
    }
}

/// Takes fingerprints with a key that nobody outside knows; any thread may do it.
struct FingerprintKey: Sendable {
    /// How many octets make a key.
    static let bytes = 24

    private let identity: (UInt64, UInt64)
    private let content: UInt64

    /// - Parameter octets: random ones, at least ``bytes``.
    init(_ octets: Span<UInt8>) {
        identity = (octets.word(at: 0), octets.word(at: 8))
        content = octets.word(at: 16)
    }

    /// A new key.
    init() {
        var generator = SystemRandomNumberGenerator()
        identity = (generator.next(), generator.next())
        content = generator.next()
    }

    func fingerprint(of event: Event) -> Fingerprint {
        let octets = event.octets.span
        var hash = SipHash(key: identity)
        for name in ["source", "id"] {
            if let value = event.attribute(name)?.value {
                for place in value { hash.add(octets[place]) }
            }
            // No text in UTF-8 has this octet, so the first can't run into the second.
            hash.add(0xFF)
        }
        var sum = Checksum.of(octets.extracting(event.data), seed: content)
        for attribute in event.attributes {
            let range = attribute.name.lowerBound..<attribute.value.upperBound
            let seed = content ^ UInt64(attribute.name.count)
            sum &+= Checksum.of(octets.extracting(range), seed: seed)
        }
        return Fingerprint(identity: hash.finish(), content: sum)
    }
}

extension Span<UInt8> {
    fileprivate func word(at offset: Int) -> UInt64 {
        (0..<8).reduce(0) { $0 | UInt64(self[offset + $1]) << (8 * $1) }
    }
}
