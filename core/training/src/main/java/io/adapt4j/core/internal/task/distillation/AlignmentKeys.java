package io.adapt4j.core.internal.task.distillation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.task.DistillationTask.Alignment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** The key {@code alignTokenizers}: true, or weights. */
final class AlignmentKeys {

  static final String ALIGN = "alignTokenizers";
  private static final String HYBRID = "hybrid";
  private static final String WHOLE_TEXTS = "wholeTexts";
  private static final String MATCHED = "matched";
  private static final String UNMATCHED = "unmatched";
  private static final String CROSS_ENTROPY = "crossEntropy";
  private static final String DISTILLATION = "distillation";

  private AlignmentKeys() {}

  static Optional<Alignment> read(Fields options) {
    Alignment usual = Alignment.create();
    boolean weighted = options.find(ALIGN).stream().anyMatch(v -> v.content() instanceof Map);
    if (!weighted) {
      return options.flag(ALIGN).filter(aligns -> aligns).map(aligns -> usual);
    }
    Fields weights = options.mapping(ALIGN).orElseThrow();
    boolean hybrid = weights.flag(HYBRID).orElse(usual.hybrid());
    boolean whole = weights.flag(WHOLE_TEXTS).orElse(usual.wholeTexts());
    OptionalDouble matched = weight(weights, MATCHED);
    OptionalDouble unmatched = weight(weights, UNMATCHED);
    double crossEntropy = weight(weights, CROSS_ENTROPY).orElse(usual.crossEntropy());
    double distillation = weight(weights, DISTILLATION).orElse(usual.distillation());
    List<Alignment> made = new ArrayList<>();
    options.attempt(
        ALIGN,
        () ->
            made.add(new Alignment(hybrid, whole, matched, unmatched, crossEntropy, distillation)));
    weights.finish();
    return made.stream().findFirst();
  }

  private static OptionalDouble weight(Fields weights, String key) {
    return weights
        .number(key, "", value -> true)
        .map(OptionalDouble::of)
        .orElse(OptionalDouble.empty());
  }

  static void write(Alignment alignment, ObjectNode options) {
    ObjectNode weights = options.putObject(ALIGN);
    weights.put(HYBRID, alignment.hybrid()).put(WHOLE_TEXTS, alignment.wholeTexts());
    alignment.matched().ifPresent(weight -> weights.put(MATCHED, weight));
    alignment.unmatched().ifPresent(weight -> weights.put(UNMATCHED, weight));
    weights
        .put(CROSS_ENTROPY, alignment.crossEntropy())
        .put(DISTILLATION, alignment.distillation());
  }
}
