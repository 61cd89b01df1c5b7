import CLinux
import CloudEvents

extension Timestamp {
    /// The time of day, as the system has it.
    static var now: Timestamp {
        let (seconds, nanoseconds) = linux_realtime_nanoseconds()
            .quotientAndRemainder(dividingBy: 1_000_000_000)
        return Timestamp(seconds: seconds, nanoseconds: Int32(nanoseconds))
    }

    /// Milliseconds since 1970, as the journal counts them.
    init(milliseconds: Int64) {
        self.init(
            seconds: milliseconds / 1_000, nanoseconds: Int32(milliseconds % 1_000) * 1_000_000)
    }

    /// The text with milliseconds and no finer.
    var millisecondsText: String {
        Timestamp(seconds: seconds, nanoseconds: nanoseconds / 1_000_000 * 1_000_000).text
    }
}
