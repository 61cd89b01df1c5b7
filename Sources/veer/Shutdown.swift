/// Decides what comes next while the gateway stops.
///
/// A pure value: told what has happened, it answers what to do. The order is: no longer ready;
/// listeners drain; the sinks get what is under way; then the journal closes. Each step has its
/// share of the time, so that a peer who never finishes can't keep the others from it.
struct Shutdown {
    /// What to do now.
    enum Step: Equatable {
        /// Nothing yet.
        case wait
        /// Close the listeners and let what is open finish.
        case drainIngress
        /// Send nothing new and let what is under way finish.
        case stopDelivery
        /// Close the journal and end.
        case finish
    }

    private enum State: Equatable {
        case running, announced, draining, stopping, finished
    }

    private var state = State.running
    private var ingressLeft = 0
    private var isDeliveryStopped = false

    /// Whether requests should go elsewhere.
    var isUnderWay: Bool { state != .running }

    /// The process was told to end.
    ///
    /// - Parameter ingressCount: how many ingress threads will drain.
    /// - Returns: whether it's the first time.
    mutating func begin(ingressCount: Int) -> Bool {
        guard state == .running else { return false }
        state = .announced
        ingressLeft = ingressCount
        return true
    }

    /// The time for others to notice has passed.
    mutating func delayPassed() -> Step {
        guard state == .announced else { return .wait }
        state = .draining
        return .drainIngress
    }

    /// One ingress thread has nothing open any more.
    mutating func ingressDrained() -> Step {
        ingressLeft -= 1
        guard ingressLeft == 0 else { return .wait }
        switch state {
        case .draining:
            state = .stopping
            return .stopDelivery
        case .stopping where isDeliveryStopped:
            state = .finished
            return .finish
        default: return .wait
        }
    }

    /// The time for open requests has passed.
    mutating func ingressTimePassed() -> Step {
        guard state == .draining else { return .wait }
        state = .stopping
        return .stopDelivery
    }

    /// The delivery has nothing under way any more.
    mutating func deliveryStopped() -> Step {
        isDeliveryStopped = true
        guard state == .stopping, ingressLeft == 0 else { return .wait }
        state = .finished
        return .finish
    }

    /// All the time has passed.
    mutating func timePassed() -> Step {
        guard state != .finished else { return .wait }
        state = .finished
        return .finish
    }
}
