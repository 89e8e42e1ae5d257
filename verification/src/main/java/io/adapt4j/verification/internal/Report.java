package io.adapt4j.verification.internal;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Prints the outcome of every quantity, and counts. */
public final class Report {

  private final PrintStream out;
  private final Map<String, Counts> kinds = new LinkedHashMap<>();

  public Report(PrintStream out) {
    this.out = out;
  }

  /** Check of a quantity; an exception is its outcome. */
  public interface Check {
    void run() throws Exception;
  }

  /** Check of a field of an object. */
  public interface FieldCheck {
    void run(String name, JsonNode value) throws Exception;
  }

  /** Computes the deviation of a quantity. */
  public interface Recomputation {
    Deviation deviation() throws Exception;
  }

  /** Number of quantities per outcome. */
  private static final class Counts {
    private int passed;
    private int failed;
    private int unsupported;

    void add(Counts other) {
      passed += other.passed;
      failed += other.failed;
      unsupported += other.unsupported;
    }

    @Override
    public String toString() {
      return passed + " passed, " + failed + " failed, " + unsupported + " unsupported";
    }
  }

  /** Lines of one folder. */
  public final class Section {

    private final String folder;
    private Counts counts = kinds.computeIfAbsent("other", name -> new Counts());

    private Section(String folder) {
      this.folder = folder;
    }

    /** Sets the kind of golden folder that subsequent outcomes count for. */
    public void kind(String name) {
      counts = kinds.computeIfAbsent(name, key -> new Counts());
    }

    public void compared(String quantity, Deviation deviation) {
      boolean passes = deviation.passes();
      if (passes) {
        counts.passed++;
      } else {
        counts.failed++;
      }
      line(
          quantity,
          "error %.2e tolerance %.2e %s",
          deviation.error(),
          deviation.tolerance(),
          passes ? "PASS" : "FAIL");
    }

    /** Reports a text that must match exactly. */
    public void equal(String quantity, String expected, String found) {
      if (expected.equals(found)) {
        counts.passed++;
        line(quantity, "%s", "equal PASS");
      } else {
        int at = 0;
        while (at < Math.min(expected.length(), found.length())
            && expected.charAt(at) == found.charAt(at)) {
          at++;
        }
        failed(
            quantity,
            "at character %s: expected %s, found %s"
                .formatted(at, excerpt(expected, at), excerpt(found, at)));
      }
    }

    private static String excerpt(String text, int at) {
      String rest = text.substring(at, Math.min(text.length(), at + 40));
      return "'" + rest.replace("\n", "\\n") + "'";
    }

    public void failed(String quantity, String reason) {
      counts.failed++;
      line(quantity, "FAIL %s", oneLine(reason));
    }

    public void unsupported(String quantity, String reason) {
      counts.unsupported++;
      line(quantity, "UNSUPPORTED %s", oneLine(reason));
    }

    /** Runs a check; an exception is reported as the outcome of the quantity. */
    // Any error in one quantity is its failure, and the others still count.
    public void attempt(String quantity, Check check) {
      try {
        check.run();
      } catch (UnsupportedQuantityException e) {
        unsupported(quantity, e.getMessage());
      } catch (Exception e) {
        failed(quantity, e.getMessage() == null ? e.toString() : e.getMessage());
      }
    }

    /** Runs a check for every field of an object; quantities are named by prefix and field. */
    public void each(String prefix, JsonNode object, FieldCheck check) {
      object
          .properties()
          .forEach(
              field ->
                  attempt(
                      prefix + field.getKey(), () -> check.run(field.getKey(), field.getValue())));
    }

    public void compare(String quantity, Recomputation recomputation) {
      attempt(quantity, () -> compared(quantity, recomputation.deviation()));
    }

    private void line(String quantity, String format, Object... values) {
      String outcome = String.format(Locale.ROOT, format, values);
      out.println(String.format(Locale.ROOT, "%-24s %-60s %s", folder, quantity, outcome));
    }

    private static String oneLine(String text) {
      return text.strip().replaceAll("\\s*\\R\\s*", "; ");
    }
  }

  public Section section(String folder) {
    return new Section(folder);
  }

  public int failed() {
    return total().failed;
  }

  private Counts total() {
    Counts total = new Counts();
    kinds.values().forEach(total::add);
    return total;
  }

  /** Prints the counts of every kind, if there is more than one, and their sum. */
  public void printCounts() {
    kinds.values().removeIf(counts -> counts.toString().equals(new Counts().toString()));
    if (kinds.size() > 1) {
      kinds.forEach((name, counts) -> out.println(name + ": " + counts));
    }
    out.println(total());
  }
}
