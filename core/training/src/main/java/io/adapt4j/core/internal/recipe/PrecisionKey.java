package io.adapt4j.core.internal.recipe;

import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.model.Precision;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** The key {@code precision}. */
final class PrecisionKey {

  static final String KEY = "precision";

  /** Known number types that are unsupported, rather than misspellings of a supported one. */
  private static final Pattern OTHER_TYPES =
      Pattern.compile(
          "(fp|float)(4|6|8|64|128)([-_]?e\\dm\\d(fn)?)?|e[45]m[23](fn)?|mxfp[468]|nvfp4|nf4"
              + "|(u?int|[48][-_]?bit)s?[48]?|tf32|double|mixed|amp");

  private PrecisionKey() {}

  static Optional<Precision> read(Fields fields) {
    Optional<String> word =
        fields
            .find(KEY)
            .filter(value -> value.content() instanceof String)
            .map(value -> ((String) value.content()).toLowerCase(Locale.ROOT).strip());
    if (word.isEmpty() || !OTHER_TYPES.matcher(word.get()).matches()) {
      return fields.choice(KEY, Precision.class);
    }
    fields.text(KEY);
    fields.problem(
        KEY,
        ("'%s' is not supported: training computes in fp32 or bf16 (auto chooses). Fewer bits are"
                + " for the weights of a frozen base: 'method: {qlora: {rank: 16}}' keeps them in"
                + " 4 bits, and checkpoints stored in fp8 are read as they are.")
            .formatted(word.get()));
    return Optional.empty();
  }
}
