internal import Configuration
internal import Journal
internal import Synchronization

/// What another thread asks of one sink.
enum SinkOrder: Sendable {
    /// Send again to a sink that said that it was gone.
    case enable(sink: Int)
    /// Use these settings' secrets from now on.
    case replaceSecrets(sink: Int, HTTPSinkSettings)
}

/// Which sinks are gone: written by the delivery's loop, read by any thread.
final class DisabledSinks: Sendable {
    private let bits = Atomic<UInt64>(0)

    var sinks: SinkSet { SinkSet(rawValue: bits.load(ordering: .relaxed)) }

    func set(_ sink: Int, _ isDisabled: Bool) {
        let bit = SinkSet(sink: sink).rawValue
        if isDisabled {
            bits.bitwiseOr(bit, ordering: .relaxed)
        } else {
            bits.bitwiseAnd(~bit, ordering: .relaxed)
        }
    }
}
