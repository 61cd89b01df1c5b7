internal import Configuration

/// A token that somebody else gets and renews, such as one of a cluster's.
///
/// One that the sink refuses is asked for anew, and nothing is sent until the next is there; but
/// if that is refused, too, without ever having been taken, tokens aren't what is wrong.
final class SuppliedAuthorization: SinkAuthorization {
    private(set) var value: String?
    private(set) var obstacle: String? = "there is no token for the sink yet"
    var onReady: (() -> Void)?

    private let askAgain: () -> Bool
    /// It replaces a refused one, and the sink hasn't taken it yet.
    private var isSuspect = false
    private var isSuccessorSuspect = false

    /// - Parameter askAgain: has the token renewed; tells whether that will be done.
    init(askAgain: @escaping () -> Bool) { self.askAgain = askAgain }

    /// Takes a token, or that none is wanted.
    func take(token: String?) {
        value = token.map { "Bearer \($0)" }
        (isSuspect, isSuccessorSuspect) = (isSuccessorSuspect, false)
        obstacle = nil
        onReady?()
    }

    /// There is no token, for this reason.
    func take(obstacle reason: String) { (value, obstacle) = (nil, reason) }

    func wasRefused(_ value: String) -> Bool {
        guard value == self.value else { return true }
        guard !isSuspect, askAgain() else { return false }
        take(obstacle: "the sink refused its token, and another is asked for")
        isSuccessorSuspect = true
        return true
    }

    func wasTaken(_ value: String) {
        if value == self.value { isSuspect = false }
    }

    /// Its secrets aren't in the configuration.
    func replace(_ settings: SinkAuthSettings) {}
}
