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

    /// The answer to a request has come that was handed on with that number.
    ///
    /// - Returns: whether there is something to do now; a request may be gone by then.
    func complete(_ number: Int, with response: Response, _ connection: Connection) -> Bool

    /// Answers the request that came too slowly.
    func refuseSlowRequest(_ connection: Connection)

    /// Called every now and then, to look at clocks of its own.
    func checkTime(_ connection: Connection, now: Int)

    /// Tells the peer that no more requests are taken, where the version has words for it.
    func sendAway(_ connection: Connection)
}
