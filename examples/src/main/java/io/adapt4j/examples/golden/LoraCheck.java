package io.adapt4j.examples.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.checkpoint.Checkpoint;
import io.adapt4j.core.config.ConfigException;
import io.adapt4j.core.engine.DType;
import io.adapt4j.core.model.AttachedAdapter;
import io.adapt4j.core.model.EncoderInputs;
import io.adapt4j.core.model.Network;
import io.adapt4j.core.train.Adaptation;
import io.adapt4j.core.train.FullFineTuning;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Recomputes a folder of kind lora: adapters on a base, and the course of a training run. */
final class LoraCheck {

  /** The file that holds base and options of the run. */
  static final String OPTIONS = "train.json";

  /** PEFT puts these into parameter names, but not into the names in its files. */
  static final String IN_MEMORY_ONLY = "(\\.modules_to_save)?\\.default\\.";

  private final GoldenFolder golden;
  private final Path base;
  private final EncoderInputs batch;
  private final Report.Section section;

  private LoraCheck(GoldenFolder golden, Path base, Report.Section section) {
    this.golden = golden;
    this.base = base;
    this.batch = golden.batch("eval.", "");
    this.section = section;
  }

  static void run(GoldenFolder golden, Report.Section section) throws IOException {
    JsonNode options = GoldenFolder.json(golden.path(), OPTIONS);
    Path base = base(golden.path(), options.path("base").asText());
    Networks.requireSupported(base);
    LoraCheck check = new LoraCheck(golden, base, section);
    if (options.path("lora").isNull()) {
      section.attempt("logits_base", check::baseLogits);
      section.attempt(
          "training",
          () -> TrainingCheck.run(golden, base, options, FullFineTuning.create(), section));
      return;
    }
    requireSupportedAdapter(golden.path().resolve("initial"));
    section.attempt("logits_base", check::baseLogits);
    section.attempt("initial", () -> check.adapter("initial"));
    section.attempt("random", () -> check.adapter("random"));
    section.attempt("final", () -> check.adapter("final"));
    section.attempt("merged_random", check::mergedWeights);
    section.attempt("grad_random", () -> check.gradients(false));
    section.attempt("grad_random (recompute)", () -> check.gradients(true));
    section.attempt(
        "training",
        () ->
            TrainingCheck.run(
                golden, base, options, Lora.continuing(golden.path().resolve("initial")), section));
  }

  /** Finds the base, named relative to the root of the golden folders. */
  static Path base(Path folder, String name) {
    for (Path root = folder.toAbsolutePath(); root != null; root = root.getParent()) {
      Path base = root.resolve(name);
      if (!name.isEmpty() && Files.exists(base.resolve("config.json"))) {
        return base;
      }
    }
    throw new GoldenException(
        folder.resolve(OPTIONS)
            + ": base: expected a model folder below one of this folder's parents, found '"
            + name
            + "'");
  }

  private static void requireSupportedAdapter(Path adapter) {
    GoldenFolder.json(adapter, "adapter_config.json");
    try {
      LoraAdapter.at(adapter);
    } catch (ConfigException e) {
      throw new UnsupportedQuantityException(e.getMessage());
    }
  }

  private void baseLogits() {
    try (Network network = Networks.load(base, DType.F32)) {
      logits(network, "logits_base", "logits_base");
    }
  }

  private void logits(Network network, String tensor, String quantity) {
    float[] found = Networks.logits(network, batch);
    section.compared(quantity, golden.deviation(tensor, found, batch, ModelCheck.FP32));
  }

  /** A stored adapter: attached, switched off, merged, and taken off again. */
  private void adapter(String name) {
    String tensor = "logits_" + name;
    String stored = name + "/: ";
    try (Network network = Networks.load(base, DType.F32)) {
      try (AttachedAdapter attached = LoraAdapter.at(golden.path().resolve(name)).attach(network)) {
        logits(network, tensor, stored + tensor);
        attached.enabled(false);
        logits(network, "logits_base", stored + "logits_base with the adapter off");
        attached.enabled(true);
        attached.merge();
        if (golden.has(tensor + "_merged")) {
          logits(network, tensor + "_merged", stored + tensor + "_merged");
        } else {
          logits(network, tensor, stored + tensor + " when merged");
        }
        attached.unmerge();
        logits(network, tensor, stored + tensor + " when unmerged");
      }
      logits(network, "logits_base", stored + "logits_base with the adapter taken off");
    }
  }

  private void mergedWeights() throws IOException {
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      Path merged = folder.path().resolve("merged");
      LoraAdapter.at(golden.path().resolve("random")).writeMerged(base, merged);
      try (Checkpoint checkpoint = Checkpoint.open(merged)) {
        for (String tensor : golden.names("merged_random.")) {
          section.attempt(
              tensor,
              () ->
                  section.compared(
                      tensor,
                      Deviation.of(
                          GoldenFolder.floats(
                              checkpoint, tensor.substring("merged_random.".length())),
                          golden.floats(tensor),
                          ModelCheck.FP32,
                          0)));
        }
      }
      try (Network network = Networks.load(merged, DType.F32)) {
        String tensor =
            golden.has("logits_random_merged") ? "logits_random_merged" : "logits_random";
        logits(network, tensor, tensor + " of the merged checkpoint");
      }
    }
  }

  private void gradients(boolean recompute) {
    String suffix = recompute ? " (recompute)" : "";
    try (Network network = Networks.load(base, DType.F32);
        Adaptation adaptation =
            Lora.continuing(golden.path().resolve("random")).attach(network, base, 0)) {
      double loss = Networks.differentiate(network, batch, recompute);
      section.compared(
          "loss_random" + suffix,
          Deviation.of(loss, golden.floats("loss_random")[0], ModelCheck.FP32, 0));
      Map<String, float[]> gradients = Networks.gradients(network, adaptation.trained());
      for (String tensor : golden.names("grad_random.")) {
        String parameter =
            tensor.substring("grad_random.".length()).replaceAll(IN_MEMORY_ONLY, ".");
        section.attempt(
            tensor + suffix,
            () ->
                section.compared(
                    tensor + suffix,
                    Deviation.of(
                        ModelCheck.found(gradients, parameter),
                        golden.floats(tensor),
                        ModelCheck.FP32,
                        ModelCheck.RELATIVE)));
      }
    }
  }
}
