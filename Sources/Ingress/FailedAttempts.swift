/// Decides when a client has got its credentials wrong too often.
///
/// A pure value. Each client may fail so often at once, and then so often on and on; a client that
/// is limited isn't even looked at. It holds at most so many clients: where more fail, those that
/// failed least are forgotten.
struct FailedAttempts {
    static let clientsLimit = 4_096
    private static let minute = 60_000_000_000

    private struct Record {
        /// Nanoseconds of waiting that were used up; time takes them back.
        var debt: Int
        var time: Int
    }

    /// Nanoseconds in which one attempt is forgiven; zero sets no limit.
    private let interval: Int
    private var records: [[UInt8]: Record] = [:]

    /// - Parameter perMinute: zero sets no limit.
    init(perMinute: Int) { interval = perMinute == 0 ? 0 : Self.minute / perMinute }

    var isEmpty: Bool { records.isEmpty }

    /// How many seconds a client has to wait, if it has to.
    ///
    /// - Parameter now: nanoseconds from some moment on.
    func wait(of address: [UInt8]?, now: Int) -> Int? {
        guard let record = records[Self.client(address)] else { return nil }
        let missing = debt(of: record, now: now) + interval - Self.minute
        return missing > 0 ? (missing + 999_999_999) / 1_000_000_000 : nil
    }

    /// A client failed.
    mutating func add(_ address: [UInt8]?, now: Int) {
        guard interval > 0 else { return }
        let client = Self.client(address)
        if records[client] == nil, records.count >= Self.clientsLimit { makeRoom(now: now) }
        let debt = records[client].map { self.debt(of: $0, now: now) } ?? 0
        records[client] = Record(debt: min(debt + interval, Self.minute), time: now)
    }

    private func debt(of record: Record, now: Int) -> Int {
        max(record.debt - max(now - record.time, 0), 0)
    }

    private mutating func makeRoom(now: Int) {
        records = records.filter { debt(of: $0.value, now: now) > 0 }
        guard records.count >= Self.clientsLimit else { return }
        let least = records.min { debt(of: $0.value, now: now) < debt(of: $1.value, now: now) }
        if let least { records[least.key] = nil }
    }

    /// Whoever has one address of IPv6 has the 2^64 beside it, too; those without an address, on a
    /// socket in the file system, are one.
    private static func client(_ address: [UInt8]?) -> [UInt8] {
        let address = address ?? []
        return address.count == 16 ? Array(address.prefix(8)) : address
    }
}
