import NIOCore
import StationLinkCodec

extension LinkConnection {
  /// Idempotent: the same stretch again changes nothing.
  func keys(_ child: String, _ body: [UInt8], _ context: ChannelHandlerContext) {
    let parent = core.parent
    answer(context) {
      do throws(EventBatch.Mistake) {
        let stretch = try LinkKeys.decode(body, station: child)
        guard let held = await parent.keys(child, stretch) else { return .failure(.diskUnavailable) }
        return Self.json(LinkKeysAnswer(held: held))
      } catch {
        return .failure(error.refusal, at: error.place, accepted: error.accepted)
      }
    }
  }
}
