package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.SequenceToSequenceModel;
import io.adapt4j.core.generate.SequenceOptions;
import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.Networks;
import io.adapt4j.verification.internal.Tolerances;
import java.util.ArrayList;
import java.util.List;

/** Checks specific to encoder-decoders: hidden states of both sides, and generated texts. */
final class SequenceCheck {

  private SequenceCheck() {}

  /** Checks all hidden states as in Transformers: the last of each side is after its final norm. */
  static void states(GoldenFolder golden, EncoderDecoder network, Batch batch) {
    List<List<float[]>> sides = network.allStates(Networks.sequence(batch));
    List<float[]> read = withoutBeforeNorm(sides.get(0));
    side(golden, "encoder_hidden.", read, batch.attentionMask());
    side(golden, "decoder_hidden.", withoutBeforeNorm(sides.get(1)), GoldenFolder.targets(batch));
    if (golden.has("encoder_last_hidden_state")) {
      compare(
          golden, "encoder_last_hidden_state", read.get(read.size() - 1), batch.attentionMask());
    }
  }

  /** Generates greedily; the ids must match those of Transformers. */
  static void generated(GoldenFolder golden) {
    try (SequenceToSequenceModel model =
        SequenceToSequenceModel.load(ModelSource.path(golden.path()), Precision.FP32)) {
      for (String tensor : List.of("generated", "generated_eos")) {
        if (golden.has(tensor)) {
          golden.attempt(tensor, () -> compare(golden, model, tensor));
        }
      }
    }
  }

  private static void compare(GoldenFolder golden, SequenceToSequenceModel model, String tensor) {
    List<int[]> expected = golden.rows(tensor);
    JsonNode ends = golden.json().path("eos_token_id_for_" + tensor);
    SequenceOptions.Builder options =
        SequenceOptions.builder().numBeams(1).maxNewTokens(golden.rows("generated").get(0).length);
    if (ends.isInt()) {
      options.eosTokenId(ends.intValue());
    } else {
      options.ignoreEos(true);
    }
    List<int[]> found =
        GenerationCheck.padded(
            model.generateIds(GenerationCheck.prompts(golden, ""), options.build()),
            model.padTokenId());
    golden.compared(tensor, new Deviation(GenerationCheck.differences(found, expected), 0));
  }

  private static List<float[]> withoutBeforeNorm(List<float[]> states) {
    List<float[]> kept = new ArrayList<>(states);
    kept.remove(kept.size() - 2);
    return kept;
  }

  private static void side(GoldenFolder golden, String prefix, List<float[]> states, long[] mask) {
    for (int i = 0; i < states.size(); i++) {
      if (golden.has(prefix + i)) {
        compare(golden, prefix + i, states.get(i), mask);
      }
    }
  }

  private static void compare(GoldenFolder golden, String tensor, float[] found, long[] mask) {
    golden.compared(
        tensor, Deviation.masked(found, golden.floats(tensor), mask, Tolerances.of(golden), 0));
  }
}
