internal import Journal

/// Decides who of several replicas leads, as client-go does: by a Lease, which the leader renews
/// and the others watch.
///
/// A pure value: asked what to do, and told what came of it, with the time as an argument. One
/// request is under way at a time. Clocks of others are never believed: a lease has run out when
/// this process has seen no change of it for as long as it lasts, by this process's own clock,
/// which goes on while the process or its machine sleeps. The leader counts from the moment at
/// which it *began* its last renewal, and stops well before others may begin.
///
/// Spec: Kubernetes Lease §coordination.k8s.io.v1
public struct LeaseElection: Sendable {
    /// What replicas agree on, and who this one is.
    public struct Parameters: Sendable, Equatable {
        /// Who this is; no two processes have the same, nor has one that was started again.
        public var identity: String
        /// How long others wait after the last renewal that they saw.
        public var leaseDuration = Duration.seconds(15)
        /// How long the leader goes on after its last renewal.
        public var renewDeadline = Duration.seconds(10)
        /// How often the lease is renewed, or looked at.
        public var retryPeriod = Duration.seconds(2)
        /// Makes the lease where there is none.
        public var mayCreate = true
        /// The most octets of one source's checkpoint.
        public var checkpointBytesLimit = 32 * 1024

        /// The times that client-go has.
        public init(identity: String) { self.identity = identity }
    }

    /// A time of leadership.
    public struct Term: Sendable, Equatable {
        /// The Lease's `uid`, in which the number counts.
        public var lease: String
        /// Greater than that of every term before.
        public var number: Int64
        /// What the term before left, by the sources' names.
        public var checkpoints: [String: SharedCheckpoint]
    }

    /// A request to the API server.
    public enum Call: Sendable, Equatable {
        /// Read the lease.
        case read
        /// Make it; with the times of now.
        case create(Lease)
        /// Write it, if it is still of that version; with the time of now as that of the renewal,
        /// and, where `begins`, as that of the term's beginning.
        case update(Lease, begins: Bool)
    }

    /// What came of a request.
    public enum Answer: Sendable, Equatable {
        /// The lease as it is now.
        case lease(Lease)
        /// There is none.
        case missing
        /// It was written by another since it was read, or made.
        case conflict
        /// Nothing came of it, for the reason that people read.
        case failed(String)
    }

    /// Why leading ends.
    public enum Ending: Sendable, Equatable {
        /// The lease wasn't renewed in time; the API server's words, if it had any.
        case expired(String?)
        /// Another holds the lease.
        case taken(by: String)
        /// The lease was deleted, or made anew.
        case deleted
        /// The process ends; the lease is given back where that says so.
        case resigned
    }

    /// What to do next.
    public enum Step: Sendable, Equatable {
        /// Send this, and tell ``received(_:now:jitter:)`` what came of it.
        case call(Call)
        /// Begin to do what only a leader does.
        case lead(Term)
        /// End it, at once.
        case stepDown(Ending)
        /// Ask again then, or after an answer, whichever is first.
        case wait(until: ContinuousClock.Instant)
        /// It's over: nothing is to be asked any more.
        case ended
    }

    private struct Leading {
        var number: Int64
        var uid: String
        /// When the request began that renewed the lease last.
        var renewed: ContinuousClock.Instant
        var isAnnounced = false
    }

    private struct UnderWay {
        var call: Call
        var began: ContinuousClock.Instant
    }

    private let parameters: Parameters
    private var leading: Leading?
    private var ending: Ending?
    private var underWay: UnderWay?
    private var lease: Lease?
    /// When the lease was first seen as it is.
    private var seen: ContinuousClock.Instant
    /// When to ask next.
    private var next: ContinuousClock.Instant
    /// When progress was told last.
    private var lastTold: ContinuousClock.Instant?
    /// What is known of the lease isn't what it is: a write of ours was refused, or unanswered.
    private var isOutdated = true
    private var conflicts = 0
    private var createsNext = false
    private var progress: [String: Lease.Reached] = [:]
    private var isResigning = false
    /// What keeps this from knowing who leads, for people.
    public private(set) var problem: String?

    /// How long at least is between two writes that tell of progress, for which pages wait.
    static let progressInterval = Duration.milliseconds(100)

    /// An election that begins now.
    public init(_ parameters: Parameters, now: ContinuousClock.Instant) {
        self.parameters = parameters
        seen = now
        next = now
    }

    /// Until when this leads, if nothing comes between; nil where it doesn't.
    public var leadsUntil: ContinuousClock.Instant? {
        leading.map { $0.renewed + parameters.renewDeadline }
    }

    /// The number of the term, while this leads.
    public var term: Int64? { leading?.number }

    /// Whether this leads in a term of that very lease.
    func leads(in term: CheckpointTerm) -> Bool {
        leading?.number == term.number && leading?.uid == term.lease
    }

    /// Who leads, as far as is known; nil where nobody does.
    public var leader: String? {
        if leading != nil { return parameters.identity }
        return lease.flatMap { $0.holder.isEmpty ? nil : $0.holder }
    }

    // MARK: - What to do

    /// What to do now; asked again and again until it's to wait.
    public mutating func step(now: ContinuousClock.Instant) -> Step {
        // Before anything else: the process may have slept.
        if let leadsUntil, now >= leadsUntil { end(.expired(problem)) }
        if let ending {
            self.ending = nil
            return .stepDown(ending)
        }
        if let leading, !leading.isAnnounced, !isResigning {
            self.leading?.isAnnounced = true
            return .lead(
                Term(
                    lease: leading.uid, number: leading.number,
                    checkpoints: lease?.checkpoints ?? [:]))
        }
        if underWay != nil { return .wait(until: leadsUntil ?? now + .seconds(60)) }
        if isResigning, leading == nil { return .ended }
        guard leading != nil else { return follow(now) }
        return lead(now)
    }

    private mutating func follow(_ now: ContinuousClock.Instant) -> Step {
        guard now >= next else { return .wait(until: next) }
        if createsNext {
            createsNext = false
            return begin(.create(claimed(Lease())), now)
        }
        // Only what was read just now may be written: that it ran out was seen in it.
        guard let lease, !isOutdated, isFree(lease, now) else { return begin(.read, now) }
        return begin(.update(claimed(lease), begins: true), now)
    }

    private func claimed(_ lease: Lease) -> Lease {
        var wanted = lease
        wanted.holder = parameters.identity
        wanted.durationSeconds = Int(parameters.leaseDuration.components.seconds)
        wanted.transitions += 1
        return wanted
    }

    private mutating func lead(_ now: ContinuousClock.Instant) -> Step {
        guard let lease else { return .wait(until: next) }
        var due = next
        if !isOutdated, hasProgress(lease) {
            due = min(due, lastTold.map { $0 + Self.progressInterval } ?? now)
        }
        if isResigning, conflicts == 0 { due = now }
        guard now >= due else { return .wait(until: min(due, leadsUntil ?? due)) }
        guard !isOutdated else { return begin(.read, now) }
        var wanted = lease
        if hasProgress(lease) { lastTold = now }
        for (source, reached) in progress { wanted.tell(reached, of: source) }
        if isResigning {
            wanted.holder = ""
            wanted.durationSeconds = 1
        }
        return begin(.update(wanted, begins: false), now)
    }

    private func hasProgress(_ lease: Lease) -> Bool {
        progress.contains { !lease.tells($0.value, of: $0.key) }
    }

    private mutating func begin(_ call: Call, _ now: ContinuousClock.Instant) -> Step {
        underWay = UnderWay(call: call, began: now)
        return .call(call)
    }

    private mutating func end(_ reason: Ending) {
        guard let leading else { return }
        // Nobody need be told of an end who wasn't told of the beginning.
        if leading.isAnnounced { ending = reason }
        self.leading = nil
        progress = [:]
        isOutdated = true
    }

    /// Whether somebody else may hold the lease now.
    private func isFree(_ lease: Lease, _ now: ContinuousClock.Instant) -> Bool {
        // What is held in this process's name isn't led by it: an answer got lost, or came late.
        lease.holder.isEmpty || lease.holder == parameters.identity || now >= expiry(of: lease)
    }

    private func expiry(of lease: Lease) -> ContinuousClock.Instant {
        // The holder says how long; another's setting may differ for as long as a roll-out takes.
        let seconds = lease.durationSeconds
        return seen + (seconds > 0 ? .seconds(min(seconds, 3_600)) : parameters.leaseDuration)
    }

    // MARK: - What came of it

    /// Takes what came of the request that is under way.
    ///
    /// - Parameter jitter: from 0 to 1, so that replicas don't ask at the same moment.
    public mutating func received(
        _ answer: Answer, now: ContinuousClock.Instant, jitter: Double
    ) {
        guard let ended = underWay else { return }
        underWay = nil
        if let leadsUntil, now >= leadsUntil {
            if case .failed(let text) = answer { problem = text }
            end(.expired(problem))
        }
        let pause = parameters.retryPeriod * (1 + 0.2 * jitter)
        if case .failed(let text) = answer { problem = text } else { problem = nil }
        switch (ended.call, answer) {
        case (.read, .lease(let lease)): read(lease, now, pause)
        case (.read, .missing): missing(now, pause)
        case (.create, .lease(let lease)):
            observe(lease, now)
            // The next read is what it's won by, as any other.
            (isOutdated, next) = (lease.holder != parameters.identity, now)
            if !isOutdated { begun(lease, since: ended.began, now) }
        case (.update(let wanted, let begins), .lease(let lease)):
            observe(lease, now)
            (isOutdated, conflicts) = (false, 0)
            if begins {
                begun(lease, since: ended.began, now)
            } else if wanted.holder.isEmpty {
                if leading?.isAnnounced == true { ending = .resigned }
                leading = nil
            } else {
                leading?.renewed = ended.began
                next = ended.began + parameters.retryPeriod
            }
        case (.update, .missing): missing(now, pause)
        case (_, .conflict):
            (isOutdated, conflicts) = (true, conflicts + 1)
            // Somebody else wrote; who fights for it is answered at the usual pace.
            next = leading != nil && conflicts <= 1 ? now : now + pause
        case (_, .failed), (_, .missing):
            isOutdated = true
            next = now + pause
            if case .missing = answer { problem = "the lease's namespace isn't there" }
            if isResigning { end(.resigned) }
        }
    }

    // MARK: - What the leader does

    /// Notes how far a source was read, to be written soon; nothing while this doesn't lead.
    ///
    /// - Parameter page: the number of the last page that this covers, in this term; 0 before the
    ///   first.
    public mutating func progressed(_ source: String, _ text: String, page: Int64 = 0) {
        guard leading != nil, text.utf8.count <= parameters.checkpointBytesLimit else { return }
        progress[source] = Lease.Reached(text: text, page: page)
    }

    /// Leads no more and gives the lease back, with what was reached; asks nothing afterwards.
    public mutating func resign() { isResigning = true }

    private mutating func observe(_ lease: Lease, _ now: ContinuousClock.Instant) {
        if self.lease?.sign != lease.sign { seen = now }
        self.lease = lease
    }

    private mutating func begun(
        _ lease: Lease, since began: ContinuousClock.Instant, _ now: ContinuousClock.Instant
    ) {
        next = began + parameters.retryPeriod
        // An answer that came too late begins nothing.
        guard now < began + parameters.renewDeadline else { return next = now }
        leading = Leading(number: lease.transitions, uid: lease.uid, renewed: began)
        progress = [:]
    }

    private mutating func read(
        _ lease: Lease, _ now: ContinuousClock.Instant, _ pause: Duration
    ) {
        observe(lease, now)
        isOutdated = false
        if let leading {
            if lease.uid != leading.uid {
                end(.deleted)
            } else if lease.holder != parameters.identity || lease.transitions != leading.number {
                end(.taken(by: lease.holder))
            }
            guard self.leading == nil else { return next = now }
        }
        if isFree(lease, now) {
            next = now
        } else {
            // To be looked at again then: whether it has run out shows in nothing else.
            isOutdated = true
            next = min(now + pause, max(now, expiry(of: lease)))
        }
    }

    private mutating func missing(_ now: ContinuousClock.Instant, _ pause: Duration) {
        end(.deleted)
        lease = nil
        (isOutdated, next) = (true, now + pause)
        guard parameters.mayCreate, !isResigning else {
            problem = "there is no such lease, and none is made"
            return
        }
        (createsNext, next) = (true, now)
    }
}
