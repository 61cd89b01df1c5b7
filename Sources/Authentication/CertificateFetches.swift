/// Decides which of the addresses that messages name are asked for their certificates.
///
/// A pure value; times are seconds from some moment on. Strangers decide what is asked for here, so
/// an address is asked once in a while, and few of them at one time.
public struct CertificateFetches: Sendable {
    /// Between two attempts at one address.
    public static let leastInterval = 30
    /// The most addresses that are asked within that time, and the most certificates that are kept.
    public static let addressesLimit = 16

    private var attempts: [String: Int] = [:]
    private var underWay: Set<String> = []
    private var fetched: [String] = []

    /// Nothing was asked for.
    public init() {}

    /// Whether an address is to be asked now; if so, it's taken for under way.
    public mutating func begin(_ address: String, now: Int) -> Bool {
        attempts = attempts.filter {
            underWay.contains($0.key) || now - $0.value < Self.leastInterval
        }
        guard !fetched.contains(address), attempts[address] == nil,
            attempts.count < Self.addressesLimit
        else { return false }
        attempts[address] = now
        underWay.insert(address)
        return true
    }

    /// An attempt is over.
    ///
    /// - Returns: an address whose certificate is to be forgotten for this one.
    public mutating func end(_ address: String, succeeded: Bool) -> String? {
        underWay.remove(address)
        guard succeeded else { return nil }
        fetched.append(address)
        return fetched.count > Self.addressesLimit ? fetched.removeFirst() : nil
    }
}
