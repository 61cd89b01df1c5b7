internal import CloudEvents

extension Adapter {
    /// Senders whose requests are known.
    public enum Preset: String, Sendable, CaseIterable {
        case github, gitlab, sns, alertmanager, grafana, harbor
        case eventGrid = "event-grid"
    }

    /// The adapter for a sender.
    public init(_ preset: Preset) {
        switch preset {
        case .github: self = .github
        case .gitlab: self = .gitlab
        case .sns: self = .sns
        case .alertmanager: self = .alertmanager
        case .grafana: self = .grafana
        case .harbor: self = .harbor
        case .eventGrid: self = .eventGrid
        }
    }

    /// The adapter for a sender's request, where it has several ways.
    public func chosen(by request: WebhookRequest) -> Adapter {
        let isRaw = request["x-amz-sns-rawdelivery"]?.lowercased() == "true"
        return isRaw && self == .sns ? .snsRaw : self
    }

    /// A mapping that is written here, so that a mistake in it is ours.
    init(_ texts: [String: String], each: String? = nil) {
        self.init(attributes: Self.attributes(texts), each: each.flatMap { JSONPointer($0) })
    }

    /// The same with cases, of which the one counts that `selector` says.
    func selecting(
        by selector: String, _ cases: [String: [String: String]]
    ) -> Adapter {
        var adapter = self
        adapter.selector = Template(known: selector)
        adapter.cases = cases.mapValues(Self.attributes)
        return adapter
    }

    private static func attributes(_ texts: [String: String]) -> [Attribute] {
        texts.sorted { $0.key < $1.key }.map { Attribute($0.key, Template(known: $0.value)) }
    }
}

extension Adapter {
    /// One event an alert: an alert is what is told apart, resolved and acted on.
    static let alertmanager = Adapter(
        [
            "id": "{item:/fingerprint|sha256}.{item:/status}.{item:/startsAt}",
            "source": "{json:/externalURL}",
            "type": "io.prometheus.alert.{item:/status}",
            "subject": "[{item:/labels/alertname}]",
            "time": "[{item:/startsAt}]",
        ], each: "/alerts"
    ).selecting(by: "{item:/status}", ["resolved": ["time": "[{item:/endsAt}]"]])

    static let grafana = Adapter([
        "source": "{json:/externalURL}",
        "type": "com.grafana.alert.{json:/status}",
        "subject": "[{json:/title}]",
        "time": "{now}",
        "datacontenttype": "application/json",
    ])

    /// What the adapters of the CloudEvents project say of SNS.
    ///
    /// Spec: CloudEvents AWS SNS Adapter §Notification
    static let sns = Adapter([
        "id": "{header:x-amz-sns-message-id|json:/MessageId}",
        "source":
            "{header:x-amz-sns-subscription-arn|header:x-amz-sns-topic-arn|json:/TopicArn}",
        "type": "com.amazonaws.sns.{header:x-amz-sns-message-type|json:/Type}",
        "subject": "[{json:/Subject}]",
        "time": "[{json:/Timestamp}]",
        // SNS says text/plain.
        "datacontenttype": "application/json",
    ])

    /// SNS told to deliver raw: the body is what somebody published, with nothing around it.
    static let snsRaw = Adapter([
        "id": "{header:x-amz-sns-message-id}",
        "source": "{header:x-amz-sns-subscription-arn|header:x-amz-sns-topic-arn}",
        "type": "com.amazonaws.sns.{header:x-amz-sns-message-type}",
        "time": "{now}",
    ])

    /// The names are those that Harbor itself gives its CloudEvents.
    static let harbor: Adapter = {
        var adapter = Adapter([
            "source": "/harbor[/{json:/event_data/repository/repo_full_name}]",
            "type": "harbor.{json:/type}",
            "subject": "[{json:/event_data/resources/0/resource_url}]",
            "time": "[{json:/occur_at}]",
            "operator": "[{json:/operator}]",
        ]).selecting(
            by: "{json:/type}",
            [
                "PUSH_ARTIFACT": ["type": "harbor.artifact.pushed"],
                "PULL_ARTIFACT": ["type": "harbor.artifact.pulled"],
                "DELETE_ARTIFACT": ["type": "harbor.artifact.deleted"],
                "SCANNING_COMPLETED": ["type": "harbor.scan.completed"],
                "SCANNING_FAILED": ["type": "harbor.scan.failed"],
                "SCANNING_STOPPED": ["type": "harbor.scan.stopped"],
                "QUOTA_EXCEED": ["type": "harbor.quota.exceeded"],
                "QUOTA_WARNING": ["type": "harbor.quota.warned"],
                "REPLICATION": ["type": "harbor.replication.status.changed"],
                "TAG_RETENTION": ["type": "harbor.tag_retention.finished"],
            ])
        adapter.takesCloudEvents = true
        return adapter
    }()

    /// Event Grid's own schema; what it sends in the schema of CloudEvents needs no adapter.
    static let eventGrid = Adapter(
        [
            "id": "{item:/id}",
            "source": "{item:/topic}",
            "type": "{item:/eventType}",
            "subject": "[{item:/subject}]",
            "time": "[{item:/eventTime}]",
        ], each: "")
}
