public import EventLoops
public import Journal
public import Kubernetes
public import Logging
public import Telemetry

/// Takes part in the election of a leader: asks the API server what ``LeaseElection`` wants to
/// know, and tells those who lead.
///
/// Ownership: belongs to the loop of its client.
public final class Elector {
    /// What it tells, on its loop.
    public struct Handlers {
        /// This process leads from now on.
        public var lead: (LeaseElection.Term) -> Void
        /// It doesn't any more; nothing that only a leader does may be begun.
        public var stepDown: () -> Void
        /// The Lease says this now, whoever leads; called before anything that follows from it.
        public var observe: (LeaseRecord) -> Void

        /// `lead` and `stepDown` are called in turn, beginning with `lead`.
        public init(
            lead: @escaping (LeaseElection.Term) -> Void, stepDown: @escaping () -> Void,
            observe: @escaping (LeaseRecord) -> Void
        ) {
            self.lead = lead
            self.stepDown = stepDown
            self.observe = observe
        }
    }

    private let loop: EventLoop
    private let client: KubernetesClient
    private let handlers: Handlers
    private let leadership: Leadership
    private let logger: Logger
    private let place: LeasePlace
    private let isLeading: Gauge
    private let transitions: Counter
    private let failures: Counter
    private let timestamp: () -> String
    private var election: LeaseElection
    private var timer: LoopTimer?
    private var limiter = LogLimiter()
    private var known: String?
    private var record: LeaseRecord?
    private var isTurning = false
    private var onEnd: (() -> Void)?
    private var isEnded = false

    /// Takes part from ``start()`` on.
    ///
    /// - Parameters:
    ///   - place: which Lease decides.
    ///   - leadership: what those ask who store.
    ///   - timestamp: the time of now as Kubernetes writes it, `2026-01-01T00:00:00.000000Z`.
    public init(
        _ parameters: LeaseElection.Parameters, place: LeasePlace, client: KubernetesClient,
        on loop: EventLoop, leadership: Leadership, metrics: Metrics, logger: Logger,
        timestamp: @escaping () -> String, handlers: Handlers
    ) {
        self.loop = loop
        self.client = client
        self.handlers = handlers
        self.leadership = leadership
        self.logger = logger
        self.place = place
        self.timestamp = timestamp
        election = LeaseElection(parameters, now: loop.now)
        let label = (name: "lease", value: place.name)
        isLeading = metrics.gauge(
            "veer_leader", help: "1 while this process leads, and reads vCenters.", label)
        transitions = metrics.counter(
            "veer_leader_transitions_total", help: "Terms of leadership that this process began.",
            label)
        failures = metrics.counter(
            "veer_leader_failures_total", help: "Requests for the Lease that failed.", label)
    }

    /// Begins to take part.
    public func start() { turn() }

    /// Who leads, for people.
    public var description: String {
        if election.term != nil { return "is the leader, in term \(election.term ?? 0)" }
        if let problem = election.problem { return "doesn't lead: \(problem)" }
        return election.leader.map { "doesn't lead; \($0) does" } ?? "doesn't lead; nobody does"
    }

    /// Has a source's progress told to whoever leads next.
    ///
    /// - Parameters:
    ///   - term: in which it was made; of an earlier one nothing is told any more.
    ///   - page: the last page that this covers.
    public func progressed(_ source: String, _ text: String, term: CheckpointTerm, page: Int64) {
        guard election.leads(in: term) else { return }
        election.progressed(source, text, page: page)
        turn()
    }

    /// Takes part no more, at once and whatever is under way.
    public func close() {
        isEnded = true
        leadership.end()
    }

    /// Gives the lease back, where this process leads, and takes part no more.
    ///
    /// - Parameter done: called once, on the loop, at the latest after the time limit.
    public func resign(within timeout: Duration, _ done: @escaping () -> Void) {
        guard onEnd == nil else { return }
        onEnd = done
        election.resign()
        loop.schedule(after: timeout) { [weak self] in self?.end() }
        turn()
    }

    private func end() {
        guard !isEnded, let done = onEnd else { return }
        isEnded = true
        if let timer { loop.cancel(timer) }
        leadership.end()
        isLeading.set(0)
        done()
    }

    // MARK: - Turns

    private func turn() {
        // What is told of may tell of progress, and then we're in the midst of the loop below.
        guard !isTurning, !isEnded else { return }
        isTurning = true
        defer { isTurning = false }
        while true {
            let step = election.step(now: loop.now)
            showTerm()
            switch step {
            case .call(let call): send(call)
            case .lead(let term): lead(term)
            case .stepDown(let ending): stepDown(ending)
            case .wait(let until): return wait(until)
            case .ended: return end()
            }
        }
    }

    /// Those who store ask this, and no message that might wait.
    private func showTerm() {
        guard let number = election.term, let until = election.leadsUntil
        else { return leadership.end() }
        leadership.extend(term: number, until: until)
    }

    private func wait(_ until: ContinuousClock.Instant) {
        if let timer { loop.cancel(timer) }
        timer = loop.schedule(after: until - loop.now) { [weak self] in
            self?.timer = nil
            self?.turn()
        }
    }

    private func lead(_ term: LeaseElection.Term) {
        transitions.add()
        isLeading.set(1)
        logger.notice("leading from now on", metadata: details(["term": "\(term.number)"]))
        known = nil
        handlers.lead(term)
    }

    private func stepDown(_ ending: LeaseElection.Ending) {
        isLeading.set(0)
        switch ending {
        case .expired(let problem):
            logger.error(
                "leading no more: the lease wasn't renewed in time",
                metadata: details(["detail": "\(problem ?? "this process was stopped")"]))
        case .taken(let holder):
            logger.error(
                "leading no more: another took the lease", metadata: details(["by": "\(holder)"]))
        case .deleted:
            logger.error("leading no more: the lease was deleted", metadata: details())
        case .resigned: logger.notice("leading no more: stopping", metadata: details())
        }
        handlers.stepDown()
    }

    private func send(_ call: LeaseElection.Call) {
        let completion: (KubernetesClient.Outcome) -> Void = { [weak self] outcome in
            self?.received(outcome, of: call)
        }
        switch call {
        case .read: client.request("GET", place.path, completion)
        case .create(let lease):
            client.request("POST", place.collection, body: json(lease, begins: true), completion)
        case .update(let lease, let begins):
            client.request("PUT", place.path, body: json(lease, begins: begins), completion)
        }
    }

    private func json(_ lease: Lease, begins: Bool) -> [UInt8] {
        lease.json(
            name: place.name, namespace: place.namespace, now: timestamp(), begins: begins)
    }

    private func received(_ outcome: KubernetesClient.Outcome, of call: LeaseElection.Call) {
        guard !isEnded else { return }
        let answer = answer(outcome, to: call)
        if case .lease(let lease) = answer { observed(lease.record) }
        election.received(answer, now: loop.now, jitter: .random(in: 0...1))
        turn()
        tellFollowed()
    }

    private func observed(_ record: LeaseRecord) {
        guard record != self.record else { return }
        self.record = record
        handlers.observe(record)
    }

    private func answer(
        _ outcome: KubernetesClient.Outcome, to call: LeaseElection.Call
    ) -> LeaseElection.Answer {
        switch outcome {
        case .success(let octets):
            guard let lease = Lease(json: octets) else {
                return failed("the API server's answer is no Lease")
            }
            return .lease(lease)
        case .failure(let failure):
            switch failure.status {
            case 404: return .missing
            case 409: return .conflict
            case 403: return failed(forbidden(call, failure))
            default: return failed("\(failure)")
            }
        }
    }

    private func forbidden(_ call: LeaseElection.Call, _ failure: KubernetesFailure) -> String {
        if case .create = call {
            return "there is no Lease '\(place.name)' in the namespace '\(place.namespace)', and"
                + " this service account may not make it; apply one that is empty, or allow the"
                + " verb create"
        }
        return failure.advice(needing: place.rule)
    }

    private func failed(_ text: String) -> LeaseElection.Answer {
        failures.add()
        if let leftOut = limiter.admit("failed", now: loop.now) {
            logger.warning(
                "the lease can't be used",
                metadata: details(["detail": "\(text)", "alsoLeftOut": "\(leftOut)"]))
        }
        return .failed(text)
    }

    /// Says once who leads.
    private func tellFollowed() {
        guard election.term == nil, let leader = election.leader, leader != known else { return }
        known = leader
        logger.info("another leads", metadata: details(["leader": "\(leader)"]))
    }

    private func details(_ more: Logger.Metadata = [:]) -> Logger.Metadata {
        let metadata: Logger.Metadata = ["lease": "\(place)"]
        return metadata.merging(more) { $1 }
    }
}
