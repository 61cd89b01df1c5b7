internal import CloudEvents
public import Configuration
public import EventLoops
internal import Outbound
internal import SOAP

/// Logs in to a vCenter once, to see whether its events can be read, and logs out.
///
/// Nothing is tried again: a few wrong passwords lock an account.
///
/// Ownership: belongs to the loop it was made on.
public final class OnlineCheck {
    /// For all that is asked of one vCenter; logging out may take five seconds more.
    private static let timeLimit = Duration.seconds(15)

    private let settings: VCenterSettings
    private let loop: EventLoop
    private let http: HTTPClient
    private let client: VCenterClient
    private let done: ([String], String?) -> Void
    private var facts: [String] = []
    private var timer: LoopTimer?
    private var isLoggedIn = false
    private var isOver = false
    /// The server's time.
    private var now = Timestamp(seconds: 0)

    /// A check that asks from ``start()`` on.
    ///
    /// - Parameters:
    ///   - version: goes into the `User-Agent` field.
    ///   - done: gets what the vCenter told, a line each, and why events can't be read and what to
    ///     do, if they can't; called once, later on the loop.
    public init(
        _ settings: VCenterSettings, on loop: EventLoop, version: String,
        done: @escaping (_ facts: [String], String?) -> Void
    ) {
        self.settings = settings
        self.loop = loop
        self.done = done
        // A client for each, as for reading: connections aren't shared.
        http = HTTPClient(loop: loop, userAgent: "veer-check/\(version)")
        client = VCenterClient(settings, http: http)
    }

    /// Begins to ask.
    public func start() {
        timer = loop.schedule(after: Self.timeLimit) { [weak self] in
            let seconds = Self.timeLimit.components.seconds
            self?.finish(.unreachable("no answer within \(seconds) seconds"))
        }
        ask(.retrieveServiceContent)
    }

    /// Closes its connections; to be called once, when it's done.
    public func close() { http.close() }

    // MARK: - One call after the other

    private func ask(_ call: VCenterCall) {
        client.call(call) { [weak self] outcome in
            guard let self, !isOver else { return }
            switch outcome {
            case .success(let answer): received(call, answer)
            case .failure(let failure): finish(failure)
            }
        }
    }

    private func received(_ call: VCenterCall, _ answer: VCenterAnswer) {
        switch (call, answer) {
        case (.retrieveServiceContent, .content(let content)):
            facts.append("\(content.product), API \(content.apiVersion)")
            ask(.login)
        case (.login, _):
            isLoggedIn = true
            facts.append("logged in as \(settings.username)")
            ask(.currentTime)
        case (.currentTime, .time(let time)):
            now = time
            // All of its history would be a long search for some.
            ask(.createCollector(since: time.moved(by: .zero - settings.replay)))
        case (.createCollector, .object(let collector)):
            facts.append("its events can be read")
            ask(.readNext(collector: collector, limit: 1))
        case (.readNext, .events(let events)):
            let span = settings.replay.components.seconds
            facts.append("the oldest event of the last \(span) s: \(age(of: events.first))")
            ask(.latestEvent)
        case (.latestEvent, .events(let events)):
            // Not every server tells it.
            if let newest = events.last {
                facts.append("the newest event: \(age(of: newest))")
            }
            finish(nil)
        default: finish(.unreadable("it isn't the answer to \(call.method)"))
        }
    }

    private func age(of event: VCenterEvent?) -> String {
        guard let created = event?.created else { return "none is visible" }
        return "\(created.utc), \(now.seconds - created.timestamp.seconds) s ago"
    }

    private func finish(_ failure: VCenterFailure?) {
        guard !isOver else { return }
        isOver = true
        if let timer { loop.cancel(timer) }
        let problem = failure.map(problem)
        guard isLoggedIn else { return done(facts, problem) }
        client.call(.logout) { [done, facts] _ in done(facts, problem) }
    }

    // MARK: - What to do

    private func problem(_ failure: VCenterFailure) -> String {
        switch failure {
        case .unreachable(let detail, let fault?):
            "\(settings.address) isn't trusted (\(detail)); \(advice(on: fault))"
        case .unreachable(let detail, nil):
            "\(settings.address) can't be reached (\(detail)); check the address and the network"
        case .status, .unreadable:
            "\(settings.address) doesn't answer as a vCenter does (\(failure)); check the address"
        case .fault where !isLoggedIn && failure.isRefusedLogin:
            "\(settings.username) can't log in (\(failure)); this was tried once: correct username "
                + "and password before the next attempt, because a few wrong ones lock an account"
        case .fault(let fault) where fault.type == "NoPermission":
            "\(settings.username) may not read events (\(failure)); give it the privilege "
                + "System.View at the root of the inventory, such as by the role Read-only"
        case .fault:
            "vCenter refused a request (\(failure)); look into its log"
        }
    }

    private func advice(on fault: TLSFault) -> String {
        switch fault {
        case .untrusted:
            if case .thumbprint = settings.trust {
                "its certificate isn't that of tls.thumbprint: compare them, and correct it only "
                    + "if the certificate was replaced"
            } else {
                "name the file with its authority in tls.ca, or its certificate in tls.thumbprint"
            }
        case .wrongName: "use the name in its certificate as the address"
        case .expired, .notYetValid: "replace its certificate, or correct the clock"
        case .authorities: "correct the file that tls.ca names"
        case .certificate, .refused: "it asks for a certificate, and Veer has none for a vCenter"
        }
    }
}
