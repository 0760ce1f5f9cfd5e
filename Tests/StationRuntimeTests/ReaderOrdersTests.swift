import DeviceKit
import DeviceVocabulary
import Testing
import Transports

@testable import StationRuntime

/// What other threads want of a reader.
@Suite struct ReaderOrdersTests {
  private let consent = CardConsent(number: 1, until: .distantFuture)

  /// The reader's own thread may be waiting for a reset, five seconds.
  @Test func aCancelledReadingIsErasedBeforeItsThreadHearsOfIt() throws {
    let orders = ReaderOrders(wake: try WakeSignal(), pages: LockedPages { _ in })
    let buffers = [orders.makeBuffer(256), orders.makeBuffer(64)]
    for buffer in buffers { buffer.fill(from: [1, 2, 3]) }
    orders.cancel()
    #expect(buffers.allSatisfy(\.isEmpty) && orders.isCancelled)
    let taken = orders.take()
    #expect(taken.isCancelled && taken.reading == nil && !orders.isCancelled)
  }

  @Test func onlyTheNewestReadingCountsAndAnEarlierOneIsOverWithIt() throws {
    let orders = ReaderOrders(wake: try WakeSignal(), pages: LockedPages { _ in })
    let buffer = orders.makeBuffer(256)
    buffer.fill(from: [1])
    orders.read(newestAddress: false, consent)
    #expect(buffer.isEmpty)
    orders.read(newestAddress: true, CardConsent(number: 2, until: .distantFuture))
    let taken = orders.take()
    #expect(taken.isCancelled && taken.reading?.newestAddress == true && taken.reading?.consent.number == 2)
    orders.read(newestAddress: true, consent)
    orders.cancel()
    #expect(orders.take().reading == nil)
    #expect(!orders.take().isCancelled)
  }

  @Test func aBufferThatNobodyHasIsKeptByNobody() throws {
    let orders = ReaderOrders(wake: try WakeSignal(), pages: LockedPages { _ in })
    weak let gone = orders.makeBuffer(8)
    #expect(gone == nil)
    orders.cancel()
  }
}
