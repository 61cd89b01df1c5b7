import CloudEvents
import Glibc

extension Timestamp {
    /// The time of day, as the system has it.
    static var now: Timestamp {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: Int32(time.tv_nsec))
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
