/// One switchable place of a device of the display wall: an output of a matrix, a panel on a chain, a window of a player. Written `hub/4`.
public struct WallPort: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The device's name in the site file: at most 12 ASCII letters, digits, `-` or `_`.
  public var device: String
  /// As the site file counts: from 1, whatever the wire counts from. On a chain of panels it is the panel's own number.
  public var number: UInt16

  public init(device: String, number: UInt16) {
    self.device = device
    self.number = number
  }

  /// Reads `hub/4`; `nil` for anything else.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, let number = UInt16(parts[1]) else { return nil }
    self.init(device: String(parts[0]), number: number)
  }

  public var description: String { "\(device)/\(number)" }

  public static func < (left: WallPort, right: WallPort) -> Bool {
    left.device == right.device ? left.number < right.number : left.device < right.device
  }
}

extension WallPort: Codable {
  public init(from decoder: any Decoder) throws {
    self = try decodeText(decoder, WallPort.init, "device/number, for instance hub/4")
  }
  public func encode(to encoder: any Encoder) throws { try encodeText(description, encoder) }
}

/// What a port shows or is to show. The same words for the wish and for what was read back.
public enum WallSetting: Sendable, Equatable, Codable {
  /// The input that a matrix gives to this output, counted from 1; 0: none.
  case route(UInt16)
  case display(DisplaySetting)
  case picture(WallPicture)

  /// What is seen of it, whatever is heard.
  public var withoutSound: WallSetting {
    switch self {
    case .display(var setting):
      setting.isMuted = nil
      return .display(setting)
    case .picture(var picture):
      picture.isHeard = nil
      return .picture(picture)
    case .route: return self
    }
  }

  /// Whether it is heard; `nil`: that is left open, or not known.
  public var isHeard: Bool? {
    switch self {
    case .display(let setting): setting.isMuted.map { setting.isOn && !$0 }
    case .picture(let picture): picture.isHeard
    case .route: nil
    }
  }

  /// True where this, read back, is what was wished. What the wish leaves open does not count.
  public func satisfies(_ wish: WallSetting) -> Bool {
    switch (self, wish) {
    case (.display(let fact), .display(let wish)): fact.satisfies(wish)
    case (.picture(let fact), .picture(let wish)): fact.satisfies(wish)
    default: self == wish
    }
  }
}

/// A panel, display or projector.
public struct DisplaySetting: Sendable, Equatable, Codable {
  public var isOn: Bool
  /// The input by the name that the driver's README lists, for instance `HDMI1`. In a wish `nil` leaves it open.
  public var input: String?
  /// Which part of its input's picture it shows. In a wish `nil` leaves it open.
  public var part: WallPart?
  /// Only of a wish that it is on: while it is off it stays so, because its turn to be switched on has not come.
  public var mayStayOff = false
  /// Its loudspeaker is silent. In a wish `nil` leaves it open; read back `nil` says that it has none, or that nobody wanted to know.
  public var isMuted: Bool?

  public init(isOn: Bool, input: String? = nil, part: WallPart? = nil, isMuted: Bool? = nil) {
    self.isOn = isOn
    self.input = input
    self.part = part
    self.isMuted = isMuted
  }

  /// One that is off has nothing else to fulfil: many devices answer no more than that then.
  func satisfies(_ wish: DisplaySetting) -> Bool {
    guard isOn == wish.isOn else { return wish.mayStayOff && !isOn }
    return !isOn
      || (wish.input == nil || wish.input == input) && (wish.part == nil || wish.part == part)
        && (wish.isMuted == nil || wish.isMuted == isMuted)
  }
}

/// The part of a picture that one display of several shows.
public struct WallPart: Sendable, Hashable, Codable {
  /// How many displays share the picture, 1...15 each way.
  public var columns: UInt8
  public var rows: UInt8
  /// Which of them this is: from 1, row by row, 1 is at the upper left.
  public var position: UInt8

  public init(columns: UInt8, rows: UInt8, position: UInt8) {
    self.columns = columns
    self.rows = rows
    self.position = position
  }

  /// The display has the picture for itself.
  public static let whole = WallPart(columns: 1, rows: 1, position: 1)
}

/// What a window of a player on a PC shows, and where.
public struct WallPicture: Sendable, Equatable, Codable {
  /// The source's name in the site file: what pages and journals say of it.
  public var source: String
  /// Where it is fetched from; may hold a camera's password, so that it is in no log and on no page.
  public var address: String
  /// Written over the picture; empty: nothing.
  public var label: String
  public var frame: WallFrame
  /// Its sound is on. In a wish `nil` leaves it as it is.
  public var isHeard: Bool?
  /// Of a wish: how it is cut up for several displays, or turned; `nil`: it lies in its frame as it is. It goes with the frame.
  public var mosaic: WallMosaic?

  public init(
    source: String, address: String, label: String = "", frame: WallFrame, isHeard: Bool? = nil, mosaic: WallMosaic? = nil
  ) {
    self.mosaic = mosaic
    self.source = source
    self.address = address
    self.label = label
    self.frame = frame
    self.isHeard = isHeard
  }

  func satisfies(_ wish: WallPicture) -> Bool {
    var fact = self
    if wish.isHeard == nil { fact.isHeard = nil }
    return fact == wish
  }
}

/// Pixels of the PC's whole desktop, from its upper left corner.
public struct WallFrame: Sendable, Hashable, Codable {
  public var x: Int
  public var y: Int
  public var width: Int
  public var height: Int

  public init(x: Int, y: Int, width: Int, height: Int) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }
}

/// A wish for one port.
public struct WallWish: Sendable, Equatable, Codable {
  public var number: UInt16
  public var setting: WallSetting

  public init(_ number: UInt16, _ setting: WallSetting) {
    self.number = number
    self.setting = setting
  }
}
