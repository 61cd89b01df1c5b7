internal import CloudEvents

/// The journal's file while it's open for writing: what one transaction can do to it.
///
/// Ownership: belongs to the journal's thread. It doesn't decide what happens after a failure;
/// a transaction that fails leaves it as it was before.
final class JournalStore {
    let directory: JournalDirectory
    let database: Database
    let budget: JournalBudget
    let sinks: SinkBits
    /// Whether events stay a while after the last sink settled them.
    let keepsDelivered: Bool
    /// Whether events that no route wants are stored, and stay a while.
    let keepsUnrouted: Bool
    let statements: Statements

    /// The numbers as of the last commit, or within a transaction as of now.
    var counters: Counters
    /// How many dead letters there are, by the sink's name.
    var deadLetters: [String: Int]
    /// Rows that weren't what was written, since the journal was opened.
    var corruptRecords = 0
    /// Events that ended the process, given up since the journal was opened.
    var poisonEvents = 0
    /// Where what is worked on is written down, if that can be.
    var inHand: InHand?
    var origins: Names
    /// What is kept though nobody waits for it and no sink gave it up.
    var history: History
    /// What was accepted of late, where that is remembered.
    var recollection: Recollection?
    private var pages = 0
    private var freePages = 0
    private var allocatedBytes = 0
    private var allocatedLogBytes = 0

    init(
        directory: consuming JournalDirectory, database: Database, contents: Contents,
        parameters: JournalParameters
    ) throws(DatabaseError) {
        recollection = try Self.recall(parameters, from: database, origins: contents.origins)
        statements = try Statements(database, remembers: recollection != nil)
        self.directory = directory
        self.database = database
        budget = JournalBudget(bytesLimit: parameters.bytesLimit)
        keepsDelivered = parameters.keepDelivered > .zero
        keepsUnrouted = parameters.keepUnrouted > .zero
        history = try History(of: database, isExact: contents.isChecked)
        sinks = contents.sinks
        counters = contents.counters
        deadLetters = contents.deadLetters
        origins = contents.origins
        try measure()
    }

    /// What the pages that hold something and the log take now.
    var usedBytes: Int { (pages - freePages) * Schema.pageBytes + allocatedLogBytes }

    /// What the events and their surroundings take, without the log.
    var liveBytes: Int { (pages - freePages) * Schema.pageBytes }

    /// What the database's file takes, free pages included.
    var fileBytes: Int { pages * Schema.pageBytes }

    /// What the log's frames take that a checkpoint hasn't copied.
    var logBytes: Int { database.logFrames * Schema.frameBytes }

    // MARK: - Transactions

    /// Does all of `body` durably, or nothing of it.
    func transaction(_ body: () throws(DatabaseError) -> Void) throws(DatabaseError) {
        let before = (counters, deadLetters, origins, corruptRecords, history)
        do throws(DatabaseError) {
            try statements.begin.run()
            try body()
            if counters != before.0 { try writeCounters() }
            try writeRecent(now: WallClock.milliseconds)
            try measure()
            try statements.commit.run()
            recollection?.commit()
        } catch {
            recollection?.rollBack()
            (counters, deadLetters, origins, corruptRecords, history) = before
            if database.isInTransaction { try? statements.rollback.run() }
            throw error
        }
    }

    private func writeCounters() throws(DatabaseError) {
        statements.writeCounters.bind(counters.lastSequence, at: 1)
        statements.writeCounters.bind(counters.pendingEvents, at: 2)
        statements.writeCounters.bind(Int64(bitPattern: counters.seal), at: 3)
        try statements.writeCounters.run()
    }

    private func measure() throws(DatabaseError) {
        if try statements.pageCount.step() { pages = Int(statements.pageCount.integer(0)) }
        statements.pageCount.reset()
        if try statements.freePages.step() { freePages = Int(statements.freePages.integer(0)) }
        statements.freePages.reset()
    }

    // MARK: - Room

    /// Has room set aside for a transaction that stores so many bytes and for outcomes after it,
    /// so that neither the commit nor a later checkpoint meets a full disk.
    func makeRoom(storing bytes: Int) throws(DatabaseError) {
        let growth = JournalBudget.growth(storing: bytes)
        do throws(DatabaseError) {
            try allocate(growth)
        } catch {
            // Pages that are copied make room in the log.
            guard error.kind == .noRoom, logBytes > 0, try checkpoint() else { throw error }
            try allocate(growth)
        }
    }

    private func allocate(_ growth: Int) throws(DatabaseError) {
        let log = logBytes + growth + budget.logReserve
        if log > allocatedLogBytes {
            try database.allocateLog(bytes: log, chunk: budget.chunk)
            allocatedLogBytes = roundedUp(log)
        }
        let free = freePages * Schema.pageBytes
        let file = fileBytes + max(0, growth + budget.reserve - free)
        if file > allocatedBytes {
            try database.allocate(bytes: file, chunk: budget.chunk)
            allocatedBytes = roundedUp(file)
        }
    }

    /// Copies the log's pages to the database's file, where enough of them have come together.
    func checkpointIfDue() throws(DatabaseError) {
        if logBytes >= budget.checkpointBytes { _ = try checkpoint() }
    }

    /// Copies the log's pages, so that it begins anew.
    func checkpointNow() throws(DatabaseError) { _ = try checkpoint() }

    private func checkpoint() throws(DatabaseError) -> Bool {
        guard try database.checkpoint() else { return false }
        // After all is copied SQLite cuts the file off at the end of the chunk.
        allocatedBytes = roundedUp(fileBytes)
        // A reader kept it from beginning anew for long.
        if allocatedLogBytes > budget.logBytesUsual, try database.truncateLog() {
            allocatedLogBytes = 0
        }
        return true
    }

    /// Gives free pages back to the file system, where hardly anything else is left.
    ///
    /// - Returns: whether there was something to give back.
    func shrinkIfDrained() throws(DatabaseError) -> Bool {
        guard liveBytes <= 2 * budget.unit, fileBytes >= 16 * budget.unit else { return false }
        try database.execute("VACUUM")
        try measure()
        _ = try checkpoint()
        return true
    }

    private func roundedUp(_ bytes: Int) -> Int {
        (bytes + budget.chunk - 1) / budget.chunk * budget.chunk
    }

    // MARK: - Storing

    /// Stores an event, within a transaction.
    func insert(
        _ event: Event, pending: UInt64, origin: Int64, received: Int64
    ) throws(DatabaseError) -> SequenceNumber {
        let sequence = counters.lastSequence + 1
        let record = Record(
            sequence: sequence, receivedMilliseconds: received, origin: origin, pending: pending,
            checksum: Record.checksum(event, at: sequence))
        try statements.insert(record, event)
        counters.lastSequence = sequence
        if pending != 0 { counters.pendingEvents += 1 }
        return sequence
    }

    /// The number of a source's name, which is stored where it's new.
    func origin(_ name: String) throws(DatabaseError) -> Int64 {
        if let number = origins.number(of: name) { return number }
        let number = origins.add(name)
        statements.insertOrigin.bind(number, at: 1)
        statements.insertOrigin.bind(name, at: 2)
        statements.insertOrigin.bind(Names.checksum("origins", name, at: number), at: 3)
        try statements.insertOrigin.run()
        return number
    }
}
