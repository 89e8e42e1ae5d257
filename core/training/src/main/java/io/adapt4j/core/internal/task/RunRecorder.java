package io.adapt4j.core.internal.task;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.DataOrigin;
import io.adapt4j.core.internal.WriteFailure;
import io.adapt4j.core.internal.chat.TrainedFolder;
import io.adapt4j.core.internal.checkpoint.SingleFileModels;
import io.adapt4j.core.internal.data.EncodingReport;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.ForwardingAdaptation;
import io.adapt4j.core.internal.provenance.FileHash;
import io.adapt4j.core.internal.provenance.Provenance;
import io.adapt4j.core.internal.provenance.SystemInfo;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.WrittenRecipe;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.ResumeEvent;
import io.adapt4j.core.train.RunEnd;
import io.adapt4j.core.train.RunStart;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingException;
import io.adapt4j.core.train.TrainingListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Writes the provenance record of a run to its output folder when it starts and ends, and to each
 * checkpoint, together with the chat template.
 */
final class RunRecorder implements TrainingListener {

  private final Path output;
  private final ObjectNode run;
  private final Optional<ChatTemplate> template;
  private final Path base;
  private final ObjectNode metrics = JsonNodeFactory.instance.objectNode();

  private RunRecorder(Path output, Path base, ObjectNode run, Optional<ChatTemplate> template) {
    this.output = output;
    this.base = base;
    this.run = run;
    this.template = template;
  }

  /** Hashes the inputs of the run. This reads every byte of local weights and data. */
  static RunRecorder start(
      FineTuneSettings settings,
      WrittenRecipe written,
      EncodedData data,
      Optional<ChatTemplate> template) {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    ObjectNode run = nodes.objectNode();
    run.put("seed", settings.seed());
    run.set("configuration", written.keys());
    if (!written.omitted().isEmpty()) {
      written.omitted().forEach(run.putArray("omitted")::add);
    }
    run.set("model", model(settings.model()));
    settings.method().start().ifPresent(folder -> run.set("start", folder(folder)));
    parent(settings).ifPresent(parent -> run.set("parent", parent));
    ObjectNode files = run.putObject("data");
    files.set("files", files(settings));
    files.set(Provenance.TRAINING, data(data.train()));
    data.held().ifPresent(report -> files.set(Provenance.VALIDATION, data(report)));
    template.ifPresent(used -> run.putObject("chatTemplate").put("sha256", used.digest()));
    run.set("environment", SystemInfo.here().json());
    return new RunRecorder(settings.output(), settings.model().folder(), run, template);
  }

  private static ObjectNode model(ModelSource source) {
    ObjectNode model = folder(source.folder());
    source.repository().ifPresent(name -> model.put("hub", name));
    source.revision().ifPresent(revision -> model.put("revision", revision));
    return model;
  }

  private static ObjectNode folder(Path folder) {
    ObjectNode described = JsonNodeFactory.instance.objectNode();
    described.put(
        "folder", SingleFileModels.origin(folder).toAbsolutePath().normalize().toString());
    ArrayNode files = described.putArray("files");
    FileHash.modelFiles(folder).forEach(file -> files.add(FileHash.describe(file)));
    return described;
  }

  /** Returns the record of the adapter or checkpoint that the run continues from. */
  private static Optional<ObjectNode> parent(FineTuneSettings settings) {
    Path start = settings.method().start().orElseGet(() -> settings.model().folder());
    return Provenance.find(start).map(record -> FileHash.describe(record.file()));
  }

  private static ArrayNode files(FineTuneSettings settings) {
    List<DataOrigin.Source> sources = new ArrayList<>(settings.train().origin().sources());
    settings.validation().ifPresent(data -> sources.addAll(data.origin().sources()));
    settings.regularizations().stream()
        .flatMap(term -> term.reference().stream())
        .forEach(data -> sources.addAll(data.origin().sources()));
    Map<Path, Integer> rows = new LinkedHashMap<>();
    sources.forEach(source -> rows.put(source.file().toAbsolutePath(), source.rows()));
    ArrayNode files = JsonNodeFactory.instance.arrayNode();
    rows.forEach((file, count) -> files.add(FileHash.describe(file).put("rows", count)));
    return files;
  }

  private static ObjectNode data(EncodingReport report) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("rows", report.rows())
        .put("kept", report.kept())
        .put("tokens", report.tokens())
        .put("targetTokens", report.targetTokens())
        .put("sha256", report.digest());
  }

  /**
   * Returns this recorder followed by others, so that records are on disk before others are
   * notified.
   */
  TrainingListener before(List<TrainingListener> others) {
    List<TrainingListener> all = new ArrayList<>();
    all.add(this);
    all.addAll(others);
    return TrainingListener.all(all);
  }

  /** Returns an adaptation whose saved folders contain the record. */
  Adaptation recording(Adaptation adaptation) {
    return new Recorded(adaptation);
  }

  private final class Recorded extends ForwardingAdaptation {

    private Recorded(Adaptation adaptation) {
      super(adaptation);
    }

    /**
     * Deletes the old record first: a killed process may leave weights without a record, but never
     * with a wrong one.
     */
    @Override
    public void save(Path folder) {
      try {
        Files.deleteIfExists(folder.resolve(Provenance.FILE));
        super.save(folder);
        template.ifPresent(used -> new TrainedFolder(base, folder).write(used));
        write(folder);
      } catch (IOException e) {
        throw new UncheckedIOException(
            "Writing the record of %s failed: %s."
                .formatted(folder, WriteFailure.explain(folder, e)),
            e);
      }
    }
  }

  private void write(Path folder) throws IOException {
    ObjectNode record = JsonNodeFactory.instance.objectNode();
    record.put("time", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    record.setAll(run);
    record.set("metrics", metrics.deepCopy());
    Provenance.of(folder.resolve(Provenance.FILE), record).write();
  }

  private void writeForRun() {
    try {
      write(output);
    } catch (IOException e) {
      throw new TrainingException(
          output + ": writing the record failed: " + WriteFailure.explain(output, e) + ".", e);
    }
  }

  @Override
  public void started(RunStart event) {
    metrics.put("step", 0).put("totalSteps", event.totalSteps());
    writeForRun();
  }

  @Override
  public void resumed(ResumeEvent event) {
    metrics.put("resumedAtStep", event.step());
  }

  @Override
  public void step(StepEvent event) {
    metrics
        .put("step", event.step())
        .put("epoch", event.epoch())
        .put("trainingLoss", event.loss())
        .put("learningRate", event.learningRate())
        .put("gradientNorm", event.gradientNorm());
  }

  @Override
  public void evaluated(EvaluationEvent event) {
    metrics.put("validationLoss", event.loss());
    if (event.bestSoFar()) {
      metrics.put("bestValidationLoss", event.loss()).put("bestStep", event.step());
    }
  }

  @Override
  public void ended(RunEnd event) {
    metrics.put("ended", event.reason().name().toLowerCase(Locale.ROOT));
    writeForRun();
  }
}
