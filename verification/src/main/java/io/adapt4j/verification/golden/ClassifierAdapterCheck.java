package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.verification.internal.Bases;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.Kind;
import io.adapt4j.verification.internal.Networks;
import io.adapt4j.verification.internal.PeftParts;
import io.adapt4j.verification.internal.Report;
import io.adapt4j.verification.internal.TemporaryFolder;
import io.adapt4j.verification.internal.Tolerances;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;

/** Checks classifiers tuned and saved by PEFT: their outputs here, and how they are saved. */
final class ClassifierAdapterCheck {

  static final Kind KIND =
      new Kind(
          "classifier adapters",
          source -> source.kind().equals("classifier_adapter"),
          (source, section) -> {
            Path base = Bases.find(source.path(), source.json().path("base").asText());
            Networks.requireSupported(base);
            PeftParts.requireSupported(source.path());
            try (GoldenFolder golden = GoldenFolder.open(source.path(), section)) {
              new ClassifierAdapterCheck(golden, base).run();
            }
          });

  private static final String WEIGHTS = "adapter_model.safetensors";
  private static final String MODULES = "modules_to_save";

  private final GoldenFolder golden;
  private final Path base;
  private final Batch batch;

  private ClassifierAdapterCheck(GoldenFolder golden, Path base) {
    this.golden = golden;
    this.base = base;
    this.batch = golden.unlabeled("", "");
  }

  private void run() {
    golden.attempt("logits_base", () -> logits(false));
    golden.attempt("logits_tuned", () -> logits(true));
    golden.attempt("saved", this::saved);
  }

  private void logits(boolean tuned) {
    String tensor = tuned ? "logits_tuned" : "logits_base";
    try (Network network = Networks.load(base, DType.F32)) {
      AttachedAdapter attached =
          tuned ? AdapterMechanics.of(PeftParts.at(golden.path())).attach(network) : null;
      float[] found = Networks.logits(network, batch);
      golden.compared(tensor, found, Tolerances.FP32);
      if (attached != null) {
        attached.close();
      }
    }
  }

  /**
   * Checks that an adapter trained further and saved here has the same modules and names for PEFT.
   */
  private void saved() throws IOException {
    Report.Section section = golden.section();
    try (Network network = Networks.load(base, DType.F32);
        Adaptation adaptation = PeftParts.attach(golden.path(), network, base);
        TemporaryFolder folder = TemporaryFolder.create()) {
      section.equal("trained", names(golden.json().path("trained")), trained(adaptation));
      Path saved = folder.path().resolve("saved");
      adaptation.save(saved);
      section.equal(
          MODULES,
          names(PeftParts.config(golden.path()).path(MODULES)),
          names(PeftParts.config(saved).path(MODULES)));
      try (Checkpoint wanted = Checkpoint.openFile(golden.path().resolve(WEIGHTS));
          Checkpoint found = Checkpoint.openFile(saved.resolve(WEIGHTS))) {
        section.equal("saved tensors", wanted.names().toString(), found.names().toString());
      }
    }
  }

  private static String names(JsonNode array) {
    Set<String> names = new TreeSet<>();
    array.forEach(name -> names.add(PeftParts.stored(name.asText())));
    return names.toString();
  }

  private static String trained(Adaptation adaptation) {
    Set<String> names = new TreeSet<>();
    adaptation.trained().forEach(parameter -> names.add(parameter.name()));
    return names.toString();
  }
}
