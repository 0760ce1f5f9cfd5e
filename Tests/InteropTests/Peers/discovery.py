"""WS-Discovery on the WSDiscovery package: discovery.py publish ADDRESS shows a camera there until it is killed; discovery.py find prints what is found."""

import sys
import time

from wsdiscovery import QName, Scope
from wsdiscovery.discovery import ThreadedWSDiscovery
from wsdiscovery.publishing import ThreadedWSPublishing

KIND = QName("http://www.onvif.org/ver10/network/wsdl", "NetworkVideoTransmitter")

if sys.argv[1] == "publish":
    publishing = ThreadedWSPublishing()
    publishing.start()
    scopes = [Scope("onvif://www.onvif.org/name/WG2"), Scope("onvif://www.onvif.org/hardware/WG-CAM")]
    publishing.publishService([KIND], scopes, [sys.argv[2]])
    print("ready", flush=True)
    time.sleep(120)
else:
    discovery = ThreadedWSDiscovery()
    discovery.start()
    for service in discovery.searchServices(types=[KIND], timeout=4):
        print(service.getEPR(), " ".join(service.getXAddrs()), " ".join(str(s) for s in service.getScopes()))
    discovery.stop()
