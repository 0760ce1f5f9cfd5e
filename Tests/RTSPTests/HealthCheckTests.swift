import DeviceKit
import RTSPCodec
import RTSPDeviceModel
import RTSPDriver
import Testing

/// One check against one camera in virtual time.
private struct CheckRig {
  var check: HealthCheck
  var camera: CameraModel
  var now = Instant(microseconds: 5)
  var isUnreachable = false
  var verdict: StreamVerdict?
  var sent: [UInt8] = []
  /// Cuts what the camera says into single bytes.
  var isSlow = false
  private var isUp = false

  init(_ address: String, plays: Bool = true, user: String = "admin", password: String = "Wg@12345") throws {
    let address = try #require(RTSPAddress(address))
    check = HealthCheck(.init(address: address, plays: plays, md5: md5))
    camera = CameraModel(user: user, password: password, md5: md5)
  }

  mutating func run() -> StreamVerdict? {
    give(.wake)
    var steps = 0
    while verdict == nil, steps < 10_000 {
      steps += 1
      now = max(now, min(check.deadline ?? .distantFuture, camera.deadline ?? .distantFuture))
      if let due = camera.deadline, due <= now { tell(.wake) }
      if let due = check.deadline, due <= now { give(.wake) }
    }
    return verdict
  }

  mutating func give(_ input: HealthCheck.Input) {
    var effects = Effects<HealthCheck.Effect>()
    check.handle(input, at: now, into: &effects)
    while let effect = effects.takeFirst() {
      switch effect {
      case .open:
        isUp = !isUnreachable
        guard isUp else { continue }
        tell(.connected)
        give(.linkUp)
      case .write(let bytes):
        sent += bytes
        if isUp { tell(.received(bytes)) }
      case .ended(let found):
        #expect(verdict == nil)
        verdict = found
      }
    }
  }

  private mutating func tell(_ input: CameraModel.Input) {
    var effects = Effects<CameraModel.Effect>()
    camera.handle(input, at: now, into: &effects)
    var said: [CameraModel.Effect] = []
    effects.drain { said.append($0) }
    let wasUp = isUp
    if said.contains(.hangUp) { isUp = false }
    for effect in said where wasUp {
      switch effect {
      case .transmit(let bytes):
        if isSlow { for byte in bytes { give(.received([byte])) } } else { give(.received(bytes)) }
      case .hangUp: give(.linkDown)
      }
    }
  }
}

@Suite struct HealthCheckTests {
  private let address = "rtsp://admin:Wg%4012345@camera/ch1/main"

  @Test(arguments: [false, true]) func aCameraThatDeliversIsLive(isSlow: Bool) throws {
    var rig = try CheckRig(address)
    rig.isSlow = isSlow
    #expect(rig.run() == .live)
    #expect(rig.camera.methods == ["OPTIONS", "DESCRIBE", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"])
    #expect(rig.camera.wrongLogins == 0 && rig.camera.sessions == 1)
    // The password itself is never on the line.
    let said = String(decoding: rig.sent, as: UTF8.self)
    #expect(!said.contains("Wg@12345") && !said.contains("Wg%4012345"))
  }

  @Test func reportsAloneAreNoPicture() throws {
    var rig = try CheckRig(address)
    rig.camera.faults.sendsReportsOnly = true
    #expect(rig.run() == .noPackets)
    #expect(rig.now <= Instant(microseconds: 5) + HealthCheck.packetLimit + .seconds(1))
  }

  /// Where it asks for 0 and 1, the camera may take others: then 1 may be the channel of its pictures, or none at all.
  @Test(arguments: [UInt8(0), 1, 2, 6]) func theChannelIsTheCamerasChoice(channel: UInt8) throws {
    var rig = try CheckRig(address)
    rig.camera.faults.channel = channel
    #expect(rig.run() == .live)
    var mute = try CheckRig(address)
    mute.camera.faults.channel = channel
    mute.camera.faults.sendsReportsOnly = true
    #expect(mute.run() == .noPackets)
  }

  @Test func withoutALoginNoneIsSent() throws {
    var rig = try CheckRig("rtsp://camera/ch1/main", user: "", password: "")
    #expect(rig.run() == .live && rig.camera.methods.filter { $0 == "DESCRIBE" }.count == 1)
    #expect(!String(decoding: rig.sent, as: UTF8.self).contains("Authorization"))
  }

  @Test func aDescriptionAloneCostsNoStream() throws {
    var rig = try CheckRig(address, plays: false)
    #expect(rig.run() == .live && rig.camera.sessions == 0)
  }

  @Test func aWrongPasswordIsTriedOnce() throws {
    var rig = try CheckRig("rtsp://admin:bad@camera/ch1/main")
    #expect(rig.run() == .wrongPassword && rig.camera.wrongLogins == 1)
    var none = try CheckRig("rtsp://camera/ch1/main")
    #expect(none.run() == .wrongPassword && none.camera.wrongLogins == 0)
  }

  @Test func aCameraThatCountsLoginsIsLoggedInTo() throws {
    var rig = try CheckRig(address)
    rig.camera.faults.wantsCounted = true
    #expect(rig.run() == .live && rig.camera.wrongLogins == 0)
    var wrong = try CheckRig("rtsp://admin:bad@camera/ch1/main")
    wrong.camera.faults.wantsCounted = true
    #expect(wrong.run() == .wrongPassword && wrong.camera.wrongLogins == 1)
  }

  @Test func anOldNumberIsTriedOnceMore() throws {
    var rig = try CheckRig(address)
    rig.camera.faults.isAlwaysStale = true
    #expect(rig.run() == .wrongPassword && rig.camera.methods.filter { $0 == "DESCRIBE" }.count == 3)
  }

  @Test func whatIsWrongIsNamed() throws {
    func verdict(_ address: String? = nil, _ change: (inout CheckRig) -> Void) throws -> StreamVerdict? {
      var rig = try CheckRig(address ?? self.address)
      change(&rig)
      let verdict = rig.run()
      // No check takes longer.
      #expect(rig.now <= Instant(microseconds: 5) + HealthCheck.wholeLimit)
      return verdict
    }
    #expect(try verdict { $0.isUnreachable = true } == .unreachable)
    #expect(try verdict { $0.camera.faults.isSilent = true } == .unreachable)
    #expect(try verdict { $0.camera.faults.sendsNothing = true } == .noPackets)
    #expect(try verdict { $0.camera.faults.hasNoVideo = true } == .noVideo)
    #expect(try verdict { $0.camera.faults.isBusy = true } == .refused(status: 503, "Service Unavailable"))
    #expect(try verdict { $0.camera.faults.isGarbage = true } == .notRTSP)
    #expect(try verdict { $0.camera.faults.hangsUp = true } == .unreachable)
    #expect(try verdict { $0.camera.faults.answersAfter = .seconds(4) } == .unreachable)
    #expect(try verdict { $0.camera.faults.answersAfter = .milliseconds(900) } == .live)
    #expect(try verdict("rtsp://admin:Wg%4012345@camera/ch9") { _ in } == .refused(status: 404, "Not Found"))
  }

  @Test(arguments: Array(UInt64(1)...100)) func noiseEndsInAVerdict(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var rig = try CheckRig(address)
    rig.isUnreachable = true
    rig.give(.wake)
    rig.give(.linkUp)
    for _ in 0..<50 where rig.verdict == nil {
      switch random.below(4) {
      case 0: rig.give(.received((0..<random.below(80)).map { _ in UInt8(random.below(256)) }))
      case 1:
        let status = [200, 401, 404, 302, 100][Int(random.below(5))]
        let headers = [
          RTSPHeader("CSeq", "\(random.below(8))"),
          RTSPHeader("WWW-Authenticate", "Digest realm=\"r\", nonce=\"\(random.below(9))\""),
          RTSPHeader("Session", ["", "1", ";"][Int(random.below(3))]),
        ]
        rig.give(.received(RTSPResponse(status, "X", headers, body: Array("m=video 0\n".utf8)).bytes))
      case 2: rig.give(.received([0x24, 0, 0, UInt8(random.below(3))]))
      default: rig.now += .milliseconds(Int(random.below(900)))
      }
      rig.give(.wake)
    }
    rig.now += HealthCheck.wholeLimit
    rig.give(.wake)
    #expect(rig.verdict != nil && rig.check.isEnded && rig.check.deadline == nil)
  }
}
