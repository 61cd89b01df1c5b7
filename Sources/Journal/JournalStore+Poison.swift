internal import EventLoops
internal import Logging

/// How events end that end the process.
extension JournalStore {
    /// The code of a dead letter at whose handling the process ended again and again.
    static let poisonCode = "poison"

    /// Counts what was in hand when the process ended, gives up what was so too often, and has
    /// what comes in hand written down from now on.
    ///
    /// Nothing of it keeps the journal from being used: where the file can't be, it's told.
    func openInHand(logger: Logger) {
        let file = directory.file(InHand.fileName)
        do throws(SystemError) {
            var suspects = try readSuspects(file, logger)
            for sequence in suspects.condemned where giveUp(sequence, logger) {
                suspects.remove(sequence)
            }
            inHand = try InHand(suspects, file: file)
        } catch {
            logger.error(
                "an event that ends the process won't be known for it",
                metadata: ["file": "\(file)", "error": "\(error)"])
        }
    }

    private func readSuspects(
        _ file: String, _ logger: Logger
    ) throws(SystemError) -> Suspects {
        switch try InHand.read(file, lastSequence: counters.lastSequence) {
        case .none: return Suspects()
        case .unknown:
            logger.warning(
                "what was in hand at the last end isn't known; its file is begun anew",
                metadata: ["file": "\(file)"])
            return Suspects()
        case .known(var suspects, let hand):
            guard !directory.wasClosed else { return Suspects() }
            if let hand { count(hand, in: &suspects, logger) }
            return suspects
        }
    }

    private func count(
        _ hand: ClosedRange<SequenceNumber>, in suspects: inout Suspects, _ logger: Logger
    ) {
        suspects.add(hand)
        logger.warning(
            "the process ended while it handled this; it's handled alone from now on",
            metadata: [
                "first": "\(hand.lowerBound)", "last": "\(hand.upperBound)",
                "crashes": "\(suspects.crashes(of: hand.lowerBound))",
                "limit": "\(Suspects.crashesLimit)",
            ])
    }

    /// Makes an event a dead letter of all sinks that wait for it; its octets aren't looked at.
    ///
    /// - Returns: whether that is done, or there's nothing to do.
    private func giveUp(_ sequence: SequenceNumber, _ logger: Logger) -> Bool {
        let reason = DeadLetterReason(
            code: Self.poisonCode, status: nil,
            detail: "the process ended \(Suspects.crashesLimit) times while it handled this event;"
                + " veer deadletters replay \(sequence) has it handled again",
            attempts: 0)
        let now = WallClock.milliseconds
        var waiting: [String] = []
        do throws(DatabaseError) {
            try transaction { () throws(DatabaseError) in
                waiting = try settleAll(sequence, reason: reason, now: now)
            }
        } catch {
            logger.error(
                "an event that ended the process can't be given up; the next start tries again",
                metadata: ["sequence": "\(sequence)", "error": "\(error)"])
            return false
        }
        guard !waiting.isEmpty else { return true }
        poisonEvents += 1
        logger.error(
            "event given up, because the process ended again and again while it handled it",
            metadata: [
                "sequence": "\(sequence)", "reason": "\(reason.code)",
                "sinks": "\(waiting.joined(separator: ","))",
            ])
        return true
    }
}
