import DeviceKit
import DeviceVocabulary
import ModbusRTUDriver
import Synchronization

/// How the conversation on one pair of wires has gone since the start, as its thread published it last: for `linli desk SITE bus` and the
/// doctor.
public struct BusReport: Sendable, Equatable, Codable {
  public struct Node: Sendable, Equatable, Codable {
    public var address: UInt8
    /// As the site file calls it.
    public var name: String
    /// One of our call panels; otherwise an ordinary module.
    public var isPanel: Bool
    /// The circuit breaker is open: it is only looked for now and then.
    public var isLost: Bool
    /// An answer that begins later than this many milliseconds after the request is not waited for.
    public var longestReplyMilliseconds: Int
    public var counts: ModbusNodeStatistics
    /// What it last said of itself, and what a technician has asked of it, since the start.
    public var identity: DeviceIdentity?
    public var job: DeviceJob?
  }

  public var bus: String
  /// As the site file says it.
  public var port: String
  /// The device file that is open; `nil` while none is.
  public var path: String?
  public var baud: Int
  public var format: String
  /// `nil` before the first word about the bus.
  public var condition: BusCondition?
  /// Why the port is not open, or what was said of it last.
  public var remark: String
  /// On the monotonic clock of the host.
  public var asOf: Instant
  public var line: ModbusLineStatistics
  public var nodes: [Node]

  public var place: BusPlace { BusPlace(bus: bus, port: path ?? port, line: LineSetting(baud: baud, format: format)) }
}

/// The latest report of one bus: put by its thread, which never waits here for longer than a copy takes.
package final class BusBoard: Sendable {
  private let report = Mutex<BusReport?>(nil)
  package init() {}
  func put(_ new: BusReport) { report.withLock { $0 = new } }
  func get() -> BusReport? { report.withLock { $0 } }
}

extension BusReport {
  /// As a person reads it: the line first, then a row for each node.
  public var table: String {
    let state = condition.map(\.rawValue) ?? "-"
    var text = "总线 \(bus): \(path ?? port) \(baud) \(format) \(state) \(remark)\n"
    text += "  发 \(line.bytesSent) 收 \(line.bytesHeard) 字节, 无人问而来 \(line.unsolicitedBytes), 外来帧 \(line.strangerFrames)\n"
    text += "  地址 问 答 超时 校验错 迟答 他人答 异常 往返µs 名称 / node asked answered timeouts crc late foreign exceptions µs name\n"
    for node in nodes {
      let counts = node.counts
      let numbers = [
        UInt32(node.address), counts.requests, counts.answers, counts.timeouts, counts.crcErrors, counts.late, counts.foreign,
        counts.exceptions, counts.turnaroundMicroseconds,
      ]
      text += "  " + numbers.map { "\($0)" }.joined(separator: " ") + " \(node.name)\(node.isLost ? " 失联 / lost" : "")\n"
    }
    for node in nodes {
      guard let identity = node.identity, node.isPanel else { continue }
      text += "  \(node.address) " + PanelText.line(identity) + "\n"
    }
    return text
  }
}
