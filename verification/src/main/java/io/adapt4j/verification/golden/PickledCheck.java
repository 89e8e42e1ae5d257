package io.adapt4j.verification.golden;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.verification.internal.Bases;
import io.adapt4j.verification.internal.GoldenSource;
import io.adapt4j.verification.internal.Kind;
import io.adapt4j.verification.internal.Networks;
import io.adapt4j.verification.internal.PeftParts;
import io.adapt4j.verification.internal.Report;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Checks that a model or adapter with only pickled weights is rejected as documented. */
final class PickledCheck {

  static final Kind KIND =
      new Kind(
          "pickled weights",
          source ->
              GoldenSource.isPickledModel(source.path())
                  || Stream.of(source.path(), source.path().resolve("initial"))
                      .anyMatch(PickledCheck::isPickledAdapter),
          PickledCheck::run);

  private static final String REFUSAL = "the documented refusal of pickle files";

  private PickledCheck() {}

  private static boolean isPickledAdapter(Path folder) {
    return Files.exists(folder.resolve("adapter_config.json"))
        && Files.exists(folder.resolve("adapter_model.bin"))
        && !Files.exists(folder.resolve("adapter_model.safetensors"));
  }

  private static void run(GoldenSource source, Report.Section section) {
    try {
      if (GoldenSource.isPickledModel(source.path())) {
        Checkpoint.open(source.path()).close();
      } else {
        attach(source);
      }
      section.failed("refused", "expected " + REFUSAL + ", found none");
    } catch (CheckpointException e) {
      boolean documented =
          e.getMessage().contains("Pickle files are refused")
              && e.getMessage().contains("safe_serialization=True");
      section.equal("refused", REFUSAL, documented ? REFUSAL : e.getMessage());
    }
  }

  private static void attach(GoldenSource source) {
    Path adapter = source.path().resolve("initial");
    String base = source.file(LoraCheck.OPTIONS).path("base").asText("");
    if (isPickledAdapter(source.path())) {
      adapter = source.path();
      base = source.json().path("base").asText();
    }
    Path model = Bases.find(source.path(), base);
    Networks.requireSupported(model);
    PeftParts.requireSupported(adapter);
    try (Network network = Networks.load(model, DType.F32);
        AttachedAdapter attached = AdapterMechanics.of(PeftParts.at(adapter)).attach(network)) {
      attached.enabled(true);
    }
  }
}
