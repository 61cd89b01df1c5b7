internal import CloudEvents
internal import HTTP

/// A request by which a sender makes sure that its events are wanted here.
///
/// What can't be answered at once, an operator has to confirm.
public enum Registration: Sendable, Equatable {
    /// The answer proves that we read the request; it's no event.
    case challenge(contentType: String, answer: String)
    /// Whoever opens this address confirms that a topic may send; it's an event like any other.
    case confirmation(address: String, topic: String)

    /// Recognises a registration, of the senders that the source is for.
    ///
    /// - Parameter request: whose signature, if there is to be one, was good.
    public init?(
        _ request: WebhookRequest, signedBy signer: SignatureScheme.Preset?,
        for adapter: Adapter.Preset?
    ) {
        let isSlack = signer == .slack
        let isEventGrid =
            adapter == .eventGrid && request["aeg-event-type"] == "SubscriptionValidation"
        let isSNS =
            adapter == .sns && request["x-amz-sns-message-type"] == "SubscriptionConfirmation"
        guard isSlack || isEventGrid || isSNS, request.body.span.isJSON else { return nil }
        let registration =
            isSlack
            ? Self.slack(request) : isEventGrid ? Self.eventGrid(request) : Self.sns(request)
        guard let registration else { return nil }
        self = registration
    }

    private static func slack(_ request: WebhookRequest) -> Registration? {
        guard request.text("/type") == "url_verification",
            let challenge = request.text("/challenge"), challenge.utf8.count <= 1024
        else { return nil }
        return .challenge(contentType: "text/plain; charset=utf-8", answer: challenge)
    }

    private static func eventGrid(_ request: WebhookRequest) -> Registration? {
        let type = "Microsoft.EventGrid.SubscriptionValidationEvent"
        guard request.text("/0/eventType") == type,
            let code = request.text("/0/data/validationCode"), code.utf8.count <= 1024
        else { return nil }
        return .challenge(
            contentType: "application/json",
            answer: "{\"validationResponse\":\(JSONText.quoted(code))}")
    }

    /// An address of anyone else's is not told, so that nobody is led to open it.
    private static func sns(_ request: WebhookRequest) -> Registration? {
        guard let address = request.text("/SubscribeURL"), let topic = request.text("/TopicArn"),
            SNSRules(topics: []).trusts(address, for: topic)
        else { return nil }
        return .confirmation(address: address, topic: topic)
    }
}

extension WebhookRequest {
    fileprivate func text(_ pointer: String) -> String? {
        JSONPointer(pointer)?.find(in: body.span).flatMap { range in body.span.jsonText(at: range) }
    }
}
