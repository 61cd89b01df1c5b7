public import CloudEvents
public import Filters

/// Everything an operator decides: checked, complete, every default filled in.
///
/// Made by reading a configuration of either kind; nothing in it needs another check.
public struct Settings: Sendable, Equatable {
    /// Where requests come in; empty only where no source is a webhook.
    public var listeners: [ListenerSettings] = []
    /// Who makes events; never empty.
    public var sources: [SourceSettings] = []
    /// Where events go; an event's sinks are named by their places in this list.
    public var sinks: [SinkSettings] = []
    /// Which sources' events go to which sinks.
    public var routes: [RouteSettings] = []
    /// How accepted events are kept.
    public var journal = JournalSettings()
    /// The operators' own listener.
    public var admin = AdminSettings()
    /// How replicas agree on the one that reads vCenters; nil where this process always does.
    public var leaderElection: LeaderElectionSettings?
    /// The cluster in which sinks are looked up.
    public var kubernetes = KubernetesSettings()
    /// What is logged, and how.
    public var log = LogSettings()
    /// How the process ends.
    public var shutdown = ShutdownSettings()
    /// Set where a `RouterConfig` was read, whose behaviour is then kept.
    public var router: RouterSettings?

    /// Settings with no listener, source or sink yet.
    public init() {}
}

/// An address to listen on.
public enum ListenAddress: Sendable, Equatable {
    /// An IPv4 address (4 octets) or IPv6 address (16) and a port; port 0 takes any free one.
    case ip([UInt8], port: UInt16)
    /// The path of a socket in the file system.
    case unix(path: String)
}

/// Someone who makes events.
public struct SourceSettings: Sendable, Equatable {
    /// Its name in routes, logs and metrics.
    public var name: String
    /// Where its events come from.
    public var kind: Kind

    /// Where events come from.
    public enum Kind: Sendable, Equatable {
        /// Others send them.
        case webhook(WebhookSettings)
        /// A vCenter has them.
        case vcenter(VCenterSettings)
    }

    /// A source of that kind.
    public init(name: String, kind: Kind) {
        self.name = name
        self.kind = kind
    }

    /// A webhook source.
    public init(name: String, webhook: WebhookSettings) {
        self.init(name: name, kind: .webhook(webhook))
    }

    /// The webhook, if it is one.
    public var webhook: WebhookSettings? {
        get { if case .webhook(let webhook) = kind { webhook } else { nil } }
        set { if let newValue { kind = .webhook(newValue) } }
    }

    /// The vCenter, if it is one.
    public var vcenter: VCenterSettings? {
        if case .vcenter(let vcenter) = kind { vcenter } else { nil }
    }
}

/// A path to which others POST events.
public struct WebhookSettings: Sendable, Equatable {
    /// How percent-encoding in `ce-` headers is read.
    public enum PercentDecoding: String, Sendable, CaseIterable {
        /// As the HTTP binding says; what isn't well-formed is refused.
        case spec
        /// What isn't well-formed is taken as it stands, and counted.
        case lenient
        /// Nothing is decoded.
        case off
    }

    /// The places of its listeners in ``Settings/listeners``.
    public var listeners: [Int]
    /// The path, matched octet by octet; begins with `/`.
    public var path = "/webhook"
    /// The status of a success: 200, 201, 202 or 204.
    public var successStatus = 202
    /// Any one that succeeds lets a request in; empty lets everyone in.
    public var auth: [AuthSettings] = []
    /// Who may send, by the address of the client itself; never empty.
    public var allowPeers = AddressBlock.everyone
    /// How often a client may get its credentials wrong.
    public var failedAttempts = FailedAttemptSettings()
    /// How percent-encoding in `ce-` headers is read.
    public var percentDecoding = PercentDecoding.spec
    /// Who may send, where senders are to ask first.
    public var handshake: HandshakeSettings?
    /// How many requests are taken; any number where there is none.
    public var rateLimit: RateLimitSettings?
    /// How long events are remembered, so that none is taken twice.
    public var duplicates = DuplicateSettings()
    /// How the sender signs; nothing where it doesn't.
    public var signature: SignatureSettings?
    /// What makes events of the sender's requests.
    public var adapter = AdapterSettings.none

    /// A webhook on these listeners.
    public init(listeners: [Int]) { self.listeners = listeners }
}

/// Where events go.
public struct SinkSettings: Sendable, Equatable {
    /// What takes the events.
    public enum Target: Sendable, Equatable {
        /// An HTTP address to POST to.
        case uri(HTTPSinkSettings)
        /// The standard output, an event at a time.
        case console
        /// Nowhere: acknowledged at once.
        case discard
    }

    /// Its name in routes, logs and metrics.
    public var name: String
    /// What takes the events.
    public var target: Target

    /// A sink of that name.
    public init(name: String, target: Target) {
        self.name = name
        self.target = target
    }
}

/// How to POST events to an address.
public struct HTTPSinkSettings: Sendable, Equatable {
    /// How an event is laid out in a request.
    public enum ContentMode: String, Sendable, CaseIterable {
        /// Attributes in header fields, data in the body.
        case binary
        /// All of it in the body, as JSON.
        case structured
    }

    /// How attribute values stand in header fields.
    public enum HeaderEncoding: String, Sendable, CaseIterable {
        /// Percent-encoded, as the HTTP binding says.
        case spec
        /// As they are, for receivers that don't decode.
        case raw
        /// Structured content mode for an event with a value that would have to be encoded.
        case auto
    }

    /// An absolute `http` or `https` URI without user information or fragment; beside a
    /// ``reference``, what is relative to that's address, or nothing.
    public var uri: String
    /// Whose address it is, if that is to be found out.
    public var reference: ReferenceSettings?
    /// How an event is laid out.
    public var contentMode = ContentMode.binary
    /// How attribute values stand in header fields.
    public var headerEncoding = HeaderEncoding.spec
    /// Extension attributes that the sink is to see, whatever an event has.
    public var ceOverrides = ExtensionOverrides()
    /// Set where the environment says what the sink is.
    public var env: SinkBindingSettings?
    /// How many requests may be under way at one time.
    public var concurrency = 32
    /// How many events may wait in memory; more wait in the journal.
    public var queueEvents = 1_000
    /// How many bytes of events may wait in memory; more wait in the journal.
    public var queueBytes = 8 * 1024 * 1024
    /// Whom an `https` sink must prove to be, and who asks; of no effect for `http`.
    public var tls = SinkTLSSettings()
    /// How Veer proves who it is; nil where it needn't.
    public var auth: SinkAuthSettings?
    /// How requests are signed; nil where they aren't.
    public var signing: SinkSigningSettings?
    /// Whether it may be at an address that isn't for all the world, such as one of this machine.
    public var allowPrivateAddresses = true
    /// Set where the sink wants to be asked before it's sent anything.
    public var webhook: SinkWebhookSettings?
    /// The attribute whose events, where they have one value, are sent one after the other.
    public var ordering: String?
    /// How many events go in one request; nil sends each alone.
    public var batch: BatchSettings?
    /// How many retries it gets beside the first attempts.
    public var retryBudget = RetryBudgetSettings()

    /// A sink at an address, with the defaults.
    public init(uri: String) { self.uri = uri }
}

/// Which sources' events go to which sinks.
public struct RouteSettings: Sendable, Equatable {
    /// Its name in logs and metrics.
    public var name: String
    /// The places of its sources in ``Settings/sources``.
    public var sources: [Int]
    /// The places of its sinks in ``Settings/sinks``.
    public var sinks: [Int]
    /// Says which events it takes; nil takes all.
    public var filter: Filter?
    /// How hard to try.
    public var delivery = DeliverySettings()

    /// A route with the default delivery.
    public init(name: String, sources: [Int], sinks: [Int]) {
        self.name = name
        self.sources = sources
        self.sinks = sinks
    }
}

/// How hard to try to deliver an event.
///
/// Spec: Knative DeliverySpec §v1
public struct DeliverySettings: Sendable, Equatable {
    /// How the waits between attempts grow.
    public enum BackoffPolicy: String, Sendable, CaseIterable {
        /// `backoffDelay` doubled each time.
        case exponential
        /// `backoffDelay` times the number of the retry.
        case linear
    }

    /// How far waits are spread, so that not all come back at once.
    public enum Jitter: String, Sendable, CaseIterable {
        /// Not at all.
        case none
        /// By a fifth to both sides.
        case fifth
        /// Anything from nothing to the whole wait.
        case full
    }

    /// What an answer of a certain status comes to.
    public enum StatusAction: String, Sendable, CaseIterable {
        /// The sink has the event.
        case deliver
        /// It's sent again.
        case retry
        /// It's given up.
        case deadLetter
    }

    /// Retries after the first attempt.
    public var retry = 10
    /// How the waits grow.
    public var backoffPolicy = BackoffPolicy.exponential
    /// The first wait.
    public var backoffDelay = Duration.milliseconds(200)
    /// The longest wait that a back-off asks for.
    public var backoffDelayMax = Duration.seconds(60)
    /// How far waits are spread.
    public var jitter = Jitter.fifth
    /// How old an event must be, besides, before it's given up for want of success; zero: any age.
    public var maxAge = Duration.zero
    /// What these statuses come to, in place of what they usually do.
    public var statuses: [Int: StatusAction] = [:]
    /// For one request, from its first octet to the response's last.
    public var timeout = Duration.seconds(30)
    /// The longest wait that a sink's `Retry-After` can ask for; zero ignores it.
    public var retryAfterMax = Duration.seconds(3600)
    /// The place of the sink that gets what another gives up, in ``Settings/sinks``.
    public var deadLetterSink: Int?

    /// The defaults.
    public init() {}
}

/// How accepted events are kept.
public struct JournalSettings: Sendable, Equatable {
    /// What a success tells the sender.
    public enum Mode: String, Sendable, CaseIterable {
        /// The events are on stable storage.
        case durable
        /// Every sink has the events; nothing is stored.
        case memory
    }

    /// The directory that holds the journal; nobody else's.
    public var path = "./data"
    /// What a success tells the sender.
    public var mode = Mode.durable
    /// The most that the journal may take on disk.
    public var bytesLimit = 10 * 1024 * 1024 * 1024
    /// How long delivered events are kept.
    public var keepDelivered = Duration.zero
    /// How long events that no route wants are kept; zero forgets them at once.
    public var keepUnrouted = Duration.zero
    /// The most that delivered and unrouted events may take.
    public var historyBytesLimit = 1024 * 1024 * 1024
    /// How long dead letters are kept; zero keeps them until they are replayed or purged.
    public var keepDeadLetters = Duration.zero
    /// The most bytes of events that may wait to be stored.
    public var queueBytes = 32 * 1024 * 1024
    /// The most requests that may wait to be stored.
    public var queueRequests = 8_192

    /// The defaults.
    public init() {}
}

/// The operators' own listener.
public struct AdminSettings: Sendable, Equatable {
    /// Where it listens.
    public var address = ListenAddress.ip([127, 0, 0, 1], port: 8082)
    /// Where changes are asked for.
    public var control = ControlSettings.besideJournal
    /// Any one that succeeds lets a request in; empty lets everyone in.
    public var auth: [AuthSettings] = []

    /// The defaults.
    public init() {}
}

/// What is logged, and how.
public struct LogSettings: Sendable, Equatable {
    /// The least grave that is logged.
    public enum Level: String, Sendable, CaseIterable {
        /// In the order of their gravity.
        case trace, debug, info, warning, error
    }

    /// How a line looks.
    public enum Format: String, Sendable, CaseIterable {
        /// For people.
        case console
        /// One JSON object a line.
        case json
    }

    /// The least grave that is logged.
    public var level = Level.info
    /// How a line looks.
    public var format = Format.console

    /// The defaults.
    public init() {}
}

/// How the process ends.
public struct ShutdownSettings: Sendable, Equatable {
    /// How long listeners stay open after readiness was withdrawn.
    public var delay = Duration.zero
    /// How long open requests and deliveries may take to end.
    public var timeout = Duration.seconds(20)

    /// The defaults.
    public init() {}
}

/// What a `RouterConfig` says besides, for those who ask in the original's ways.
public struct RouterSettings: Sendable, Equatable {
    /// The provider's type, such as `webhook`; a key in `/stats`.
    public var providerType: String
    /// The provider's address in `/stats`.
    public var providerAddress: String
    /// The processor's type, such as `knative`; a key in `/stats`.
    public var processorType: String
    /// The processor's address in `/stats`.
    public var processorAddress: String

    /// The two ends of the original's one way.
    public init(
        providerType: String, providerAddress: String, processorType: String,
        processorAddress: String
    ) {
        self.providerType = providerType
        self.providerAddress = providerAddress
        self.processorType = processorType
        self.processorAddress = processorAddress
    }
}
