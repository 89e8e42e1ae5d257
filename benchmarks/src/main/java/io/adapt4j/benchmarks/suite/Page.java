package io.adapt4j.benchmarks.suite;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jsoup.nodes.DataNode;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.DocumentType;
import org.jsoup.nodes.Element;

/** A run and its comparison as one HTML page that needs nothing else. */
final class Page {

  private static final String CSS = resource("page.css");

  private final Comparison comparison;
  private final Run run;
  private final Document document = Document.createShell("");

  private Page(Comparison comparison) {
    this.comparison = comparison;
    this.run = comparison.run();
  }

  static String of(Comparison comparison) {
    Page page = new Page(comparison);
    page.head();
    page.summary();
    page.problems();
    page.table(
        "Ratios",
        "Both sides were measured in one run, so these compare machines and versions best.",
        page.changes(true));
    page.table("Figures", "Times and rates belong to the machine above.", page.changes(false));
    page.foot();
    return page.document.outerHtml() + "\n";
  }

  private void head() {
    document.prependChild(new DocumentType("html", "", ""));
    document.outputSettings().prettyPrint(false);
    document.firstElementChild().attr("lang", "en");
    document.title("Benchmarks of " + run.date());
    Element head = document.head();
    head.prependElement("meta")
        .attr("name", "viewport")
        .attr("content", "width=device-width, initial-scale=1");
    head.prependElement("meta").attr("charset", "utf-8");
    head.appendElement("meta")
        .attr("http-equiv", "Content-Security-Policy")
        .attr("content", "default-src 'none'; style-src 'unsafe-inline'; img-src data:");
    head.appendElement("link").attr("rel", "icon").attr("href", "data:,");
    head.appendElement("style").appendChild(new DataNode(CSS));
    document.body().appendElement("h1").text("Benchmarks");
    Element facts = document.body().appendElement("dl");
    facts().forEach((name, value) -> fact(facts, name, value));
  }

  private Map<String, String> facts() {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("measured", run.date() + ", " + minutes() + ", profile " + profile());
    facts.put("machine", run.machine().text());
    facts.put("instruction sets", String.join(" ", run.machine().instructionSets()));
    facts.put("versions", run.versions().text() + " at " + run.commit().text());
    facts.put("compared", comparison.remark());
    return facts;
  }

  private String profile() {
    String name = run.profile().name().toLowerCase(Locale.ROOT);
    return run.only().isEmpty() ? name : name + ", benchmarks named " + run.only() + " only";
  }

  private String minutes() {
    Duration time = Duration.ofSeconds(Math.round(run.seconds()));
    return time.toMinutes() + " min " + time.toSecondsPart() + " s";
  }

  private static void fact(Element facts, String name, String value) {
    facts.appendElement("dt").text(name);
    facts.appendElement("dd").text(value);
  }

  private void summary() {
    Element tiles = document.body().appendElement("section").addClass("tiles");
    tile(tiles, "figures", comparison.changes().size(), "");
    if (comparison.before().isPresent()) {
      tile(tiles, "worse", comparison.with(Comparison.Verdict.WORSE).size(), "worse");
      tile(tiles, "better", comparison.with(Comparison.Verdict.BETTER).size(), "better");
      tile(tiles, "within the error", comparison.with(Comparison.Verdict.SAME).size(), "");
      tile(tiles, "new", comparison.with(Comparison.Verdict.NEW).size(), "");
    }
    long missed = comparison.changes().stream().filter(one -> !one.now().reached()).count();
    tile(tiles, "targets missed", missed, "worse");
    tile(tiles, "failed", run.withStatus(Result.Status.FAILED).size(), "worse");
    tile(tiles, "skipped", run.withStatus(Result.Status.SKIPPED).size(), "");
  }

  private static void tile(Element tiles, String name, long count, String kind) {
    Element tile = tiles.appendElement("div");
    tile.appendElement("b").text(String.valueOf(count)).addClass(count > 0 ? kind : "");
    tile.appendElement("small").text(name);
  }

  private void problems() {
    for (Result.Status status : List.of(Result.Status.FAILED, Result.Status.SKIPPED)) {
      for (Result result : run.withStatus(status)) {
        Element line = document.body().appendElement("div").addClass("problem");
        line.appendElement("b").text(result.title() + " " + status.name().toLowerCase(Locale.ROOT));
        line.appendElement("pre").text(result.reason());
      }
    }
  }

  private List<Comparison.Change> changes(boolean ratio) {
    return comparison.changes().stream().filter(one -> one.now().ratio() == ratio).toList();
  }

  private void table(String title, String remark, List<Comparison.Change> changes) {
    if (changes.isEmpty()) {
      return;
    }
    document.body().appendElement("h2").text(title);
    document.body().appendElement("p").text(remark);
    Element table = document.body().appendElement("div").addClass("wide").appendElement("table");
    boolean compared = comparison.before().isPresent();
    Element names = table.appendElement("thead").appendElement("tr");
    for (String name : List.of("figure", "measured", "target")) {
      names.appendElement("th").text(name);
    }
    if (compared) {
      names.appendElement("th").text("before");
      names.appendElement("th").text("change");
    }
    Map<String, List<Comparison.Change>> byBenchmark =
        changes.stream()
            .collect(
                Collectors.groupingBy(
                    change -> (change.key().benchmark() + " " + change.key().setting()).strip(),
                    LinkedHashMap::new,
                    Collectors.toList()));
    byBenchmark.forEach((name, rows) -> group(table, name, rows, compared));
  }

  private static void group(
      Element table, String name, List<Comparison.Change> changes, boolean compared) {
    Element group = table.appendElement("tbody");
    group
        .appendElement("tr")
        .appendElement("th")
        .attr("colspan", compared ? "5" : "3")
        .attr("scope", "rowgroup")
        .text(name);
    for (Comparison.Change change : changes) {
      row(group.appendElement("tr"), change, compared);
    }
  }

  private static void row(Element row, Comparison.Change change, boolean compared) {
    Figure now = change.now();
    row.appendElement("td")
        .text(now.name())
        .appendElement("small")
        .text(now.largerIsBetter() ? " more is better" : " less is better");
    row.appendElement("td").text(now.text());
    Element target = row.appendElement("td");
    target.text(now.targetText());
    if (!now.reached()) {
      target.addClass("worse").appendText(", missed");
    }
    if (compared) {
      row.appendElement("td").text(change.before().map(Figure::text).orElse(""));
      Element cell = row.appendElement("td");
      cell.addClass(change.verdict().name().toLowerCase(Locale.ROOT)).text(said(change));
    }
  }

  /** The word stands beside the colour, for those who do not see it. */
  private static String said(Comparison.Change change) {
    String percent =
        change
            .relative()
            .map(share -> String.format(Locale.ROOT, "%+.1f %%", share * 100))
            .orElse("");
    return switch (change.verdict()) {
      case NEW -> "new";
      case SAME -> percent;
      case BETTER, WORSE -> percent + " " + change.verdict().name().toLowerCase(Locale.ROOT);
    };
  }

  private void foot() {
    String text =
        String.format(
            Locale.ROOT,
            "Values are medians of repetitions; the error is the distance to the farther end of an"
                + " interval that holds the true median with 95 %% (with fewer than six"
                + " repetitions, to the farthest of them). A figure counts as worse or better where"
                + " the intervals do not meet; where a figure was measured once and has none, a"
                + " difference of more than %.0f %% counts.",
            Comparison.UNKNOWN_ERROR * 100);
    document.body().appendElement("footer").text(text);
  }

  private static String resource(String name) {
    try (InputStream in = Page.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
