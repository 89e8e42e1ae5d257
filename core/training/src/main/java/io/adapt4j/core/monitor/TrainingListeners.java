package io.adapt4j.core.monitor;

import io.adapt4j.core.train.TrainingListener;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/** Listeners that show a run on a console, write it to files or publish it as meters. */
public final class TrainingListeners {

  /** The page that {@link #files} writes. */
  public static final String REPORT = "report.html";

  /** The metrics that {@link #files} writes, one JSON object per line. */
  public static final String METRICS = "metrics.jsonl";

  /** The folder of event files that {@link #files} writes. */
  public static final String TENSORBOARD = "tensorboard";

  private TrainingListeners() {}

  /**
   * Shows progress on standard output: a live bar on a terminal, plain lines otherwise.
   *
   * @return a new listener
   * @throws IllegalStateException if standard output is a terminal and the progress bar library is
   *     not on the class path
   */
  public static TrainingListener console() {
    return console(System.out);
  }

  /**
   * Shows progress on a stream: a live bar if it is the terminal's standard output or error, plain
   * lines otherwise. The stream is never closed.
   *
   * @param out where to print
   * @return a new listener
   * @throws IllegalStateException if the stream is a terminal and the progress bar library is not
   *     on the class path
   */
  public static TrainingListener console(PrintStream out) {
    return ConsoleProgress.to(out);
  }

  /**
   * Writes all reports of a run into one folder, which is created if missing: {@value #REPORT} as
   * {@link #html} does, {@value #METRICS} as {@link #jsonl} does, and event files in {@value
   * #TENSORBOARD} as {@link #tensorBoard} does.
   *
   * <p>Nothing is written before the run starts. A resumed run continues all three; its page
   * includes the earlier steps, which are read back from the metrics. A file that cannot be written
   * does not affect the others. The files are closed when the run ends.
   *
   * @param folder such as the output folder of the run
   * @return a new listener
   */
  public static TrainingListener files(Path folder) {
    return RunFiles.in(folder);
  }

  /**
   * Writes a page with charts, which is replaced; missing folders are created.
   *
   * @param file the page, such as {@code report.html}
   * @return a new listener
   */
  public static TrainingListener html(Path file) {
    return HtmlReport.at(file);
  }

  /**
   * Writes a run's metrics to a file, one JSON object per line (UTF-8, {@code \n}).
   *
   * <p>The field {@code event} names the kind of line; the other fields are always present, in this
   * order. Times are in seconds, memory in bytes; {@code settings} is an object of texts, {@code
   * metrics} one of numbers, {@code processor_share} the CPU utilization from 0 to 1; a number that
   * is NaN, infinite or missing is {@code null}.
   *
   * <table>
   * <caption>Lines and their fields</caption>
   * <tr><th>event</th><th>fields</th></tr>
   * <tr><td>{@code run_started}</td><td>{@code total_steps, epochs, trainable_parameters,
   *     total_parameters, train_examples, validation_examples, model, precision, settings}</td></tr>
   * <tr><td>{@code step}</td><td>{@code step, total_steps, epoch, loss, learning_rate, gradient_norm,
   *     tokens_per_second, target_tokens, elapsed_seconds, remaining_seconds, penalty,
   *     target_tokens_per_second, heap_bytes, resident_bytes, processor_share}</td></tr>
   * <tr><td>{@code evaluation}</td><td>{@code step, loss, perplexity, best}, and {@code metrics}
   *     (an object) if the task has any</td></tr>
   * <tr><td>{@code checkpoint}</td><td>{@code step, path, best}</td></tr>
   * <tr><td>{@code skipped}</td><td>{@code step, total_steps, reason, loss, gradient_norm,
   *     consecutive}</td></tr>
   * <tr><td>{@code warning}</td><td>{@code step, kind, message, remedy}</td></tr>
   * <tr><td>{@code run_ended}</td><td>{@code reason, steps, best_step, best_loss, elapsed_seconds}
   *     </td></tr>
   * </table>
   *
   * <p>Every line is flushed at once, so the file can be followed and survives a kill. An existing
   * file is continued: a resumed run starts with another {@code run_started}, and steps repeated
   * after a checkpoint appear again (the later line counts). An unfinished last line of a killed
   * run is removed; a file whose last line is something else is refused. The file is closed when
   * the run ends.
   *
   * @param file the file to write; it and missing folders are created
   * @return a new listener
   * @throws UncheckedIOException if the file cannot be written, or ends in an unfinished line that
   *     is not one of a metrics log
   */
  public static TrainingListener jsonl(Path file) {
    return JsonlMetricsLog.to(file);
  }

  /**
   * Writes TensorBoard event files into a folder, which is created if missing.
   *
   * @param folder the folder; TensorBoard uses its path below the {@code --logdir} as the run's
   *     name
   * @return a new listener
   */
  public static TrainingListener tensorBoard(Path folder) {
    return TensorBoardLog.in(folder);
  }

  /**
   * Publishes a run's metrics as Micrometer meters, for an application's monitoring system. Needs
   * the optional dependency {@code io.micrometer:micrometer-core}.
   *
   * <table>
   * <caption>Meters; each has the tags given to this method</caption>
   * <tr><th>name, after {@code adapt4j.training.}</th><th>kind</th><th>what</th></tr>
   * <tr><td>{@code active}</td><td>gauge</td><td>1 during a run, else 0</td></tr>
   * <tr><td>{@code progress}</td><td>gauge</td><td>share of the planned steps done, 0 to 1</td></tr>
   * <tr><td>{@code remaining}</td><td>gauge, seconds</td><td>estimated time left</td></tr>
   * <tr><td>{@code loss, gradient.norm, learning.rate}</td><td>gauges</td><td>of the last step</td>
   *     </tr>
   * <tr><td>{@code step}</td><td>timer</td><td>steps applied and the time they took</td></tr>
   * <tr><td>{@code tokens}</td><td>counter, tokens</td><td>tokens processed</td></tr>
   * <tr><td>{@code target.tokens}</td><td>counter, tokens</td><td>target tokens</td></tr>
   * <tr><td>{@code memory.heap, memory.resident}</td><td>gauges, bytes</td><td>of the process, where
   *     known</td></tr>
   * <tr><td>{@code processor.share}</td><td>gauge</td><td>CPU utilization, 0 to 1, where known</td></tr>
   * <tr><td>{@code validation.loss, validation.perplexity}</td><td>gauges</td><td>of the last
   *     evaluation</td></tr>
   * <tr><td>{@code validation.metric}</td><td>gauge</td><td>a further metric, named by the tag {@code
   *     metric}</td></tr>
   * <tr><td>{@code skipped.steps}</td><td>counter</td><td>steps that were not finite</td></tr>
   * <tr><td>{@code checkpoints}</td><td>counter</td><td>checkpoints written</td></tr>
   * <tr><td>{@code warnings}</td><td>counter</td><td>early warnings; the tag {@code kind} names them,
   *     such as {@code overfitting}</td></tr>
   * </table>
   *
   * <p>Meters appear with their first value and stay after the run. To watch several runs in one
   * registry, give each its own tags.
   *
   * @param registry registry of the meters
   * @param tags alternating keys and values of all meters
   * @return a new listener
   * @throws IllegalArgumentException if a key has no value
   */
  public static TrainingListener micrometer(MeterRegistry registry, String... tags) {
    return MicrometerMeters.of(registry, tags);
  }
}
