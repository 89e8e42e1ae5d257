package io.adapt4j.core.monitor;

import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.ResumeEvent;
import io.adapt4j.core.train.RunEnd;
import io.adapt4j.core.train.RunStart;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.core.train.TrainingWarning;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Writes a run's metrics as TensorBoard event files, to be viewed with {@code tensorboard --logdir
 * FOLDER}.
 *
 * <table>
 * <caption>Tags</caption>
 * <tr><td>{@code train/loss, train/perplexity, train/learning_rate, train/gradient_norm,
 *     train/epoch}, and {@code train/penalty} with regularization</td><td>each step</td></tr>
 * <tr><td>{@code speed/tokens_per_second, speed/target_tokens_per_second}</td><td>each step</td>
 *     </tr>
 * <tr><td>{@code system/heap_mib, system/resident_mib, system/processor_share}</td><td>each step,
 *     where known</td></tr>
 * <tr><td>{@code eval/loss, eval/perplexity}, and {@code eval/NAME} for each further metric</td>
 *     <td>each evaluation</td></tr>
 * <tr><td>{@code run}, {@code warnings}</td><td>texts: the run's settings, and each warning</td>
 *     </tr>
 * </table>
 *
 * <p>Every run starts a new file in the folder. The file of a resumed run tells TensorBoard to drop
 * the steps of earlier files after the state it resumes from. The file is created when the run
 * starts, each event is written at once, and the file is closed when the run ends; {@link #close()}
 * is needed only if it never does.
 */
final class TensorBoardLog implements TrainingListener, AutoCloseable {

  private static final double MIB = 1 << 20;

  private static final String EVENT_FILES = "events.out.tfevents.";

  private final Path folder;
  private final Clock clock;
  private @Nullable RecordFile file;
  private boolean tokenLoss;

  private TensorBoardLog(Path folder, Clock clock) {
    this.folder = Objects.requireNonNull(folder, "folder");
    this.clock = clock;
  }

  /** Writes into a folder, which is created if missing. */
  public static TensorBoardLog in(Path folder) {
    return in(folder, Clock.systemUTC());
  }

  static TensorBoardLog in(Path folder, Clock clock) {
    return new TensorBoardLog(folder, clock);
  }

  /** {@inheritDoc} */
  @Override
  public void started(RunStart event) {
    close();
    tokenLoss = event.tokenLoss();
    try {
      Files.createDirectories(folder);
      if (EarlierRun.isReplacedAt(folder, event)) {
        deleteEventFiles();
      }
      file = create();
    } catch (IOException e) {
      throw failed(e);
    }
    append(TensorBoardEvent.version(now()));
    append(TensorBoardEvent.text(now(), 0, "run", markdown(event)));
  }

  private void deleteEventFiles() throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, EVENT_FILES + "*")) {
      for (Path old : files) {
        Files.deleteIfExists(old);
      }
    }
  }

  /** Names sort by time, the order in which TensorBoard reads the files of a folder. */
  private RecordFile create() throws IOException {
    Instant now = clock.instant();
    for (int number = 0; ; number++) {
      String name =
          String.format(
              Locale.ROOT,
              EVENT_FILES + "%010d.%03d.%d.%d",
              now.getEpochSecond(),
              now.getNano() / 1_000_000,
              number,
              ProcessHandle.current().pid());
      try {
        return RecordFile.create(folder.resolve(name));
      } catch (FileAlreadyExistsException e) {
        // Another run in the same millisecond has this name.
      }
    }
  }

  private static String markdown(RunStart event) {
    StringBuilder table = new StringBuilder("| | |\n| --- | --- |\n");
    RunFacts.of(event)
        .forEach(
            (name, value) ->
                table
                    .append("| ")
                    .append(cell(name))
                    .append(" | ")
                    .append(cell(value))
                    .append(" |\n"));
    return table.toString();
  }

  private static String cell(String text) {
    return text.replace("|", "\\|").replaceAll("\\s+", " ");
  }

  /** {@inheritDoc} */
  @Override
  public void resumed(ResumeEvent event) {
    append(TensorBoardEvent.restart(now(), event.step() + 1));
  }

  /** {@inheritDoc} */
  @Override
  public void step(StepEvent event) {
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("train/loss", event.loss());
    if (tokenLoss) {
      values.put("train/perplexity", Math.exp(event.loss()));
    }
    if (event.penalty() != 0) {
      values.put("train/penalty", event.penalty());
    }
    values.put("train/learning_rate", event.learningRate());
    values.put("train/gradient_norm", event.gradientNorm());
    values.put("train/epoch", event.epoch());
    values.put("speed/tokens_per_second", event.tokensPerSecond());
    if (!Double.isNaN(event.targetTokensPerSecond())) {
      values.put("speed/target_tokens_per_second", event.targetTokensPerSecond());
    }
    event.resources().heapBytes().ifPresent(bytes -> values.put("system/heap_mib", bytes / MIB));
    event
        .resources()
        .residentBytes()
        .ifPresent(bytes -> values.put("system/resident_mib", bytes / MIB));
    event
        .resources()
        .processorShare()
        .ifPresent(share -> values.put("system/processor_share", share));
    event.metrics().forEach((name, value) -> values.put("train/" + name, value));
    append(TensorBoardEvent.scalars(now(), event.step(), values));
  }

  /** {@inheritDoc} */
  @Override
  public void evaluated(EvaluationEvent event) {
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("eval/loss", event.loss());
    if (!Double.isNaN(event.perplexity())) {
      values.put("eval/perplexity", event.perplexity());
    }
    event.metrics().forEach((name, value) -> values.put("eval/" + name, value));
    append(TensorBoardEvent.scalars(now(), event.step(), values));
  }

  /** {@inheritDoc} */
  @Override
  public void warned(TrainingWarning warning) {
    append(TensorBoardEvent.text(now(), warning.step(), "warnings", warning.text()));
  }

  /** {@inheritDoc} */
  @Override
  public void ended(RunEnd event) {
    close();
  }

  /** Closes the file; closing again has no effect. */
  @Override
  public void close() {
    if (file == null) {
      return;
    }
    try {
      file.close();
    } catch (IOException e) {
      throw failed(e);
    } finally {
      file = null;
    }
  }

  private double now() {
    return clock.millis() / 1e3;
  }

  private void append(byte[] event) {
    if (file == null) {
      throw new IllegalStateException(
          "The event file in " + folder + " is not open: no run has started, or it has ended");
    }
    try {
      file.append(event);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private UncheckedIOException failed(IOException e) {
    return new UncheckedIOException(
        ("Cannot write TensorBoard's event file in %s: %s. Check that the folder is writable"
                + " and that the disk is not full.")
            .formatted(folder, e),
        e);
  }
}
