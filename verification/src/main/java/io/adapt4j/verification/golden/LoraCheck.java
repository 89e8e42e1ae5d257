package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.lora.IntruderRemoval;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.lora.Miss;
import io.adapt4j.verification.internal.Bases;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.Gradients;
import io.adapt4j.verification.internal.Kind;
import io.adapt4j.verification.internal.Networks;
import io.adapt4j.verification.internal.PeftParts;
import io.adapt4j.verification.internal.TemporaryFolder;
import io.adapt4j.verification.internal.Tolerances;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Recomputes a folder of kind lora: adapters on a base, and a training run. */
final class LoraCheck {

  static final Kind KIND =
      new Kind(
          "adapters and training",
          source -> source.has(LoraCheck.OPTIONS) && source.json().has("steps"),
          (source, section) -> {
            requireSupported(source.path());
            try (GoldenFolder golden = GoldenFolder.open(source.path(), section)) {
              run(golden);
            }
          });

  /** File with the base and options of the run. */
  static final String OPTIONS = "train.json";

  /**
   * PEFT's conversion to LoRA of an adapter whose initial values were taken from the base weight.
   */
  static final String AS_LORA = "final_as_lora";

  /** The final adapter without its intruders. */
  private static final String REDUCED = "intruder_reduced";

  /** The adapter {@code random} as versions before 0.19 stored matrices of stacked experts. */
  private static final String OLD_LAYOUT = "random_layout_0_17";

  /**
   * Suffix of a merge that equals the adapter, where PEFT adds the update to a tied matrix twice.
   */
  private static final String RIGHT = "_right";

  /**
   * Tolerance of residuals: the reference decomposes weights in single precision, so for close
   * singular values its residual is up to 1.3e-5 off.
   */
  private static final double RESIDUAL = 5e-4;

  private final GoldenFolder golden;
  private final Path base;
  private final Batch batch;
  private final double tolerance;

  private LoraCheck(GoldenFolder golden, Path base) {
    this.golden = golden;
    this.base = base;
    this.batch = golden.batch("eval.", "");
    Path initial = golden.path().resolve("initial");
    boolean residual = Files.exists(initial) && PeftParts.leavesResidual(initial);
    this.tolerance = residual ? RESIDUAL : Tolerances.FP32;
  }

  /** Skips the check if the base's family or the kind of adapter is unsupported. */
  private static void requireSupported(Path folder) {
    JsonNode options = GoldenFolder.json(folder, OPTIONS);
    Networks.requireSupported(Bases.find(folder, options.path("base").asText()));
    if (!options.path("lora").isNull()) {
      PeftParts.requireSupported(folder.resolve("initial"));
    }
  }

  private static void run(GoldenFolder golden) {
    JsonNode options = GoldenFolder.json(golden.path(), OPTIONS);
    Path base = Bases.find(golden.path(), options.path("base").asText());
    LoraCheck check = new LoraCheck(golden, base);
    golden.attempt("logits_base", check::baseLogits);
    if (options.path("lora").isNull()) {
      golden.attempt(
          "training",
          () ->
              TrainingCheck.run(
                  golden,
                  base,
                  options,
                  network -> Methods.of(FullFineTuning.create()).attach(network, base, 0)));
      return;
    }
    golden.attempt("initial", () -> check.adapter("initial"));
    golden.attempt("random", () -> check.adapter("random"));
    if (Files.isDirectory(golden.path().resolve(OLD_LAYOUT))) {
      golden.attempt(OLD_LAYOUT, check::oldLayout);
    }
    golden.attempt("final", () -> check.adapter("final"));
    if (golden.has("logits_" + AS_LORA)) {
      golden.attempt(AS_LORA, () -> check.adapter(AS_LORA));
    }
    if (golden.has("logits_" + AS_LORA) && PeftParts.isPlainMiss(golden.path().resolve("final"))) {
      golden.attempt("conversion to LoRA", check::converted);
    }
    if (Files.isDirectory(golden.path().resolve(REDUCED))) {
      golden.attempt(REDUCED, () -> check.adapter(REDUCED));
      golden.attempt("intruders", check::intruders);
    }
    golden.attempt("merged_random", check::mergedWeights);
    golden.attempt("grad_random", () -> check.gradients(false));
    golden.attempt("grad_random (recompute)", () -> check.gradients(true));
    golden.attempt(
        "training",
        () ->
            TrainingCheck.run(
                golden,
                base,
                options,
                network -> PeftParts.attach(golden.path().resolve("initial"), network, base)));
  }

  private void baseLogits() {
    try (Network network = Networks.load(base, DType.F32)) {
      logits(network, "logits_base", "logits_base");
    }
  }

  private void logits(Network network, String tensor, String quantity) {
    float[] found = Networks.logits(network, batch);
    golden.compared(quantity, golden.deviation(tensor, found, batch, tolerance));
  }

  private void oldLayout() {
    try (Network network = Networks.load(base, DType.F32);
        AttachedAdapter attached =
            AdapterMechanics.of(PeftParts.at(golden.path().resolve(OLD_LAYOUT))).attach(network)) {
      logits(network, "logits_random", OLD_LAYOUT + "/: logits_random");
    }
  }

  /** Checks the conversion of MiSS to LoRA, to the bit. */
  private void converted() throws IOException {
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      Path written = folder.path().resolve("lora");
      Miss.writeLora(golden.path().resolve("final"), base, written);
      try (Checkpoint found = PeftParts.weights(written);
          Checkpoint wanted = PeftParts.weights(golden.path().resolve(AS_LORA))) {
        golden.compared(
            "conversion to LoRA", GoldenFolder.deviation(found, wanted, name -> true, 0));
      }
    }
  }

  /** Checks the removal of intruders: their number, and the updates that remain. */
  private void intruders() throws IOException {
    JsonNode options = golden.json().path("intruders_arguments");
    IntruderRemoval removal =
        IntruderRemoval.create()
            .directions(options.path("top_k").asInt())
            .threshold(options.path("threshold_epsilon").asDouble())
            .keep(options.path("mitigation_lambda").asDouble());
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      Path written = folder.path().resolve("reduced");
      Map<String, Integer> found =
          removal.write(LoraAdapter.at(golden.path().resolve("final")), base, written);
      for (Map.Entry<String, JsonNode> layer : golden.json().path("intruders").properties()) {
        golden
            .section()
            .equal(
                "intruders of " + layer.getKey(),
                String.valueOf(layer.getValue().path("intruders").size()),
                String.valueOf(found.get(layer.getKey())));
      }
      golden.compareAll(
          "delta_" + REDUCED + ".", path -> PeftParts.update(written, path), Tolerances.FP32);
      try (Network network = Networks.load(base, DType.F32);
          AttachedAdapter attached = AdapterMechanics.of(PeftParts.at(written)).attach(network)) {
        logits(network, "logits_" + REDUCED, "removed: logits_" + REDUCED);
      }
    }
  }

  /** Returns the name of the expected merged logits. */
  private String merged(String tensor) {
    if (golden.has("logits_random_merged" + RIGHT)) {
      return golden.has(tensor + "_merged" + RIGHT) ? tensor + "_merged" + RIGHT : tensor;
    }
    return golden.has(tensor + "_merged") ? tensor + "_merged" : tensor;
  }

  /** Checks a stored adapter: attached, disabled, merged, and detached. */
  private void adapter(String name) {
    String tensor = "logits_" + name;
    String stored = name + "/: ";
    try (Network network = Networks.load(base, DType.F32)) {
      try (AttachedAdapter attached =
          AdapterMechanics.of(PeftParts.at(golden.path().resolve(name))).attach(network)) {
        logits(network, tensor, stored + tensor);
        attached.enabled(false);
        logits(network, "logits_base", stored + "logits_base with the adapter off");
        attached.enabled(true);
        attached.merge();
        String merged = merged(tensor);
        logits(
            network, merged, stored + (merged.equals(tensor) ? tensor + " when merged" : merged));
        attached.unmerge();
        logits(network, tensor, stored + tensor + " when unmerged");
      }
      logits(network, "logits_base", stored + "logits_base with the adapter taken off");
    }
  }

  /** Checks the base with the adapter merged, as a checkpoint and in memory. */
  private void mergedWeights() throws IOException {
    Path random = golden.path().resolve("random");
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      Path merged = folder.path().resolve("merged");
      merge(random, merged);
      try (Checkpoint checkpoint = Checkpoint.openFile(merged.resolve(Checkpoint.SINGLE_FILE))) {
        if (!golden.has("logits_random_merged" + RIGHT)) {
          golden.compareAll(
              "merged_random.", name -> PeftParts.weight(checkpoint, name), Tolerances.FP32);
        }
        if (PeftParts.leavesResidual(random)) {
          Residuals residuals = new Residuals(random, checkpoint);
          golden.compareAll("residual.", residuals::of, Tolerances.FP32);
        }
      }
      try (Network network = Networks.load(merged, DType.F32)) {
        String tensor = merged("logits_random");
        logits(network, tensor, tensor + " of the merged checkpoint");
      }
    }
  }

  private void merge(Path adapter, Path output) {
    if (PeftParts.isLora(adapter)) {
      LoraAdapter.at(adapter).writeMerged(base, output);
      return;
    }
    try (Network network = Networks.load(base, DType.F32);
        AttachedAdapter attached = AdapterMechanics.of(PeftParts.at(adapter)).attach(network)) {
      attached.merge();
      CheckpointFolder.write(
          output, base, network.modelConfig(), Weights.tensors(network, StoredType.F32));
    }
  }

  private void gradients(boolean recompute) {
    String suffix = recompute ? " (recompute)" : "";
    try (Network network = Networks.load(base, DType.F32);
        Adaptation adaptation = PeftParts.attach(golden.path().resolve("random"), network, base)) {
      double loss = Networks.forwardBackward(network, batch, recompute);
      adaptation.collectGradients();
      golden.compared("loss_random" + suffix, loss, "loss_random");
      Map<String, float[]> gradients =
          PeftParts.stacked(Networks.gradients(network, adaptation.trained()));
      Gradients.compare(golden, "grad_random.", gradients, "%s" + suffix);
    }
  }
}
