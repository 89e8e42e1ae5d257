package io.adapt4j.gguf;

import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.Html;
import io.adapt4j.core.internal.WriteFailure;
import io.adapt4j.gguf.ExportVerification.Parting;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** HTML page of a comparison between a GGUF file and its source model. */
record VerificationPage(String file, String description, ExportVerification proof) {

  /** Name that {@code TrainingListeners} of core gives a run\'s report. */
  private static final String RUN_REPORT = "report.html";

  private static final String SECTION_END = "</section>\n";

  void write(Path page) {
    write(
        page,
        Html.head(file + " against its model", "", "")
            + "<body>\n<header><h1>Export verified: "
            + name()
            + "</h1></header>\n"
            + section()
            + "</body></html>\n");
  }

  /**
   * Adds the comparison to the report of a run, replacing an earlier one of a file of this name.
   */
  void addTo(Path report) {
    try {
      String page = Files.readString(report);
      int start = page.indexOf(sectionStart());
      int end = start < 0 ? -1 : page.indexOf(SECTION_END, start);
      if (end < 0) {
        start = lastBefore(page);
        end = start;
      } else {
        end += SECTION_END.length();
      }
      write(report, page.substring(0, start) + section() + page.substring(end));
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Cannot read the report " + report + ": " + WriteFailure.explain(report, e) + ".", e);
    }
  }

  /** Returns the position at the end of a page where a section is inserted. */
  private static int lastBefore(String page) {
    for (String mark : List.of("<footer", "<script", "</body>")) {
      int at = page.lastIndexOf(mark);
      if (at >= 0) {
        return at;
      }
    }
    return page.length();
  }

  private static void write(Path file, String text) {
    try {
      AtomicFiles.writeText(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Cannot write the report " + file + ": " + WriteFailure.explain(file, e) + ".", e);
    }
  }

  /**
   * {@return the report of the run whose best or last adapter is in this folder; it may not exist}
   */
  static List<Path> reportsOf(Path adapter) {
    Path folder = adapter.toAbsolutePath().normalize();
    Path parent = folder.getParent();
    return (parent == null ? List.of(folder) : List.of(folder, parent))
        .stream().map(run -> run.resolve(RUN_REPORT)).toList();
  }

  private String name() {
    return Html.escape(file);
  }

  private String sectionStart() {
    return "<section data-export=\"" + name() + "\">\n";
  }

  private String section() {
    StringBuilder out = new StringBuilder(sectionStart());
    out.append("<h2>").append(name()).append(" against the model it was made of</h2>\n");
    out.append("<div class=\"wide\"><table class=\"texts\">\n");
    row(out, "file", description);
    row(out, "compared on", format("%,d texts, %,d tokens", proof.texts(), proof.tokens()));
    row(
        out,
        "tokenizer",
        proof.otherTokens() == 0
            ? "the same tokens"
            : format("%,d texts in other tokens", proof.otherTokens()));
    row(out, "largest difference of a logit", format("%.4g", proof.largestLogitDifference()));
    row(
        out,
        "perplexity",
        format(
            "model %.4f, file %.4f (%+.2f %%)",
            proof.perplexity(), proof.filePerplexity(), 100 * proof.perplexityRise()));
    row(out, "same likeliest token", format("%.2f %%", 100 * proof.likeliestAgreement()));
    row(
        out,
        "greedy text",
        format(
            "%,d of %,d tokens before the two part",
            proof.agreedTokens(), proof.generatedTokens()));
    out.append("</table></div>\n");
    partings(out);
    return out.append(SECTION_END).toString();
  }

  private void partings(StringBuilder out) {
    if (proof.partings().isEmpty()) {
      return;
    }
    out.append("<p><small>Where greedy texts part, and how much higher the model scored its token")
        .append(" than the next likeliest: a small margin says that little was decided.</small>")
        .append("</p>\n<div class=\"wide\"><table class=\"texts\">")
        .append("<tr><th>text<th>token<th>model<th>file<th>margin</tr>\n");
    for (Parting parting : proof.partings()) {
      out.append(
          Html.format(
              "<tr><td>%d<td>%d<td>%s<td>%s<td>%.4g</tr>\n",
              parting.text() + 1,
              parting.position() + 1,
              parting.expected(),
              parting.found(),
              parting.margin()));
    }
    out.append("</table></div>\n");
  }

  private static void row(StringBuilder out, String name, String value) {
    out.append(Html.format("<tr><td>%s<td>%s</tr>\n", name, value));
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
