package io.adapt4j.core.internal.nn.family;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.describe.Nearest;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Messages about a model with an unknown {@code model_type}. */
final class UnknownFamily {

  /** Common prefix of one vendor's model types, such as {@code qwen} of qwen3_moe. */
  private static final Pattern STEM = Pattern.compile("[a-z]{3,}");

  private static final int NAMED = 5;

  private UnknownFamily() {}

  /** Creates the exception for a model that cannot be loaded. */
  static CheckpointException refusal(
      ModelConfig config, Optional<ShapeMatch> nearest, Set<String> types) {
    Set<String> similar = similar(config.modelType(), types);
    return config
        .fields()
        .invalid(
            "model_type",
            "a model family that this build reads",
            "This model family is not supported."
                + (similar.isEmpty()
                    ? ""
                    : " Families of a similar name are " + String.join(", ", similar) + ".")
                + " Use a model of a family listed in docs/models.md, or put a ModelFamily for it"
                + " on the class path."
                + nearest.map(match -> " " + match.text()).orElse(""));
  }

  /** Returns the type that was probably meant, then others of the same vendor. */
  private static Set<String> similar(String type, Set<String> types) {
    Set<String> similar = new LinkedHashSet<>();
    Nearest.to(type, types).ifPresent(similar::add);
    String stem = stem(type);
    types.stream()
        .sorted()
        .filter(known -> !stem.isEmpty() && stem(known).equals(stem))
        .limit(NAMED)
        .forEach(similar::add);
    return similar;
  }

  private static String stem(String type) {
    Matcher matcher = STEM.matcher(type);
    return matcher.lookingAt() ? matcher.group() : "";
  }

  /** Returns a note that a model is treated as one of another type. */
  static String readAs(ModelConfig stated, ModelConfig known) {
    return "The model type "
        + stated.modelType()
        + " is not known. All its tensors and fields are those of "
        + known.modelType()
        + ", so it is read, and would be saved, as one of these. Compare an answer with that of the"
        + " model's own code before you rely on it.";
  }
}
