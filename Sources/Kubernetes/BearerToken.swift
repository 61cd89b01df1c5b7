/// A bearer token that somebody else replaces in its file.
///
/// It's read again after a while, because the old one ends long after the new one is there; and
/// at once when the server takes it no more.
struct BearerToken {
    /// How long a token that was read is used before the file is read again.
    static let age = Duration.seconds(60)
    private static let bytesLimit = 64 * 1024

    private let material: ClusterAccess.Material
    private let readFile: (String) throws -> [UInt8]
    private var known: (text: String, read: ContinuousClock.Instant)?

    init(_ material: ClusterAccess.Material, readFile: @escaping (String) throws -> [UInt8]) {
        self.material = material
        self.readFile = readFile
    }

    /// The token; where its file can't be read at this moment, the one from before.
    mutating func text(now: ContinuousClock.Instant) throws(KubernetesFailure) -> String {
        if let known, now - known.read < Self.age { return known.text }
        switch material {
        case .octets(let octets): known = (trimmed(octets), now)
        case .file(let path):
            if let octets = try? readFile(path), octets.count <= Self.bytesLimit,
                !trimmed(octets).isEmpty
            {
                known = (trimmed(octets), now)
            }
            guard known != nil else {
                throw .noToken("the token's file \(path) can't be read, or is empty")
            }
        }
        return known?.text ?? ""
    }

    /// Reads the file anew when the token is wanted next, because this one was refused.
    ///
    /// - Returns: whether there's another token now.
    mutating func refused(_ text: String, now: ContinuousClock.Instant) -> Bool {
        // Another request may have learned the same just before.
        if let known, known.text != text { return true }
        known = nil
        guard let new = try? self.text(now: now) else { return false }
        return new != text
    }
}
