// Drives the studio as a user does, in Chromium: from a CSV and a PDF to a version that is promoted
// and rolled back.
//
//   node journey.mjs LINK FOLDER PICTURES
//
// LINK signs in, FOLDER has support.csv and gets handbook.pdf, PICTURES gets a picture of each
// screen, wide and as on a phone. Prints one JSON object: seconds by step, first paints, answers of
// actions, what axe and the console complained about. Packages are found by ADAPT4J_PLAYWRIGHT.
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const require = createRequire(path.join(process.env.ADAPT4J_PLAYWRIGHT, "package.json"));
const { chromium } = require("playwright-core");
const axeSource = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const [link, folder, pictures] = process.argv.slice(2);
const WIDE = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };
const found = { steps: {}, paints: {}, actions: {}, violations: [], complaints: [] };

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

async function step(name, work) {
  const start = Date.now();
  await work();
  found.steps[name] = (Date.now() - start) / 1000;
  process.stderr.write(name + " " + found.steps[name].toFixed(1) + " s\n");
}

/** Takes pictures of the page in both widths and looks for what hinders people, light and dark. */
async function look(name) {
  for (const scheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme });
    // The protocol evaluates in the page without regard to its policy, as an extension would.
    await page.evaluate(axeSource);
    const report = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
    for (const violation of report.violations) {
      for (const node of violation.nodes) {
        found.violations.push(
          [name, scheme, violation.id, node.target.join(" "), node.failureSummary].join(" | "));
      }
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.screenshot({ path: path.join(pictures, name + ".png"), fullPage: true });
  await page.setViewportSize(PHONE);
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

let data;
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

await step("fix a finding", async () => {
  await go(data + "/doctor");
  await text("Findings");
  await look("doctor");
  await press("button", /Mask them/);
  await page.getByRole("button", { name: "Undo" }).first().waitFor();
  await text("Rows by number of characters");
});

await step("split and check for leaks", async () => {
  await page.getByLabel("Share of the test rows").fill("20");
  await press("button", "Split into training and test");
  await text("Rows by number of characters");
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
  await press("button", "Save and run");
});

const run = () => new URL(page.url()).pathname;
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

await step("train to the end", async () => {
  await page.waitForFunction(
    () => document.querySelector("[data-state]")?.textContent === "done", null, { timeout: 400_000 });
  await look("run-done");
});

await step("machine", async () => {
  await open("Machine");
  await look("machine");
});

found.run = run();
await browser.close();
process.stdout.write(JSON.stringify(found, null, 1) + "\n");
