internal import Authentication
internal import CloudEvents
internal import HTTP

/// A message of Amazon SNS, as its body has it.
///
/// Spec: Amazon SNS §HTTP.Notification
struct SNSMessage {
    /// What SNS wants to say.
    enum Kind: String {
        case notification = "Notification"
        case subscription = "SubscriptionConfirmation"
        case unsubscription = "UnsubscribeConfirmation"

        /// The members that are signed, where they're there, in their order.
        fileprivate var signed: [String] {
            switch self {
            case .notification:
                ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
            case .subscription, .unsubscription:
                ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
            }
        }
    }

    let kind: Kind
    let topic: String
    let id: String
    /// When it was published, in seconds since 1970.
    let time: Int64
    let digest: SigningCertificate.Digest
    let signature: [UInt8]
    let certificateAddress: String
    /// Whoever opens it confirms; only where there is something to confirm.
    let confirmation: String?
    private let members: [String: String]

    /// The most members that an envelope may have; SNS sends eleven.
    private static let membersLimit = 32

    /// Reads a body that is JSON.
    ///
    /// A name that occurs twice could be read in two ways by who checks and who uses it, so that
    /// is no message.
    init?(_ body: Span<UInt8>) {
        guard let whole = JSONPointer("")?.find(in: body),
            let found = body.jsonMembers(at: whole, limit: Self.membersLimit)
        else { return nil }
        var members: [String: String] = [:]
        var names: Set<String> = []
        for member in found {
            guard names.insert(member.name).inserted else { return nil }
            members[member.name] = body.jsonText(at: member.value)
        }
        self.init(members)
    }

    private init?(_ members: [String: String]) {
        guard let kind = members["Type"].flatMap(Kind.init),
            let topic = members["TopicArn"], let id = members["MessageId"], !id.isEmpty,
            let time = members["Timestamp"].flatMap({ Timestamp($0.utf8.span) }),
            let signature = members["Signature"].flatMap({ Base64.decode($0.utf8.span) }),
            !signature.isEmpty,
            let address = members["SigningCertURL"], members["Message"] != nil
        else { return nil }
        switch members["SignatureVersion"] {
        case "1": digest = .sha1
        case "2": digest = .sha256
        default: return nil
        }
        confirmation = members["SubscribeURL"]
        guard kind == .notification || confirmation != nil && members["Token"] != nil
        else { return nil }
        (self.kind, self.topic, self.id, self.time) = (kind, topic, id, time.seconds)
        (self.signature, certificateAddress, self.members) = (signature, address, members)
    }

    /// The octets that are signed: each member's name and value, a line each.
    var payload: [UInt8] {
        kind.signed.flatMap { name -> [UInt8] in
            members[name].map { Array("\(name)\n\($0)\n".utf8) } ?? []
        }
    }

    /// Whether the header fields, which nobody signs, say nothing else than the message.
    func agrees(with request: WebhookRequest) -> Bool {
        let pairs = [
            ("x-amz-sns-message-type", kind.rawValue), ("x-amz-sns-message-id", id),
            ("x-amz-sns-topic-arn", topic),
        ]
        guard pairs.allSatisfy({ request.says($0.0, nothingBut: $0.1) }) else { return false }
        let subscriptions = request.fields.filter { $0.name == "x-amz-sns-subscription-arn" }
        return subscriptions.count <= 1
            && subscriptions.allSatisfy { $0.value.hasPrefix(topic + ":") }
    }
}

extension WebhookRequest {
    fileprivate func says(_ name: String, nothingBut value: String) -> Bool {
        let values = fields.filter { $0.name == name }.map(\.value)
        return values.isEmpty || values == [value]
    }
}
