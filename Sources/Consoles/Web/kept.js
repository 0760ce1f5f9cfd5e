// 本机保存了什么, as a page of its own.
import { keptTable } from "./kept-table.js";
import { showPage } from "./page.js";

showPage(keptTable);
