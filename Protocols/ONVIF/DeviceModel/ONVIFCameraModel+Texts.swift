import DeviceKit
import DeviceVocabulary
import ONVIFCodec

/// What it writes, in the prefixes that many cameras use.
extension ONVIFCameraModel {
  /// As it calls itself.
  private var ownAddress: ServiceAddress {
    ServiceAddress(host: faults.ownName ?? address.host, port: address.port, path: address.path)
  }

  private func service(_ path: String) -> String {
    SOAPText.escaped(ServiceAddress(host: ownAddress.host, port: ownAddress.port, path: path).text)
  }

  func ok(_ body: String) -> WebResponse { WebResponse(200, "OK", Self.type, body: envelope(body)) }

  private static let type = [WebHeader("Content-Type", "application/soap+xml; charset=utf-8"), WebHeader("Server", "gSOAP/2.8")]

  private func envelope(_ body: String) -> [UInt8] {
    Array(
      ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"\(SOAPNames.envelope)\""
        + " xmlns:tt=\"\(SOAPNames.schema)\" xmlns:tds=\"\(CameraService.device.rawValue)\""
        + " xmlns:trt=\"\(CameraService.media.rawValue)\" xmlns:tptz=\"\(CameraService.ptz.rawValue)\""
        + " xmlns:ter=\"http://www.onvif.org/ver10/error\"><SOAP-ENV:Body>\(body)</SOAP-ENV:Body></SOAP-ENV:Envelope>\n").utf8)
  }

  /// - Parameter subcode: of ONVIF; "": none.
  func fault(_ code: String, _ subcode: String, _ reason: String, status: Int) -> WebResponse {
    let words = [400: "Bad Request", 401: "Unauthorized", 500: "Internal Server Error"]
    let inner = subcode.isEmpty ? "" : "<SOAP-ENV:Subcode><SOAP-ENV:Value>ter:\(subcode)</SOAP-ENV:Value></SOAP-ENV:Subcode>"
    let body =
      "<SOAP-ENV:Fault><SOAP-ENV:Code><SOAP-ENV:Value>SOAP-ENV:\(code)</SOAP-ENV:Value>\(inner)</SOAP-ENV:Code>"
      + "<SOAP-ENV:Reason><SOAP-ENV:Text xml:lang=\"en\">\(reason)</SOAP-ENV:Text></SOAP-ENV:Reason></SOAP-ENV:Fault>"
    return WebResponse(status, words[status] ?? "Error", Self.type, body: envelope(body))
  }

  func clock(at now: Instant) -> String {
    let text = Array(CameraTime.text(unixSeconds(now)).utf8)
    func number(_ from: Int, _ to: Int) -> Int { Int(String(decoding: text[from..<to], as: UTF8.self)) ?? 0 }
    return "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>Manual</tt:DateTimeType>"
      + "<tt:DaylightSavings>false</tt:DaylightSavings><tt:TimeZone><tt:TZ>CST-8</tt:TZ></tt:TimeZone><tt:UTCDateTime>"
      + "<tt:Time><tt:Hour>\(number(11, 13))</tt:Hour><tt:Minute>\(number(14, 16))</tt:Minute>"
      + "<tt:Second>\(number(17, 19))</tt:Second></tt:Time><tt:Date><tt:Year>\(number(0, 4))</tt:Year>"
      + "<tt:Month>\(number(5, 7))</tt:Month><tt:Day>\(number(8, 10))</tt:Day></tt:Date></tt:UTCDateTime>"
      + "</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
  }

  var capabilities: String {
    "<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Device><tt:XAddr>\(service(address.path))</tt:XAddr></tt:Device>"
      + "<tt:Media><tt:XAddr>\(service("/onvif/media_service"))</tt:XAddr><tt:StreamingCapabilities/></tt:Media>"
      + (moves ? "<tt:PTZ><tt:XAddr>\(service("/onvif/ptz_service"))</tt:XAddr></tt:PTZ>" : "")
      + "</tds:Capabilities></tds:GetCapabilitiesResponse>"
  }

  var services: String {
    func entry(_ service: CameraService, _ path: String) -> String {
      "<tds:Service><tds:Namespace>\(service.rawValue)</tds:Namespace><tds:XAddr>\(self.service(path))</tds:XAddr>"
        + "<tds:Version><tt:Major>2</tt:Major><tt:Minor>0</tt:Minor></tds:Version></tds:Service>"
    }
    return "<tds:GetServicesResponse>" + entry(.device, address.path) + entry(.media, "/onvif/media_service")
      + (moves ? entry(.ptz, "/onvif/ptz_service") : "") + "</tds:GetServicesResponse>"
  }

  func written(_ profile: CameraProfile) -> String {
    let token = SOAPText.escaped(profile.token)
    return "<trt:Profiles token=\"\(token)\" fixed=\"true\"><tt:Name>\(SOAPText.escaped(profile.name))</tt:Name>"
      + "<tt:VideoSourceConfiguration token=\"vs0\"><tt:Name>vs0</tt:Name><tt:UseCount>2</tt:UseCount>"
      + "<tt:SourceToken>src0</tt:SourceToken><tt:Bounds x=\"0\" y=\"0\" width=\"1920\" height=\"1080\"/>"
      + "</tt:VideoSourceConfiguration><tt:VideoEncoderConfiguration token=\"ve-\(token)\"><tt:Name>ve</tt:Name>"
      + "<tt:UseCount>1</tt:UseCount><tt:Encoding>\(SOAPText.escaped(profile.encoding))</tt:Encoding><tt:Resolution>"
      + "<tt:Width>\(profile.width)</tt:Width><tt:Height>\(profile.height)</tt:Height></tt:Resolution><tt:Quality>4</tt:Quality>"
      + "<tt:RateControl><tt:FrameRateLimit>25</tt:FrameRateLimit><tt:EncodingInterval>1</tt:EncodingInterval>"
      + "<tt:BitrateLimit>2048</tt:BitrateLimit></tt:RateControl><tt:Multicast><tt:Address><tt:Type>IPv4</tt:Type>"
      + "<tt:IPv4Address>0.0.0.0</tt:IPv4Address></tt:Address><tt:Port>0</tt:Port><tt:TTL>1</tt:TTL>"
      + "<tt:AutoStart>false</tt:AutoStart></tt:Multicast><tt:SessionTimeout>PT60S</tt:SessionTimeout>"
      + "</tt:VideoEncoderConfiguration>"
      + (moves
        ? "<tt:PTZConfiguration token=\"ptz0\"><tt:Name>ptz0</tt:Name><tt:UseCount>2</tt:UseCount>"
          + "<tt:NodeToken>node0</tt:NodeToken></tt:PTZConfiguration>" : "") + "</trt:Profiles>"
  }

  var discoveryMatch: String {
    "<w:EndpointReference><w:Address>\(id)</w:Address></w:EndpointReference><d:Types>q7:NetworkVideoTransmitter</d:Types>"
      + "<d:Scopes>onvif://www.onvif.org/Profile/Streaming onvif://www.onvif.org/name/\(encoded(name))"
      + " onvif://www.onvif.org/hardware/\(encoded(model)) onvif://www.onvif.org/location/hall</d:Scopes>"
      + "<d:XAddrs>\(SOAPText.escaped(ownAddress.text))</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion>"
  }

  /// As a scope is written: one word.
  private func encoded(_ text: String) -> String {
    text.utf8.map { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x2D
        ? String(decoding: [byte], as: UTF8.self)
        : "%\(hexadecimal([byte]).uppercased())"
    }.joined()
  }
}
