package io.adapt4j.core.internal.task;

import io.adapt4j.core.data.LossOn;
import io.adapt4j.core.data.MaskedRow;
import io.adapt4j.core.data.Overflow;
import io.adapt4j.core.internal.data.Batching;
import io.adapt4j.core.internal.recipe.Checks;
import io.adapt4j.core.internal.recipe.Draft;
import io.adapt4j.core.internal.recipe.Options;
import io.adapt4j.core.internal.recipe.TokenOptions;
import java.util.List;
import java.util.Optional;

/** Reads and checks the options of encoding and batching. */
final class TokenChoices {

  private TokenChoices() {}

  static TokenOptions of(Draft draft, List<MaskedRow> masked) {
    Batching batching = draft.get(Options.GROUP_BY_LENGTH) ? Batching.BY_LENGTH : Batching.PADDED;
    return new TokenOptions(
        draft.get(Options.PACKING) ? Batching.PACKED : batching,
        draft.get(Options.LOSS_ON),
        Optional.ofNullable(draft.get(Options.OVERLAP)),
        masked);
  }

  /** Checks the combination of options. */
  static void check(Draft draft, Checks checks) {
    checks.require(
        !draft.get(Options.PACKING) || !draft.get(Options.GROUP_BY_LENGTH),
        "packing and groupByLength are both set; packed rows are full already, give one of them");
    Integer overlap = draft.get(Options.OVERLAP);
    Integer maxLength = draft.get(Options.MAX_LENGTH);
    if (overlap != null) {
      checks.require(
          draft.get(Options.OVERFLOW) == Overflow.SPLIT,
          "overlap is for rows that are split: say overflow(SPLIT)");
      checks.require(
          maxLength == null || overlap <= maxLength - 2,
          "overlap must be at most maxLength - 2, found " + overlap + " for " + maxLength);
    }
  }

  /** Returns whether a draft sets options that apply to next-token prediction only. */
  static boolean concernGeneration(Draft draft) {
    return draft.get(Options.PACKING)
        || draft.get(Options.GROUP_BY_LENGTH)
        || draft.get(Options.OVERLAP) != null
        || draft.get(Options.LOSS_ON) != LossOn.COMPLETION;
  }
}
