import Consoles
import DeviceVocabulary
import Foundation
import ONVIFCodec
import Station
import StationRuntime
import Transports

/// What the technician's page of a running station is told beside the duty desk's picture: from the site file, the buses and the disk.
enum RunTech {
  static func sources(_ site: Site, _ runtime: StationRuntime) -> TechSources {
    var sources = TechSources()
    let now = MonotonicClock.now()
    let supplies = runtime.readings.all().filter { $0.measurand.quantity == .supplyMillivolts }
    sources.wires = runtime.buses.map { report in
      wire(report) { device in supplies.first { $0.measurand.device == device }?.aged(at: now) }
    }
    if let pages = site.visitPages {
      sources.readers = pages.readers.mapValues { "\($0.connection)" }
      sources.smartCards = pages.smartCards.mapValues { "\($0.connection)" }
      sources.printer = pages.printer.map { "\($0.connection)" }
    }
    sources.staffReader = site.staffReader.map { "\($0.connection)" }
    for device in site.wall?.devices ?? [] {
      sources.wallDevices[device.name] = TechSources.WallDevice(at: CheckWall.text(device.connection), kind: device.kind.rawValue)
    }
    sources.sources = (site.wall?.addresses ?? [:]).mapValues { StreamAddress.masked($0) }
    for path in site.parent?.paths ?? [] { sources.paths[path.name] = "\(path.host):\(path.port)" }
    return sources
  }

  private static func wire(_ report: BusReport, supply: (DeviceID) -> AgedReading?) -> TechSources.Wire {
    TechSources.Wire(
      bus: report.bus, port: report.port, path: report.path, baud: report.baud, format: report.format,
      condition: report.condition, remark: report.remark, bytesSent: report.line.bytesSent, bytesHeard: report.line.bytesHeard,
      nodes: report.nodes.map { node in
        let said = node.identity?.about.map { "\($0.release)" } ?? node.identity?.firmware ?? ""
        return TechSources.Node(
          address: node.address, name: node.name, isPanel: node.isPanel, isLost: node.isLost, requests: node.counts.requests,
          answers: node.counts.answers, timeouts: node.counts.timeouts,
          turnaroundMicroseconds: node.counts.turnaroundMicroseconds,
          unit: node.identity.flatMap { $0.unit == 0 ? nil : PanelText.unit($0.unit) }, firmware: said.isEmpty ? nil : said,
          supply: supply(DeviceID(bus: report.bus, node: node.address)))
      })
  }

  /// What this program can still write in a folder; `nil`: its file system does not say.
  static func freeMebibytes(_ folder: String) -> Int? {
    var status = statvfs()
    guard statvfs(folder, &status) == 0 else { return nil }
    return Int(clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue) >> 20
  }
}
