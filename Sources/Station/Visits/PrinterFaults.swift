import DeviceVocabulary

extension FaultKey.Kind {
  /// The card of what is the matter with a ticket printer.
  static func of(_ fault: PrinterFault) -> FaultKey.Kind {
    switch fault {
    case .notConnected: .printerNotConnected
    case .notAnswering: .printerNotAnswering
    case .coverOpen: .printerCoverOpen
    case .paperOut: .printerPaperOut
    case .cutterError: .printerCutterError
    case .error: .printerError
    case .offline: .printerOffline
    case .paperNearEnd: .printerPaperNearEnd
    }
  }
}
