import PJLinkCodec
import SamsungMDCCodec

/// What a device has, as far as its kind or the site file says: what is beyond that is a mistake of the site file.
extension WallDevicePlan {
  enum Side: String { case inputs, outputs }

  /// The highest number of a matrix's inputs or outputs, and where that is said; `nil`: nobody says.
  func highest(_ side: Side) -> (number: UInt16, source: (chinese: String, english: String))? {
    if let given = side == .inputs ? quirks.inputs : quirks.outputs {
      return (given, ("站点文件里写了 \(side.rawValue): \(given)", "the site file says \(side.rawValue): \(given)"))
    }
    return kind.highest.map { ($0, ("\(kind.rawValue) 最多 \($0) 路", "a \(kind.rawValue) has \($0) at most")) }
  }
}

extension WallDevicePlan.Kind {
  /// Of these the site file may say how many inputs and outputs they have.
  static let sized: [Self] = [.videohub, .extronSIS, .kramerP3000, .kramerP2000]

  /// As many as the wire, or the largest model, counts.
  var highest: UInt16? {
    switch self {
    // The Universal Videohub 288.
    case .videohub: 288
    // Seven bits a number, and 0 is none (`P2000Frame`).
    case .kramerP2000: 127
    case .extronSIS, .kramerP3000, .line, .samsungMDC, .pjlink, .player: nil
    }
  }

  /// A display's own numbers: the addresses of a chain of panels, one projector; `nil`: no display.
  var displayNumbers: ClosedRange<UInt16>? {
    switch self {
    case .samsungMDC: 0...0xFD
    case .pjlink: 1...1
    case .videohub, .extronSIS, .kramerP3000, .kramerP2000, .line, .player: nil
    }
  }

  /// Whether a display knows an input by this name.
  func knows(input: String) -> Bool {
    switch self {
    case .samsungMDC: MDCInput.code(input) != nil
    case .pjlink: PJLinkInput.code(input) != nil
    case .videohub, .extronSIS, .kramerP3000, .kramerP2000, .line, .player: false
    }
  }

  /// The names that it knows.
  public var inputNames: String {
    switch self {
    case .samsungMDC: MDCInput.names.map(\.name).joined(separator: ", ") + ", 0x7A"
    case .pjlink: PJLinkInput.kinds.map { "\($0)1–9, A–Z" }.joined(separator: ", ")
    case .videohub, .extronSIS, .kramerP3000, .kramerP2000, .line, .player: ""
    }
  }
}
