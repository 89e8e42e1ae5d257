package io.adapt4j.verification.golden;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenException;
import io.adapt4j.verification.internal.GoldenFolder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** Continues the golden prompts greedily; the ids must be those of Transformers. */
final class GenerationCheck {

  private GenerationCheck() {}

  static void run(GoldenFolder golden) {
    if (golden.names("generated").isEmpty()) {
      return;
    }
    if (golden.json().path("kind").asText().equals("seq2seq")) {
      SequenceCheck.generated(golden);
      return;
    }
    try (LanguageModel model =
        LanguageModel.load(ModelSource.path(golden.path()), Precision.FP32)) {
      List.of("generated", "generated_left", "generated_left_eos")
          .forEach(tensor -> attempt(golden, model, tensor));
    }
  }

  private static void attempt(GoldenFolder golden, LanguageModel model, String tensor) {
    boolean left = tensor.contains("_left");
    if (golden.has(tensor)) {
      golden.attempt(
          tensor,
          () -> {
            List<int[]> prompts = prompts(golden, left ? "_left" : "");
            compare(golden, model, tensor, left ? prompts : prompts.subList(0, 1));
          });
    }
  }

  private static void compare(
      GoldenFolder golden, LanguageModel model, String tensor, List<int[]> prompts) {
    List<int[]> expected = golden.rows(tensor);
    GenerationOptions.Builder options =
        GenerationOptions.greedy().toBuilder().maxNewTokens(expected.get(0).length).ignoreEos(true);
    // Transformers continues past the context length.
    options.ignoreContextLength(true);
    if (tensor.endsWith("_eos")) {
      options.stopIds(Set.of(golden.json().get("eos_token_id_for_" + tensor).intValue()));
    }
    List<int[]> found = padded(model.generateIds(prompts, options.build()), model.padTokenId());
    golden.compared(tensor, new Deviation(differences(found, expected), 0));
  }

  static int differences(List<int[]> found, List<int[]> expected) {
    if (found.size() != expected.size() || found.get(0).length != expected.get(0).length) {
      throw new GoldenException(
          "expected %s rows of %s ids, found %s of %s"
              .formatted(
                  expected.size(), expected.get(0).length, found.size(), found.get(0).length));
    }
    int differences = 0;
    for (int row = 0; row < expected.size(); row++) {
      for (int i = 0; i < expected.get(row).length; i++) {
        differences += found.get(row)[i] == expected.get(row)[i] ? 0 : 1;
      }
    }
    return differences;
  }

  static List<int[]> padded(List<int[]> rows, int pad) {
    int width = rows.stream().mapToInt(row -> row.length).max().orElse(0);
    List<int[]> padded = new ArrayList<>();
    for (int[] row : rows) {
      int[] filled = Arrays.copyOf(row, width);
      Arrays.fill(filled, row.length, width, pad);
      padded.add(filled);
    }
    return padded;
  }

  /** Returns the rows of a batch without their padding. */
  static List<int[]> prompts(GoldenFolder golden, String suffix) {
    return golden.unpadded("input_ids" + suffix, "attention_mask" + suffix);
  }
}
