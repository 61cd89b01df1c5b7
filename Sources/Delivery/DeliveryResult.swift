/// What a sink made of one attempt to deliver an event.
enum DeliveryResult: Sendable, Equatable {
    /// It was taken, by a sink that has no statuses.
    case taken
    /// The sink answered.
    ///
    /// `retryAfter` is how long the sink asks to be left alone; `detail` is the beginning of
    /// the answer's body.
    case answered(status: Int, retryAfter: Duration? = nil, detail: AnswerBody = "")
    /// No answer came; `kind` is a word for metrics, `detail` a sentence.
    case unanswered(kind: String, detail: String)

    /// The label in metrics: a status or a word.
    var code: String {
        switch self {
        case .taken: "taken"
        case .answered(let status, _, _): "\(status)"
        case .unanswered(let kind, _): kind
        }
    }

    /// The sink's answer, if it gave one.
    var status: Int? {
        guard case .answered(let status, _, _) = self else { return nil }
        return status
    }

    /// Whether the sink said that it has the event.
    var isSuccess: Bool {
        switch self {
        case .taken: true
        case .answered(let status, _, _): 200...299 ~= status
        case .unanswered: false
        }
    }

    /// What people read beside the code.
    var detail: String {
        switch self {
        case .taken: ""
        case .answered(_, _, let detail): detail.text
        case .unanswered(_, let detail): detail
        }
    }
}
