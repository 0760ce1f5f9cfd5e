import DeviceVocabulary
import Station

/// The wall's requests by text, for the command line: the same as at `/api/wall/…`, with the same answers.
public enum WallControl {
  /// What answered: as a page would be told it.
  public struct Answer: Sendable {
    /// 200 to 299 is yes.
    public var status: Int
    public var json: String
  }

  /// The newest picture of the wall.
  public static func show(_ view: WallView, _ desk: DeskView?) -> Answer {
    Answer(status: 200, json: view.json(desk.map(WallOpenCards.init) ?? WallOpenCards()).string)
  }

  /// A layout as text, to be changed and applied again; `nil`: there is no such layout.
  public static func layout(_ id: String, of view: WallView) -> String? {
    view.layouts.first { $0.id == id }.map { WallLayoutText.write($0) }
  }

  /// - Parameters:
  ///   - verb: of `/api/wall/VERB`.
  ///   - body: its JSON.
  public static func request(
    _ verb: String, _ body: String, isRehearsal: Bool, view: WallView,
    submit: (String, DeskRequest.Action) -> DeskAnswer
  ) -> Answer {
    guard let wanted = WallVerb(rawValue: verb) else {
      return Answer(HTTPReply(404, .notFound, at: verb, accepted: WallVerb.accepted))
    }
    do throws(BadRequest) {
      let buffer = SecretBuffer(capacity: body.utf8.count)
      buffer.fill(from: body.utf8)
      let (post, _, action) = try wanted.read(buffer)
      let answer = submit(post, .wall(isRehearsal ? .rehearse(action) : action))
      return Answer(HTTPReply(answer, because: action.mistake(answer, view)))
    } catch {
      return Answer(HTTPReply(400, error.fault, at: error.place, accepted: error.accepted))
    }
  }
}

extension WallControl.Answer {
  fileprivate init(_ reply: HTTPReply) {
    status = reply.status
    json = String(decoding: reply.body, as: UTF8.self)
  }
}
