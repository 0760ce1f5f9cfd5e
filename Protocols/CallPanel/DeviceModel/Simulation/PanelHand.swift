import CallPanelCodec

/// What can be done to a simulated panel by hand, from outside the wire. One hand for tests, simulated sites and `linli sim`.
public enum PanelHand: Sendable, Equatable {
  case press(UInt8)
  case release(UInt8)
  /// The contacts as they are, bit 0 = button 1: for bouncing and chattering ones.
  case contacts(UInt8)
  case cutLine(UInt8)
  case shortLine(UInt8)
  case repairLine(UInt8)
  case openHousing
  case closeHousing
  case supply(millivolts: UInt16)
  case powerOff
  /// Power comes, or the processor starts again; `keepsQueue` where the memory survived.
  case powerOn(PanelResetCause, keepsQueue: Bool)
  /// A service tool has written another address (1...247) or baud code to the flash (`nil`: as it is), and the panel starts again with it;
  /// its queue is kept. Without power only the flash changes.
  case configure(address: UInt8?, baudCode: UInt16?)
  case fault(PanelFault)
}

/// What is wrong with a simulated panel; one at a time, `none` heals it.
public enum PanelFault: Sendable, Equatable {
  case none
  /// Feels and shows everything, but nothing leaves it.
  case mute
  /// Answers this much too late, in milliseconds (0...60,000).
  case late(milliseconds: UInt16)
  /// Listens to another address: does not answer its own, and answers for another node.
  case answersFor(UInt8)
  /// Puts a wrong address into its answers.
  case signsAs(UInt8)
  /// Transmits without pause.
  case jabber
  /// Nothing can be written to its flash.
  case flashBroken
}
