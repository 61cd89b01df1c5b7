internal import Configuration
internal import EventLoops
internal import Kubernetes
internal import Logging
internal import Telemetry

/// Keeps a sink's token good: reads its file when that changes, or asks the cluster in time.
///
/// Ownership: belongs to the loop of its client.
final class TokenKeeper {
    /// What a keeper needs of the thread around it.
    struct Surroundings {
        var loop: EventLoop
        var client: KubernetesClient?
        var namespace: String
        var readFile: (String) throws -> [UInt8]
        var metrics: Metrics
        var logger: Logger
    }

    private enum Source {
        case file(String, FileWatch?)
        case account(AccountToken.Account)
    }

    private let sink: String
    private let around: Surroundings
    private let tell: (DestinationNews.Content) -> Void
    private let configuredAudience: String?
    private let source: Source
    private var renewal = TokenRenewal()
    private var limiter = LogLimiter()
    private var timer: LoopTimer?
    private var isStopped = false

    /// - Parameter tell: gets each token, and why there is none.
    init(
        _ settings: OIDCSettings, sink: String, _ around: Surroundings,
        tell: @escaping (DestinationNews.Content) -> Void
    ) throws(SystemError) {
        self.sink = sink
        self.around = around
        self.tell = tell
        configuredAudience = settings.audience
        guard let path = settings.file else {
            source = .account(.init(settings, namespace: around.namespace))
            return
        }
        let box = Box()
        source = .file(
            path,
            try FileWatch(on: around.loop, paths: [path]) { _ in box.keeper?.readAgain() })
        box.keeper = self
    }

    /// What a watch may hold that is made before its keeper.
    private final class Box {
        weak var keeper: TokenKeeper?
    }

    /// Begins; an object that says whom a token is for follows by ``want(audience:)``.
    func start() {
        switch source {
        case .file: readAgain()
        case .account: if let configuredAudience { want(configuredAudience) }
        }
    }

    /// The sink's object says whom a token must be for, or nothing.
    func want(audience: String?) {
        guard case .account = source else { return }
        let wanted = configuredAudience ?? audience
        // The sink wants none.
        if wanted == nil { tell(.token(nil)) }
        want(wanted)
    }

    /// The sink didn't take the token.
    func refused() {
        switch source {
        case .file: readAgain()
        case .account:
            renewal.refused(now: around.loop.now)
            schedule()
        }
    }

    /// Tells nothing more.
    func stop() {
        isStopped = true
        if let timer { around.loop.cancel(timer) }
    }

    private func readAgain() {
        guard !isStopped, case .file(let path, _) = source else { return }
        guard let text = AccountToken.read(path, around.readFile) else {
            return fail("file", "the token's file \(path) can't be read, or holds no token")
        }
        tell(.token(text))
    }

    private func fail(_ reason: String, _ sentence: String) {
        tell(.tokenObstacle(sentence))
        warn(reason, sentence)
    }

    private func warn(_ reason: String, _ sentence: String) {
        guard let leftOut = limiter.admit(reason, now: around.loop.now) else { return }
        around.logger.warning(
            "sink's token can't be had",
            metadata: [
                "sink": "\(sink)", "reason": "\(reason)", "detail": "\(sentence)",
                "linesLeftOut": "\(leftOut)",
            ])
    }
}

// MARK: - Asking the cluster

extension TokenKeeper {
    private func want(_ audience: String?) {
        guard renewal.want(audience) else { return }
        if audience != nil { tell(.tokenObstacle("a token for the sink is asked for")) }
        schedule()
    }

    /// Waits for whatever comes next: the time to ask, or the token's end.
    private func schedule() {
        if let timer { around.loop.cancel(timer) }
        timer = nil
        let now = around.loop.now
        let times = [renewal.due(now: now), renewal.end].compactMap { $0 }
        guard !isStopped, let time = times.min() else { return }
        timer = around.loop.schedule(after: time - now) { [weak self] in
            self?.timer = nil
            self?.act()
        }
    }

    private func act() {
        let now = around.loop.now
        if let end = renewal.end, end <= now {
            renewal.ended()
            tell(.tokenObstacle("the sink's token is too old, and there is no other"))
        }
        if let due = renewal.due(now: now), due <= now { ask() }
        schedule()
    }

    private func ask() {
        guard case .account(let account) = source, let audience = renewal.audience,
            let client = around.client
        else { return }
        renewal.begin()
        AccountToken.request(
            for: audience, of: account, lifetime: TokenRenewal.lifetimeWanted, from: client
        ) { [weak self] outcome in self?.take(outcome, for: audience, of: account) }
    }

    private func take(
        _ outcome: Result<AccountToken, KubernetesFailure>, for audience: String,
        of account: AccountToken.Account
    ) {
        guard !isStopped, audience == renewal.audience else { return }
        let now = around.loop.now
        count(outcome)
        switch outcome {
        case .success(let token):
            renewal.received(lifetime: token.lifetime, now: now)
            tell(.token(token.text))
        case .failure(let failure):
            var wanted: Duration?
            if case .refused(_, _, _, let retryAfter) = failure { wanted = retryAfter }
            renewal.failed(retryAfter: wanted, now: now, random: .random(in: 0..<1))
            let sentence = failure.advice(needing: account.rule)
            // A token that there is stays good to its end.
            if renewal.end == nil {
                fail(failure.code, sentence)
            } else {
                warn(failure.code, sentence)
            }
        }
        schedule()
    }
}

extension TokenKeeper {
    private func count(_ outcome: Result<AccountToken, KubernetesFailure>) {
        let word = if case .success = outcome { "succeeded" } else { "failed" }
        around.metrics.counter(
            "veer_sink_token_requests_total", help: "Tokens that were asked for, by outcome.",
            (name: "sink", value: sink), (name: "outcome", value: word)
        ).add()
    }
}
