package io.adapt4j.core.internal.nn;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * How checkpoints may name the tensors of a model: with or without the prefix of the base model, as
 * saved from another class of the same family, or under the names of older formats.
 */
public record StoredNames(String prefix, Pattern ignored, Pattern kept) {

  /** The pooling layer of BERT and its relatives, which some of their classes use. */
  public static final String POOLING_LAYER = "pooler\\.dense\\.(weight|bias)";

  private static final String POOLER = "pooler.";
  private static final String TEXT = "model.language_model.";
  private static final String LAYERS = "layers.";
  private static final Pattern NOTHING = Pattern.compile("(?!)");

  /** Makes the rules of a family. */
  public static StoredNames of(String prefix, List<String> ignored) {
    return new StoredNames(prefix, Pattern.compile(String.join("|", ignored)), NOTHING);
  }

  /**
   * Keeps stored tensors that the model's class in Transformers has, though nothing is computed
   * with them here.
   */
  public StoredNames keeping(String expression) {
    return new StoredNames(prefix, ignored, Pattern.compile(expression));
  }

  /** Finds the name under which an unused tensor is written with the model. */
  Optional<String> kept(String name, boolean prefixed) {
    String bare = name.startsWith(prefix) ? name.substring(prefix.length()) : name;
    if (!ignores(name) || !kept.matcher(bare).matches()) {
      return Optional.empty();
    }
    boolean inBase = bare.startsWith(POOLER) || bare.startsWith(LAYERS);
    return Optional.of(prefixed && inBase ? prefix + bare : bare);
  }

  /** Finds the name under which a checkpoint stores a tensor. */
  public String find(String name, Set<String> stored) {
    return Stream.of(
            name, prefix + name, name.startsWith(prefix) ? name.substring(prefix.length()) : name)
        .flatMap(text -> Stream.of(text, older(text), ofWhole(text)))
        .filter(stored::contains)
        .findFirst()
        .orElse(name);
  }

  /**
   * Returns whether a stored tensor may be left unread. Values that are computed instead, and
   * copies, are compared when the weights are checked.
   */
  public boolean ignores(String name) {
    return ignored.matcher(name).matches();
  }

  /** The same names, with more that are left unread. */
  StoredNames ignoring(String expression) {
    return new StoredNames(prefix, Pattern.compile(ignored.pattern() + "|" + expression), kept);
  }

  /** What a text model inside a larger one was called before Transformers 5. */
  private static String ofWhole(String name) {
    return name.startsWith(TEXT)
        ? "language_model.model." + name.substring(TEXT.length())
        : "language_model." + name;
  }

  /** TensorFlow's names of a layer norm, which the first BERT checkpoints kept. */
  private static String older(String name) {
    return name.replace("LayerNorm.weight", "LayerNorm.gamma")
        .replace("LayerNorm.bias", "LayerNorm.beta");
  }
}
