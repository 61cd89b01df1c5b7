import Testing

@testable import Coordination

typealias Instant = ContinuousClock.Instant

let start = ContinuousClock.now

/// So many seconds after the start.
func at(_ seconds: Double) -> Instant { start + .milliseconds(Int(seconds * 1_000)) }

/// An API server with one Lease, or none.
struct Server {
    var lease: Lease?
    private var version = 100
    private(set) var writes = 0

    /// A Lease that nobody holds.
    static var prepared: Server {
        var server = Server()
        server.put(Lease())
        return server
    }

    mutating func put(_ lease: Lease, uid: String = "u1") {
        version += 1
        var lease = lease
        lease.version = "\(version)"
        lease.uid = lease.uid.isEmpty ? uid : lease.uid
        self.lease = lease
    }

    mutating func answer(_ call: LeaseElection.Call) -> LeaseElection.Answer {
        switch call {
        case .read: return lease.map { .lease($0) } ?? .missing
        case .create(let wanted):
            guard lease == nil else { return .conflict }
            write(wanted, begins: true)
        case .update(let wanted, let begins):
            guard let lease else { return .missing }
            guard lease.version == wanted.version else { return .conflict }
            write(wanted, begins: begins)
        }
        return lease.map { .lease($0) } ?? .missing
    }

    private mutating func write(_ wanted: Lease, begins: Bool) {
        writes += 1
        var wanted = wanted
        // Times are the writers' own and need not make sense; but each write has another.
        wanted.renewed = "w\(writes)"
        if begins { wanted.acquired = wanted.renewed }
        put(wanted)
    }
}

/// A process that takes part.
struct Replica {
    var election: LeaseElection
    /// What it was told to do but to ask and to wait.
    var told: [LeaseElection.Step] = []
    /// What it asks, until the answer.
    var call: LeaseElection.Call?
    var wakes = start

    init(_ identity: String, at now: Instant = start, mayCreate: Bool = true) {
        var parameters = LeaseElection.Parameters(identity: identity)
        parameters.mayCreate = mayCreate
        election = LeaseElection(parameters, now: now)
    }

    /// Goes on until it asks or waits.
    mutating func step(_ now: Instant) {
        while true {
            let step = election.step(now: now)
            switch step {
            case .call(let new):
                #expect(call == nil, "one request at a time")
                call = new
            case .wait(let until):
                wakes = until
                return
            case .ended:
                told.append(step)
                wakes = now + .seconds(100_000)
                return
            case .lead, .stepDown: told.append(step)
            }
        }
    }

    mutating func answer(_ answer: LeaseElection.Answer, _ now: Instant) {
        call = nil
        election.received(answer, now: now, jitter: 0)
        step(now)
    }

    /// Is answered at once, as often as it asks.
    mutating func talk(to server: inout Server, _ now: Instant) {
        step(now)
        while let call { answer(server.answer(call), now) }
    }

    /// Lets the time pass until a moment, with a server that answers at once.
    mutating func live(with server: inout Server, from begin: Double, until end: Double) {
        var now = at(begin)
        while now <= at(end) {
            talk(to: &server, now)
            now = max(wakes, now + .milliseconds(1))
        }
    }

    var isLeading: Bool { election.term != nil }

    var terms: [Int64] {
        told.compactMap { if case .lead(let term) = $0 { term.number } else { nil } }
    }

    var endings: [LeaseElection.Ending] {
        told.compactMap { if case .stepDown(let ending) = $0 { ending } else { nil } }
    }
}

/// Chance that is the same each time.
struct Dice: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
