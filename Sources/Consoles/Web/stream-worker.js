// One event stream for all tabs of this browser (a SharedWorker). Tabs come and go; what was last heard is told to each newcomer.
import { Newest, openStream } from "./events.js";

const pages = new Set();
const newest = new Newest();

function welcome(page) {
  pages.add(page);
  for (const message of newest.all()) page.postMessage(message);
}

self.onconnect = (event) => {
  const page = event.ports[0];
  page.onmessage = ({ data }) => (data === "bye" ? pages.delete(page) : welcome(page));
};

openStream((message) => {
  newest.keep(message);
  for (const page of pages) page.postMessage(message);
});
