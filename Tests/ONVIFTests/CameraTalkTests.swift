import DeviceKit
import ONVIFCodec
import ONVIFDeviceModel
import ONVIFDriver
import Testing

/// One conversation with one camera in virtual time.
struct TalkRig {
  var talk: CameraTalk
  var camera: ONVIFCameraModel
  var now = Instant(microseconds: 7_000_000)
  var isUnreachable = false
  var outcome: CameraTalk.Outcome?
  var sent: [UInt8] = []
  var opened: [String] = []
  /// Cuts what the camera says into single bytes.
  var isSlow = false
  private var isUp = false

  static let goals: [CameraTalk.Goal] = [
    .describe(profile: nil), .stream(profile: "first"), .goTo(preset: "door", profile: "first"),
  ]

  init(_ goal: CameraTalk.Goal = .describe(profile: nil), password: String? = "Wg@12345", port: Int = 80) {
    let address = ServiceAddress(host: "10.0.0.9", port: port)
    talk = CameraTalk(
      .init(
        address: address, login: password.map { login($0) }, goal: goal, unixSeconds: 1_795_000_000 + 7, seed: 3))
    camera = ONVIFCameraModel(address: address, user: "admin", password: "Wg@12345", sha1: sha1, md5: md5)
  }

  @discardableResult
  mutating func run() -> CameraTalk.Outcome? {
    give(.wake)
    var steps = 0
    while outcome == nil, steps < 10_000 {
      steps += 1
      now = max(now, min(talk.deadline ?? .distantFuture, camera.deadline ?? .distantFuture))
      if let due = camera.deadline, due <= now { tell(.wake) }
      if let due = talk.deadline, due <= now { give(.wake) }
    }
    return outcome
  }

  mutating func give(_ input: CameraTalk.Input) {
    var effects = Effects<CameraTalk.Effect>()
    talk.handle(input, at: now, into: &effects)
    while let effect = effects.takeFirst() {
      switch effect {
      case .open(let host, let port):
        opened.append("\(host):\(port)")
        isUp = !isUnreachable
        guard isUp else { continue }
        tell(.connected)
        give(.linkUp)
      case .write(let bytes):
        sent += bytes
        if isUp { tell(.received(bytes)) }
      case .ended(let found):
        #expect(outcome == nil)
        outcome = found
      }
    }
  }

  private mutating func tell(_ input: ONVIFCameraModel.Input) {
    var effects = Effects<ONVIFCameraModel.Effect>()
    camera.handle(input, at: now, into: &effects)
    var said: [ONVIFCameraModel.Effect] = []
    effects.drain { said.append($0) }
    // What an answer leads to opens another connection: what belongs to this one ends here.
    let connections = opened.count
    for effect in said where opened.count == connections {
      switch effect {
      case .transmit(let bytes):
        if isSlow {
          for byte in bytes where opened.count == connections { give(.received([byte])) }
        } else {
          give(.received(bytes))
        }
      case .hangUp: if isUp { give(.linkDown) }
      case .datagram: Issue.record("a datagram on a connection")
      }
    }
  }
}

@Suite struct CameraTalkTests {
  private static let order = [
    "GetSystemDateAndTime", "GetCapabilities", "GetDeviceInformation", "GetProfiles", "GetStreamUri", "GetStreamUri",
    "GetPresets",
  ]

  private func description(_ outcome: CameraTalk.Outcome?) -> CameraDescription? {
    if case .described(let found)? = outcome { found } else { nil }
  }

  @Test(arguments: [false, true]) func aCameraIsDescribed(isSlow: Bool) throws {
    var rig = TalkRig()
    rig.isSlow = isSlow
    let found = try #require(description(rig.run()))
    #expect(rig.camera.operations == Self.order && rig.camera.wrongLogins == 0)
    #expect(found.identity == CameraIdentity(maker: "Linli", model: "WG-CAM", firmware: "1.0"))
    #expect(found.profiles.map(\.name) == ["main", "sub"] && found.profiles.first?.width == 1920)
    #expect(found.profiles.map(\.stream) == ["rtsp://10.0.0.9:554/ch1/main", "rtsp://10.0.0.9:554/ch1/sub"])
    #expect(found.presets == [CameraPreset(token: "1", name: "door"), CameraPreset(token: "2", name: "yard & gate")])
    // The password itself is never on the line, and the clock was asked without a login.
    let said = String(decoding: rig.sent, as: UTF8.self)
    #expect(!said.contains("Wg@12345") && said.components(separatedBy: "UsernameToken>").count - 1 == 2 * 6)
  }

  @Test func aStreamCostsFourQuestionsAndItsPresets() throws {
    var rig = TalkRig(.stream(profile: "sub"))
    let found = try #require(description(rig.run()))
    #expect(found.profiles.named("sub")?.stream == "rtsp://10.0.0.9:554/ch1/sub" && found.profiles.named("main")?.stream == nil)
    #expect(rig.camera.operations == ["GetSystemDateAndTime", "GetCapabilities", "GetProfiles", "GetStreamUri", "GetPresets"])
    var token = TalkRig(.stream(profile: "p1"))
    #expect(description(token.run())?.profiles.named("p1")?.stream != nil)
  }

  @Test func itTurnsToAPreset() {
    var rig = TalkRig(.goTo(preset: "yard & gate", profile: "first"))
    #expect(rig.run() == .moved(CameraPreset(token: "2", name: "yard & gate")) && rig.camera.position == "2")
    var unknown = TalkRig(.goTo(preset: "roof", profile: "first"))
    #expect(unknown.run() == .failed(.noPreset(["door", "yard & gate"])) && unknown.camera.position == nil)
    var fixed = TalkRig(.goTo(preset: "door", profile: "first"))
    fixed.camera.moves = false
    #expect(fixed.run() == .failed(.doesNotMove))
    var stuck = TalkRig(.goTo(preset: "door", profile: "first"))
    stuck.camera.faults.isStuck = true
    #expect(stuck.run() == .failed(.refused("GotoPreset", "Action: PTZ motor failure")))
  }

  /// A camera whose clock is an hour off takes logins by its own time only.
  @Test(arguments: [3_600, -86_400 * 400, 0]) func itsOwnClockCounts(ahead: Int64) {
    var rig = TalkRig()
    rig.camera.faults.clockAheadSeconds = ahead
    #expect(description(rig.run())?.clockAheadSeconds == ahead && rig.camera.wrongLogins == 0)
  }

  @Test func aClockThatIsKeptBackIsBelievedToBeOurs() {
    var rig = TalkRig()
    rig.camera.faults.keepsClock = true
    #expect(description(rig.run()) != nil)
    // And where it is not, the login fails once and is not tried again.
    var off = TalkRig()
    off.camera.faults.keepsClock = true
    off.camera.faults.clockAheadSeconds = 3_600
    #expect(off.run() == .failed(.wrongPassword) && off.camera.wrongLogins == 1)
  }

  @Test(arguments: TalkRig.goals.indices, [400, 401, 500]) func aWrongPasswordIsTriedOnce(goal: Int, status: Int) {
    var rig = TalkRig(TalkRig.goals[goal], password: "wrong")
    rig.camera.faults.refusalStatus = status
    rig.camera.faults.hasPlainRefusal = status == 500
    #expect(rig.run() == .failed(.wrongPassword) && rig.camera.wrongLogins == 1)
    var none = TalkRig(TalkRig.goals[goal], password: nil)
    none.camera.faults.refusalStatus = status
    #expect(none.run() == .failed(.wrongPassword) && none.camera.wrongLogins == 0)
  }

  @Test func theLoginOfHTTPIsGivenWhereItIsAskedFor() {
    var rig = TalkRig()
    rig.camera.faults.wantsWebLogin = true
    #expect(description(rig.run())?.profiles.count == 2 && rig.camera.wrongLogins == 0)
    // Its clock does not matter then.
    var off = TalkRig()
    off.camera.faults.wantsWebLogin = true
    off.camera.faults.keepsClock = true
    off.camera.faults.clockAheadSeconds = 3_600
    #expect(description(off.run()) != nil)
    var wrong = TalkRig(password: "wrong")
    wrong.camera.faults.wantsWebLogin = true
    #expect(wrong.run() == .failed(.wrongPassword) && wrong.camera.wrongLogins == 1)
    var stale = TalkRig()
    stale.camera.faults.wantsWebLogin = true
    stale.camera.faults.isAlwaysStale = true
    #expect(stale.run() == .failed(.wrongPassword) && stale.camera.operations.count == 4)
  }

  @Test func withoutALoginNoneIsSent() {
    var rig = TalkRig(password: nil)
    rig.camera.user = ""
    #expect(description(rig.run()) != nil)
    #expect(!String(decoding: rig.sent, as: UTF8.self).contains("Security"))
  }

  /// Behind a router it calls itself something that nobody reaches.
  @Test func whatItCallsItselfIsNotWhereItIs() {
    var rig = TalkRig(port: 8080)
    rig.camera.faults.ownName = "192.168.1.64"
    #expect(description(rig.run())?.profiles.first?.stream == "rtsp://10.0.0.9:554/ch1/main")
    #expect(Set(rig.opened) == ["10.0.0.9:8080"])
    for host in ["0.0.0.0", "127.0.0.1", ""] {
      var nowhere = TalkRig()
      nowhere.camera.faults.streamHost = host
      let stream = description(nowhere.run())?.profiles.first?.stream
      #expect(stream == (host.isEmpty ? "rtsp://10.0.0.9/ch1/main" : "rtsp://10.0.0.9:554/ch1/main"))
    }
  }

  @Test func eitherListOfServicesWillDo() {
    var old = TalkRig()
    old.camera.faults.hasNoServices = true
    #expect(description(old.run()) != nil)
    var new = TalkRig()
    new.camera.faults.hasNoCapabilities = true
    #expect(description(new.run()) != nil && new.camera.operations.contains("GetServices"))
    var none = TalkRig()
    none.camera.faults.hasNoCapabilities = true
    none.camera.faults.hasNoServices = true
    #expect(description(none.run())?.profiles.count == 2, "on many cameras one path serves everything")
  }

  @Test func theFormOfAnAnswerDoesNotMatter() {
    for change in [{ $0.isChunked = true }, { $0.hasNoLength = true }] as [(inout ONVIFCameraModel.Faults) -> Void] {
      var rig = TalkRig()
      change(&rig.camera.faults)
      #expect(description(rig.run()) != nil)
    }
  }

  @Test(arguments: TalkRig.goals.indices) func whatIsWrongIsNamed(goal: Int) {
    func outcome(_ change: (inout TalkRig) -> Void) -> CameraTalk.Outcome? {
      var rig = TalkRig(TalkRig.goals[goal])
      change(&rig)
      let outcome = rig.run()
      #expect(rig.now <= Instant(microseconds: 7_000_000) + CameraTalk.wholeLimit, "no conversation takes longer")
      return outcome
    }
    #expect(outcome { $0.isUnreachable = true } == .failed(.unreachable))
    #expect(outcome { $0.camera.faults.isSilent = true } == .failed(.unreachable))
    #expect(outcome { $0.camera.faults.sendsHalf = true } == .failed(.unreachable))
    #expect(outcome { $0.camera.faults.isGarbage = true } == .failed(.notONVIF))
    #expect(outcome { $0.camera.faults.answersAfter = .seconds(6) } == .failed(.unreachable))
    #expect(outcome { $0.camera.profiles = [] } == .failed(.noStream))
    // Slow, and in time.
    #expect(outcome { $0.camera.faults.answersAfter = .seconds(2) }.map { if case .failed = $0 { false } else { true } } == true)
  }

  @Test func aProfileThatThereIsNotIsNamedWithThoseThatThereAre() {
    var rig = TalkRig(.stream(profile: "4K"))
    #expect(rig.run() == .failed(.noProfile(["main", "sub"])))
    var none = TalkRig(.stream(profile: "first"))
    none.camera.profiles = none.camera.profiles.map {
      var profile = $0
      profile.stream = nil
      return profile
    }
    #expect(none.run() == .failed(.refused("GetStreamUri", "NoProfile: Profile token does not exist")))
  }

  @Test func whatIsSaidAtTheWrongMomentChangesNothing() {
    var rig = TalkRig()
    var effects = Effects<CameraTalk.Effect>()
    for input in [CameraTalk.Input.received([1, 2]), .linkUp, .received(Array("HTTP/1.1 200 OK\r\n\r\n".utf8)), .wake] {
      rig.talk.handle(input, at: rig.now, into: &effects)
    }
    let refused = effects.refused
    #expect(!rig.talk.isEnded && refused == 0)
    rig.talk.handle(.linkDown, at: rig.now, into: &effects)
    rig.talk.handle(.linkDown, at: rig.now, into: &effects)
    #expect(rig.talk.isEnded && rig.talk.deadline == nil)
  }

  /// The camera's own half on broken lines: it stays, and answers the next one.
  @Test func theModelWithstandsNoise() {
    var random = SeededRandom(seed: 4)
    var rig = TalkRig()
    for _ in 0..<300 {
      var effects = Effects<ONVIFCameraModel.Effect>()
      rig.camera.handle(.connected, at: rig.now, into: &effects)
      effects.removeAll()
      let noise = (0..<200).map { _ in UInt8(random.below(128)) }
      rig.camera.handle(.received(noise), at: rig.now, into: &effects)
      effects.removeAll()
      rig.camera.handle(.datagram(noise), at: rig.now, into: &effects)
      let isEmpty = effects.isEmpty
      #expect(isEmpty)
    }
    #expect(description(rig.run()) != nil)
  }
}
