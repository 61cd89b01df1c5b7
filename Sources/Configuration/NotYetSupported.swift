/// Keys of `veer/v1` that this version doesn't understand yet.
///
/// They are refused, so that nobody believes them to be in force. A key leaves its list when the
/// version that reads it arrives.
enum NotYetSupported {
    static let source = ["horizon"]
    static let sink: [String] = []

    /// What a `RouterConfig` may ask for besides; each with what to do instead.
    static let providers = ["horizon"]
    static let processors = ["openfaas", "aws_event_bridge"]
}
