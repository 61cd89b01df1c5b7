extension HTTPClient {
    /// Sends the only request to a server that will be asked nothing else, and makes room for a
    /// connection to it for as long as that takes.
    ///
    /// - Parameter completion: called later on this loop, once, whatever happens.
    public func send(
        _ request: HTTPRequest, once options: HTTPEndpoint.Options,
        _ completion: @escaping (HTTPResponse) -> Void
    ) {
        let endpoint = endpoint(options)
        send(request, to: endpoint) { [unowned self] response in
            retire(endpoint)
            completion(response)
        }
    }
}
