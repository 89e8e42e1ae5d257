package io.adapt4j.examples.golden;

import java.io.PrintStream;
import java.util.Locale;

/** Prints the outcome of every quantity and counts. */
final class Report {

  private final PrintStream out;
  private int passed;
  private int failed;
  private int unsupported;

  Report(PrintStream out) {
    this.out = out;
  }

  /** What a check does for a quantity; an exception is its outcome. */
  interface Check {
    void run() throws Exception;
  }

  /** Lines about one folder. */
  final class Section {

    private final String folder;

    private Section(String folder) {
      this.folder = folder;
    }

    /** Reports a recomputed quantity. */
    void compared(String quantity, Deviation deviation) {
      boolean passes = deviation.passes();
      if (passes) {
        passed++;
      } else {
        failed++;
      }
      line(
          quantity,
          "error %.2e tolerance %.2e %s",
          deviation.error(),
          deviation.tolerance(),
          passes ? "PASS" : "FAIL");
    }

    /** Reports a text that must be the same to the character. */
    void equal(String quantity, String expected, String found) {
      if (expected.equals(found)) {
        passed++;
        line(quantity, "%s", "equal PASS");
      } else {
        int at = 0;
        while (at < Math.min(expected.length(), found.length())
            && expected.charAt(at) == found.charAt(at)) {
          at++;
        }
        failed(
            quantity,
            "at character "
                + at
                + ": expected "
                + excerpt(expected, at)
                + ", found "
                + excerpt(found, at));
      }
    }

    private static String excerpt(String text, int at) {
      String rest = text.substring(at, Math.min(text.length(), at + 40));
      return "'" + rest.replace("\n", "\\n") + "'";
    }

    void failed(String quantity, String reason) {
      failed++;
      line(quantity, "FAIL %s", oneLine(reason));
    }

    void unsupported(String quantity, String reason) {
      unsupported++;
      line(quantity, "UNSUPPORTED %s", oneLine(reason));
    }

    /** Runs a check; what it throws becomes the line of the quantity. */
    // Whatever goes wrong in one quantity is a failure of it, and the others still count.
    void attempt(String quantity, Check check) {
      try {
        check.run();
      } catch (UnsupportedQuantityException e) {
        unsupported(quantity, e.getMessage());
      } catch (Exception e) {
        failed(quantity, e.getMessage() == null ? e.toString() : e.getMessage());
      }
    }

    private void line(String quantity, String format, Object... values) {
      String outcome = String.format(Locale.ROOT, format, values);
      out.println(String.format(Locale.ROOT, "%-24s %-60s %s", folder, quantity, outcome));
    }

    private static String oneLine(String text) {
      return text.strip().replaceAll("\\s*\\R\\s*", "; ");
    }
  }

  Section section(String folder) {
    return new Section(folder);
  }

  int failed() {
    return failed;
  }

  void printCounts() {
    out.println(passed + " passed, " + failed + " failed, " + unsupported + " unsupported");
  }
}
