package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.nn.loss.LanguageModelLoss;
import io.adapt4j.core.internal.nn.loss.TokenLogProbs;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.TensorLists;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tokenize.Batch;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Checks losses of training methods on given batches: fine-tuning, distillation, policies. */
final class MethodsCheck {

  static final Kind KIND =
      new Kind(
          "methods",
          source -> source.json().has("policy") && source.hasAny("sft", "distillation", "grpo"),
          MethodsCheck::run);

  private static final double LOSS = 1e-5;
  private static final String SFT = "sft.safetensors";
  private static final String GRADIENT = "grad_nll.";

  /** Fields that are not methods. */
  private static final Set<String> OTHERS = Set.of("versions", "policy", "teacher", "seed", "kind");

  private final JsonNode losses;
  private final Decoder decoder;
  private final Adaptation adaptation;
  private final GoldenFolder golden;
  private final Report.Section section;
  private final Batch batch;

  private MethodsCheck(
      JsonNode losses,
      Decoder decoder,
      Adaptation adaptation,
      GoldenFolder golden,
      Report.Section section) {
    this.losses = losses;
    this.decoder = decoder;
    this.adaptation = adaptation;
    this.golden = golden;
    this.section = section;
    this.batch = golden.batch("", "");
  }

  private static void run(GoldenSource source, Report.Section section) {
    source
        .json()
        .properties()
        .forEach(
            field -> {
              String method = field.getKey();
              if (!OTHERS.contains(method)) {
                section.attempt(
                    method,
                    () -> {
                      switch (method) {
                        case "sft" -> fineTuning(source, section);
                        case "grpo" ->
                            ReinforcementCheck.policy(source.path(), source.json(), section);
                        default -> throw new UnsupportedQuantityException("method " + method);
                      }
                    });
              }
            });
  }

  private static void fineTuning(GoldenSource source, Report.Section section) {
    String[] policy = source.json().path("policy").asText().split(" with ", 2);
    Path base = Bases.find(source.path(), policy[0]);
    Networks.requireSupported(base);
    try (Decoder decoder = (Decoder) Networks.load(base, DType.F32);
        Adaptation adaptation =
            PeftParts.attach(Bases.find(source.path(), policy[1]), decoder, base);
        Checkpoint tensors = Checkpoint.openFile(source.path().resolve(SFT));
        GoldenFolder golden = new GoldenFolder(source.path(), source.json(), tensors)) {
      JsonNode losses = source.json().at("/sft/losses");
      new MethodsCheck(losses, decoder, adaptation, golden, section).run();
    }
  }

  private void run() {
    section.compare(
        "sft logits",
        () -> golden.deviation("logits", Networks.logits(decoder, batch), batch, Tolerances.FP32));
    section.attempt("sft token_logps", this::logProbs);
    losses
        .properties()
        .forEach(
            property -> {
              String name = property.getKey();
              if (property.getValue().isObject()) {
                section.attempt("sft " + name, () -> loss(name, property.getValue()));
              }
            });
  }

  /** At the position before each label. */
  private void logProbs() {
    float[] wanted = golden.floats("token_logps");
    List<Float> kept = new ArrayList<>();
    for (int i = 0; i + 1 < wanted.length; i++) {
      boolean sameRow = (i + 1) % batch.length() != 0;
      if (sameRow && batch.labels()[i + 1] != TargetRows.IGNORED) {
        kept.add(wanted[i]);
      }
    }
    float[] expected = new float[kept.size()];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = kept.get(i);
    }
    section.compared(
        "sft token_logps",
        Deviation.of(
            TokenLogProbs.evaluate(decoder, inputs(0, batch.rows())),
            expected,
            Tolerances.FP32,
            0));
  }

  private Batch inputs(int from, int to) {
    int width = batch.length();
    return new Batch(
        Arrays.copyOfRange(batch.ids(), from * width, to * width),
        Arrays.copyOfRange(batch.attentionMask(), from * width, to * width),
        Arrays.copyOfRange(batch.labels(), from * width, to * width),
        to - from,
        width);
  }

  private void loss(String name, JsonNode wanted) {
    if (!name.startsWith("nll")) {
      throw new UnsupportedQuantityException("loss type " + name.split("_", 2)[0]);
    }
    TensorLists.zero(adaptation.trained().stream().map(Parameter.Trainable::gradient).toList());
    if (wanted.has("losses")) {
      parts(name, wanted);
      return;
    }
    double items = wanted.path("num_items_in_batch").asDouble();
    double found =
        LanguageModelLoss.forwardBackward(decoder, inputs(0, batch.rows()), 1 / items, false, 0)
            / items;
    section.compared("sft " + name, Deviation.of(found, wanted.path("loss").asDouble(), LOSS, 0));
    Map<String, float[]> gradients = Networks.gradients(decoder, adaptation.trained());
    section.compared(
        "sft " + name + " grad_norm",
        Deviation.of(
            Gradients.norm(gradients.values()),
            wanted.path("grad_norm").asDouble(),
            Tolerances.FP32,
            Tolerances.RELATIVE));
    if (name.endsWith("before_shift")) {
      golden.compare(
          GRADIENT,
          section,
          tensor -> Gradients.found(gradients, PeftParts.stored(tensor)),
          Tolerances.FP32);
    }
  }

  /** The same rows in equal parts, each over the labels of all. */
  private void parts(String name, JsonNode wanted) {
    double items = losses.path("nll_before_shift").path("num_items_in_batch").asDouble();
    int count = wanted.path("losses").size();
    Deviation worst = Deviation.NONE;
    for (int part = 0; part < count; part++) {
      int size = batch.rows() / count;
      double found =
          LanguageModelLoss.evaluate(decoder, inputs(part * size, (part + 1) * size)) / items;
      worst = worst.or(Deviation.of(found, wanted.path("losses").path(part).asDouble(), LOSS, 0));
    }
    section.compared("sft " + name, worst);
  }
}
