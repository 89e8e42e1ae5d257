package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.TrainingStep;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenException;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.Networks;
import io.adapt4j.verification.internal.PeftParts;
import io.adapt4j.verification.internal.Series;
import io.adapt4j.verification.internal.TemporaryFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;

/** Repeats a recorded training run and compares every step and the saved result. */
final class TrainingCheck {

  private static final double LOSS = 1e-3;
  private static final double LEARNING_RATE = 1e-9;
  private static final double WEIGHTS = 1e-3;
  private static final double CONVERTED = 1e-5;
  private static final double TRAINED_LOGITS = 2e-3;

  private static final String ADAPTER = "adapter_model.safetensors";

  /** Key biases, whose exact gradient is 0, so that Adam amplifies rounding noise. */
  private static final Pattern KEY_BIAS =
      Pattern.compile("\\.(k_proj|key)(\\.base_layer)?\\.bias$");

  private final GoldenFolder golden;
  private final Path base;
  private final Run run;
  private final Batch evaluation;

  private TrainingCheck(GoldenFolder golden, Path base, Run run) {
    this.golden = golden;
    this.base = base;
    this.run = run;
    this.evaluation = golden.batch("eval.", "");
  }

  static void run(
      GoldenFolder golden, Path base, JsonNode options, Function<Network, Adaptation> method)
      throws IOException {
    Run run = Run.read(golden.path(), options);
    TrainingCheck check = new TrainingCheck(golden, base, run);
    check.requireSameSteps();
    try (Network network = Networks.load(base, DType.F32);
        Adaptation adaptation = method.apply(network)) {
      check.series(check.train(network, adaptation));
      check.result(network, adaptation);
    }
  }

  private JsonNode expected(int step) {
    return golden.json().get("steps").get(step);
  }

  private void requireSameSteps() {
    int expected = golden.json().path("steps").size();
    if (expected != run.steps().size()) {
      throw new GoldenException(
          "expected " + expected + " optimizer steps, found " + run.steps().size());
    }
    for (int step = 0; step < expected; step++) {
      List<Integer> numbers = new ArrayList<>();
      expected(step).path("micro_batches").forEach(number -> numbers.add(number.asInt()));
      if (!numbers.equals(run.steps().get(step))) {
        throw new GoldenException(
            "step %s: expected micro-batches %s, found %s"
                .formatted(step + 1, numbers, run.steps().get(step)));
      }
    }
  }

  private List<TrainingStep.Outcome> train(Network network, Adaptation adaptation) {
    List<TrainingStep.Outcome> outcomes = new ArrayList<>();
    boolean means = network instanceof EncoderDecoder;
    TrainingStep.Objective<Batch> objective =
        means ? Networks.meanObjective(network) : Networks.objective(network);
    try (TrainingStep<Batch> training = new TrainingStep<>(objective, adaptation, run.settings())) {
      for (int step = 0; step < run.steps().size(); step++) {
        double rate = run.learningRate().rate(step);
        double terms = means ? run.steps().get(step).size() : run.labels(step);
        outcomes.add(training.run(run.batches(step), terms, rate, step));
      }
    }
    return outcomes;
  }

  private void series(List<TrainingStep.Outcome> outcomes) {
    Series series = new Series();
    for (int step = 0; step < outcomes.size(); step++) {
      TrainingStep.Outcome found = outcomes.get(step);
      JsonNode wanted = expected(step);
      if (wanted.hasNonNull("num_items_in_batch")) {
        series.add(
            "num_items_in_batch",
            Deviation.of(run.labels(step), wanted.path("num_items_in_batch"), 0));
      }
      series.add(
          "lr", Deviation.of(run.learningRate().rate(step), wanted.path("lr"), LEARNING_RATE));
      series.step(found, wanted, LOSS);
    }
    series.report("steps: ", golden.section());
  }

  private void result(Network network, Adaptation adaptation) throws IOException {
    float[] trained = Networks.logits(network, evaluation);
    compare("logits_final", trained, "logits_final");
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      Path saved = folder.path().resolve("saved");
      adaptation.save(saved);
      golden.attempt("final weights", () -> weights(saved));
      golden.attempt("logits after save and load", () -> reload(saved, trained));
    }
  }

  private void compare(String quantity, float[] found, String tensor) {
    golden.compared(quantity, golden.deviation(tensor, found, evaluation, TRAINED_LOGITS));
  }

  private void same(String quantity, Network network, float[] wanted, double tolerance) {
    float[] found = Networks.logits(network, evaluation);
    golden.compared(quantity, Deviation.of(found, wanted, tolerance));
  }

  /**
   * Returns whether the adapter is saved as an equivalent one with a different order of
   * computation.
   */
  private boolean converts() {
    return Files.exists(golden.path().resolve(LoraCheck.AS_LORA))
        && PeftParts.leavesResidual(golden.path().resolve("initial"));
  }

  private void weights(Path saved) {
    try (Checkpoint found = open(saved);
        Checkpoint wanted = open(golden.path().resolve("final"))) {
      if (converts()) {
        converted(found, wanted);
        return;
      }
      golden.compared(
          "final weights",
          GoldenFolder.deviation(found, wanted, name -> !KEY_BIAS.matcher(name).find(), WEIGHTS));
    }
  }

  /** Compares trained values saved with the negated initial values in the second half. */
  private void converted(Checkpoint found, Checkpoint wanted) {
    Deviation worst = Deviation.NONE;
    for (String name : wanted.names()) {
      float[] all = GoldenFolder.floats(found, name);
      float[] trained = GoldenFolder.floats(wanted, name);
      int columns = Math.toIntExact(wanted.entry(name).shape().get(1));
      int stored = Math.toIntExact(found.entry(name).shape().get(1));
      float[] first = new float[trained.length];
      for (int i = 0; i < first.length; i++) {
        first[i] = all[i / columns * stored + i % columns];
      }
      worst = worst.or(Deviation.of(first, trained, WEIGHTS));
    }
    golden.compared("final weights", worst);
  }

  private static Checkpoint open(Path folder) {
    Path adapter = folder.resolve(ADAPTER);
    return Files.exists(adapter) ? Checkpoint.openFile(adapter) : Checkpoint.open(folder);
  }

  private void reload(Path saved, float[] trained) {
    String quantity = "logits after save and load";
    if (!Files.exists(saved.resolve(ADAPTER))) {
      try (Network network = Networks.load(saved, DType.F32)) {
        same(quantity, network, trained, 0);
      }
      return;
    }
    try (Network network = Networks.load(base, DType.F32);
        AttachedAdapter attached = AdapterMechanics.of(PeftParts.at(saved)).attach(network)) {
      same(quantity, network, trained, converts() ? CONVERTED : 0);
      attached.merge();
      boolean right =
          golden.has("logits_final_merged") && !golden.has("logits_random_merged_right");
      String merged = right ? "logits_final_merged" : "logits_final";
      compare("saved adapter: " + merged, Networks.logits(network, evaluation), merged);
    }
  }
}
