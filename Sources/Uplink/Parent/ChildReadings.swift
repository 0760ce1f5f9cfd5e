import DeviceKit
import DeviceVocabulary
import NIOConcurrencyHelpers
import NIOCore
import StationLinkCodec
import Transports

/// The newest readings of all stations below: in memory only, so that after a start there are none until they come again.
public final class ChildReadings: Sendable {
  private let children = NIOLockedValueBox<[String: LatestReadings]>([:])

  public init() {}

  /// - Parameter child: a station that may report here: there is no other bound on their number.
  func take(_ message: LinkReadings, from child: String, at now: Instant) throws(EventBatch.Mistake) -> LinkReadingsAnswer {
    let result: Result<LinkReadingsAnswer, EventBatch.Mistake> = children.withLockedValue { children in
      do throws(EventBatch.Mistake) {
        return .success(try children[child, default: LatestReadings()].take(message, at: now))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// In order of the device and the quantity's name, each with its age now.
  public func all(of child: String) -> [AgedReading] {
    children.withLockedValue { $0[child] }?.all(at: MonotonicClock.now()) ?? []
  }
}

extension LinkConnection {
  func readings(_ child: String, _ body: [UInt8], _ context: ChannelHandlerContext) {
    let readings = core.parent.readings
    // What the way through this program takes is part of their age.
    let now = MonotonicClock.now()
    answer(context) {
      do throws(EventBatch.Mistake) {
        let message = try LinkReadings.decode(body, station: child)
        return Self.json(try readings.take(message, from: child, at: now))
      } catch {
        return .failure(error.refusal, at: error.place, accepted: error.accepted)
      }
    }
  }
}
