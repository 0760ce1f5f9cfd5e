import DeviceKit
import DeviceVocabulary
import Station
import Testing
import Transports

@testable import StationRuntime

@Suite struct WallLaneTests {
  private let wake: WakeSignal
  private let lane: WallLane

  init() throws {
    wake = try WakeSignal()
    lane = WallLane(wake: wake)
  }

  private func at(_ milliseconds: Int) -> Instant { Instant.zero + .milliseconds(milliseconds) }

  @Test func ofWhatIsReadAgainOnlyTheNewestWaits() {
    for step in 0..<10_000 {
      let number = UInt16(step % 4)
      lane.put("hub", .observed(number, .route(UInt16(step % 7))), at: at(step))
      lane.put("hub", .measured(number, .hours, Int64(step)), at: at(step))
      lane.put("p1", .pictureObserved(number, .moving), at: at(step))
    }
    let reports = lane.take()
    #expect(reports.count == 12 && lane.isEmpty && lane.take() == [])
    #expect(reports.first { $0.event == .measured(3, .hours, 9999) }?.at == at(9999))
    #expect(reports.filter { if case .observed(3, .route(9999 % 7)) = $0.event { true } else { false } }.count == 1)
  }

  /// What was read before a device was lost is not what is read after it.
  @Test func nothingPassesWhatCannotBeReadAgain() {
    let events: [WallEvent] = [
      .observed(1, .route(1)), .healthChanged(.absent), .observed(1, .route(2)), .notSwitched(1, .unchanged),
      .observed(1, .route(3)),
    ]
    for event in events {
      lane.put("hub", event, at: at(0))
      lane.put("p1", .observed(1, .route(9)), at: at(0))
    }
    #expect(lane.take().filter { $0.device == "hub" }.map(\.event) == events)
  }

  @Test func thousandsOfWhatCannotBeReadAgainAreAllKept() {
    for step in 0..<5_000 { lane.put("hub", .healthChanged(step % 2 == 0 ? .absent : .online), at: at(step)) }
    #expect(lane.take().count == 5_000)
  }
}
