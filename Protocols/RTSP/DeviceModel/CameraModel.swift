import DeviceKit
import RTSPCodec

/// A camera's RTSP server, one connection at a time, as a client sees it.
public struct CameraModel: Machine, Sendable {
  public enum Input: Sendable, Equatable {
    case connected
    case disconnected
    case received([UInt8])
    case wake
  }
  public enum Effect: Sendable, Equatable {
    case transmit([UInt8])
    case hangUp
  }
  /// What is wrong with it.
  public struct Faults: Sendable, Equatable {
    public var isSilent = false
    /// Plays and sends nothing.
    public var sendsNothing = false
    /// Plays and sends its reports alone (RTCP), no picture.
    public var sendsReportsOnly = false
    /// The channel that it chooses for its pictures, whatever it is asked for; reports come on the next one.
    public var channel: UInt8 = 0
    public var hasNoVideo = false
    /// Its limit of streams is reached.
    public var isBusy = false
    public var isGarbage = false
    /// Says with each new login that its number was too old.
    public var isAlwaysStale = false
    /// Takes no login but one that is counted (`qop=auth`).
    public var wantsCounted = false
    /// Closes after each answer.
    public var hangsUp = false
    public var answersAfter = Interval.zero

    public init() {}
  }

  public var path: String
  public var user: String
  public var password: String
  public var realm = "WG-CAM"
  public var faults = Faults()
  /// Where it was set up and what was asked for, for tests.
  public private(set) var methods: [String] = []
  public private(set) var wrongLogins = 0
  public private(set) var sessions = 0
  private let md5: @Sendable ([UInt8]) -> [UInt8]
  private var reader = RTSPReader()
  private var nonce = ""
  private var nonces: UInt64 = 0
  private var isPlaying = false
  private var nextPacket = Instant.zero
  private var pending: [(due: Instant, bytes: [UInt8])] = []

  static let packetInterval = Interval.milliseconds(40)

  public init(
    path: String = "/ch1/main", user: String = "", password: String = "", md5: @escaping @Sendable ([UInt8]) -> [UInt8]
  ) {
    self.path = path
    self.user = user
    self.password = password
    self.md5 = md5
  }

  public var deadline: Instant? {
    [pending.first?.due, isPlaying && !faults.sendsNothing ? nextPacket : nil].compactMap { $0 }.min()
  }

  public mutating func handle(_ input: Input, at now: Instant, into effects: inout Effects<Effect>) {
    switch input {
    case .connected:
      reader.startOver()
      pending.removeAll()
      isPlaying = false
    case .disconnected: isPlaying = false
    case .received(let bytes):
      for piece in reader.push(bytes) { if case .request(let request) = piece { answer(request, now) } }
    case .wake: break
    }
    while let first = pending.first, first.due <= now, effects.room > 2 {
      pending.removeFirst()
      effects.append(.transmit(first.bytes))
      if faults.hangsUp { effects.append(.hangUp) }
    }
    if isPlaying, !faults.sendsNothing, nextPacket <= now, effects.room >= 2 {
      nextPacket = now + Self.packetInterval
      effects.append(.transmit(report))
      if !faults.sendsReportsOnly { effects.append(.transmit(picture)) }
    }
  }

  /// A sender's report (RFC 3550, 6.4.1), as it comes before the first picture too.
  private var report: [UInt8] { [0x24, faults.channel &+ 1, 0, 28, 0x80, 200, 0, 6] + [UInt8](repeating: 0, count: 24) }
  /// A packet of H.264: its head, and a slice.
  private var picture: [UInt8] { [0x24, faults.channel, 0, 16, 0x80, 96] + [UInt8](repeating: 0, count: 10) + [0x65, 1, 2, 3] }

  private mutating func say(
    _ status: Int, _ reason: String, _ request: RTSPRequest, _ headers: [RTSPHeader], _ now: Instant, body: String = ""
  ) {
    guard !faults.isSilent else { return }
    let response = RTSPResponse(
      status, reason, [RTSPHeader("CSeq", request["CSeq"] ?? "0")] + headers, body: Array(body.utf8))
    pending.append((now + faults.answersAfter, faults.isGarbage ? Array("HTTP/1.0 400 Bad\r\nx\r\n\r\n".utf8) : response.bytes))
  }

  private mutating func answer(_ request: RTSPRequest, _ now: Instant) {
    methods.append(request.method)
    if methods.count > 100 { methods.removeFirst(50) }
    guard request.method != "OPTIONS" else {
      return say(200, "OK", request, [RTSPHeader("Public", "OPTIONS, DESCRIBE, PLAY, SETUP, TEARDOWN")], now)
    }
    guard isAllowed(request) else {
      nonces += 1
      nonce = "76bf0c639f81d2c7\(nonces)"
      var value = "Digest realm=\"\(realm)\", nonce=\"\(nonce)\""
      if faults.isAlwaysStale { value += ", stale=true" }
      if faults.wantsCounted { value += ", qop=\"auth\"" }
      return say(401, "Unauthorized", request, [RTSPHeader("WWW-Authenticate", value)], now)
    }
    let base = "rtsp://camera\(path)/"
    switch request.method {
    case "DESCRIBE":
      guard request.uri.hasSuffix(path) else { return say(404, "Not Found", request, [], now) }
      guard !faults.isBusy else { return say(503, "Service Unavailable", request, [], now) }
      let media = faults.hasNoVideo ? "m=audio 0 RTP/AVP 0\r\n" : "m=video 0 RTP/AVP 96\r\na=control:stream=0\r\n"
      say(
        200, "OK", request, [RTSPHeader("Content-Type", "application/sdp"), RTSPHeader("Content-Base", base)], now,
        body: "v=0\r\ns=Session\r\n\(media)")
    case "SETUP":
      guard request.uri == base + "stream=0" else { return say(404, "Not Found", request, [], now) }
      sessions += 1
      let transport = RTSPHeader(
        "Transport", "RTP/AVP/TCP;unicast;interleaved=\(faults.channel)-\(faults.channel &+ 1);ssrc=7B820832;mode=\"PLAY\"")
      say(200, "OK", request, [transport, RTSPHeader("Session", "XE3pugm3D6Nv.vPC;timeout=60")], now)
    case "PLAY":
      guard request["Session"] == "XE3pugm3D6Nv.vPC" else { return say(454, "Session Not Found", request, [], now) }
      isPlaying = true
      nextPacket = now + faults.answersAfter + Self.packetInterval
      say(200, "OK", request, [RTSPHeader("Session", "XE3pugm3D6Nv.vPC")], now)
    case "TEARDOWN":
      isPlaying = false
      say(200, "OK", request, [], now)
    default: say(501, "Not Implemented", request, [], now)
    }
  }

  private mutating func isAllowed(_ request: RTSPRequest) -> Bool {
    guard !user.isEmpty else { return true }
    guard let given = request["Authorization"], !nonce.isEmpty else { return false }
    let fields = DigestChallenge.fields(of: given, scheme: "digest") ?? []
    func field(_ name: String) -> String? { fields.last { $0.name == name }?.value }
    let challenge = DigestChallenge(realm: realm, nonce: nonce, hasQuality: faults.wantsCounted)
    let isRight =
      field("username") == user && field("realm") == realm && field("nonce") == nonce && field("uri") == request.uri
      && field("qop") == (faults.wantsCounted ? "auth" : nil)
      && field("response")
        == challenge.response(
          method: request.method, uri: request.uri, user: user, password: password, counted: field("nc") ?? "",
          ownNonce: field("cnonce") ?? "", md5: md5)
    if !isRight { wrongLogins += 1 }
    return isRight && !faults.isAlwaysStale
  }
}
