import DeviceKit
import DeviceVocabulary
import Foundation
import Transports

/// A street centre and a community below it, both the real program, other stations of the street that are simulated, and a page at either
/// end.
final class LinkedStations {
  let street: StreetUnderTest
  let community: StationUnderTest
  let streetPage: PageStream
  let communityPage: PageStream
  private let crowd: ChildCrowd
  private let line: LineRelay
  private var presses = 0

  /// From the last byte on the community's wire, in microseconds.
  struct Times {
    var ownPage: Double
    var streetPage: Double
  }

  /// - Parameters:
  ///   - others: simulated stations that are connected to the street as well.
  ///   - backlogKBps: what a backlog may use of the line, as the community's site file says; `nil`: as shipped.
  ///   - prepare: is given the community's folder before it starts.
  init(_ bench: Bench, others: Int, backlogKBps: Int? = nil, prepare: (String) throws -> Void = { _ in }) throws {
    let site = try bench.link.site()
    let names = (1...others).map(LinkSite.name)
    let identity = try site.identity(LinkSite.communityName).folder
    Report.progress("a street with \(others) simulated stations and a real one")
    street = try StreetUnderTest(bench, site, children: names + [LinkSite.communityName])
    crowd = try ChildCrowd(site, names, port: street.port)
    try crowd.introduce()
    let line = try LineRelay(toHost: "127.0.0.1", port: UInt16(street.port))
    self.line = line
    Thread.detachNewThread { line.run() }
    let rate = backlogKBps.map { ", backlogKBps: \($0)" } ?? ""
    community = try StationUnderTest(
      bench, baud: 115_200, more: "parent: {paths: [{name: main, host: 127.0.0.1, port: \(line.port)}]\(rate)}\n"
    ) { folder in
      try FileManager.default.copyItem(atPath: identity, toPath: "\(folder)/identity")
      try prepare(folder)
    }
    streetPage = try PageStream(port: try street.deskPort(), child: LinkSite.communityName)
    communityPage = try PageStream(port: try community.deskPort())
  }

  deinit { line.stop() }

  /// What the community has sent so far, under TLS.
  var bytesOnTheLine: UInt64 { line.counters.bytesUp }

  func waitUntilConnected() throws {
    try StationUnderTest.wait("the line is up", seconds: 30) { community.log.contains("path main: up") }
  }

  /// Presses a button that rests, and takes the call back when both pages have shown it.
  func press() throws -> Times {
    let key = SiteBus.Key(
      node: UInt8(presses % SiteText.panels + 1), button: UInt8(presses / SiteText.panels % SiteText.buttons + 1))
    presses += 1
    let button = ButtonID(device: DeviceID(bus: "A", node: key.node), button: key.button)
    let (own, streets) = (communityPage.calls, streetPage.calls)
    community.bus.press(key)
    try StationUnderTest.wait("\(button) on the street's page", seconds: 60) {
      communityPage.call(of: button, besides: own) != nil && streetPage.call(of: button, besides: streets) != nil
    }
    guard let here = communityPage.call(of: button, besides: own), let there = streetPage.call(of: button, besides: streets),
      let delivered = community.bus.notes.delivered[key]
    else { throw BenchError("\(button) is gone from a page, or was not seen on the wire") }
    usleep(100_000)
    let answer = try community.ask("false-alarm \(here.id) desk 测速")
    guard answer.contains("done") else { throw BenchError("false alarm of \(button): \(answer)") }
    try StationUnderTest.wait("the lamp of \(button) is off", seconds: 20) { community.bus.indicator(key) == .off }
    return Times(
      ownPage: Double((here.at - delivered).microseconds), streetPage: Double((there.at - delivered).microseconds))
  }
}
