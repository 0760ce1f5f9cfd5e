// What there is on this port, for whoever sets up the screens in the hall.
import { element } from "./dom.js";
import { showPage } from "./page.js";
import { word } from "./words.js";

showPage((view) => {
  const link = (address, text) => element("li", {}, element("a", { href: address }, text));
  const kiosks = view.kiosks.map((kiosk) => {
    const place = view.places.find((place) => place.id === kiosk.place)?.name ?? kiosk.place;
    return link(`/kiosk/${encodeURIComponent(kiosk.id)}`, word("kioskAt", { id: kiosk.id, place }));
  });
  return [element("ul", { class: "links" }, ...kiosks, link("/hall", word("hallTitle")), link("/notice", word("noticeTitle")), link("/kept", word("keptTitle")))];
});
