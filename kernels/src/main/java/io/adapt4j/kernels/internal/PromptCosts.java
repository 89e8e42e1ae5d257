package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.ExpertMlp;
import io.adapt4j.core.internal.nn.Layer;
import io.adapt4j.core.internal.nn.Mixer;
import io.adapt4j.core.internal.nn.MixerSum;
import io.adapt4j.core.internal.nn.RecurrentMixer;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.RecurrentOps.Kind;
import java.util.EnumSet;
import java.util.Set;

/**
 * Which prompts steps read in no more time than operators do, as it was measured with one thread:
 * in fp32 all of them; in bfloat16, whose products of many rows are faster in operators, those of
 * recurrences that operators read in chunks, and with experts as long as each has few rows.
 *
 * @param longest tokens of the longest prompt that steps read in no more time
 * @param readsMore whether steps read longer ones too, beside what else runs
 */
record PromptCosts(int longest, boolean readsMore) {

  /** Tokens that steps read fast whatever the model. */
  private static final int FEW = 32;

  private static final int WITH_EXPERTS = 128;
  private static final int MOST = 256;

  /**
   * Looks at the layers of a decoder.
   *
   * @param multipliesMany whether there are products with many tokens at once for its weights
   */
  static PromptCosts of(Decoder decoder, boolean multipliesMany) {
    if (!multipliesMany) {
      return new PromptCosts(FEW, false);
    }
    Set<Kind> recurrences = EnumSet.noneOf(Kind.class);
    boolean experts = false;
    for (Layer layer : decoder.body().layers()) {
      add(layer.mixer(), recurrences);
      experts |= layer.mlp() instanceof ExpertMlp;
    }
    if (decoder.type() == DType.F32
        || recurrences.contains(Kind.GATED_DELTA)
        || recurrences.contains(Kind.STATE_SPACE)) {
      return new PromptCosts(MOST, true);
    }
    return experts
        ? new PromptCosts(WITH_EXPERTS, true)
        : new PromptCosts(FEW, recurrences.isEmpty());
  }

  private static void add(Mixer mixer, Set<Kind> recurrences) {
    if (mixer instanceof RecurrentMixer recurrent) {
      recurrences.add(recurrent.recurrence().kind());
    } else if (mixer instanceof MixerSum sum) {
      add(sum.recurrent().mixer(), recurrences);
    }
  }
}
