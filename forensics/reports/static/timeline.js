"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const root = document.documentElement;
  const ROW = 30, PRINTED = 2000, DAY = 86400;
  let lang = root.dataset.lang === "en" ? 1 : 0;
  const pair = (ja, en) => (lang ? en : ja);
  const make = (tag, name, text) => {
    const element = document.createElement(tag);
    if (name) element.className = name;
    if (text !== undefined) element.textContent = text;
    return element;
  };

  async function unpack(id) {
    const text = atob(byId(id).textContent.trim());
    const bytes = new Uint8Array(text.length);
    for (let k = 0; k < text.length; k++) bytes[k] = text.charCodeAt(k);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  }

  // ---- the language button works on every page, the rest only where there are rows
  let relabel = () => {};
  const button = byId("language");
  const showLanguage = () => {
    root.dataset.lang = root.lang = lang ? "en" : "ja";
    button.textContent = lang ? "日本語" : "English";
  };
  button.hidden = false;
  button.addEventListener("click", () => { lang = 1 - lang; showLanguage(); relabel(); });
  showLanguage();
  if (!byId("data")) { root.dataset.ready = Math.round(performance.now()); return; }

  let data, texts, numbers, n, sec, local, shown = new Uint32Array(0), sortBy = "time", down = false, chosen = -1;
  let details = null, folders = [], folderOf, logicalOf, logicalCount, chart = null, drag = null;

  const text = (name, row) => texts[name].d[texts[name].i[row]];
  const word = (table, key) => (data.words[table][key] || [key, key])[lang];
  const fold = (value) => value.normalize("NFKC").toLowerCase();
  const two = (value) => String(value).padStart(2, "0");
  const year = (value) => (value < 0 ? "-" : "") + String(Math.abs(value)).padStart(4, "0");
  const clock = (seconds, middle) => {
    const d = new Date(seconds * 1000);
    return `${year(d.getUTCFullYear())}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}${middle(d)}` +
      `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`;
  };
  const weekday = (d) => pair(`(${"日月火水木金土"[d.getUTCDay()]}) `, ` ${["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][d.getUTCDay()]} `);
  const timed = (row) => numbers.sec[row] !== null;
  const unknown = () => pair("時刻不明", "unknown");
  const localText = (row) => (timed(row) ? clock(local[row], weekday) : unknown());
  const utcText = (row) => {
    if (!timed(row)) return unknown();
    const fraction = text("fraction", row);
    return clock(sec[row], () => " ") + (fraction ? "." + fraction : "") + "Z";
  };
  const sentence = (row) => text(lang ? "sentence_en" : "sentence_ja", row);
  const dayText = (day) => clock(day * DAY, () => " ").slice(0, 10);

  const COLUMNS = [
    ["number", "番号", "No.", (r) => String(r + 1), "c n"],
    ["local", "日時", "Time", localText, "c t"],
    ["utc", "日時（UTC）", "Time (UTC)", (r) => utcText(r).replace(/\.\d+Z$/, "Z"), "c t"],
    ["meaning", "時刻の意味", "Meaning", (r) => word("meaning", text("meaning", r)), "c"],
    ["marks", "印", "Marks", (r) => marks(r).map((m) => m[1]).join(" "), "c"],
    ["actor", "アカウント等", "Account", (r) => text("actor", r), "c"],
    ["recipients", "相手方", "Counterpart", (r) => text("recipients", r), "c"],
    ["subject", "件名", "Subject", (r) => text("subject", r), "c"],
    ["store_path", "フォルダ", "Folder", (r) => text("store_path", r), "c"],
    ["evidence", "証拠番号", "Evidence", (r) => text("evidence", r), "c"],
  ];

  function marks(row) {
    const found = [];
    if (text("recovery", row) !== "live") found.push(["m gone", word("recovery", text("recovery", row))]);
    if (numbers.trouble[row]) found.push(["m bad", pair("問題", "problem")]);
    if (numbers.rival[row]) found.push(["m bad", pair("同ID別文", "ID clash")]);
    if (numbers.depth[row]) found.push(["m", pair("添付内", "attached")]);
    if (numbers.repeat[row]) found.push(["m copy", pair("同一記録", "repeat")]);
    else if (numbers.seen_in[row] > 1) found.push(["m copy", pair(`写し${numbers.seen_in[row]}`, `${numbers.seen_in[row]} copies`)]);
    return found;
  }
  const isMarked = (row) => text("recovery", row) !== "live" || numbers.trouble[row] || numbers.rival[row];

  // ---- filters: a text is looked for once in each dictionary, then rows compare numbers
  function hits(name, needle) {
    const column = texts[name];
    column.f = column.f || column.d.map(fold);
    return Uint8Array.from(column.f, (value) => (value.includes(needle) ? 1 : 0));
  }
  function finder(value, names) {
    const needle = fold(value.trim());
    if (!needle) return null;
    const masks = names.map((name) => [texts[name].i, hits(name, needle)]);
    return (row) => masks.some(([index, mask]) => mask[index[row]]);
  }
  const dayOf = (id) => { const v = byId(id).valueAsNumber; return Number.isNaN(v) ? null : v / 1000 / DAY; };

  function filter() {
    const tests = [];
    const person = finder(byId("f-person").value, ["sender", "recipients", "actor"]);
    const words = finder(byId("f-text").value, ["subject", "sentence_ja", "sentence_en", "raw", "says", "store_path", "address"]);
    if (person) tests.push(person);
    if (words) tests.push(words);
    const folder = byId("f-folder").value, meaning = byId("f-meaning").value, recovery = byId("f-recovery").value;
    if (folder) { const wanted = Number(folder); tests.push((r) => folderOf[r] === wanted); }
    if (meaning) { const code = texts.meaning.d.indexOf(meaning); tests.push((r) => texts.meaning.i[r] === code); }
    if (recovery) {
      const code = texts.recovery.d.indexOf(recovery), live = texts.recovery.d.indexOf("live");
      tests.push(recovery === "*" ? (r) => texts.recovery.i[r] !== live : (r) => texts.recovery.i[r] === code);
    }
    const from = dayOf("f-from"), to = dayOf("f-to");
    if (from !== null || to !== null) {
      const first = from === null ? -Infinity : from * DAY, last = to === null ? Infinity : (to + 1) * DAY;
      tests.push((r) => timed(r) && local[r] >= first && local[r] < last);
    }
    if (byId("f-fold").checked) tests.push((r) => !numbers.repeat[r]);
    if (byId("f-marked").checked) tests.push(isMarked);
    const kept = new Uint32Array(n);
    let count = 0;
    for (let row = 0; row < n; row++) {
      let ok = true;
      for (let k = 0; ok && k < tests.length; k++) ok = tests[k](row);
      if (ok) kept[count++] = row;
    }
    shown = kept.slice(0, count);
    sort();
  }

  function sort() {
    if (sortBy !== "time") {
      const key = sortBy === "marks" ? Uint8Array.from({ length: n }, (_, r) => (isMarked(r) ? 0 : 1)) : texts[sortBy].i;
      shown.sort((a, b) => key[a] - key[b] || a - b);
    } else shown.sort();
    if (down) shown.reverse();
    draw(true);
  }

  // ---- the table: only the rows in sight exist
  const body = () => byId("body");
  function draw(top) {
    byId("spacer").style.height = `${shown.length * ROW}px`;
    if (top) body().scrollTop = 0;
    drawRows();
    const all = n.toLocaleString("en-US"), some = shown.length.toLocaleString("en-US");
    byId("status").textContent = pair(`${all} 件中 ${some} 件を表示`, `${some} of ${all} events shown`);
    drawChart();
  }
  function drawRows() {
    const first = Math.max(0, Math.floor(body().scrollTop / ROW) - 5);
    const last = Math.min(shown.length, first + Math.ceil(body().clientHeight / ROW) + 12);
    const rows = [];
    for (let k = first; k < last; k++) rows.push(rowElement(shown[k]));
    if (!shown.length) rows.push(make("div", "empty", pair("条件に合う記録はない", "No event meets these conditions")));
    const box = byId("rows");
    box.style.transform = `translateY(${first * ROW}px)`;
    box.replaceChildren(...rows);
  }
  function rowElement(row) {
    const gone = text("recovery", row) !== "live";
    const element = make("div", `r${gone ? " gone" : ""}${numbers.repeat[row] ? " repeat" : ""}${row === chosen ? " sel" : ""}`);
    element.setAttribute("role", "row");
    element.title = sentence(row);
    element.dataset.row = row;
    for (const [name, , , value, style] of COLUMNS) {
      const cell = make("div", `${style} k-${name}`);
      cell.setAttribute("role", "gridcell");
      if (name === "marks") for (const [kind, label] of marks(row)) cell.append(make("span", kind, label));
      else cell.textContent = value(row);
      element.append(cell);
    }
    return element;
  }
  function drawHead() {
    byId("gridhead").replaceChildren(...COLUMNS.map(([name, ja, en]) => {
      const key = ["number", "local", "utc"].includes(name) ? "time" : name;
      const cell = make("div", `k-${name}`);
      cell.setAttribute("role", "columnheader");
      const label = name === "local" ? `${pair(ja, en)} (${data.zone})` : pair(ja, en);
      const control = make("button", "", label + (key === sortBy && name !== "number" && name !== "utc" ? (down ? " ▼" : " ▲") : ""));
      control.title = label;
      control.type = "button";
      control.addEventListener("click", () => { down = sortBy === key ? !down : false; sortBy = key; drawHead(); sort(); });
      cell.append(control);
      return cell;
    }));
  }

  // ---- the chart: logical messages that were on their way on that day, among the rows shown. File times and calendar
  // entries are no mail traffic; they count only where the reader asks for one meaning.
  const TRAFFIC = ["sent", "submitted", "relayed", "delivered"];
  function countDays() {
    const days = new Map(), seen = new Float64Array(logicalCount).fill(NaN);
    const wanted = byId("f-meaning").value ? null : Uint8Array.from(texts.meaning.d, (key) => (TRAFFIC.includes(key) ? 1 : 0));
    const ordered = sortBy === "time" && !down ? shown : Uint32Array.from(shown).sort();
    for (const row of ordered) {
      if (!timed(row) || (wanted && !wanted[texts.meaning.i[row]])) continue;
      const day = Math.floor(local[row] / DAY), who = logicalOf[row];
      if (seen[who] === day) continue;
      seen[who] = day;
      const entry = days.get(day) || [0, 0];
      entry[text("recovery", row) === "live" ? 0 : 1]++;
      days.set(day, entry);
    }
    return days;
  }
  function range(days) {
    const sorted = [...days.keys()].sort((a, b) => a - b);
    if (!sorted.length) return null;
    let first = sorted[0], last = sorted[sorted.length - 1];
    const low = sorted[Math.floor(sorted.length * 0.005)], high = sorted[Math.ceil(sorted.length * 0.995) - 1];
    if (last - first > 3 * (high - low + 30)) { first = low; last = high; }
    return [first, last, sorted.filter((day) => day < first || day > last).length];
  }
  function drawChart() {
    const canvas = byId("chart"), scale = window.devicePixelRatio || 1;
    const width = canvas.clientWidth, height = 110, left = 40, base = height - 18;
    canvas.width = width * scale; canvas.height = height * scale;
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    pen.font = "11px sans-serif";
    const days = countDays(), span = range(days);
    chart = null;
    byId("chartnote").textContent = "";
    if (!span) return;
    const [first, last, outside] = span, count = last - first + 1;
    const step = Math.max(1, Math.ceil(count / Math.max(1, Math.floor((width - left) / 3))));
    const bins = Math.ceil(count / step), live = new Float64Array(bins), gone = new Float64Array(bins);
    for (const [day, [a, b]] of days) {
      if (day < first || day > last) continue;
      live[Math.floor((day - first) / step)] += a; gone[Math.floor((day - first) / step)] += b;
    }
    let most = 1;
    for (let k = 0; k < bins; k++) most = Math.max(most, live[k] + gone[k]);
    const wide = (width - left) / bins;
    chart = { first, last, step, wide, left, bins };
    if (drag) {
      pen.fillStyle = "#dbe5f1";
      pen.fillRect(Math.min(drag.from, drag.to), 0, Math.abs(drag.to - drag.from), base);
    }
    for (let k = 0; k < bins; k++) {
      const a = (live[k] / most) * (base - 14), b = (gone[k] / most) * (base - 14), w = Math.max(1, Math.min(40, wide - (wide > 3 ? 1 : 0))), x = left + k * wide + Math.max(0, (wide - w) / 2);
      pen.fillStyle = "#1f3a5f"; pen.fillRect(x, base - a, w, a);
      if (b) { pen.strokeStyle = "#6b4e00"; pen.fillStyle = "#e9c46a"; pen.fillRect(x, base - a - b, w, b); if (w > 3) pen.strokeRect(x + 0.5, base - a - b + 0.5, w - 1, Math.max(1, b - 1)); }
    }
    pen.fillStyle = "#595959";
    pen.strokeStyle = "#c9c9c9";
    pen.beginPath(); pen.moveTo(left, base + 0.5); pen.lineTo(width, base + 0.5); pen.stroke();
    pen.textAlign = "right"; pen.fillText(String(most), left - 5, 14); pen.fillText("0", left - 5, base);
    pen.textAlign = "left"; pen.fillText(dayText(first), left, height - 4);
    pen.textAlign = "right"; pen.fillText(dayText(last), width - 2, height - 4);
    pen.textAlign = "center"; if (count > 2 && width > 500) pen.fillText(dayText(first + Math.floor(count / 2)), left + (width - left) / 2, height - 4);
    const per = step === 1 ? "" : pair(`（1本 = ${step}日）`, ` (one bar = ${step} days)`);
    const out = outside ? pair(`　範囲外の日: ${outside}`, ` · days outside this range: ${outside}`) : "";
    byId("chartnote").textContent = pair(`表示中の行のうち、その日に送信・中継・到着した論理メールの数。黄色は復元・削除済み。ドラッグで期間を選ぶ${per}${out}`, `Logical messages sent, relayed or delivered that day, among the rows shown; yellow: deleted or recovered. Drag to choose a period${per}${out}`);
  }
  function setDays(a, b) {
    const day = (x) => chart.first + Math.min(chart.bins - 1, Math.max(0, Math.floor((x - chart.left) / chart.wide))) * chart.step;
    const from = day(Math.min(a, b)), to = Math.min(chart.last, day(Math.max(a, b)) + chart.step - 1);
    byId("f-from").value = dayText(from); byId("f-to").value = dayText(to);
    filter();
  }

  // ---- details of one event
  async function choose(row) {
    chosen = row;
    drawRows();
    if (!details) details = await unpack("details");
    if (chosen !== row) return;
    const box = byId("detail"), list = make("dl");
    const add = (ja, en, value) => { if (value !== "" && value !== undefined && value !== null) list.append(make("dt", "", pair(ja, en)), make("dd", "", String(value))); };
    const m = details.messages[text("message_ref", row)] || [];
    add("行為", "Recorded", sentence(row));
    add(`日時（${data.zone}）`, `Time (${data.zone})`, localText(row));
    add("日時（UTC）", "Time (UTC)", utcText(row));
    add("時刻の意味", "Meaning", word("meaning", text("meaning", row)));
    add("時刻の根拠", "Basis", word("basis", text("basis", row)));
    add("記録元の項目", "Field", text("says", row));
    add("原表記", "As written", text("raw", row));
    add("元の時差", "Zone", [word("zone", text("zone", row)), text("offset_minutes", row) && `${text("offset_minutes", row)} min`].filter(Boolean).join(", "));
    add("精度", "Precision", text("precision", row));
    add("アカウント等", "Account", text("actor", row));
    add("差出人", "From", m[0] || text("sender", row));
    add("宛先", "To", m[1]); add("Cc", "Cc", m[2]); add("Bcc", "Bcc", m[3]);
    add("相手方", "Counterpart", text("recipients", row));
    add("添付", "Attachments", m[5] || (numbers.attachment_count[row] || ""));
    add("Message-ID", "Message-ID", m[4]);
    add("種別", "Item class", m[6]);
    add("証拠番号", "Evidence", text("evidence", row));
    const former = ["deleted_file", "orphaned", "stale", "remnant", "carved"].includes(text("recovery", row));
    add(former ? "元のフォルダ" : "フォルダ", former ? "Former folder" : "Folder", text("store_path", row));
    add("位置", "Address", text("address", row));
    add("バイト範囲", "Byte range", m[8] ? `${m[8]} – ${m[9]}` : "");
    add("所在・復元", "Recovery", word("recovery", text("recovery", row)));
    if (m[10]) {
      add("復元の経路", "Found as", word("tier", m[10]));
      add("確からしさ", "Confidence", word("confidence", m[11]));
      add("復元の根拠", "Ground", word("ground", m[12]));
      add("旧索引の頁（バイト位置）", "Superseded page at byte", m[13]);
      add("先頭ブロック", "First block", m[14]);
      add("上書きされた部分", "Overwritten", m[16]);
      add("バイト単位で同一のアイテム", "Byte for byte the same as", m[15]);
    }
    add("同一内容の復元痕跡", "Recovered finds that are the same", m[17]);
    add("ストアの検査値", "Store checksum", m[7]);
    add("写しの数", "Copies", numbers.seen_in[row]);
    add("写しの同一記録", "Repeat", numbers.repeat[row] ? pair("はい", "yes") : "");
    add("同ID別本文", "Same id, other body", numbers.rival[row] || "");
    add("添付の深さ", "Nesting", numbers.depth[row] || "");
    add("記録内の順", "Position", numbers.position[row]);
    add("メール記録ID", "Message record", text("message_ref", row));
    add("論理メールID", "Logical message", text("logical_id", row));
    const close = make("button", "close", pair("閉じる", "Close"));
    close.type = "button";
    close.addEventListener("click", () => { box.hidden = true; chosen = -1; drawRows(); });
    const parts = [close, make("h2", "", text("subject", row) || pair("（件名なし）", "(no subject)")), make("div"), list];
    for (const [kind, label] of marks(row)) parts[2].append(make("span", kind, label));
    const excerpt = details.bodies[text("logical_id", row)];
    if (excerpt) {
      const cut = excerpt[1] > [...excerpt[0]].length ? pair(`（全 ${excerpt[1]} 文字の冒頭）`, ` (start of ${excerpt[1]} characters)`) : "";
      parts.push(make("b", "", pair("本文（平文）", "Body (plain text)") + cut), make("pre", "", excerpt[0]));
    }
    box.replaceChildren(...parts);
    box.hidden = false;
    box.scrollTop = 0;
    drawRows();
  }
  function move(by) {
    const at = shown.indexOf(chosen), next = Math.min(shown.length - 1, Math.max(0, at + by));
    if (!shown.length) return;
    const y = next * ROW;
    if (y < body().scrollTop) body().scrollTop = y;
    else if (y + ROW > body().scrollTop + body().clientHeight) body().scrollTop = y + ROW - body().clientHeight;
    choose(shown[next]);
  }

  // ---- paper: a plain table of the rows shown, up to a number, and it says so
  const opened = [];
  function print() {
    for (const part of document.querySelectorAll("details:not([open])")) { part.open = true; opened.push(part); }
    const columns = COLUMNS.map((c) => (c[0] === "recipients" ? ["sentence", "行為", "What is recorded", sentence, "c"] : c));
    const box = byId("print"), rows = shown.subarray(0, PRINTED);
    const table = make("table"), top = make("tr"), head = make("thead"), rest = make("tbody");
    columns.forEach(([, ja, en], k) => top.append(make("th", `p${k}`, k === 1 ? `${pair(ja, en)} (${data.zone})` : pair(ja, en))));
    head.append(top);
    for (const row of rows) {
      const line = make("tr");
      for (const column of columns) line.append(make("td", "", column[3](row)));
      rest.append(line);
    }
    table.append(head, rest);
    const said = shown.length > PRINTED
      ? pair(`条件に合う ${shown.length} 件のうち先頭の ${PRINTED} 件を印刷した。全件は timeline.csv にある。`, `The first ${PRINTED} of ${shown.length} matching events are printed; timeline.csv has all.`)
      : pair(`条件に合う ${shown.length} 件（全 ${n} 件）`, `${shown.length} matching events of ${n}`);
    const conditions = [...document.querySelectorAll("#filters input:not([type=checkbox]),#filters select")].filter((e) => e.value)
      .map((e) => `${e.parentElement.querySelector(lang ? ".en" : ".ja").textContent}: ${e.selectedOptions ? e.selectedOptions[0].textContent : e.value}`);
    box.replaceChildren(make("h2", "", pair("時系列表", "Timeline")), make("p", "", said), make("p", "", conditions.join("; ")), table);
  }

  function fill(id, entries, all) {
    const select = byId(id), before = select.value;
    const option = (value, label) => { const o = make("option", "", label); o.value = value; return o; };
    select.replaceChildren(option("", all), ...entries.map(([value, label]) => option(value, label)));
    select.value = before;
  }
  function fillChoices() {
    const all = pair("すべて", "all");
    fill("f-folder", folders.map((label, k) => [String(k), label]), all);
    fill("f-meaning", texts.meaning.d.map((key) => [key, word("meaning", key)]), all);
    fill("f-recovery", [["*", pair("現存以外", "all but live")], ...texts.recovery.d.map((key) => [key, word("recovery", key)])], all);
  }
  relabel = () => { drawHead(); fillChoices(); draw(false); if (chosen >= 0) choose(chosen); };

  function prepare() {
    ({ texts, numbers, n } = data);
    sec = new Float64Array(n); local = new Float64Array(n);
    let before = 0;
    for (let row = 0; row < n; row++) {
      if (numbers.sec[row] === null) continue;
      before += numbers.sec[row];
      sec[row] = before; local[row] = before + numbers.off[row];
    }
    for (const column of Object.values(texts)) column.i = Uint32Array.from(column.i);
    const known = new Map();
    folderOf = new Uint32Array(n);
    const paths = texts.store_path.d.length;
    for (let row = 0; row < n; row++) {
      const key = texts.evidence.i[row] * paths + texts.store_path.i[row];
      if (!known.has(key)) known.set(key, `${text("evidence", row)}  ${text("store_path", row)}`);
      folderOf[row] = key;
    }
    const keys = [...known.keys()].sort((a, b) => a - b), rank = new Map(keys.map((key, k) => [key, k]));
    folders = keys.map((key) => known.get(key));
    for (let row = 0; row < n; row++) folderOf[row] = rank.get(folderOf[row]);
    logicalOf = texts.logical_id.i; logicalCount = texts.logical_id.d.length;
  }
  function listen() {
    let timer = 0;
    const soon = () => { clearTimeout(timer); timer = setTimeout(filter, 120); };
    byId("filters").addEventListener("input", soon);
    byId("filters").addEventListener("submit", (event) => event.preventDefault());
    byId("clear").addEventListener("click", () => { byId("filters").reset(); filter(); });
    body().addEventListener("scroll", drawRows, { passive: true });
    byId("rows").addEventListener("click", (event) => { const r = event.target.closest(".r"); if (r) choose(Number(r.dataset.row)); });
    byId("grid").addEventListener("keydown", (event) => {
      const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20 }[event.key];
      if (by) { event.preventDefault(); move(by); }
    });
    const canvas = byId("chart"), at = (event) => event.clientX - canvas.getBoundingClientRect().left;
    canvas.addEventListener("pointerdown", (event) => { if (chart) { drag = { from: at(event), to: at(event) }; canvas.setPointerCapture(event.pointerId); } });
    canvas.addEventListener("pointermove", (event) => { if (drag) { drag.to = at(event); drawChart(); } });
    canvas.addEventListener("pointerup", (event) => { if (drag) { const { from } = drag; drag = null; setDays(from, at(event)); } });
    window.addEventListener("resize", () => { drawRows(); drawChart(); });
    window.addEventListener("beforeprint", print);
    window.addEventListener("afterprint", () => { opened.splice(0).forEach((part) => { part.open = false; }); });
  }
  async function start() {
    data = await unpack("data");
    prepare();
    byId("app").hidden = false;
    listen(); drawHead(); fillChoices(); filter();
    performance.mark("ready");
    root.dataset.ready = Math.round(performance.now());
  }
  start();
})();
