/// SipHash-2-4 with 128 bits: whoever doesn't know the key can't find two texts with one hash.
///
/// Octets are added one by one, which is quick enough for the few of an event's identity.
struct SipHash {
    private var v0: UInt64
    private var v1: UInt64
    private var v2: UInt64
    private var v3: UInt64
    private var word: UInt64 = 0
    private var count: UInt64 = 0

    init(key: (UInt64, UInt64)) {
        v0 = key.0 ^ 0x736F_6D65_7073_6575
        v1 = key.1 ^ 0x646F_7261_6E64_6F6D ^ 0xEE
        v2 = key.0 ^ 0x6C79_6765_6E65_7261
        v3 = key.1 ^ 0x7465_6462_7974_6573
    }

    mutating func add(_ octet: UInt8) {
        word |= UInt64(octet) << ((count & 7) << 3)
        count &+= 1
        if count & 7 == 0 { addWord() }
    }

    consuming func finish() -> (UInt64, UInt64) {
        word |= count << 56
        addWord()
        v2 ^= 0xEE
        for _ in 0..<4 { mix() }
        let first = v0 ^ v1 ^ v2 ^ v3
        v1 ^= 0xDD
        for _ in 0..<4 { mix() }
        return (first, v0 ^ v1 ^ v2 ^ v3)
    }

    private mutating func addWord() {
        v3 ^= word
        mix()
        mix()
        v0 ^= word
        word = 0
    }

    private mutating func mix() {
        v0 = v0 &+ v1
        v2 = v2 &+ v3
        v1 = rotated(v1, 13) ^ v0
        v3 = rotated(v3, 16) ^ v2
        v0 = rotated(v0, 32) &+ v3
        v2 = v2 &+ v1
        v1 = rotated(v1, 17) ^ v2
        v3 = rotated(v3, 21) ^ v0
        v2 = rotated(v2, 32)
    }

    private func rotated(_ word: UInt64, _ places: UInt64) -> UInt64 {
        word << places | word >> (64 - places)
    }
}
