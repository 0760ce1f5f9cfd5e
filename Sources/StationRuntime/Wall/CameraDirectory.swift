import DeviceKit
import Foundation
import ONVIFCodec
import ONVIFDriver
import RTSPCodec
import Synchronization
import Transports

/// What the wall's ONVIF cameras have said: where their streams are, which presets they have. Asked by whoever checks the sources; a camera that
/// has to turn is spoken with on a thread of its own, so that nobody waits for it.
public final class CameraDirectory: Sendable {
  /// How a camera stands, for whoever lists them. Without passwords.
  public struct Standing: Sendable, Equatable {
    public var source: String
    public var address: String
    public var profile: String
    /// Without a login; `nil`: not known yet.
    public var stream: String?
    public var model: String
    public var presets: [String]
    /// Why it was last asked in vain; `nil`: it was not.
    public var failure: String?
    /// The last time that it was asked to turn.
    public var turn: Turn?
  }
  public struct Turn: Sendable, Equatable {
    /// From 1, of this camera, in this run of the program.
    public var number: Int
    public var preset: String
    public var isUnderWay: Bool
    /// In words; `nil`: it did, or is under way.
    public var failure: String?
  }

  /// What a check of a source begins with.
  public enum Found: Sendable, Equatable {
    case stream(RTSPAddress)
    case failed(CameraFailure)
  }

  private struct Camera {
    let plan: CameraPlan
    var description: CameraDescription?
    var stream: String?
    /// It was dead at its address: it may have another one now.
    var isDoubtful = false
    var failure: CameraFailure?
    /// Another try with this password could lock the account.
    var isLocked = false
    var turn: Turn?
    /// Asked for while it turned: the last wish counts.
    var next: String?
  }

  private let cameras: Mutex<[String: Camera]>
  private let listener = Mutex<(@Sendable (_ source: String, _ address: String) -> Void)?>(nil)
  private let teller = Mutex<(@Sendable (_ source: String, _ preset: String, _ failure: String?) -> Void)?>(nil)
  private let call: @Sendable (CameraPlan, CameraTalk.Goal) -> CameraTalk.Outcome
  private let stop = StopFlag()

  /// - Parameter call: one conversation, on the calling thread.
  public init(
    _ plans: [String: CameraPlan], call: (@Sendable (CameraPlan, CameraTalk.Goal) -> CameraTalk.Outcome)? = nil
  ) {
    cameras = Mutex(plans.mapValues { Camera(plan: $0) })
    let stop = stop
    self.call = call ?? { plan, goal in CameraCall.run(plan, goal) { stop.isRaised } }
  }

  public var sources: [String] { cameras.withLock { $0.keys.sorted() } }

  /// - Parameters:
  ///   - address: called when a stream's address is known, or another one, with the login in it.
  ///   - turned: called when a camera has turned, or has not.
  public func start(
    address: @escaping @Sendable (_ source: String, _ address: String) -> Void,
    turned: @escaping @Sendable (_ source: String, _ preset: String, _ failure: String?) -> Void
  ) {
    listener.withLock { $0 = address }
    teller.withLock { $0 = turned }
  }

  public func shutDown() { stop.raise() }

  public var standings: [Standing] {
    cameras.withLock { cameras in
      cameras.sorted { $0.key < $1.key }.map { source, camera in
        let identity = camera.description?.identity ?? CameraIdentity()
        return Standing(
          source: source, address: camera.plan.address.text, profile: camera.plan.profile,
          stream: camera.description?.profiles.named(camera.plan.profile)?.stream,
          model: [identity.maker, identity.model].filter { !$0.isEmpty }.joined(separator: " "),
          presets: (camera.description?.presets ?? []).map(\.name), failure: camera.failure?.text, turn: camera.turn)
      }
    }
  }

  // MARK: - Streams

  /// Where its stream is: as it was last told, or by asking the camera now, which takes its time. `nil`: no camera of ONVIF.
  func stream(of source: String) -> Found? {
    guard let camera = cameras.withLock({ $0[source] }) else { return nil }
    if camera.isLocked { return .failed(.wrongPassword) }
    if !camera.isDoubtful, let known = camera.stream.flatMap({ RTSPAddress($0) }) { return .stream(known) }
    // The first time it is also asked what it is, for whoever lists the sources.
    let goal: CameraTalk.Goal =
      camera.description == nil ? .describe(profile: camera.plan.profile) : .stream(profile: camera.plan.profile)
    switch call(camera.plan, goal) {
    case .described(let found): return keep(found, of: source, camera.plan)
    case .failed(let failure): return fail(source, failure)
    case .moved: return fail(source, .notONVIF)
    }
  }

  private func keep(_ found: CameraDescription, of source: String, _ plan: CameraPlan) -> Found {
    guard let plain = found.profiles.named(plan.profile)?.stream,
      let address = RTSPAddress(StreamAddress.with(user: plan.user, password: plan.password, plain))
    else { return fail(source, .noStream) }
    let text = StreamAddress.with(user: plan.user, password: plan.password, plain)
    let isNew = cameras.withLock { cameras in
      var description = found
      // The short conversation does not ask who it is.
      if description.identity == CameraIdentity() {
        description.identity = cameras[source]?.description?.identity ?? CameraIdentity()
      }
      let isNew = cameras[source]?.stream != text
      cameras[source]?.description = description
      cameras[source]?.stream = text
      cameras[source]?.isDoubtful = false
      cameras[source]?.failure = nil
      return isNew
    }
    if isNew { listener.withLock { $0 }?(source, text) }
    return .stream(address)
  }

  private func fail(_ source: String, _ failure: CameraFailure) -> Found {
    cameras.withLock { cameras in
      cameras[source]?.failure = failure
      if failure == .wrongPassword { cameras[source]?.isLocked = true }
    }
    return .failed(failure)
  }

  /// The stream does not deliver: before the next check the camera is asked again where it is.
  func doubt(_ source: String) { cameras.withLock { $0[source]?.isDoubtful = true } }

  /// Somebody says that it was seen to.
  public func retest(_ source: String) {
    cameras.withLock { cameras in
      cameras[source]?.isLocked = false
      cameras[source]?.isDoubtful = true
    }
  }

  // MARK: - Turning

  /// Never waits. While a camera turns, the last of what is asked for counts.
  public func turn(_ source: String, _ preset: String) {
    let starts = cameras.withLock { cameras -> Bool in
      guard let camera = cameras[source] else { return false }
      let number = (camera.turn?.number ?? 0) + 1
      let isBusy = camera.turn?.isUnderWay == true
      cameras[source]?.turn = Turn(number: number, preset: preset, isUnderWay: true)
      if isBusy { cameras[source]?.next = preset }
      return !isBusy
    }
    if starts { _ = startThread("turn-\(source)") { [self] in runTurns(source, preset) } }
  }

  private func runTurns(_ source: String, _ first: String) {
    var preset: String? = first
    while let wanted = preset, !stop.isRaised {
      let failure = goTo(source, wanted)
      preset = cameras.withLock { cameras in
        defer { cameras[source]?.next = nil }
        if let next = cameras[source]?.next { return next }
        cameras[source]?.turn?.isUnderWay = false
        cameras[source]?.turn?.failure = failure
        return nil
      }
      // What another wish has overtaken is nobody's concern any more.
      if preset == nil { teller.withLock { $0 }?(source, wanted, failure) }
    }
  }

  /// In words why not; `nil`: it turns.
  private func goTo(_ source: String, _ preset: String) -> String? {
    guard let camera = cameras.withLock({ $0[source] }) else { return CameraFailure.unreachable.text }
    guard !camera.isLocked else { return CameraFailure.wrongPassword.text }
    switch call(camera.plan, .goTo(preset: preset, profile: camera.plan.profile)) {
    case .moved: return nil
    case .failed(let failure):
      if failure == .wrongPassword { _ = fail(source, failure) }
      return failure.text
    case .described: return CameraFailure.notONVIF.text
    }
  }
}
