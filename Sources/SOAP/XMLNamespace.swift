/// The namespaces that SOAP's own names are in.
public enum XMLNamespace {
    /// Of `xsi:type` and `xsi:nil`.
    public static let instance = "http://www.w3.org/2001/XMLSchema-instance"
    /// Of `xsd:string` and the other simple types.
    public static let schema = "http://www.w3.org/2001/XMLSchema"
    /// Of `Envelope`, `Body` and `Fault`.
    public static let envelope = "http://schemas.xmlsoap.org/soap/envelope/"
}
