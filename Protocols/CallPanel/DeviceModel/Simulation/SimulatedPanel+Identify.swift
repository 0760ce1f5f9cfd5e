extension SimulatedPanel {
  /// A light runs over the idle lamps, so that a technician sees which panel it is.
  public var identifies: Bool { isPowered && logic.slave.bank.lamps.identifySeconds > 0 }
}
