internal import HTTP

/// Speaks one version of HTTP over a connection: reads its requests, has the server's handler
/// answer them, and writes the responses.
///
/// Owner: the connection, which passes itself to each call and writes what it's given to write
/// when the call is over.
protocol VersionDriver: AnyObject {
    /// What is waited for when nothing waits to be written.
    var phase: ConnectionClock.Phase { get }

    /// Reads and answers requests for as long as the connection is open, has octets for it and
    /// its peer takes the responses.
    ///
    /// - Returns: whether it stopped before there was nothing left to do.
    func proceed(_ connection: Connection, now: Int) -> Bool

    /// The answer has come to a request that was handed on; it may be gone by now.
    ///
    /// - Returns: whether the connection is to go on at once.
    func complete(_ exchange: Exchange, with response: Response) -> Bool

    /// Answers the request that came too slowly.
    func refuseSlowRequest(_ connection: Connection)

    /// Called every now and then, to look at clocks of its own.
    func checkTime(_ connection: Connection, now: Int)

    /// Tells the peer to go elsewhere with its next requests, where the version has words for it.
    func sendAway(_ connection: Connection)

    /// Takes no request that hasn't begun.
    func finish(_ connection: Connection)
}
