/// How the journal shares out what it may take on disk; everything in bytes.
struct JournalBudget: Equatable {
    /// What live pages and the log may take together.
    let bytesLimit: Int
    /// The measure of all that follows: as large as is useful, small beside the limit.
    let unit: Int

    init(bytesLimit: Int) {
        self.bytesLimit = bytesLimit
        unit = min(max(bytesLimit / 64, 64 * 1024), 4 * 1024 * 1024)
    }

    /// The most events that one transaction stores, unless one submission alone has more.
    var transactionBytes: Int { unit }
    /// How large the log grows before its pages are copied to the database's file: large enough
    /// that a page which is filled and soon emptied again is rarely copied.
    var checkpointBytes: Int { 2 * unit }
    /// What is kept free in the log for outcomes, which must get through on a full disk.
    var logReserve: Int { unit }
    /// What is kept free in the database's file for them: only dead letters need any.
    var reserve: Int { unit / 4 }
    /// How large the log is at most, unless something is read for long.
    var logBytesUsual: Int { 8 * unit }
    /// By how much files grow at a time.
    var chunk: Int { unit }
    /// A journal that was full takes events again when this is all it takes.
    var resumeBytes: Int { bytesLimit - 4 * unit }

    /// The most that pages can grow by events of so many bytes: a row just over half a page has
    /// a page to itself.
    static func growth(storing bytes: Int) -> Int { 2 * bytes + 16 * Schema.pageBytes }
}

/// Says no from the limit on until some room has come back, so that it isn't a flicker.
struct Admission {
    private let budget: JournalBudget
    /// Whether it says no.
    private(set) var isFull = false

    init(_ budget: JournalBudget) { self.budget = budget }

    /// Whether events of so many bytes may be stored beside what there is.
    mutating func admits(_ bytes: Int, beside usedBytes: Int) -> Bool {
        update(usedBytes)
        if isFull { return false }
        guard usedBytes + bytes > budget.bytesLimit else { return true }
        isFull = usedBytes > budget.resumeBytes
        return false
    }

    /// Takes note of what there is now.
    mutating func update(_ usedBytes: Int) {
        if usedBytes <= budget.resumeBytes { isFull = false }
    }
}
