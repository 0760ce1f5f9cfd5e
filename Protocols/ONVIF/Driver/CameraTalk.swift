import DeviceKit
import DeviceVocabulary
import ONVIFCodec
import RTSPCodec

/// What is known of a camera after it was asked.
public struct CameraDescription: Sendable, Equatable {
  public var identity = CameraIdentity()
  /// With their streams, as far as those were asked for.
  public var profiles: [CameraProfile] = []
  /// Of the profile that was asked for.
  public var presets: [CameraPreset] = []
  /// How far its clock is ahead of ours, in seconds.
  public var clockAheadSeconds: Int64 = 0

  public init() {}
}

/// Why nothing came of it.
public enum CameraFailure: Sendable, Equatable {
  /// Nobody there, or nothing said in time.
  case unreachable
  /// What answers does not speak ONVIF.
  case notONVIF
  /// Not to be tried again with the same password: cameras lock an account after a few wrong ones.
  case wrongPassword
  /// In the camera's words.
  case refused(CameraRequestName, String)
  /// The profile is none of these.
  case noProfile([String])
  /// The preset is none of these.
  case noPreset([String])
  /// It cannot be moved.
  case doesNotMove
  /// It gives no address of a stream.
  case noStream
}

/// Which request it was, for whoever reads of a refusal: `GetProfiles`.
public typealias CameraRequestName = String

/// One conversation with a camera: its clock first (without a login), then its services, and from there to what is wanted. A connection for
/// each request: every device allows that.
public struct CameraTalk: Machine, Sendable {
  public enum Goal: Sendable, Equatable {
    /// Identity, profiles, presets, and the stream of each profile, or of the one that is named.
    case describe(profile: String?)
    /// The stream of a profile, by its name or "first"; and the presets, as far as it has some.
    case stream(profile: String)
    /// Turns to a preset, by its name or token.
    case goTo(preset: String, profile: String)
  }

  public typealias Input = ConversationInput
  public typealias Effect = ConversationEffect<Outcome>
  public enum Outcome: Sendable, Equatable {
    case described(CameraDescription)
    case moved(CameraPreset)
    case failed(CameraFailure)
  }

  public struct Settings: Sendable {
    public var address: ServiceAddress
    /// `nil`: without one, as far as that goes.
    public var login: CameraLogin?
    public var goal: Goal
    /// Our own clock at the first input, in seconds since 1970.
    public var unixSeconds: Int64
    /// For nonces: another one in each conversation, not to be guessed.
    public var seed: UInt64

    public init(address: ServiceAddress, login: CameraLogin?, goal: Goal, unixSeconds: Int64, seed: UInt64) {
      self.address = address
      self.login = login
      self.goal = goal
      self.unixSeconds = unixSeconds
      self.seed = seed
    }
  }

  public static let connectLimit = Interval.seconds(3)
  public static let answerLimit = Interval.seconds(5)
  public static let wholeLimit = Interval.seconds(20)

  enum Step: Equatable {
    /// Can transition to: opening.
    case begun
    /// Can transition to: asking, ended.
    case opening(CameraRequest)
    /// Can transition to: opening (the next request, or the same with a login), ended.
    case asking(CameraRequest)
    case ended
  }

  let settings: Settings
  private(set) var step = Step.begun
  private var limit = Instant.zero
  private var wholeEnd = Instant.distantFuture
  private var begunAt = Instant.zero
  private var reader = WebReader()
  private var random: SeededRandom
  /// Of HTTP; once the camera has asked for that, its requests carry no other login.
  private var challenge: DigestChallenge?
  private var challengeUses = 0
  private var hasRetriedStale = false
  var media: ServiceAddress?
  var ptz: ServiceAddress?
  /// What the camera calls itself.
  var ownNames: [String] = []
  var found = CameraDescription()
  /// By their places in `found.profiles`: whose streams are still to be asked.
  var streamsLeft: [Int] = []
  /// A fault of one of many streams is not the end.
  var lastFault: CameraFailure?

  public init(_ settings: Settings) {
    self.settings = settings
    random = SeededRandom(seed: settings.seed)
  }

  public var isEnded: Bool { step == .ended }
  public var deadline: Instant? { step == .ended ? nil : step == .begun ? .zero : min(limit, wholeEnd) }

  public mutating func handle(_ input: Input, at now: Instant, into effects: inout Effects<Effect>) {
    switch (step, input) {
    case (.ended, _): return
    case (.begun, _):
      begunAt = now
      wholeEnd = now + Self.wholeLimit
      ask(.systemDateAndTime, now, &effects)
    case (.opening(let request), .linkUp):
      step = .asking(request)
      limit = now + Self.answerLimit
      effects.append(.write(message(request, now).bytes))
    case (.opening, .linkDown): end(.failed(.unreachable), &effects)
    // Said before the line was up: of another one.
    case (.opening, _): break
    case (.asking(let request), .received(let bytes)):
      // One answer to one request: what comes behind it is nobody's.
      if let piece = reader.push(bytes).first { take(piece, request, now, &effects) }
    case (.asking(let request), .linkDown):
      if let piece = reader.ended() { take(piece, request, now, &effects) } else { end(.failed(.unreachable), &effects) }
    case (.asking, .linkUp), (.asking, .wake): break
    }
    if step != .ended, min(limit, wholeEnd) <= now { end(.failed(.unreachable), &effects) }
  }

  mutating func ask(_ request: CameraRequest, _ now: Instant, _ effects: inout Effects<Effect>) {
    step = .opening(request)
    limit = now + Self.connectLimit
    reader.startOver()
    let address = address(for: request)
    effects.append(.open(host: address.host, port: address.port))
  }

  private func address(for request: CameraRequest) -> ServiceAddress {
    switch request.service {
    case .device: settings.address
    case .media: media ?? settings.address
    case .ptz: ptz ?? settings.address
    }
  }

  private mutating func message(_ request: CameraRequest, _ now: Instant) -> WebRequest {
    let address = address(for: request)
    guard let login = settings.login else { return request.message(to: address, token: nil, login: nil) }
    if let challenge {
      challengeUses += 1
      let answer = challenge.answer(
        method: "POST", uri: address.path, user: login.user, password: login.password, count: challengeUses,
        ownNonce: hexadecimal(nonce(8)), md5: login.md5)
      return request.message(to: address, token: nil, login: WebHeader("Authorization", answer))
    }
    if request == .systemDateAndTime { return request.message(to: address, token: nil, login: nil) }
    let passed = (now - begunAt).microseconds / 1_000_000
    let clock = settings.unixSeconds &+ found.clockAheadSeconds &+ passed
    let token = UsernameToken(login, nonce: nonce(16), created: CameraTime.text(clock))
    return request.message(to: address, token: token, login: nil)
  }

  private mutating func nonce(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next() >> 24) }
  }

  private mutating func take(_ piece: WebPiece, _ request: CameraRequest, _ now: Instant, _ effects: inout Effects<Effect>) {
    guard case .response(let response) = piece else { return end(.failed(.notONVIF), &effects) }
    switch CameraReply(response) {
    case .noSOAP: end(.failed(.notONVIF), &effects)
    case .unauthorized(let asked): login(asked, request, now, &effects)
    case .fault(let fault): refused(fault, request, now, &effects)
    case .answer(let answer):
      guard answer.name == request.operation + "Response" else { return end(.failed(.notONVIF), &effects) }
      answered(request, answer, now, &effects)
    }
  }

  /// Each of the two ways is tried once, and that of HTTP once more where the camera says that its own number was too old.
  private mutating func login(
    _ asked: DigestChallenge?, _ request: CameraRequest, _ now: Instant, _ effects: inout Effects<Effect>
  ) {
    guard settings.login != nil, let asked else { return unauthorized(request, now, &effects) }
    if challenge != nil {
      guard asked.isStale, !hasRetriedStale else { return unauthorized(request, now, &effects) }
      hasRetriedStale = true
    }
    challenge = asked
    challengeUses = 0
    ask(request, now, &effects)
  }

  /// Its clock is asked before any login; a camera that keeps even that to itself is believed to have ours.
  private mutating func unauthorized(_ request: CameraRequest, _ now: Instant, _ effects: inout Effects<Effect>) {
    guard request == .systemDateAndTime, challenge == nil else { return end(.failed(.wrongPassword), &effects) }
    ask(.capabilities, now, &effects)
  }

  mutating func end(_ outcome: Outcome, _ effects: inout Effects<Effect>) {
    step = .ended
    effects.append(.ended(outcome))
  }

  func unixSeconds(at now: Instant) -> Int64 { settings.unixSeconds &+ (now - begunAt).microseconds / 1_000_000 }
}
