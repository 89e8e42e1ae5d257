package io.adapt4j.core.internal.config;

import java.util.List;
import java.util.OptionalInt;

/** Special token ids that model and generation configurations share. */
record TokenIds(OptionalInt bos, List<Integer> eos, OptionalInt pad) {

  private static final int NO_PADDING = -1;

  static TokenIds read(ConfigReader fields) {
    OptionalInt bos = fields.optionalInt("bos_token_id");
    requireNotNegative(fields, "bos_token_id", bos.orElse(0));
    List<Integer> eos = fields.integers("eos_token_id");
    eos.forEach(id -> requireNotNegative(fields, "eos_token_id", id));
    OptionalInt pad = fields.optionalInt("pad_token_id");
    if (pad.isPresent() && pad.getAsInt() == NO_PADDING) {
      pad = OptionalInt.empty();
    }
    requireNotNegative(fields, "pad_token_id", pad.orElse(0));
    return new TokenIds(bos, eos, pad);
  }

  private static void requireNotNegative(ConfigReader fields, String field, int id) {
    if (id < 0) {
      throw fields.invalid(field, "token ids of at least 0", "Correct or remove the field.");
    }
  }
}
