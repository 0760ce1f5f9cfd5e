/// The one word that a short poll brings and that opens every exchange answer: the token of the request in bits 15...12, then flags.
public struct PanelStatus: Sendable, Equatable {
  public var word: UInt16

  public init(word: UInt16) {
    self.word = word
  }

  /// Echo of the request's token, 0...15: a late answer to an earlier request is told apart by it.
  public var token: UInt8 {
    get { UInt8(truncatingIfNeeded: word >> 12) }
    set { word = word & 0x0FFF | UInt16(newValue & 15) << 12 }
  }

  /// How many events wait for acknowledgement; 7 stands for seven or more.
  public var pending: UInt8 {
    get { UInt8(truncatingIfNeeded: word & 7) }
    set { word = word & ~7 | UInt16(newValue > 7 ? 7 : newValue) }
  }

  /// The panel started again and no host has acknowledged that yet.
  public var restarted: Bool {
    get { word & 1 << 3 != 0 }
    set { set(3, newValue) }
  }
  /// At least one supervised line is open or short.
  public var lineFault: Bool {
    get { word & 1 << 4 != 0 }
    set { set(4, newValue) }
  }
  public var tamper: Bool {
    get { word & 1 << 5 != 0 }
    set { set(5, newValue) }
  }
  /// At least one contact is stuck or chatters.
  public var contactFault: Bool {
    get { word & 1 << 6 != 0 }
    set { set(6, newValue) }
  }
  /// A save of settings is under way or failed, or a new address waits for the button.
  public var settingsBusy: Bool {
    get { word & 1 << 7 != 0 }
    set { set(7, newValue) }
  }
  /// No host had spoken to this panel for 10 s at some time since the last exchange was answered.
  public var hostWasSilent: Bool {
    get { word & 1 << 8 != 0 }
    set { set(8, newValue) }
  }
  /// A lamp shows something else than the host last wished.
  public var lampsDiffer: Bool {
    get { word & 1 << 9 != 0 }
    set { set(9, newValue) }
  }
  /// A fact of the exchange block (lamp, line, stuck, chatter, tamper, dropped) changed since the last exchange was answered.
  public var changed: Bool {
    get { word & 1 << 10 != 0 }
    set { set(10, newValue) }
  }

  private mutating func set(_ bit: UInt16, _ on: Bool) {
    word = on ? word | 1 << bit : word & ~(1 << bit)
  }
}
