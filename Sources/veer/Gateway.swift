import Admin
import CloudEvents
import Configuration
import Delivery
import EventLoops
import Glibc
import Ingress
import Journal
import Kubernetes
import Logging
import Server
import TLS
import Telemetry

/// The whole of it: makes the journal, the delivery, the listeners and the operators' listener,
/// joins them, and takes them down in the order that loses nothing.
///
/// Owner: main, whose loop hears of signals and answers operators.
final class Gateway {
    /// What the other threads tell main.
    private enum Notice: Sendable {
        /// An ingress thread has nothing open any more, or vCenters are read no more.
        case intakeEnded
        case deliveryStopped
    }

    /// Why the gateway can't start.
    struct StartFailure: Error {
        var sentence: String
        var status: ExitStatus
    }

    /// The sockets of every listener, one for each ingress thread, and the operators' own.
    private struct Sockets {
        var listeners: [[ListeningSocket]]
        var admin: ListeningSocket
        var control: ListeningSocket?
    }

    private let settings: Settings
    private let signals: Signals
    private let logger: Logger
    private let metrics = Metrics()
    private let statistics: [SourceStatistics]
    private let started = Timestamp.now.text
    private let startedSeconds = Int(time(nil))
    private let threadsCount = min(processorsCount(), 64)
    private var shutdown = Shutdown()

    init(_ settings: Settings, signals: Signals, logger: Logger) {
        self.settings = settings
        self.signals = signals
        self.logger = logger
        statistics = settings.sources.map { _ in SourceStatistics() }
    }

    /// Runs until it's told to stop, and has stopped.
    func run() throws(StartFailure) {
        Process.register(metrics, startedSeconds: startedSeconds)
        let certificates = try readCertificates()
        let credentials = try readCredentials()
        let finder = try makeSinkFinder()
        let journal = try openJournal()
        do throws(SystemError) {
            try run(journal, certificates, credentials, finder, bind())
        } catch {
            _ = journal.send(.stop)
            journal.waitUntilStopped()
            let isTaken = error.call.hasPrefix("bind")
            throw StartFailure(
                sentence: "\(error)", status: isTaken ? .unavailable : .system)
        }
        _ = journal.send(.stop)
        journal.waitUntilStopped()
        logger.info("shutdown successful")
    }

    private func readCertificates() throws(StartFailure) -> Certificates {
        if let problem = CertificateFiles.problems(of: settings).first {
            throw StartFailure(sentence: problem, status: .configuration)
        }
        do throws(ListenerMaterial.Unusable) {
            return try Certificates(
                settings.listeners, metrics: metrics, logger: Logger(label: "TLS"))
        } catch {
            throw StartFailure(sentence: error.description, status: .configuration)
        }
    }

    private func readCredentials() throws(StartFailure) -> Credentials {
        do throws(CredentialFiles.Unusable) {
            return try Credentials(
                settings.sources, metrics: metrics, logger: Logger(label: "AUTH"))
        } catch {
            throw StartFailure(sentence: error.description, status: .configuration)
        }
    }

    private func makeSinkFinder() throws(StartFailure) -> SinkFinder {
        do {
            return try SinkFinder(
                settings, access: try ClusterFiles.access(settings), metrics: metrics)
        } catch let error as ClusterAccess.Unusable {
            throw StartFailure(sentence: error.description, status: .configuration)
        } catch {
            throw StartFailure(sentence: "\(error)", status: .system)
        }
    }

    private func openJournal() throws(StartFailure) -> Journal {
        var parameters = JournalParameters(
            path: settings.journal.path, sinks: settings.sinks.map(\.name))
        parameters.mode = settings.journal.mode == .durable ? .durable : .memory
        parameters.bytesLimit = settings.journal.bytesLimit
        parameters.keepDelivered = settings.journal.keepDelivered
        parameters.keepUnrouted = settings.journal.keepUnrouted
        parameters.historyBytesLimit = settings.journal.historyBytesLimit
        let keepDeadLetters = settings.journal.keepDeadLetters
        parameters.keepDeadLetters = keepDeadLetters > .zero ? keepDeadLetters : nil
        parameters.queueRequests = settings.journal.queueRequests
        parameters.queueBytes = settings.journal.queueBytes
        for source in settings.sources {
            guard let limits = source.webhook?.duplicates, limits.window > .zero else { continue }
            parameters.duplicates[source.name] = DuplicateLimits(
                window: limits.window, entries: limits.entries)
        }
        do throws(JournalError) {
            return try Journal.open(
                parameters, metrics: metrics, logger: Logger(label: "JOURNAL"))
        } catch {
            let isInUse = if case .inUse = error { true } else { false }
            throw StartFailure(
                sentence: error.description, status: isInUse ? .temporary : .cannotCreate)
        }
    }

    private func bind() throws(SystemError) -> Sockets {
        var listeners: [[ListeningSocket]] = []
        for listener in settings.listeners {
            listeners.append(
                try ListeningSocket.bind(SocketAddress(listener.address), count: threadsCount))
        }
        let admin = try ListeningSocket.bind(SocketAddress(settings.admin.address), count: 1)
        return Sockets(listeners: listeners, admin: admin[0], control: try bindControl())
    }

    private func bindControl() throws(SystemError) -> ListeningSocket? {
        guard let path = settings.controlPath else { return nil }
        guard path.utf8.count <= 107 else {
            logger.warning(
                "no control socket: its path is longer than 107 bytes; set admin.control",
                metadata: ["path": "\(path)"])
            return nil
        }
        return try ListeningSocket.bind(.unix(path: path), count: 1, isPrivate: true).first
    }

    // MARK: - Running

    private func run(
        _ journal: Journal, _ certificates: Certificates, _ credentials: Credentials,
        _ finder: SinkFinder, _ sockets: Sockets
    ) throws(SystemError) {
        let loop = try EventLoop()
        let notices = try Mailbox<Notice>(messagesLimit: 1_024)
        let delivery = try startDelivery(journal, finder)
        try finder.start(on: loop)
        let heartbeats = (0..<threadsCount).map { Heartbeat(name: "ingress-\($0)") }
        // Apart from the notices: strangers decide how many come.
        let wishes = try Mailbox<IngressNotice>(messagesLimit: 64)
        let bounds = settings.sources.map(SourceBounds.init)
        let ingress = try startIngress(
            journal, certificates, credentials, bounds, sockets, heartbeats, notices, wishes)
        let consents = Consents(
            settings.sources, bounds, on: loop, userAgent: "veer/\(Version.number)",
            metrics: metrics, logger: Logger(label: "HANDSHAKE")
        ) { bounds, source in
            for thread in ingress { thread.replace(bounds: bounds, ofSource: source) }
        }
        try wishes.receive(on: loop) { Self.received($0, credentials, consents) }
        try credentials.follow(on: loop, userAgent: "veer/\(Version.number)") { credentials in
            for thread in ingress { thread.replace(credentials: credentials) }
        }
        try certificates.follow(on: loop) { listener, material in
            for thread in ingress { thread.replace(tls: material, ofListener: listener) }
        }
        try SinkSecrets(settings.sinks, metrics: metrics)
            .follow(on: loop) { delivery.replaceSecrets(ofSink: $0, with: $1) }
        let pollers = try Pollers(
            settings, journal: journal, statistics: statistics, metrics: metrics)
        try pollers.start(on: loop, access: finder.access)
        let readings = readings(journal, delivery, finder, pollers, heartbeats)
        let calls = Calls(
            settings: settings, journal: journal, delivery: delivery,
            answers: try Answers(on: loop), started: started, readiness: readings.readiness)
        let admin = try AdminServer(
            on: loop, settings.admin, socket: sockets.admin, control: sockets.control,
            metrics: metrics, readings: readings,
            calls: calls.all + HandshakeCalls(consents: consents).all,
            logger: Logger(label: "ADMIN"))
        let stopping = Stopping(
            loop: loop, ingress: ingress, pollers: pollers, delivery: delivery, admin: admin,
            notices: notices)
        try signals.receive(on: loop) { self.received(signal: $0, stopping) }
        try notices.receive(on: loop) { notices in
            for notice in notices {
                switch notice {
                case .intakeEnded: self.take(self.shutdown.ingressDrained(), stopping)
                case .deliveryStopped: self.take(self.shutdown.deliveryStopped(), stopping)
                }
            }
        }
        announce(sockets)
        try loop.run()
        credentials.close()
        consents.close()
        admin.closeAll()
        for thread in ingress { thread.stop() }
        pollers.close()
        finder.stop()
        delivery.join()
        let operators = [sockets.admin, sockets.control].compactMap { $0 }
        for socket in sockets.listeners.compactMap(\.first) + operators { socket.removePath() }
    }

    private func startDelivery(
        _ journal: Journal, _ finder: SinkFinder
    ) throws(SystemError) -> Delivery {
        // In memory mode the journal refuses what finds no room here, and nothing else.
        let announcements = try Mailbox<Announcement>(
            messagesLimit: max(4_096, settings.journal.queueRequests),
            bytesLimit: 32 * 1024 * 1024)
        return try Delivery.start(
            settings, version: Version.number, announcements: announcements, news: finder.news,
            renewToken: finder.renewToken, inHand: journal.inHand,
            journal: { journal.send($0) }, metrics: metrics, logger: Logger(label: "DELIVERY"))
    }

    private static func received(
        _ notices: [IngressNotice], _ credentials: Credentials, _ consents: Consents
    ) {
        for notice in notices {
            switch notice {
            case .keysWanted(let source): credentials.wantKeys(ofSource: source)
            case .certificateWanted(let source, let address):
                credentials.wantCertificate(address, ofSource: source)
            case .consentWanted(let request): consents.received(request)
            }
        }
    }

    private func startIngress(
        _ journal: Journal, _ certificates: Certificates, _ credentials: Credentials,
        _ bounds: [SourceBounds], _ sockets: Sockets, _ heartbeats: [Heartbeat],
        _ notices: Mailbox<Notice>, _ wishes: Mailbox<IngressNotice>
    ) throws(SystemError) -> [IngressThread] {
        let metrics = metrics
        let shared = settings.listeners.map {
            HTTPServer.Shared(name: $0.name, metrics: metrics)
        }
        let context = IngressContext(
            metrics: metrics, logger: Logger(label: "WEBHOOK"), statistics: statistics,
            bounds: bounds, credentials: credentials.current, tell: { _ = wishes.send($0) },
            submit: { journal.send(.store($0)) }, obstacle: { journal.status.reason })
        var threads: [IngressThread] = []
        for number in 0..<threadsCount {
            threads.append(
                try IngressThread(
                    number: number, settings, sockets: sockets.listeners.map { $0[number] },
                    shared: shared,
                    tls: settings.listeners.indices.map { certificates.material(ofListener: $0) },
                    context, heartbeat: heartbeats[number],
                    drained: { _ = notices.send(.intakeEnded) }))
        }
        return threads
    }

    private func announce(_ sockets: Sockets) {
        for (listener, sockets) in zip(settings.listeners, sockets.listeners) {
            logger.info(
                "listening",
                metadata: ["listener": "\(listener.name)", "address": "\(sockets[0].address)"])
        }
        logger.info(
            "listening", metadata: ["listener": "admin", "address": "\(sockets.admin.address)"])
        if let control = sockets.control {
            logger.info(
                "listening", metadata: ["listener": "control", "address": "\(control.address)"])
        }
        logger.info("ready", metadata: ["version": "\(Version.number)"])
    }

    private func readings(
        _ journal: Journal, _ delivery: Delivery, _ finder: SinkFinder, _ pollers: Pollers,
        _ heartbeats: [Heartbeat]
    ) -> AdminReadings {
        let statistics = Statistics(
            settings: settings, sources: statistics, started: started,
            startedSeconds: startedSeconds
        ) { sink in
            let counts = delivery.invocations(ofSink: sink)?.bySubject ?? [:]
            return counts.sorted { $0.key < $1.key }.map {
                (subject: $0.key, succeeded: $0.value.successes, failed: $0.value.failures)
            }
        }
        return AdminReadings(
            liveness: { heartbeats.map { .init(name: $0.name, problem: $0.problem) } },
            readiness: { [unowned self] in
                [
                    .init(name: "journal", problem: journal.status.reason),
                    .init(name: "running", problem: shutdown.isUnderWay ? "is stopping" : nil),
                ] + finder.checks + pollers.checks
            }, statistics: { statistics.json }, version: Version.json)
    }

    /// How vCenters do never decides whether requests may be sent here.

    // MARK: - Stopping

    /// What is to be stopped, and by which loop.
    private struct Stopping {
        var loop: EventLoop
        var ingress: [IngressThread]
        var pollers: Pollers
        var delivery: Delivery
        var admin: AdminServer
        var notices: Mailbox<Notice>
    }

    private func received(signal: CInt, _ stopping: Stopping) {
        guard signal != SIGHUP else {
            return logger.notice("SIGHUP: restart to have the configuration read again")
        }
        let intakesCount = stopping.ingress.count + stopping.pollers.count
        guard shutdown.begin(ingressCount: intakesCount) else { exit(1) }
        logger.info("initiating shutdown")
        for thread in stopping.ingress { thread.sendAway() }
        let (delay, timeout) = (settings.shutdown.delay, settings.shutdown.timeout)
        stopping.loop.schedule(after: delay) { self.take(self.shutdown.delayPassed(), stopping) }
        // Most of the time is the senders'; what is left is for the sinks and for late answers.
        stopping.loop.schedule(after: delay + timeout * 0.6) {
            self.take(self.shutdown.ingressTimePassed(), stopping)
        }
        stopping.loop.schedule(after: delay + timeout) {
            self.take(self.shutdown.timePassed(), stopping)
        }
    }

    private func take(_ step: Shutdown.Step, _ stopping: Stopping) {
        switch step {
        case .wait: break
        case .drainIngress:
            let notices = stopping.notices
            for thread in stopping.ingress { thread.drain() }
            stopping.pollers.stop { _ = notices.send(.intakeEnded) }
        case .stopDelivery:
            let notices = stopping.notices
            stopping.delivery.stop(
                within: settings.shutdown.timeout * 0.3,
                settlesRest: settings.journal.mode == .memory
            ) { _ = notices.send(.deliveryStopped) }
        case .finish: stopping.loop.stop()
        }
    }
}

extension SocketAddress {
    /// A configured address.
    init(_ address: ListenAddress) {
        switch address {
        case .ip(let octets, let port): self.init(ip: octets, port: port)
        case .unix(let path): self = .unix(path: path)
        }
    }
}
