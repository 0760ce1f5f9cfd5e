import DeviceKit
import DeviceVocabulary
import RTSPCodec

/// What a check of a source comes to.
public enum StreamVerdict: Sendable, Equatable {
  /// It describes a stream with video; where that was asked for, a packet of the video came.
  case live
  /// It describes it, and sends none of it: nothing at all, or its reports alone.
  case noPackets
  /// It answers, and there is no picture to be had.
  case refused(status: Int, String)
  case noVideo
  /// Not asked again with the same password: cameras lock an account after a few wrong ones.
  case wrongPassword
  /// Nobody there, or nothing said in time.
  case unreachable
  /// What answers does not speak RTSP.
  case notRTSP
}

/// One check of one source, from the connection to the verdict: OPTIONS, DESCRIBE, once more with the login if it is asked for, then
/// SETUP and PLAY until the first packet of the video, TEARDOWN.
public struct HealthCheck: Machine, Sendable {
  public typealias Input = ConversationInput
  public typealias Effect = ConversationEffect<StreamVerdict>

  public struct Settings: Sendable {
    public var address: RTSPAddress
    /// Also fetch a packet. Costs the camera one of its streams for a moment.
    public var plays: Bool
    public var md5: @Sendable ([UInt8]) -> [UInt8]

    public init(address: RTSPAddress, plays: Bool = true, md5: @escaping @Sendable ([UInt8]) -> [UInt8]) {
      self.address = address
      self.plays = plays
      self.md5 = md5
    }
  }

  public static let connectLimit = Interval.seconds(3)
  public static let answerLimit = Interval.seconds(4)
  public static let packetLimit = Interval.seconds(3)
  public static let wholeLimit = Interval.seconds(8)
  static let userAgent = "linli"

  enum Step: Equatable {
    /// Can transition to: opening.
    case begun
    /// Can transition to: options, ended.
    case opening
    /// Can transition to: describe, ended.
    case options
    /// Can transition to: itself with the login, setUp, ended.
    case describe
    /// Can transition to: play, ended.
    case setUp(base: String)
    /// Can transition to: packets, ended.
    case play(Stream)
    /// Can transition to: ended.
    case packets(Stream)
    case ended
  }

  /// What SETUP came to.
  struct Stream: Equatable {
    var base: String
    var session: String
    /// The channel of the pictures; the next one carries the camera's reports (RTCP), which come without any picture too.
    var channel: UInt8
  }

  /// The channels that are asked for (RFC 2326, 10.12); a camera may choose others.
  static let channel: UInt8 = 0
  /// The fixed head of an RTP packet (RFC 3550, 5.1), in bytes.
  static let packetHead = 12

  private let settings: Settings
  private var step = Step.begun
  private var limit = Instant.zero
  private var wholeEnd = Instant.distantFuture
  private var reader = RTSPReader()
  private var sequence = 0
  private var challenge: RTSPChallenge?
  private var challengeUses = 0
  /// Logins that were sent: one, and another one where the camera says that its own number was too old.
  private var logins = 0
  private var isDescribed = false

  public init(_ settings: Settings) { self.settings = settings }

  public var isEnded: Bool { step == .ended }
  public var deadline: Instant? { step == .ended ? nil : min(limit, wholeEnd) }

  public mutating func handle(_ input: Input, at now: Instant, into effects: inout Effects<Effect>) {
    switch (step, input) {
    case (.ended, _): return
    case (.begun, _):
      step = .opening
      limit = now + Self.connectLimit
      wholeEnd = now + Self.wholeLimit
      effects.append(.open(host: settings.address.host, port: settings.address.port))
    case (.opening, .linkUp):
      step = .options
      send("OPTIONS", settings.address.request, [], now, &effects)
    case (.opening, .linkDown): end(.unreachable, &effects)
    // Said before the line was up: of another one.
    case (.opening, _): break
    case (_, .received(let bytes)):
      for piece in reader.push(bytes) where step != .ended { take(piece, now, &effects) }
    case (_, .linkDown): end(isDescribed ? .noPackets : .unreachable, &effects)
    case (_, .linkUp), (_, .wake): break
    }
    if step != .ended, min(limit, wholeEnd) <= now { end(isDescribed ? .noPackets : .unreachable, &effects) }
  }

  private mutating func take(_ piece: RTSPPiece, _ now: Instant, _ effects: inout Effects<Effect>) {
    switch piece {
    case .garbage: end(isDescribed ? .noPackets : .notRTSP, &effects)
    // A camera may ask whether we are still there: the check is short.
    case .request: break
    case .packet(let channel, let length):
      switch step {
      // Some send the first picture before they have answered PLAY.
      case .play(let stream), .packets(let stream): arrived(channel, length, of: stream, &effects)
      default: break
      }
    case .response(let response):
      // An answer to an older question, or to none.
      guard response["CSeq"].flatMap({ Int($0.filter { $0 != " " }) }) == sequence else { return }
      answered(response, now, &effects)
    }
  }

  private mutating func answered(_ response: RTSPResponse, _ now: Instant, _ effects: inout Effects<Effect>) {
    if response.status == 401 { return login(response, now, &effects) }
    switch step {
    case .options:
      // Some refuse OPTIONS and are fine.
      step = .describe
      describe(now, &effects)
    case .describe:
      guard response.status == 200 else {
        return end(.refused(status: response.status, String(response.reason.prefix(40))), &effects)
      }
      let description = StreamDescription(response.body)
      guard description.hasVideo else { return end(.noVideo, &effects) }
      guard settings.plays else { return end(.live, &effects) }
      isDescribed = true
      let base = response["Content-Base"] ?? settings.address.request
      step = .setUp(base: base)
      send(
        "SETUP", description.setup(base: base),
        [RTSPHeader("Transport", "RTP/AVP/TCP;unicast;interleaved=\(Self.channel)-\(Self.channel + 1)")], now, &effects)
    case .setUp(let base):
      guard response.status == 200, let session = response["Session"]?.prefix(while: { $0 != ";" }), !session.isEmpty else {
        return end(.noPackets, &effects)
      }
      let channel = response["Transport"].flatMap { InterleavedChannels($0)?.pictures } ?? Self.channel
      step = .play(Stream(base: base, session: String(session), channel: channel))
      send("PLAY", base, [RTSPHeader("Session", String(session)), RTSPHeader("Range", "npt=0.000-")], now, &effects)
    case .play(let stream):
      guard response.status == 200 else { return end(.noPackets, &effects) }
      step = .packets(stream)
      limit = now + Self.packetLimit
    case .begun, .opening, .packets, .ended: break
    }
  }

  /// A login is sent once, and once more where the camera says that its number was too old (`stale=true`).
  private mutating func login(_ response: RTSPResponse, _ now: Instant, _ effects: inout Effects<Effect>) {
    let before = challenge
    guard let asked = RTSPChallenge(response.headers) else { return end(.refused(status: 401, "login"), &effects) }
    guard !settings.address.user.isEmpty, before == nil || asked.isStale && logins < 2 else {
      return end(.wrongPassword, &effects)
    }
    challenge = asked
    challengeUses = 0
    logins += 1
    switch step {
    case .options, .describe:
      step = .describe
      describe(now, &effects)
    default: end(.noPackets, &effects)
    }
  }

  private mutating func describe(_ now: Instant, _ effects: inout Effects<Effect>) {
    send("DESCRIBE", settings.address.request, [RTSPHeader("Accept", "application/sdp")], now, &effects)
  }

  private mutating func send(
    _ method: String, _ uri: String, _ headers: [RTSPHeader], _ now: Instant, _ effects: inout Effects<Effect>
  ) {
    limit = now + Self.answerLimit
    effects.append(.write(request(method, uri, headers).bytes))
  }

  private mutating func request(_ method: String, _ uri: String, _ headers: [RTSPHeader]) -> RTSPRequest {
    sequence += 1
    var all = [RTSPHeader("CSeq", "\(sequence)"), RTSPHeader("User-Agent", Self.userAgent)]
    if let challenge {
      challengeUses += 1
      // Another one each time. A check has no random numbers; who could foresee this one has the camera's own nonce, and gains nothing.
      let ownNonce = hexadecimal(Array(settings.md5(Array("\(challenge) \(sequence)".utf8)).prefix(8)))
      all.append(
        challenge.answer(
          method: method, uri: uri, user: settings.address.user, password: settings.address.password, count: challengeUses,
          ownNonce: ownNonce, md5: settings.md5))
    }
    return RTSPRequest(method, uri, all + headers)
  }

  /// Live is what sends pictures: a sender's report alone is none.
  private mutating func arrived(_ channel: UInt8, _ length: Int, of stream: Stream, _ effects: inout Effects<Effect>) {
    guard channel == stream.channel, length > Self.packetHead else { return }
    effects.append(.write(request("TEARDOWN", stream.base, [RTSPHeader("Session", stream.session)]).bytes))
    end(.live, &effects)
  }

  private mutating func end(_ verdict: StreamVerdict, _ effects: inout Effects<Effect>) {
    step = .ended
    effects.append(.ended(verdict))
  }
}
