internal import Configuration
internal import HTTP

/// Proves to a sink who Veer is: the value of each request's `Authorization`.
///
/// Ownership: belongs to the delivery's loop.
protocol SinkAuthorization: AnyObject {
    /// The value to send; nothing while there's none, for the reason that ``obstacle`` tells.
    var value: String? { get }

    /// Why there's no value where one is wanted.
    var obstacle: String? { get }

    /// Called on the delivery's loop when ``obstacle`` goes away; set once, by the target.
    var onReady: (() -> Void)? { get set }

    /// The sink answered 401 to a request with this value.
    ///
    /// - Returns: whether there's another, or will be soon, so that the same event can be sent
    ///   again without its having been tried. `false` makes the answer count.
    func wasRefused(_ value: String) -> Bool

    /// The sink answered something else to it.
    func wasTaken(_ value: String)

    /// Takes secrets that were read again.
    func replace(_ settings: SinkAuthSettings)
}

/// A value that doesn't change but with its secret: a password or a token of the operator's.
final class FixedAuthorization: SinkAuthorization {
    private(set) var value: String?
    var onReady: (() -> Void)?

    init(_ settings: SinkAuthSettings) { replace(settings) }

    var obstacle: String? { nil }

    func wasRefused(_ value: String) -> Bool {
        // The secret was replaced meanwhile.
        value != self.value
    }

    func wasTaken(_ value: String) {}

    func replace(_ settings: SinkAuthSettings) {
        switch settings {
        case .basic(let username, let password):
            value = basicAuthorization(username: username, password: password.text)
        case .bearer(let token): value = "Bearer " + token.text
        case .oauth2, .oidc: preconditionFailure("its tokens change")
        }
    }
}

/// The value of `Authorization` that says a name and a password.
///
/// Spec: RFC 7617 §2
func basicAuthorization(username: String, password: String) -> String {
    let octets = Array("\(username):\(password)".utf8)
    return "Basic " + String(decoding: Base64.encode(octets), as: UTF8.self)
}
