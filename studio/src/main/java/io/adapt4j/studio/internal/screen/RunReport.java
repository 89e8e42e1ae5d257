package io.adapt4j.studio.internal.screen;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.LineChart;
import io.adapt4j.studio.internal.page.Charts;
import io.adapt4j.studio.internal.page.Formats;
import io.adapt4j.studio.internal.page.Look;
import io.adapt4j.studio.internal.page.Markup;
import io.adapt4j.studio.internal.run.RunMetrics;
import io.adapt4j.studio.internal.store.Runs;
import io.adapt4j.studio.internal.store.Runs.Run;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Report of a run: figures, curves, samples, warnings and the end of its log. */
final class RunReport {

  private static final int OPEN = 8;
  private static final int TAIL = 8_000;
  private static final int SAMPLES = 3;
  private static final int SAMPLES_TAIL = 200_000;

  private final Runs runs;

  /** Metrics of the runs that were looked at last, as far as they were read. */
  private final Map<String, RunMetrics> metrics =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, RunMetrics> eldest) {
          return size() > OPEN;
        }
      };

  RunReport(Runs runs) {
    this.runs = runs;
  }

  RunMetrics metrics(Run run) throws IOException {
    RunMetrics known;
    synchronized (metrics) {
      known = metrics.computeIfAbsent(run.id(), id -> new RunMetrics(runs.output(id)));
    }
    known.read();
    return known;
  }

  void add(Map<String, Object> model, Look look, Run run) throws IOException {
    RunMetrics known = metrics(run);
    JsonNode step = known.step();
    long done = step.path("step").asLong();
    long all = Math.max(done, known.started().path("total_steps").asLong());
    model.put("tiles", tiles(look, run, known));
    model.put("progress", all == 0 ? new Markup("") : Charts.bar((double) done / all));
    model.put("begun", all > 0);
    model.put("charts", charts(look, known));
    model.put("warnings", known.warnings());
    model.put("samples", samples(runs.output(run.id()).resolve("samples.jsonl")));
    model.put("log", tail(runs.log(run.id()), TAIL));
    Path report = runs.output(run.id());
    model.put("output", report.toString());
  }

  private static List<Object> tiles(Look look, Run run, RunMetrics known) {
    Formats formats = look.formats();
    JsonNode step = known.step();
    List<Object> tiles = new ArrayList<>();
    if (!step.has("step")) {
      return tiles;
    }
    tiles.add(
        Models.fact(
            look.message("run_step"),
            formats.count(step.path("step").asLong())
                + " / "
                + formats.count(known.started().path("total_steps").asLong())));
    tiles.add(Models.fact(look.message("run_loss"), number(formats, step, "loss")));
    if (known.evaluation().has("loss")) {
      tiles.add(
          Models.fact(look.message("run_validation"), number(formats, known.evaluation(), "loss")));
    }
    if (run.state() == Runs.State.RUNNING && step.path("remaining_seconds").isNumber()) {
      tiles.add(Models.fact(look.message("run_left"), seconds(formats, step, "remaining_seconds")));
    } else {
      tiles.add(
          Models.fact(look.message("run_elapsed"), seconds(formats, step, "elapsed_seconds")));
    }
    tiles.add(Models.fact(look.message("run_speed"), number(formats, step, "tokens_per_second")));
    tiles.add(
        Models.fact(
            look.message("machine_memory"), formats.bytes(step.path("resident_bytes").asLong())));
    return tiles;
  }

  private static String number(Formats formats, JsonNode json, String field) {
    return formats.figure(json.path(field).asDouble(Double.NaN));
  }

  private static String seconds(Formats formats, JsonNode json, String field) {
    return formats.duration(Duration.ofMillis(Math.round(1000 * json.path(field).asDouble())));
  }

  private static List<Object> charts(Look look, RunMetrics known) {
    List<Object> charts = new ArrayList<>();
    LineChart loss =
        new LineChart(look.message("run_loss"))
            .line(look.message("run_training"), "a", known.curve("loss"))
            .line(look.message("run_validation"), "b", known.curve("evaluation"));
    charts.add(new Markup(loss.html()));
    charts.add(chart(look.message("run_rate"), "c", known.curve("learning_rate")));
    charts.add(chart(look.message("run_gradient"), "a", known.curve("gradient_norm")));
    charts.add(chart(look.message("run_speed"), "b", known.curve("tokens_per_second")));
    return charts;
  }

  private static Markup chart(String title, String style, List<LineChart.Point> points) {
    return new Markup(new LineChart(title).line(title, style, points).fromZero().html());
  }

  /** Returns the last samples that the run wrote at an evaluation. */
  private static List<Object> samples(Path file) throws IOException {
    List<JsonNode> all = new ArrayList<>();
    String[] lines = end(file, SAMPLES_TAIL).split("\n", -1);
    for (int i = lines.length - 1; i >= 0 && all.size() < SAMPLES; i--) {
      try {
        JsonNode json = Json.parse(lines[i]);
        if (json.has("answer")) {
          all.add(0, json);
        }
      } catch (JsonProcessingException e) {
        // The first line of the tail may be cut, the last not yet written.
      }
    }
    List<Object> samples = new ArrayList<>();
    for (JsonNode json : all) {
      samples.add(
          Map.of(
              "step", json.path("step").asLong(),
              "prompt", json.path("prompt").asText(json.path("prompt").toString()),
              "answer", json.path("answer").asText(),
              "expected", json.path("expected").asText()));
    }
    return samples;
  }

  /** Returns the end of a log as a terminal shows it; empty if there is none. */
  static String tail(Path file, int bytes) throws IOException {
    // A progress bar overwrites its line.
    return Arrays.stream(end(file, bytes).replace("\r\n", "\n").split("\n", -1))
        .map(line -> line.substring(line.lastIndexOf('\r') + 1))
        .collect(Collectors.joining("\n"))
        .replaceAll("\u001b\\[[0-9;?]*[a-zA-Z]", "");
  }

  private static String end(Path file, int bytes) throws IOException {
    if (!Files.exists(file)) {
      return "";
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long start = Math.max(0, channel.size() - bytes);
      ByteBuffer buffer = ByteBuffer.allocate((int) (channel.size() - start));
      while (buffer.hasRemaining() && channel.read(buffer, start + buffer.position()) > 0) {}
      return new String(buffer.array(), 0, buffer.position(), StandardCharsets.UTF_8);
    }
  }
}
