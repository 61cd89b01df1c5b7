import CSQLite
import Glibc
import Testing

@testable import Journal

/// What the journal decides without a file.
@Suite struct DecisionTests {
    @Test(
        arguments: [
            ([], ["a", "b"], [0, 1]),
            ([(0, "a"), (1, "b")], ["b", "a"], [1, 0]),
            ([(0, "a")], ["new", "a"], [1, 0]),
            ([(0, "gone")], ["a", "b"], [1, 2]),
            ([(5, "a"), (1, "b")], ["a", "c", "b"], [5, 0, 1]),
        ] as [([(Int, String)], [String], [Int])])
    func `sinks keep their bits, and new ones get free ones`(
        known: [(Int, String)], names: [String], bits: [Int]
    ) throws {
        let known = Dictionary(uniqueKeysWithValues: known)
        let sinks = try #require(SinkBits(names: names, known: known))
        #expect(sinks.bits == bits)
        for set in 0..<(1 << UInt64(names.count)) {
            let set = SinkSet(rawValue: UInt64(set))
            #expect(sinks.sinks(sinks.pending(set)) == set)
        }
        // Bits of sinks that aren't configured are nobody's.
        #expect(sinks.sinks(.max) == SinkSet(rawValue: 1 << UInt64(names.count) - 1))
    }

    @Test func `where all bits are taken there is none for a new sink`() {
        let known = Dictionary(uniqueKeysWithValues: (0..<63).map { ($0, "sink \($0)") })
        #expect(SinkBits(names: ["new"], known: known) == nil)
    }

    @Test func `a full journal says no until a part of it is free`() {
        let budget = JournalBudget(bytesLimit: 64 * 1024 * 1024)
        let limit = budget.bytesLimit
        var admission = Admission(budget)
        for (bytes, usedBytes, isAdmitted, isFull) in [
            (1_000, limit - 1_000, true, false),
            (1_001, limit - 1_000, false, true),
            (1, budget.resumeBytes + 1, false, true),
            (1, budget.resumeBytes, true, false),
            // What is too large even now keeps nobody else out.
            (limit, 1_000, false, false),
        ] {
            let answer = admission.admits(bytes, beside: usedBytes)
            #expect(answer == isAdmitted, "\(bytes) beside \(usedBytes)")
            #expect(admission.isFull == isFull, "\(bytes) beside \(usedBytes)")
        }
    }

    @Test(
        arguments: [
            (SQLITE_FULL, 0, .noRoom),
            (SQLITE_IOERR | 3 << 8, ENOSPC, .noRoom),  // SQLITE_IOERR_WRITE
            (SQLITE_IOERR | 3 << 8, EDQUOT, .noRoom),
            (SQLITE_IOERR | 3 << 8, EIO, .failed),
            (SQLITE_IOERR | 4 << 8, ENOSPC, .failed),  // SQLITE_IOERR_FSYNC
            (SQLITE_IOERR | 4 << 8, EIO, .failed),
            (SQLITE_IOERR | 19 << 8, ENOSPC, .noRoom),  // SQLITE_IOERR_SHMSIZE
            (SQLITE_BUSY, 0, .locked),
            (SQLITE_CORRUPT, 0, .damaged),
            (SQLITE_CORRUPT | 1 << 8, 0, .damaged),
            (SQLITE_NOTADB, 0, .damaged),
            (SQLITE_READONLY, 0, .failed),
            (SQLITE_ERROR, 0, .failed),
        ] as [(CInt, CInt, DatabaseError.Kind)])
    func `an error says what may be done after it`(
        code: CInt, systemError: CInt, kind: DatabaseError.Kind
    ) {
        let error = DatabaseError(
            extendedCode: code, systemError: systemError, message: "", call: "")
        #expect(error.kind == kind)
    }

    @Test func `a record's seal covers each of its numbers`() {
        let record = Record(
            sequence: 1, receivedMilliseconds: 2, origin: 3, pending: 4, settledMilliseconds: nil,
            checksum: 5)
        var seals: Set<UInt64> = [record.seal]
        for change: (inout Record) -> Void in [
            { $0.sequence = 2 }, { $0.receivedMilliseconds = 3 }, { $0.origin = 4 },
            { $0.pending = 5 }, { $0.settledMilliseconds = 0 }, { $0.checksum = 6 },
        ] {
            var other = record
            change(&other)
            seals.insert(other.seal)
        }
        #expect(seals.count == 7)
    }
}
