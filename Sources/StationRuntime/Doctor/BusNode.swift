import CallPanelCodec
import DeviceKit
import DigitalIOCodec
import ModbusRTUCodec
import ModbusRTUDriver

/// A device of the site file, as the doctor looks for it.
public struct BusNode: Sendable, Equatable {
  /// 1...247.
  public var address: UInt8
  public var name: String
  /// One of our call panels; otherwise an ordinary module.
  public var isPanel: Bool
  /// A running station does not wait longer for the answer to begin.
  public var longestReply: Interval
  /// A request that every device of this kind answers and that only reads.
  public var question: ModbusPDU
}

extension BusPlan {
  /// Panels first, each kind in the site file's order.
  public var nodes: [BusNode] {
    let ceiling = ModbusMasterSettings(bus: name, timing: timing).replyCeiling
    let panels = panels.map {
      BusNode(address: $0.node, name: $0.name, isPanel: true, longestReply: ceiling, question: PanelTransaction.identification())
    }
    let modules = modules.map { module in
      let driven = DriverCatalog.configuration(module, name)
      let layout = driven.layout
      return BusNode(
        address: module.node, name: module.name, isPanel: false, longestReply: driven.longestReply,
        // A module without inputs and outputs refuses this by an exception, which is an answer, too.
        question: layout.inputCount > 0
          ? layout.readInputs : layout.outputCount > 0 ? layout.readOutputs : .readCoils(start: 0, count: 1))
    }
    return panels + modules
  }

  var timing: ModbusTiming {
    let parity: ModbusTiming.Parity =
      switch format {
      case .none: .none
      case .even: .even
      case .odd: .odd
      }
    return ModbusTiming(baud: UInt32(clamping: baud), parity: parity)
  }
}
