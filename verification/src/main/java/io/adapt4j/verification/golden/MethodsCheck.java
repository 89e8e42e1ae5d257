package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.nn.loss.LanguageModelLoss;
import io.adapt4j.core.internal.nn.loss.SupervisedLoss;
import io.adapt4j.core.internal.nn.loss.TokenLogProbs;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.TensorLists;
import io.adapt4j.core.internal.tensor.loss.VocabularyLoss;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.verification.internal.Bases;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.GoldenSource;
import io.adapt4j.verification.internal.Gradients;
import io.adapt4j.verification.internal.Kind;
import io.adapt4j.verification.internal.Networks;
import io.adapt4j.verification.internal.PeftParts;
import io.adapt4j.verification.internal.Report;
import io.adapt4j.verification.internal.Tolerances;
import io.adapt4j.verification.internal.UnsupportedQuantityException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;

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

  private final JsonNode losses;
  private final Decoder decoder;
  private final Adaptation adaptation;
  private final GoldenFolder golden;
  private final Batch batch;

  private MethodsCheck(
      JsonNode losses, Decoder decoder, Adaptation adaptation, GoldenFolder golden) {
    this.losses = losses;
    this.decoder = decoder;
    this.adaptation = adaptation;
    this.golden = golden;
    this.batch = golden.batch("", "");
  }

  private static void run(GoldenSource source, Report.Section section) {
    section.each(
        "",
        source.json(),
        (method, value) -> {
          switch (method) {
            case "versions", "policy", "teacher", "seed", "kind" -> {}
            case "sft" -> fineTuning(source, section);
            case "distillation" -> TeacherCheck.run(source, section);
            case "grpo" -> ReinforcementCheck.policy(source.path(), source.json(), section);
            default -> throw new UnsupportedQuantityException("method " + method);
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
        GoldenFolder golden = GoldenFolder.open(source.path(), source.json(), SFT, section)) {
      JsonNode losses = source.json().at("/sft/losses");
      new MethodsCheck(losses, decoder, adaptation, golden).run();
    }
  }

  private void run() {
    golden.compare(
        "sft logits",
        () -> golden.deviation("logits", Networks.logits(decoder, batch), batch, Tolerances.FP32));
    golden.attempt("sft token_logps", this::logProbs);
    golden
        .section()
        .each(
            "sft ",
            losses,
            (name, wanted) -> {
              if (wanted.isObject()) {
                loss(name, wanted);
              }
            });
  }

  /** At the position before each label. */
  private void logProbs() {
    float[] wanted = golden.floats("token_logps");
    int[] kept =
        IntStream.range(0, wanted.length - 1)
            .filter(i -> (i + 1) % batch.length() != 0)
            .filter(i -> batch.labels()[i + 1] != TargetRows.IGNORED)
            .toArray();
    float[] expected = new float[kept.length];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = wanted[kept[i]];
    }
    golden.compared(
        "sft token_logps",
        Deviation.of(
            TokenLogProbs.evaluate(decoder, inputs(0, batch.rows())), expected, Tolerances.FP32));
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
    LanguageModelLoss.Form form = form(name);
    TensorLists.zero(adaptation.trained().stream().map(Parameter.Trainable::gradient).toList());
    if (wanted.has("losses")) {
      parts(name, wanted, form);
      return;
    }
    double items = wanted.path("num_items_in_batch").asDouble();
    double found =
        LanguageModelLoss.forwardBackward(
                decoder, inputs(0, batch.rows()), form, 1 / items, false, 0)
            / items;
    golden.compared("sft " + name, Deviation.of(found, wanted.path("loss").asDouble(), LOSS));
    Map<String, float[]> gradients = Networks.gradients(decoder, adaptation.trained());
    golden.compared(
        "sft " + name + " grad_norm",
        Deviation.of(
            Gradients.norm(gradients.values()),
            wanted.path("grad_norm").asDouble(),
            Tolerances.FP32,
            Tolerances.RELATIVE));
    if (name.endsWith("before_shift")) {
      golden.compareAll(
          name.startsWith("dft") ? "grad_dft." : GRADIENT,
          tensor -> Gradients.found(gradients, PeftParts.stored(tensor)),
          Tolerances.FP32);
    }
  }

  private static LanguageModelLoss.Form form(String name) {
    return switch (name.split("_", 2)[0]) {
      case "nll" -> VocabularyLoss::forwardBackward;
      case "dft" -> new SupervisedLoss(true, 0, 0);
      default -> throw new UnsupportedQuantityException("loss type " + name.split("_", 2)[0]);
    };
  }

  /** The same rows in equal parts, each over the labels of all. */
  private void parts(String name, JsonNode wanted, LanguageModelLoss.Form form) {
    double items = losses.path("nll_before_shift").path("num_items_in_batch").asDouble();
    int count = wanted.path("losses").size();
    int size = batch.rows() / count;
    Deviation worst =
        Deviation.worst(
            count,
            part ->
                Deviation.of(
                    LanguageModelLoss.forwardBackward(
                            decoder,
                            inputs(part * size, (part + 1) * size),
                            form,
                            1 / items,
                            false,
                            0)
                        / items,
                    wanted.path("losses").path(part),
                    LOSS));
    golden.compared("sft " + name, worst);
  }
}
