import Crypto
import DeviceKit
import DeviceVocabulary
import ExtronSISDeviceModel
import KramerP3000DeviceModel
import LineProtocolDeviceModel
import PJLinkCodec
import PJLinkDeviceModel
import SamsungMDCCodec
import SamsungMDCDeviceModel
import StationRuntime
import VideohubDeviceModel

/// A device model of the wall, whatever it speaks: the wire and the hand that all of them have.
public enum WallModel: Sendable {
  case matrix(any SimulatedMatrix)
  case panels(MDCChainModel)
  case projector(PJLinkModel)

  public enum Input: Sendable {
    case connected, disconnected, wake
    case received([UInt8])
  }
  public enum Effect: Sendable {
    case transmit([UInt8])
    case hangUp
  }

  /// As the site file has it: with the ports that the wall uses, and room for its inputs.
  /// - Parameter pjlinkClass: of a projector, 1 or 2; which it is stands in no site file, as the driver asks.
  public init?(_ plan: WallDevicePlan, inputs: UInt16, pjlinkClass: UInt8 = 2) {
    // As large as the site file says, else with room to spare.
    let outputs = plan.quirks.outputs ?? max(plan.ports.max() ?? 1, 16)
    let inputs = plan.quirks.inputs ?? max(inputs, 16)
    switch plan.kind {
    case .videohub: self = .matrix(VideohubModel(HubSpeech(), inputs: inputs, outputs: outputs))
    case .extronSIS: self = .matrix(ExtronSISModel(SISSpeech(), inputs: inputs, outputs: outputs))
    case .kramerP3000: self = .matrix(KramerP3000Model(P3000Speech(), inputs: inputs, outputs: outputs))
    case .kramerP2000:
      let speech = P2000Speech(machine: plan.quirks.machine ?? 1)
      self = .matrix(KramerP2000Model(speech, inputs: inputs, outputs: outputs))
    case .line:
      guard let settings = plan.quirks.line else { return nil }
      self = .matrix(MatrixModel(LineSpeech(settings), inputs: inputs, outputs: outputs))
    case .samsungMDC:
      let isNetworked = if case .network = plan.connection { true } else { false }
      self = .panels(
        MDCChainModel(
          ids: plan.ports.compactMap { UInt8(exactly: $0) }, latency: .milliseconds(20), powerOnDeafness: .seconds(2),
          isNetworked: isNetworked))
    case .pjlink:
      self = .projector(
        PJLinkModel(
          PJLinkTraits(
            level: pjlinkClass, password: plan.quirks.password, md5: { Array(Insecure.MD5.hash(data: $0)) },
            warmUp: .seconds(3), coolDown: .seconds(3))))
    // `linli wall play` is one.
    case .player: return nil
    }
  }

  public var deadline: Instant? {
    switch self {
    case .matrix(let model): model.deadline
    case .panels(let model): model.deadline
    case .projector(let model): model.deadline
    }
  }

  /// Whether a connection comes up.
  public func accepts(at now: Instant) -> Bool {
    switch self {
    case .matrix: hasPower
    case .panels(let model): model.accepts(at: now)
    case .projector(let model): model.accepts
    }
  }

  /// Whether anything is at its address at all: not without power, nor until a panel has started. What is there and does not accept hangs up.
  public func isThere(at now: Instant) -> Bool { if case .panels(let model) = self { model.isThere(at: now) } else { hasPower } }

  public var hasPower: Bool {
    switch self {
    case .matrix(let model): model.isPowered
    case .panels(let model): model.panels.contains { $0.isPowered }
    case .projector(let model): model.isPowered
    }
  }

  public mutating func handle(_ input: Input, at now: Instant) -> [Effect] {
    switch self {
    case .matrix(var model):
      defer { self = .matrix(model) }
      return model.run(input, at: now)
    case .panels(var model):
      defer { self = .panels(model) }
      switch input {
      case .connected: return Self.run(&model, .connected, at: now)
      case .received(let bytes): return Self.run(&model, .received(bytes), at: now)
      case .disconnected, .wake: return Self.run(&model, .wake, at: now)
      }
    case .projector(var model):
      defer { self = .projector(model) }
      switch input {
      case .connected: return Self.run(&model, .connected, at: now)
      case .disconnected: return Self.run(&model, .disconnected, at: now)
      case .received(let bytes): return Self.run(&model, .received(bytes), at: now)
      case .wake: return Self.run(&model, .wake, at: now)
      }
    }
  }

  private static func run(_ model: inout MDCChainModel, _ input: MDCChainModel.Input, at now: Instant) -> [Effect] {
    step(&model, input, .wake, at: now) { effect in
      switch effect {
      case .transmit(let bytes): .transmit(bytes)
      case .hangUp: .hangUp
      }
    }
  }

  private static func run(_ model: inout PJLinkModel, _ input: PJLinkModel.Input, at now: Instant) -> [Effect] {
    step(&model, input, .wake, at: now) { effect in
      switch effect {
      case .transmit(let bytes): .transmit(bytes)
      case .datagram: nil
      case .hangUp: .hangUp
      }
    }
  }

  /// Until it has nothing more to do now.
  static func step<Model: Machine>(
    _ model: inout Model, _ input: Model.Input, _ wake: Model.Input, at now: Instant, _ translate: (Model.Effect) -> Effect?
  ) -> [Effect] {
    var effects = Effects<Model.Effect>()
    var found: [Effect] = []
    var input = input
    repeat {
      model.handle(input, at: now, into: &effects)
      while let effect = effects.takeFirst() { if let effect = translate(effect) { found.append(effect) } }
      input = wake
    } while model.deadline.map { $0 <= now } ?? false && found.count < 256
    return found
  }

  // MARK: - The hand

  /// What a person does to it; `nil`: this device has nothing like that.
  public mutating func hand(_ hand: WallHand, at now: Instant) -> [Effect]? {
    switch self {
    case .matrix(var model):
      defer { self = .matrix(model) }
      return model.hand(hand, at: now)
    case .panels(var model):
      defer { self = .panels(model) }
      return Self.panelInput(hand, model).map { inputs in inputs.flatMap { Self.run(&model, $0, at: now) } }
    case .projector(var model):
      defer { self = .projector(model) }
      return Self.projectorHand(hand).map { Self.run(&model, .hand($0), at: now) }
    }
  }

  private static func panelInput(_ hand: WallHand, _ model: MDCChainModel) -> [MDCChainModel.Input]? {
    func panel(_ port: UInt16?, _ done: MDCChainModel.Hand) -> [MDCChainModel.Input]? {
      let ids = model.panels.map(\.id)
      guard let port else { return ids.map { .hand($0, done) } }
      guard let id = UInt8(exactly: port), ids.contains(id) else { return nil }
      return [.hand(id, done)]
    }
    switch hand {
    case .power(let port, let on): return panel(port, .power(on))
    case .lock(let port, let on): return panel(port, .locked(on))
    case .late(let milliseconds): return [.lineHand(.late(.milliseconds(milliseconds)))]
    case .silent(let on): return panel(nil, .mute(on))
    case .garble(let perThousand): return [.lineHand(.garble(perThousand: perThousand))]
    case .halves(let on): return [.lineHand(.halfAnswers(on ? 4 : nil))]
    case .closes(let on): return [.lineHand(.closeAfterEach(on))]
    case .taken(let on): return [.lineHand(.sessionTaken(on))]
    case .remote(let port, let input): return MDCInput.code(input).flatMap { panel(port, .remote(input: $0)) }
    case .fan(let port, let on):
      return panel(port, .condition(MDCErrorStatus(fanFailed: on)))
    case .hot(let port, let on):
      return panel(port, .condition(MDCErrorStatus(isTooHot: on, celsius: on ? 78 : 42)))
    case .route, .shift, .odd: return nil
    }
  }

  private static func projectorHand(_ hand: WallHand) -> PJLinkModel.Hand? {
    switch hand {
    case .power(nil, let on), .power(1?, let on): .power(on)
    case .lock(1, let on): .locked(on)
    case .late(let milliseconds): .late(.milliseconds(milliseconds))
    case .silent(let on): .mute(on)
    case .garble(let perThousand): .garble(perThousand: perThousand)
    case .halves(let on): .halfLines(on)
    case .closes(let on): .closeAfterEach(on)
    case .taken(let on): .sessionTaken(on)
    case .remote(1, let input): PJLinkInput.code(input).map { .remote(input: $0) }
    case .odd(1, let word): .remote(input: word)
    case .power, .lock, .route, .shift, .fan, .hot, .remote, .odd: nil
    }
  }

  /// What there is of it, for whoever named something else.
  public var extent: (chinese: String, english: String) {
    switch self {
    case .matrix(let model):
      (
        "输出 1 – \(model.core.outputs),输入 0 – \(model.core.inputs)(0 = 断开);整台断电不写编号",
        "outputs 1 to \(model.core.outputs), inputs 0 to \(model.core.inputs) (0: none); its power goes without a number"
      )
    case .panels(let model):
      (
        "编号 \(model.panels.map { "\($0.id)" }.joined(separator: ", "))",
        "numbers \(model.panels.map { "\($0.id)" }.joined(separator: ", "))"
      )
    case .projector: ("编号 1", "number 1")
    }
  }
}
