"""An ONVIF client on onvif-python (zeep with the official WSDLs): onvif_client.py PORT USER PASSWORD digest|token REQUEST... prints a line for each.

Requests: `clock`, `device`, `profiles`, `streams`, `presets`, `goto NAME`.
"""

import sys

from onvif import ONVIFClient, ONVIFOperationException

STREAM = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}


def perform(client, function, argument):
    match function:
        case "clock":
            time = client.devicemgmt().GetSystemDateAndTime().UTCDateTime
            return f"{time.Date.Year}-{time.Date.Month}-{time.Date.Day}"
        case "device":
            found = client.devicemgmt().GetDeviceInformation()
            return f"{found.Manufacturer} {found.Model} {found.FirmwareVersion}"
    media = client.media()
    profiles = media.GetProfiles()
    first = profiles[0].token
    match function:
        case "profiles":
            return " ".join(
                f"{p.Name}:{p.VideoEncoderConfiguration.Resolution.Width}x{p.VideoEncoderConfiguration.Resolution.Height}"
                for p in profiles
            )
        case "streams":
            return " ".join(media.GetStreamUri(StreamSetup=STREAM, ProfileToken=p.token).Uri for p in profiles)
    ptz = client.ptz()
    presets = ptz.GetPresets(ProfileToken=first)
    match function:
        case "presets":
            return ", ".join(p.Name for p in presets)
        case "goto":
            tokens = {p.Name: p.token for p in presets}
            ptz.GotoPreset(ProfileToken=first, PresetToken=tokens.get(argument, argument))
            return "ok"
    raise SystemExit(f"no such request: {function}")


def main(port, user, password, kind, requests):
    try:
        client = ONVIFClient("127.0.0.1", int(port), user, password, http_digest=kind == "digest")
    except ONVIFOperationException as refused:
        print(type(refused).__name__)
        return
    for request in requests:
        function, _, argument = request.partition(" ")
        try:
            print(perform(client, function, argument))
        except ONVIFOperationException as refused:
            print(type(refused).__name__)


main(*sys.argv[1:5], sys.argv[5:])
