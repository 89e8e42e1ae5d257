// Drives the studio as a user does, in Chromium: from a CSV and a PDF to a version that is promoted
// and rolled back.
//
//   node journey.mjs LINK FOLDER PICTURES
//
// LINK signs in, FOLDER has support.csv and gets handbook.pdf, PICTURES gets pictures of each
// screen: its first view, the whole page, and as on a phone. Prints one JSON object: seconds by
// step, first paints, answers of actions, headings of screens, what axe and the console complained
// about. Packages are found by ADAPT4J_PLAYWRIGHT.
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const require = createRequire(path.join(process.env.ADAPT4J_PLAYWRIGHT, "package.json"));
const { chromium } = require("playwright-core");
const axeSource = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const [link, folder, pictures] = process.argv.slice(2);
const WIDE = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };
const found = { steps: {}, paints: {}, actions: {}, screens: {}, violations: [], complaints: [] };

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
const context = await browser.newContext({ viewport: WIDE, locale: "en-US", bypassCSP: false });
const page = await context.newPage();
page.setDefaultTimeout(60_000);
page.on("console", message => {
  if (["error", "warning"].includes(message.type())) found.complaints.push(message.text());
});
page.on("pageerror", error => found.complaints.push(String(error)));
page.on("response", answer => {
  if (answer.status() >= 400) found.complaints.push(answer.status() + " " + answer.url());
});

/** A step of the journey; with JOURNEY_FROM, those before it are left out but for signing in. */
let skipping = Boolean(process.env.JOURNEY_FROM);
async function step(name, work) {
  skipping = skipping && name !== process.env.JOURNEY_FROM;
  if (skipping && name !== "sign in") return;
  const start = Date.now();
  await work();
  found.steps[name] = (Date.now() - start) / 1000;
  process.stderr.write(name + " " + found.steps[name].toFixed(1) + " s\n");
}

/** Says what hinders people in the page as it is now. */
async function examine(name) {
  // The protocol evaluates in the page without regard to its policy, as an extension would.
  await page.evaluate(axeSource);
  const report = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  for (const violation of report.violations) {
    for (const node of violation.nodes) {
      found.violations.push(
        [name, violation.id, node.target.join(" "), node.failureSummary].join(" | "));
    }
  }
}

/** Takes pictures of the page in both widths and examines it, light, dark, and on a phone. */
async function look(name) {
  for (const scheme of ["dark", "light"]) {
    await page.emulateMedia({ colorScheme: scheme });
    await examine(name + " " + scheme);
  }
  await page.evaluate(() => { document.activeElement.blur(); window.scrollTo(0, 0); });
  found.screens[name] = await page.locator("nav[aria-label] a, h1, h2, th").evaluateAll(
    all => all.map(each => each.textContent.trim()).filter(text => text && !/[\d.]/.test(text)));
  await page.screenshot({ path: path.join(pictures, name + ".png") });
  await page.screenshot({ path: path.join(pictures, name + "-whole.png"), fullPage: true });
  await page.setViewportSize(PHONE);
  await examine(name + " phone");
  const wider = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (wider > 0) found.complaints.push(name + ": " + wider + " px wider than a phone");
  await page.screenshot({ path: path.join(pictures, name + "-phone.png"), fullPage: true });
  await page.setViewportSize(WIDE);
}

/** Milliseconds until the server answered the navigation to this page, with its redirection. */
async function answered(name) {
  const timing = await page.evaluate(() => {
    const entry = performance.getEntriesByType("navigation")[0];
    const paint = performance.getEntriesByName("first-contentful-paint")[0];
    return { answer: entry.responseStart - entry.startTime, paint: paint && paint.startTime };
  });
  const key = String(name);
  found.actions[key] = Math.max(found.actions[key] || 0, Math.round(timing.answer));
  if (timing.paint) found.paints[key] = Math.max(found.paints[key] || 0, Math.round(timing.paint));
}

/** Clicks what a role and a name find, and waits for the page that answers. */
async function press(role, name, scope = page) {
  const target = scope.getByRole(role, { name, exact: false }).first();
  await target.waitFor();
  await Promise.all([page.waitForEvent("load"), target.click()]);
  await answered(name);
}

async function open(name) {
  await press("link", name, page.getByRole("navigation").first());
}

async function go(address) {
  await page.goto(new URL(address, page.url()).href);
  await answered(address.replace(/^.*\//, ""));
}

process.on("uncaughtException", async error => {
  await page.screenshot({ path: path.join(pictures, "failed.png"), fullPage: true });
  process.stderr.write(page.url() + "\n" + error.message + "\n" + JSON.stringify(found, null, 1) + "\n");
  process.exit(1);
});

const text = pattern => page.getByText(pattern).first().waitFor();

await step("sign in", async () => {
  await page.goto(link);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await look("start");
});

await step("make a document", async () => {
  const printer = await context.newPage();
  const guide = [1, 2, 3].map(number =>
    `<h1>Chapter ${number}</h1><p>The shop ${["opens at nine", "sells bicycles", "closes at six"][number - 1]}.</p>`
      + "<p style='page-break-after:always'></p>").join("");
  await printer.setContent("<title>Handbook</title>" + guide);
  fs.writeFileSync(path.join(folder, "handbook.pdf"), await printer.pdf());
  await printer.close();
});

let data, plan;
await step("open a CSV", async () => {
  await page.getByLabel("files").or(page.locator("#files")).setInputFiles(
    path.join(folder, "support.csv"));
  await text("Models on this machine");
  await page.getByRole("button", { name: "Plan with it" }).first().waitFor();
  data = new URL(page.url()).pathname;
  await look("data");
});

await step("open a PDF", async () => {
  await open("Start");
  await page.getByLabel("Path").fill(path.join(folder, "handbook.pdf"));
  await press("button", "Open");
  await text(/documents?/i);
  await look("document");
});

await step("index the PDF and ask it", async () => {
  await open("Ask");
  await press("link", "Ask documents");
  await look("documents");
  await press("button", "Index them");
  await text("The documents are indexed");
  await look("index");
  await open("Ask");
  await press("link", "Ask documents");
  await page.getByLabel("Question").fill("When does the shop close?");
  await press("button", "Ask");
  await page.getByRole("heading", { name: "Passages" }).waitFor();
  await press("link", /handbook/, page.getByRole("main"));
  await page.locator("#passage").waitFor();
  await text("closes at six");
  await look("passage");
});

await step("open stories", async () => {
  await open("Start");
  await page.getByLabel("Path").fill(path.resolve("../examples/data/tinystories/heldout.jsonl"));
  await press("button", "Open");
  await text("Models on this machine");
});

await step("fix a finding", async () => {
  await go(data + "/doctor");
  await text("Findings");
  await text("Tokens per row");
  await look("doctor");
  await press("button", /Mask them/);
  await page.getByRole("button", { name: "Undo" }).first().waitFor();
  await text("Rows by number of characters");
});

await step("split and check for leaks", async () => {
  await page.getByLabel("Share of the test rows").fill("20");
  await press("button", "Split into training and test");
  await text("Rows by number of characters");
  await text("Tokens per row");
  data = new URL(page.url()).pathname.replace("/doctor", "");
  await look("split");
});

await step("see tokens", async () => {
  await go(data + "/mask");
  await text("Learned");
  await look("mask");
});

await step("plan", async () => {
  await go(data);
  await press("button", "Plan a run");
  await text("Peak memory");
  await page.getByLabel("Epochs").fill(process.env.JOURNEY_EPOCHS || "20");
  await page.getByLabel("Learning rate").fill("0.005");
  const yaml = page.getByLabel("YAML");
  await page.waitForFunction(() => document.querySelector("#yaml").value.includes("learningRate"));
  // The end token of this small model was never trained, so its output layer has to learn it.
  await yaml.fill((await yaml.inputValue()).replace(
    "rank: 16\n", "rank: 16\n    modulesToSave: [lm_head]\n"));
  await page.waitForTimeout(800);
  await look("plan");
  plan = new URL(page.url()).pathname;
  await press("button", "Save and run");
});

await step("train and watch", async () => {
  await page.locator(".charts svg").first().waitFor();
  await page.waitForTimeout(6000);
  await look("run");
});

await step("kill and resume", async () => {
  await page.waitForFunction(() => /\b([2-9]\d|\d{3,}) \/ /.test(document.body.innerText));
  await press("button", "Kill");
  await page.getByRole("button", { name: "Resume" }).waitFor();
  await press("button", "Resume");
});

const done = () => page.waitForFunction(
  () => document.querySelector("[data-state]")?.textContent === "done", null, { timeout: 400_000 });

await step("train to the end", async () => {
  await done();
  await look("run-done");
});

await step("train another", async () => {
  await open("Plans");
  plan ||= await page.getByRole("main").getByRole("link", { name: /training/ }).first().getAttribute("href");
  await go(plan);
  await page.getByRole("textbox", { name: "Rank" }).fill("2");
  await page.getByLabel("Epochs").fill("2");
  await page.waitForTimeout(800);
  await press("button", "Save and run");
  await done();
});

await step("examine", async () => {
  await open("Exams");
  await page.getByLabel("Questions from", { exact: false }).first().selectOption({ label: "support.csv (test)" });
  await page.getByLabel("General questions from").selectOption({ label: "heldout.jsonl" });
  await page.getByLabel("Questions at most").fill("20");
  await look("exams");
  await press("button", "Next: choose models");
  for (const each of await page.getByRole("checkbox", { name: /support/ }).all()) await each.check();
  await look("exam-draft");
  await press("button", "Start the exam");
  await page.getByRole("heading", { name: "Scores" }).waitFor({ timeout: 200_000 });
  await look("exam");
});

await step("see what is forgotten", async () => {
  await press("link", "Forgetting");
  await page.getByRole("heading", { name: "What is kept" }).waitFor();
  await look("forgetting");
});

await step("compare", async () => {
  await open("Compare");
  const run = name => page.locator("select[name=" + name + "]");
  await run("a").selectOption({ index: 0 });
  await run("b").selectOption({ index: 1 });
  await press("button", "Compare", page.getByRole("main"));
  await page.getByRole("heading", { name: "Differences shown by exams" }).waitFor();
  await page.waitForTimeout(1500);
  await look("compare");
});

await step("serve", async () => {
  await open("Ship");
  await look("ship");
  await press("link", /^Ship support/, page.getByRole("main"));
  await look("ship-run");
  await press("button", "Serve it");
  await page.getByLabel("Record answers and feedback").check();
  await page.getByLabel("Keep the texts").check();
  await press("button", "Start the service");
  await page.getByRole("heading", { name: "Code to paste" }).waitFor();
  await look("service");
});

await step("judge answers", async () => {
  const code = await page.locator("pre").first().textContent();
  const key = fs.readFileSync(/\$\(cat '?([^')]+)'?\)/.exec(code)[1], "utf8");
  const address = new URL(/http:[^\s'"]+/.exec(code)[0]).origin;
  const post = async (place, body) => {
    const answer = await fetch(address + place, {
      method: "POST", body: JSON.stringify(body),
      headers: { Authorization: "Bearer " + key, "Content-Type": "application/json" } });
    if (!answer.ok) throw new Error(place + ": " + await answer.text());
    return answer.json();
  };
  const { data: models } = await (await fetch(
    address + "/v1/models", { headers: { Authorization: "Bearer " + key } })).json();
  const tuned = models.map(each => each.id).find(id => /support/.test(id)) || models[0].id;
  for (const [customer, judgment] of [
    ["customer-1", { rating: "up" }], ["customer-2", { rating: "down", correction: "Ask the man upstairs." }]]) {
    const prompt = "Question: Where is the bicycle? 3\nAnswer:";
    const { id } = await post("/v1/completions",
      { model: tuned, prompt, max_tokens: 16, temperature: 0, user: customer, store: true });
    await post("/v1/feedback", { id, user: customer, store: true, ...judgment });
  }
  await press("link", "Inbox");
  await text("Ask the man upstairs.");
  await press("button", "Make rows");
  await text("answers to learn");
  await look("inbox");
  await page.getByLabel("Customer, as requests name it").fill("customer-2");
  await press("button", "Delete", page.locator("#forget"));
  await text(/entries were removed/);
  await page.getByText("Ask the man upstairs.").waitFor({ state: "detached" });
  await look("inbox-forgotten");
});

await step("ask blind", async () => {
  await open("Ask");
  await page.getByLabel("Prompts of").selectOption({ label: "support.csv (test)" });
  await page.getByLabel("Number of prompts").fill("3");
  await look("ask");
  await press("button", "Begin");
  for (const [number, key] of [[1, "a"], [2, "b"], [3, "t"]]) {
    await text(`Question ${number} of 3`);
    await page.locator("button[data-key=" + key + "]").waitFor();
    if (number === 1) await look("ask-blind");
    // Equal answers can only be called so.
    const enabled = await page.locator("button[data-key=" + key + "]").isEnabled();
    await Promise.all([page.waitForEvent("load"), page.keyboard.press(enabled ? key : "t")]);
  }
  await press("link", "Show the result");
  await look("ask-result");
});

await step("export", async () => {
  await open("Ship");
  await press("link", /^Ship support/, page.getByRole("main"));
  await page.getByRole("radio", { name: /Q8_0/ }).check();
  await page.getByLabel("Compare with the original on").selectOption({ label: "support.csv (test)" });
  await press("button", "Export");
  await page.getByRole("heading", { name: "Proof" }).waitFor();
  await look("export");
});

await step("promote and roll back", async () => {
  for (const version of [1, 2]) {
    await open("Ship");
    await page.getByRole("main").getByRole("link", { name: /^Ship support/ }).nth(2 - version).click();
    await page.getByLabel("Name").fill("support");
    await page.getByLabel("Exam").selectOption({ index: 1 });
    await press("button", "Keep it");
    await page.getByRole("heading", { name: "Version " + version }).waitFor();
    await page.locator("[data-live]").waitFor({ state: "detached" });
    const section = page.locator("#version-" + version);
    await section.getByLabel("Why").fill("The exam shows no loss.");
    await press("button", "Promote to production", section);
  }
  await look("registry");
  await page.getByText("From version 2 back to version 1").click();
  await page.locator("#rollback").getByLabel("Why").fill("Customers complained.");
  await press("button", "Roll back", page.locator("#rollback"));
  await page.locator("#version-1").getByText("production", { exact: true }).waitFor();
});

await step("delete a customer's rows from a version", async () => {
  await press("link", /Delete rows/, page.locator("#version-2"));
  await page.getByLabel("Field").selectOption("customer");
  await page.getByLabel("Value").fill("customer-3");
  await press("button", "Find rows");
  await look("deletion");
  await press("button", /^Delete all \d+ rows/);
  await text("The new version is");
  await look("deletion-done");
});

await step("see drift", async () => {
  await open("Registry");
  await press("link", "Compare rows");
  await page.getByLabel("Rows of the earlier time").selectOption({ label: "support.csv (training)" });
  await page.getByLabel("Rows of now").selectOption({ label: "heldout.jsonl" });
  await look("drift");
  await press("button", "Compare", page.getByRole("main"));
  await text("The rows have drifted");
  await look("drift-found");
});

await step("machine", async () => {
  await open("Machine");
  await look("machine");
});

await browser.close();
process.stdout.write(JSON.stringify(found, null, 1) + "\n");
