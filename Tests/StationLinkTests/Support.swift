import Foundation
import StationLinkDeviceModel

typealias ParentModelFault = ParentModel.Fault
let isLongRun = ProcessInfo.processInfo.environment["LINLI_LONG"] == "1"
