package io.adapt4j.core.internal.nn;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Rules for the tensor names of a model in checkpoints: with or without the prefix of the base
 * model, as saved from another class of the same family, or under the names of older formats.
 */
public record StoredNames(String prefix, Pattern ignored, Pattern kept) {

  /** The pooling layer of BERT and related models, which some of their classes use. */
  public static final String POOLING_LAYER = "pooler\\.dense\\.(weight|bias)";

  private static final String POOLER = "pooler.";
  private static final String TEXT = "model.language_model.";
  private static final String MODEL = "model.";
  private static final String LAYERS = "layers.";
  private static final Pattern NOTHING = Pattern.compile("(?!)");

  /** Creates the rules of a family. */
  public static StoredNames of(String prefix, List<String> ignored) {
    return new StoredNames(prefix, Pattern.compile(String.join("|", ignored)), NOTHING);
  }

  /** Preserves unused tensors that the model's class in Transformers has. */
  public StoredNames keeping(String expression) {
    return new StoredNames(prefix, ignored, Pattern.compile(expression));
  }

  /** Returns the name under which an unused tensor is saved with the model. */
  public Optional<String> kept(String name, boolean prefixed) {
    String bare = name.startsWith(prefix) ? name.substring(prefix.length()) : name;
    if (!ignores(name) || !kept.matcher(bare).matches()) {
      return Optional.empty();
    }
    boolean inBase = bare.startsWith(POOLER) || bare.startsWith(LAYERS);
    return Optional.of(prefixed && inBase ? prefix + bare : bare);
  }

  /** Returns the name under which a checkpoint stores a tensor. */
  public String find(String name, Set<String> stored) {
    return Stream.of(
            name, prefix + name, name.startsWith(prefix) ? name.substring(prefix.length()) : name)
        .flatMap(
            text -> Stream.of(text, older(text), ofWhole(text), ofText(text), ofBackbone(text)))
        .flatMap(text -> Stream.of(text, text.replace("embeddings.weight", "embedding.weight")))
        .filter(stored::contains)
        .findFirst()
        .orElse(name);
  }

  /**
   * Returns whether a stored tensor may be ignored. Those with computed values, and copies, are
   * compared when the weights are checked.
   */
  public boolean ignores(String name) {
    return ignored.matcher(name).matches();
  }

  /** Returns the same rules with more ignored names. */
  StoredNames ignoring(String expression) {
    return new StoredNames(prefix, Pattern.compile(ignored.pattern() + "|" + expression), kept);
  }

  /** Returns the name before Transformers 5 of a tensor in a multimodal model's text model. */
  private static String ofWhole(String name) {
    return name.startsWith(TEXT)
        ? "language_model.model." + name.substring(TEXT.length())
        : "language_model." + name;
  }

  /** Returns the name in files that store the text model of a multimodal one like a single one. */
  private static String ofText(String name) {
    return name.startsWith(TEXT) ? MODEL + name.substring(TEXT.length()) : name;
  }

  /** Returns the name in the first files of a state space model. */
  private static String ofBackbone(String name) {
    return name.startsWith(MODEL) ? "backbone." + name.substring(MODEL.length()) : name;
  }

  /** Returns TensorFlow's name of a layer norm, as in the first BERT checkpoints. */
  private static String older(String name) {
    return name.replace("LayerNorm.weight", "LayerNorm.gamma")
        .replace("LayerNorm.bias", "LayerNorm.beta");
  }
}
