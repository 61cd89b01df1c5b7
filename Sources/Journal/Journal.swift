internal import EventLoops
public import Logging
internal import Synchronization
public import Telemetry

/// Events between those who take them in and those who deliver them.
///
/// In durable mode a receipt that says "accepted" means that the events are on stable storage,
/// and each is delivered at least once or kept as a dead letter. In memory mode it means that
/// every sink has them. Both are asked and answer in the same words, see ``JournalRequest``.
///
/// Ownership: a handle for any thread; all work is done on the journal's own, `veer-journal`,
/// the only one that waits for a disk.
public final class Journal: Sendable {
    /// Requests but submissions that may wait: the delivery has at most as many outcomes as
    /// events in memory, and at most a read a sink, so that this is never reached.
    private static let requestsLimit = 1 << 20

    /// How far each source had read when the journal was opened, in its own words, by its name.
    public let checkpoints: [String: String]
    /// Where the delivery writes down what it works on; nothing in memory mode, where events end
    /// with the process, or where the file system doesn't allow it.
    public let inHand: InHand?
    /// Whether pages were left in preparation when the journal was closed, or its process ended.
    public let hasPreparedPages: Bool

    private let submissions: Mailbox<Submission>
    private let requests: Mailbox<JournalRequest>
    private let sharedStatus: SharedStatus
    private let metrics: JournalMetrics
    private let fingerprinter: Fingerprinter
    private let thread: LoopThread

    /// Opens the journal, so that what is wrong with it shows here, and starts its thread.
    ///
    /// The journal in `parameters.path` is this process's alone until it's stopped. One journal
    /// for a `Metrics`.
    public static func open(
        _ parameters: JournalParameters, metrics: Metrics, logger: Logger
    ) throws(JournalError) -> Journal {
        precondition(parameters.sinks.count <= SinkSet.sinksLimit)
        let store =
            try parameters.mode == .memory ? nil : JournalStore.open(parameters, logger: logger)
        do {
            let checkpoints = try store.map { try Checkpoints.read(from: $0.database) } ?? []
            let pages = try store.map { try PreparedPages.read(from: $0.database).contents } ?? []
            return try Journal(
                parameters, store: store, checkpoints: checkpoints,
                hasPreparedPages: !pages.isEmpty, metrics: metrics, logger: logger)
        } catch let error as DatabaseError {
            throw JournalError(error, path: parameters.path)
        } catch {
            throw .unusable(path: parameters.path, detail: "\(error)")
        }
    }

    private init(
        _ parameters: JournalParameters, store: sending JournalStore?,
        checkpoints: [SourceCheckpoint], hasPreparedPages: Bool, metrics: Metrics,
        logger: Logger
    ) throws(SystemError) {
        inHand = store?.inHand
        self.hasPreparedPages = hasPreparedPages
        self.checkpoints = Dictionary(
            uniqueKeysWithValues: checkpoints.map { ($0.source, $0.text) })
        let submissions = try Mailbox<Submission>(
            messagesLimit: parameters.queueRequests, bytesLimit: parameters.queueBytes)
        let requests = try Mailbox<JournalRequest>(messagesLimit: Self.requestsLimit)
        let status = SharedStatus()
        let metrics = JournalMetrics(metrics)
        if let store {
            // Who asks before the thread has begun isn't told that nothing waits.
            metrics.events.set(Int(store.counters.pendingEvents))
            metrics.setDeadLetters(store.deadLetters)
            metrics.poisonEvents.add(store.poisonEvents)
        }
        let key = store?.recollection?.key ?? FingerprintKey()
        let handedOver = Mutex(store)
        thread = try EventLoop.start(name: "veer-journal") { loop throws(SystemError) in
            let owner: any JournalOwner
            if let store = handedOver.withLock({ $0.take() }) {
                owner = JournalWriter(
                    store, on: loop, parameters: parameters, status: status, metrics: metrics,
                    logger: logger)
            } else {
                owner = MemoryJournal(
                    on: loop, parameters: parameters, status: status, metrics: metrics,
                    recollection: Recollection(parameters.duplicates, key: key))
            }
            try submissions.receive(on: loop) { owner.store($0) }
            try requests.receive(on: loop) { owner.handle($0) }
        }
        self.submissions = submissions
        self.requests = requests
        self.metrics = metrics
        sharedStatus = status
        fingerprinter = Fingerprinter(key, parameters.duplicates)
    }

    /// Asks for something, from any thread, without waiting for it.
    ///
    /// Submissions have a queue of their own, so that a flood of them holds nothing else up.
    ///
    /// - Returns: whether the journal took the request. A submission isn't taken while
    ///   `queueRequests` or `queueBytes` wait, nor by a journal that was stopped.
    public func send(_ request: JournalRequest) -> Bool {
        guard case .store(let submission) = request else { return requests.send(request) }
        let isTaken =
            !sharedStatus.isStopped
            && submissions.send(fingerprinter.marked(submission), bytes: submission.bytes)
        if !isTaken { metrics.refused("queue_full") }
        return isTaken
    }

    /// Whether events are taken now, and why they aren't.
    public var status: JournalStatus { sharedStatus.value }

    /// What is in it, as of its last transaction.
    public var figures: JournalFigures {
        JournalFigures(
            events: metrics.events.value, bytes: metrics.bytes.value,
            deadLetters: metrics.deadLetters.value)
    }

    /// Waits until the journal was stopped and its file closed; to be called once.
    public func waitUntilStopped() { thread.join() }
}
