package io.adapt4j.core.internal.nn.family;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.describe.Nearest;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sentences about a model whose {@code model_type} no family has. */
final class UnknownFamily {

  /** What families of one maker begin with: {@code qwen} of qwen3_moe. */
  private static final Pattern STEM = Pattern.compile("[a-z]{3,}");

  private static final int NAMED = 5;

  private UnknownFamily() {}

  /** Refuses a model. */
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

  /** The name that was probably meant, then others of the same maker. */
  private static Set<String> similar(String type, Set<String> types) {
    Set<String> similar = new LinkedHashSet<>();
    Nearest.to(type, types).ifPresent(similar::add);
    String stem = stem(type);
    types.stream()
        .sorted()
        .filter(other -> !stem.isEmpty() && stem(other).equals(stem))
        .limit(NAMED)
        .forEach(similar::add);
    return similar;
  }

  private static String stem(String type) {
    Matcher matcher = STEM.matcher(type);
    return matcher.lookingAt() ? matcher.group() : "";
  }

  /** Says what a model is read as. */
  static String readAs(ModelConfig stated, ModelConfig known) {
    return "The model type "
        + stated.modelType()
        + " is not known. All its tensors and fields are those of "
        + known.modelType()
        + ", so it is read, and would be saved, as one of these. Compare an answer with that of the"
        + " model's own code before you rely on it.";
  }
}
