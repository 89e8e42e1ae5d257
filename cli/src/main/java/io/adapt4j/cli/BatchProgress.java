package io.adapt4j.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.batch.BatchListener;
import io.adapt4j.core.batch.BatchReport;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;

/** Reports the progress and outcome of a batch on standard error. */
final class BatchProgress implements BatchListener {

  private static final long EVERY_NANOS = Duration.ofSeconds(10).toNanos();

  private final PrintWriter err;
  private long told = System.nanoTime();

  BatchProgress(PrintWriter err) {
    this.err = err;
  }

  @Override
  public void stored(int done, int rows) {
    long now = System.nanoTime();
    if (now - told >= EVERY_NANOS) {
      told = now;
      err.println(done + " of " + rows + " rows");
      err.flush();
    }
  }

  /** Writes the report, and returns the exit code. */
  static int finish(BatchReport report, Output output) {
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("output", report.output().toString())
            .put("complete", report.isComplete())
            .put("rows", report.rows())
            .put("kept", report.kept())
            .put("done", report.done())
            .put("failed", report.failed());
    output.write(text(report), json);
    if (!report.isComplete()) {
      return ExitCode.INTERRUPTED;
    }
    return report.failed() == 0 ? ExitCode.OK : ExitCode.FINDINGS;
  }

  private static String text(BatchReport report) {
    if (!report.isComplete()) {
      return "Stopped after %d of %d rows; the same command goes on."
          .formatted(report.kept() + report.done(), report.rows());
    }
    return String.format(
        Locale.ROOT,
        "%d rows in %s: %d now in %.1f s, %d from before, %d with an error",
        report.rows(),
        report.output(),
        report.done(),
        report.duration().toMillis() / 1e3,
        report.kept(),
        report.failed());
  }
}
