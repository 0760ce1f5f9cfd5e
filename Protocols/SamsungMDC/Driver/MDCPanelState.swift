import DeviceKit
import DeviceVocabulary
import SamsungMDCCodec

/// What the driver knows of one panel, and what it still has to tell it and ask it.
struct MDCPanelState: Sendable {
  /// One value that is set.
  enum Step: Sendable, Equatable {
    case power(Bool)
    case wall(Bool)
    case layout([UInt8])
    case mode(UInt8)
    case input(UInt8)
    case mute(Bool)

    func request(_ id: UInt8) -> MDCRequest {
      switch self {
      case .power(let isOn): MDCRequest(MDCCommand.power, id: id, data: [isOn ? 1 : 0])
      case .wall(let isOn): MDCRequest(MDCCommand.wallOn, id: id, data: [isOn ? 1 : 0])
      case .layout(let data): MDCRequest(MDCCommand.wallLayout, id: id, data: data)
      case .mode(let mode): MDCRequest(MDCCommand.wallMode, id: id, data: [mode])
      case .input(let code): MDCRequest(MDCCommand.input, id: id, data: [code])
      case .mute(let isMuted): MDCRequest(MDCCommand.mute, id: id, data: [isMuted ? 1 : 0])
      }
    }
  }

  /// One value that is read.
  enum Register: Sendable, Equatable {
    /// Power, sound and input at once.
    case status
    case input, wall, layout, mute

    var command: UInt8 {
      switch self {
      case .status: MDCCommand.status
      case .input: MDCCommand.input
      case .wall: MDCCommand.wallOn
      case .layout: MDCCommand.wallLayout
      case .mute: MDCCommand.mute
      }
    }
  }

  /// Blinks, so that a person sees which one it is.
  struct Blink: Sendable, Equatable {
    var until: Instant
    var nextToggle: Instant
    /// What its back light was set to before; `nil`: not asked yet.
    var original: UInt8?
    var last: UInt8?
    /// What it has said that it is.
    var confirmed: UInt8?
  }

  let id: UInt8
  var isOn = false
  var input: UInt8 = 0
  var part: WallPart?
  /// `nil`: it has no loudspeaker.
  var isMuted: Bool?
  /// The wish says whether it is to be heard.
  var mindsSound = false

  var steps: [Step] = []
  var reads: [Register] = [.status]
  /// Something was sent, and `reads` will say whether it is so.
  var isReadBack = false
  /// What it said to a set since.
  var refusal: String?
  /// It was read once since the line is open.
  var isRead = false
  var nextRead = Instant.zero
  /// It hears nothing before, or what it says until then may answer an older question.
  var notBefore = Instant.zero

  var misses = 0
  var isHeard = false
  /// Three misses: asked rarely, with a short limit.
  var isOut = false
  /// It was told that it does not answer, or refuses even to be read.
  var isToldUnheard = false
  /// Questions whose answers may still come.
  var lateAnswers = 0
  /// It has answered after its limit before.
  var isSlow = false
  var warmUntil: Instant?
  var foreignAnswers = 0
  /// Questions in a row after which something came that made no sense.
  var garbledAnswers = 0
  var doubleAnswers = 0
  var cleanAnswers = 0

  /// Commands of which it tells what it is and how it is.
  var details: [UInt8] = []
  /// The answers to them were damaged.
  var describesAgainAt: Instant?
  var nextCondition = Instant.zero
  var nextHours = Instant.zero
  var troubles: [WallTrouble] = []
  var blink: Blink?

  init(id: UInt8) {
    self.id = id
  }

  var number: UInt16 { UInt16(id) }

  var setting: WallSetting {
    .display(
      isOn
        ? DisplaySetting(isOn: true, input: MDCInput.name(input), part: part, isMuted: mindsSound ? isMuted : nil)
        : DisplaySetting(isOn: false))
  }

  /// The line is another one: nothing of it is known.
  mutating func forget() {
    steps = []
    reads = [.status]
    isReadBack = false
    refusal = nil
    isRead = false
    nextRead = .zero
    notBefore = .zero
    misses = 0
    garbledAnswers = 0
    isHeard = false
    isOut = false
    isToldUnheard = false
    lateAnswers = 0
    warmUntil = nil
    details = []
    describesAgainAt = nil
    nextCondition = .zero
    nextHours = .zero
  }

  /// What brings it from what was read to `wish`, in the order that works, and what is to be read afterwards. Why it is not possible else.
  func plan(_ wish: WallSetting, _ settings: MDCSettings) -> Result<(steps: [Step], reads: [Register]), Impossible> {
    guard case .display(let wish) = wish else { return .failure(Impossible("not a display's setting")) }
    guard wish.isOn else { return .success(isOn ? ([.power(false)], [.status]) : ([], [])) }
    var steps: [Step] = []
    var reads: [Register] = []
    if let part = wish.part {
      let layout = MDCWallLayout(columns: part.columns, rows: part.rows, position: part.position)
      guard layout.isPossible, settings.hasVideoWall || part == .whole else {
        return .failure(Impossible("part \(part.columns)x\(part.rows) \(part.position)"))
      }
      if part != self.part {
        if part == .whole {
          steps = [.wall(false)]
        } else {
          steps = isInWall ? [] : [.wall(true)]
          steps.append(.layout(layout.data(settings.wallDivOrder)))
          if let mode = settings.wallMode { steps.append(.mode(mode.rawValue)) }
        }
        reads = [.wall]
      }
    }
    if let name = wish.input {
      guard let code = MDCInput.code(name) else { return .failure(Impossible("input \(name.prefix(30))")) }
      if MDCInput.canonical(code) != MDCInput.canonical(input) {
        steps.append(.input(code))
        reads.append(.input)
      }
    }
    if let isMuted = wish.isMuted, isMuted != self.isMuted {
      if self.isMuted != nil {
        steps.append(.mute(isMuted))
        reads.append(.mute)
      } else if isOn, steps.isEmpty {
        return .failure(Impossible("no loudspeaker"))
      }
    }
    return .success(isOn ? (steps, reads) : ([.power(true)], [.status]))
  }

  private var isInWall: Bool { part != nil && part != .whole }

  struct Impossible: Error {
    var text: String
    init(_ text: String) { self.text = text }
  }
}
