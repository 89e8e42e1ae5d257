package io.adapt4j.core.monitor;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.adapt4j.core.internal.Disk;
import io.adapt4j.core.internal.WholeAppends;
import io.adapt4j.core.internal.WriteFailure;
import io.adapt4j.core.train.CheckpointEvent;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.RunEnd;
import io.adapt4j.core.train.RunStart;
import io.adapt4j.core.train.SkippedStep;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.core.train.TrainingWarning;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Implementation of {@link TrainingListeners#jsonl}. */
final class JsonlMetricsLog implements TrainingListener, AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String LINE_START = "{\"event\":\"";
  private static final int BLOCK_BYTES = 1 << 16;

  private final Path file;
  private @Nullable WholeAppends lines;
  private boolean closed;

  private JsonlMetricsLog(Path file) {
    this.file = file;
  }

  /** Opens a log for appending; the file and missing folders are created. */
  public static JsonlMetricsLog to(Path file) {
    JsonlMetricsLog log = new JsonlMetricsLog(file.toAbsolutePath());
    try {
      Disk.createFolders(log.file.getParent());
      log.open();
    } catch (IOException e) {
      throw log.failed(e);
    }
    return log;
  }

  @Override
  public void started(RunStart event) {
    if (EarlierRun.isReplacedAt(file, event)) {
      begin();
    }
    Map<String, Object> line = line("run_started");
    line.put("total_steps", event.totalSteps());
    line.put("epochs", finite(event.epochs()));
    line.put("trainable_parameters", event.trainableParameters());
    line.put("total_parameters", event.totalParameters());
    line.put("train_examples", event.trainExamples());
    line.put("validation_examples", event.validationExamples());
    line.put("model", event.model());
    line.put("precision", event.precision());
    line.put("settings", event.settings());
    write(line);
  }

  @Override
  public void step(StepEvent event) {
    Map<String, Object> line = line("step");
    line.put("step", event.step());
    line.put("total_steps", event.totalSteps());
    line.put("epoch", finite(event.epoch()));
    line.put("loss", finite(event.loss()));
    line.put("learning_rate", finite(event.learningRate()));
    line.put("gradient_norm", finite(event.gradientNorm()));
    line.put("tokens_per_second", finite(event.tokensPerSecond()));
    line.put("target_tokens", event.targetTokens());
    line.put("elapsed_seconds", seconds(event.elapsed()));
    line.put("remaining_seconds", event.timeLeft().map(JsonlMetricsLog::seconds).orElse(null));
    line.put("penalty", finite(event.penalty()));
    line.put("target_tokens_per_second", finite(event.targetTokensPerSecond()));
    line.put("heap_bytes", boxed(event.resources().heapBytes()));
    line.put("resident_bytes", boxed(event.resources().residentBytes()));
    line.put("processor_share", finite(event.resources().processorShare().orElse(Double.NaN)));
    putMetrics(line, event.metrics());
    write(line);
  }

  @Override
  public void evaluated(EvaluationEvent event) {
    Map<String, Object> line = line("evaluation");
    line.put("step", event.step());
    line.put("loss", finite(event.loss()));
    if (!Double.isNaN(event.perplexity())) {
      line.put("perplexity", finite(event.perplexity()));
    }
    line.put("best", event.bestSoFar());
    putMetrics(line, event.metrics());
    write(line);
  }

  private static void putMetrics(Map<String, Object> line, Map<String, Double> measured) {
    if (!measured.isEmpty()) {
      Map<String, Object> metrics = new LinkedHashMap<>();
      measured.forEach((name, value) -> metrics.put(name, finite(value)));
      line.put("metrics", metrics);
    }
  }

  @Override
  public void checkpointSaved(CheckpointEvent event) {
    Map<String, Object> line = line("checkpoint");
    line.put("step", event.step());
    line.put("path", event.path().toString());
    line.put("best", event.best());
    write(line);
  }

  @Override
  public void skipped(SkippedStep event) {
    Map<String, Object> line = line("skipped");
    line.put("step", event.step());
    line.put("total_steps", event.totalSteps());
    line.put("reason", event.reason());
    line.put("loss", finite(event.loss()));
    line.put("gradient_norm", finite(event.gradientNorm()));
    line.put("consecutive", event.consecutive());
    write(line);
  }

  @Override
  public void warned(TrainingWarning warning) {
    Map<String, Object> line = line("warning");
    line.put("step", warning.step());
    line.put("kind", warning.kind().name());
    line.put("message", warning.message());
    line.put("remedy", warning.remedy());
    write(line);
  }

  @Override
  public void ended(RunEnd event) {
    Map<String, Object> line = line("run_ended");
    line.put("reason", event.reason().name());
    line.put("steps", event.steps());
    line.put("best_step", event.bestStep().isPresent() ? event.bestStep().getAsInt() : null);
    line.put("best_loss", finite(event.bestLoss().orElse(Double.NaN)));
    line.put("elapsed_seconds", seconds(event.elapsed()));
    write(line);
    release();
  }

  /** Closes the file; closing again has no effect. */
  @Override
  public void close() {
    closed = true;
    release();
  }

  private static Map<String, Object> line(String event) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("event", event);
    return line;
  }

  /** JSON has no NaN or infinity. */
  private static @Nullable Double finite(double number) {
    return Double.isFinite(number) ? number : null;
  }

  private static @Nullable Long boxed(OptionalLong number) {
    return number.isPresent() ? number.getAsLong() : null;
  }

  private static double seconds(Duration time) {
    return time.toMillis() / 1000.0;
  }

  private void write(Map<String, Object> line) {
    if (closed) {
      throw new IllegalStateException("The metrics log " + file + " is closed");
    }
    try {
      WholeAppends open = lines == null || !lines.isOpen() ? open() : lines;
      open.append((json(line) + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private static String json(Map<String, Object> line) throws JsonProcessingException {
    return JSON.writeValueAsString(line);
  }

  private WholeAppends open() throws IOException {
    boolean isNew = !Files.exists(file);
    removeUnfinishedLine(file);
    lines =
        new WholeAppends(
            FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE));
    if (isNew) {
      Disk.forceFolder(file.getParent());
    }
    return lines;
  }

  /** Truncates the file, which {@link #open} has verified to be a metrics log. */
  private void begin() {
    try {
      (lines == null || !lines.isOpen() ? open() : lines).clear();
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private void release() {
    if (lines == null) {
      return;
    }
    try (WholeAppends open = lines) {
      if (open.isOpen()) {
        open.force(true);
      }
    } catch (IOException e) {
      throw failed(e);
    } finally {
      lines = null;
    }
  }

  private UncheckedIOException failed(IOException e) {
    return new UncheckedIOException(
        "Cannot write the metrics log " + file + ": " + WriteFailure.explain(file, e) + ".", e);
  }

  /**
   * Truncates the file after its last line end, so that new lines do not join a torn one; a power
   * cut may leave anything there. Only a file that begins like a log, or like a line of one, is
   * truncated: a wrong path must not damage another file.
   */
  private static void removeUnfinishedLine(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return;
    }
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      long end = endOfLines(channel);
      boolean isLog = isStart(text(channel, gap(channel))) || isStart(text(channel, end));
      if (end < channel.size() && !isLog) {
        throw new IOException("the file exists and its last line is not one of a metrics log");
      }
      channel.truncate(end);
    }
  }

  /** Returns the end of the last complete line. */
  private static long endOfLines(FileChannel channel) throws IOException {
    ByteBuffer block = ByteBuffer.allocate(BLOCK_BYTES);
    for (long end = channel.size(); end > 0; ) {
      long start = Math.max(0, end - BLOCK_BYTES);
      block.clear().limit((int) (end - start));
      while (block.hasRemaining() && channel.read(block, start + block.position()) >= 0) {}
      for (int i = block.position() - 1; i >= 0; i--) {
        if (block.get(i) == '\n') {
          return start + i + 1;
        }
      }
      end = start;
    }
    return 0;
  }

  /** Counts the zeros at the beginning of the file, which replace a lost first line. */
  private static long gap(FileChannel channel) throws IOException {
    ByteBuffer block = ByteBuffer.allocate(BLOCK_BYTES);
    long zeros = 0;
    while (channel.read(block.clear(), zeros) > 0) {
      for (int i = 0; i < block.position(); i++) {
        if (block.get(i) != 0) {
          return zeros + i;
        }
      }
      zeros += block.position();
    }
    return zeros;
  }

  /** Reads enough characters to recognize a line of a log; fewer at the end. */
  private static String text(FileChannel channel, long at) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(LINE_START.length());
    while (bytes.hasRemaining() && channel.read(bytes, at + bytes.position()) >= 0) {}
    return new String(bytes.array(), 0, bytes.position(), StandardCharsets.ISO_8859_1);
  }

  private static boolean isStart(String text) {
    return LINE_START.startsWith(text);
  }
}
