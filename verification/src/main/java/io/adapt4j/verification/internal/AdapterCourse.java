package io.adapt4j.verification.internal;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.train.LearningRate;
import io.adapt4j.core.internal.train.TrainingStep;
import io.adapt4j.core.internal.train.Warmup;
import io.adapt4j.lora.LoraAdapter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Checks adapters on a model that reads more than tokens, and a recorded training run: logits, loss
 * and gradients, every step, and the weights at the end.
 */
public final class AdapterCourse<B> {

  /** File with the base and options of the run. */
  public static final String OPTIONS = "train.json";

  private static final double LOSS = 1e-3;
  private static final double LEARNING_RATE = 1e-9;
  private static final double WEIGHTS = 1e-3;
  private static final double TRAINED_LOGITS = 2e-3;

  /** Parts of the name of a module's first matrix in an adapter file. */
  private static final String PREFIX = "base_model.model.";

  private static final String FIRST_MATRIX = ".lora_A.weight";

  /** A model, and how it reads micro-batches. */
  public interface Reader<B> extends TrainingStep.Objective<B> {

    Network network();

    /** Returns a batch's part of the divisor of a step's loss. */
    double weight(B batch);

    /** Returns the logits of all positions [rows, length, vocabulary]. */
    float[] logits(B batch);

    /** Returns the logits of another checkpoint. */
    float[] logits(Path model, B batch);

    /** Returns the rows of positions to compare [rows, length]: 1 for tokens. */
    List<long[]> masks(B batch);
  }

  private final GoldenFolder golden;
  private final JsonNode options;
  private final Path base;
  private final Reader<B> reader;
  private final List<B> batches;

  public AdapterCourse(
      GoldenFolder golden, JsonNode options, Path base, Reader<B> reader, List<B> batches) {
    this.golden = golden;
    this.options = options;
    this.base = base;
    this.reader = reader;
    this.batches = batches;
  }

  /** Skips the check if the base's family or the kind of adapter is unsupported. */
  public static Path requireSupported(Path folder, JsonNode options) {
    Path base = Bases.find(folder, options.path("base").asText());
    Networks.requireSupported(base);
    PeftParts.requireSupported(folder.resolve("initial"));
    return base;
  }

  public void run() {
    golden.attempt("logits_base", () -> logits("logits_base", "logits_base"));
    for (String name : List.of("initial", "random", "final")) {
      golden.attempt(name, () -> adapter(name));
    }
    golden.attempt("merged checkpoint", this::mergedCheckpoint);
    golden.attempt("wrapped_modules", this::wrapped);
    golden.attempt("grad_random", () -> gradients(false));
    golden.attempt("grad_random (recompute)", () -> gradients(true));
    golden.attempt("training", this::training);
  }

  private B evaluation() {
    return batches.get(options.path("eval_batch").asInt());
  }

  private void logits(String tensor, String quantity) {
    logits(tensor, quantity, Tolerances.FP32);
  }

  private void logits(String tensor, String quantity, double tolerance) {
    compare(reader.logits(evaluation()), tensor, quantity, tolerance);
  }

  /** Compares the last positions of each row. */
  private void compare(float[] all, String tensor, String quantity, double tolerance) {
    float[] wanted = golden.floats(tensor);
    List<long[]> masks = reader.masks(evaluation());
    int rows = masks.size();
    int length = masks.get(0).length;
    int last = wanted.length / (all.length / length);
    float[] found = new float[wanted.length];
    long[] compared = new long[rows * last];
    for (int row = 0; row < rows; row++) {
      int values = wanted.length / rows;
      System.arraycopy(all, (row + 1) * (all.length / rows) - values, found, row * values, values);
      System.arraycopy(masks.get(row), length - last, compared, row * last, last);
    }
    golden.compared(quantity, Deviation.masked(found, wanted, compared, tolerance, 0));
  }

  /** Checks a stored adapter: attached, disabled, merged, and detached. */
  private void adapter(String name) {
    String tensor = "logits_" + name;
    try (AttachedAdapter attached =
        AdapterMechanics.of(PeftParts.at(golden.path().resolve(name))).attach(reader.network())) {
      logits(tensor, tensor);
      attached.enabled(false);
      logits("logits_base", tensor + " with the adapter off");
      attached.enabled(true);
      attached.merge();
      logits(merged(tensor), tensor + " merged");
      attached.unmerge();
    }
    logits("logits_base", tensor + " with the adapter taken off");
  }

  /** Checks the base with the adapter merged, as a checkpoint; one in fp32 has exact values. */
  private void mergedCheckpoint() throws IOException {
    Path random = golden.path().resolve("random");
    try (Checkpoint stored = Checkpoint.open(base)) {
      if (!PeftParts.isLora(random)
          || stored.names().stream()
              .anyMatch(name -> stored.entry(name).type() != StoredType.F32)) {
        return;
      }
    }
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      Path written = folder.path().resolve("merged");
      LoraAdapter.at(random).writeMerged(base, written);
      String tensor = merged("logits_random");
      compare(
          reader.logits(written, evaluation()),
          tensor,
          tensor + " of the merged checkpoint",
          Tolerances.FP32);
    }
  }

  private String merged(String tensor) {
    return golden.has(tensor + "_merged") ? tensor + "_merged" : tensor;
  }

  private Adaptation attach(String name) {
    return PeftParts.attach(golden.path().resolve(name), reader.network(), base);
  }

  /** Checks which modules the adapter's targets match. */
  private void wrapped() {
    JsonNode stated = options.path("wrapped_modules");
    Path initial = golden.path().resolve("initial");
    if (!stated.isArray() || !PeftParts.isOfTargetsAlone(initial)) {
      return;
    }
    List<String> wanted = new ArrayList<>();
    stated.forEach(module -> wanted.add(module.asText()));
    try (Adaptation adaptation = PeftParts.start(initial, reader.network(), base)) {
      List<String> found =
          adaptation.trained().stream()
              .map(Parameter.Trainable::name)
              .filter(name -> name.endsWith(FIRST_MATRIX))
              .map(name -> name.substring(PREFIX.length(), name.length() - FIRST_MATRIX.length()))
              .sorted()
              .toList();
      golden
          .section()
          .equal(
              "wrapped_modules",
              String.join(" ", wanted.stream().sorted().toList()),
              String.join(" ", found));
    }
  }

  private void gradients(boolean recompute) {
    String suffix = recompute ? " (recompute)" : "";
    B batch = evaluation();
    try (Adaptation adaptation = attach("random")) {
      double weight = reader.weight(batch);
      double loss = reader.forwardBackward(batch, 1 / weight, recompute, 0) / weight;
      adaptation.collectGradients();
      golden.compared("loss_random" + suffix, loss, "loss_random");
      Map<String, float[]> found =
          PeftParts.stacked(Networks.gradients(reader.network(), adaptation.trained()));
      Gradients.compare(golden, "grad_random.", found, "%s" + suffix);
      golden
          .section()
          .equal(
              "number of gradients" + suffix,
              String.valueOf(golden.names("grad_random.").size()),
              String.valueOf(found.size()));
    }
  }

  /** Repeats the recorded run. */
  private void training() throws IOException {
    JsonNode steps = golden.json().path("steps");
    TrainingStep.Settings settings = TrainerOptions.settings(options);
    LearningRate rates =
        new LearningRate(
            TrainerOptions.schedule(options.path("lr_scheduler_type").asText()),
            options.path("learning_rate").asDouble(),
            Warmup.ofSteps(options.path("warmup_steps").asInt()),
            steps.size());
    Series series = new Series();
    try (Adaptation adaptation = attach("initial");
        TrainingStep<B> training = new TrainingStep<>(reader, adaptation, settings)) {
      for (int step = 0; step < steps.size(); step++) {
        JsonNode wanted = steps.path(step);
        List<B> own = new ArrayList<>();
        wanted.path("micro_batches").forEach(at -> own.add(batches.get(at.asInt())));
        double divisor = own.stream().mapToDouble(reader::weight).sum();
        // Without the number of targets, the Trainer takes the mean of the micro-batches' means.
        double items = wanted.path("num_items_in_batch").asDouble(own.size());
        series.add("num_items_in_batch", Deviation.of(divisor, items, 0));
        series.add("lr", Deviation.of(rates.rate(step), wanted.path("lr"), LEARNING_RATE));
        series.step(training.run(own, divisor, rates.rate(step), step), wanted, LOSS);
      }
      series.report("steps: ", golden.section());
      logits("logits_final", "logits_final after training", TRAINED_LOGITS);
      golden.attempt("final weights", () -> weights(adaptation));
    }
  }

  private void weights(Adaptation adaptation) throws IOException {
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      Path saved = folder.path().resolve("saved");
      adaptation.save(saved);
      try (Checkpoint found = PeftParts.weights(saved);
          Checkpoint wanted = PeftParts.weights(golden.path().resolve("final"))) {
        golden.compared(
            "final weights", GoldenFolder.deviation(found, wanted, name -> true, WEIGHTS));
      }
    }
  }
}
