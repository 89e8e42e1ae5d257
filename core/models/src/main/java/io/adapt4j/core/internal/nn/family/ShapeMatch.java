package io.adapt4j.core.internal.nn.family;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.StoredNames;
import io.adapt4j.core.internal.nn.family.common.Architecture;
import io.adapt4j.core.internal.nn.family.common.KnownFields;
import io.adapt4j.core.internal.nn.family.common.UnreadFeatures;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Comparison of a model of unknown type with a family that it may belong to under another name: Yi,
 * Aquila and many fine-tuned models are Llama. It matches if every tensor has the family's name and
 * shape, and the configuration states no field that the family does not read: such a field could
 * change the model's results without affecting its tensors.
 */
record ShapeMatch(
    ModelConfig config,
    String family,
    Set<String> missing,
    Set<String> unknown,
    Set<String> fields) {

  /** Families that are often published under other names. */
  private static final Set<String> OFTEN_RENAMED =
      Collections.unmodifiableSet(
          new LinkedHashSet<>(List.of("llama", "mistral", "qwen2", "qwen3", "olmo2")));

  private static final int NAMED = 6;

  private static final Pattern WORD = Pattern.compile("(^|_)([a-z])");

  /** Compares a model with families that are often renamed, and if it is none, with all others. */
  static Optional<ShapeMatch> nearest(ModelConfig config, Set<String> types) {
    Path folder = config.fields().file().toAbsolutePath().getParent();
    if (!Files.isRegularFile(config.fields().file())) {
      return Optional.empty();
    }
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      Optional<ShapeMatch> renamed = nearest(config, OFTEN_RENAMED, checkpoint);
      if (renamed.map(ShapeMatch::isExact).orElse(false)) {
        return renamed;
      }
      Set<String> all = new LinkedHashSet<>(OFTEN_RENAMED);
      types.stream().sorted().forEach(all::add);
      return nearest(config, all, checkpoint);
    } catch (CheckpointException e) {
      return Optional.empty();
    }
  }

  private static Optional<ShapeMatch> nearest(
      ModelConfig config, Set<String> families, Checkpoint checkpoint) {
    return families.stream()
        .flatMap(family -> compare(config, family, checkpoint).stream())
        .min(Comparator.comparingInt(ShapeMatch::differences));
  }

  private static Optional<ShapeMatch> compare(
      ModelConfig config, String family, Checkpoint checkpoint) {
    ModelConfig renamed = renamed(config, family);
    Architecture architecture = Architectures.ofType(family).orElseThrow();
    try (Network declared = architecture.declare(renamed)) {
      // Fields that are in no list are reported by name.
      Set<String> told =
          new TreeSet<>(UnreadFeatures.unknown(renamed, architecture.features()).keySet());
      told.addAll(architecture.features());
      UnreadFeatures.refuse(renamed, told);
      StoredNames names = declared.storedNames();
      Set<String> stored = checkpoint.names();
      Set<String> missing = new TreeSet<>();
      Set<String> unknown = new TreeSet<>();
      Set<String> found = new TreeSet<>();
      declared
          .tensors()
          .forEach(
              (name, sizes) -> {
                String at = names.find(name, stored);
                if (!stored.contains(at)) {
                  missing.add(numbered(name));
                } else if (!checkpoint.entry(at).shape().equals(sizes)) {
                  unknown.add(numbered(at) + " of shape " + checkpoint.entry(at).shape());
                }
                found.add(at);
              });
      stored.stream()
          .filter(name -> !found.contains(name) && !names.ignores(name))
          .forEach(name -> unknown.add(numbered(name)));
      return Optional.of(new ShapeMatch(renamed, family, missing, unknown, unread(config, family)));
    } catch (CheckpointException e) {
      return Optional.empty();
    }
  }

  private static ModelConfig renamed(ModelConfig config, String family) {
    ArrayNode classes = JsonNodeFactory.instance.arrayNode();
    for (String name : config.architectures()) {
      int kind = name.contains("For") ? name.lastIndexOf("For") : name.lastIndexOf("Model");
      classes.add(className(family) + (kind < 0 ? "ForCausalLM" : name.substring(kind)));
    }
    return config
        .with("model_type", TextNode.valueOf(family))
        .with("architectures", classes)
        .with("auto_map", NullNode.getInstance());
  }

  /** Returns the prefix of a family's class names, such as Qwen3Moe of qwen3_moe. */
  private static String className(String family) {
    return WORD.matcher(family).replaceAll(word -> word.group(2).toUpperCase(Locale.ROOT));
  }

  private static Set<String> unread(ModelConfig config, String family) {
    KnownFields known = KnownFields.of(family).orElse(new KnownFields(Map.of()));
    Set<String> unread = new TreeSet<>();
    for (Map.Entry<String, JsonNode> field : config.toJson().properties()) {
      if (!field.getValue().isNull() && known.mark(field.getKey()).isEmpty()) {
        unread.add(field.getKey());
      }
    }
    return unread;
  }

  private static String numbered(String name) {
    return name.replaceAll("\\.\\d+\\.", ".N.");
  }

  /** Distance to the family: tensors that it cannot read count most, fields least. */
  private int differences() {
    return 1000 * (2 * unknown.size() + missing.size()) + fields.size();
  }

  /**
   * Returns whether the model belongs to the family, which is often published under other names.
   */
  boolean isExact() {
    return hasItsTensors() && fields.isEmpty() && OFTEN_RENAMED.contains(family);
  }

  private boolean hasItsTensors() {
    return missing.isEmpty() && unknown.isEmpty();
  }

  /** Describes the differences between the model and the family. */
  String text() {
    List<String> parts = new ArrayList<>();
    add(parts, "it lacks the tensors ", missing);
    add(parts, "it has tensors of other names or shapes: ", unknown);
    add(parts, "it states fields that this family does not read: ", fields);
    return "By its tensors it is nearest to "
        + family
        + (parts.isEmpty() ? "." : ", but " + String.join("; ", parts) + ".")
        + (hasItsTensors()
            ? " If it is one under another name, set model_type to \"" + family + "\"."
            : "");
  }

  private static void add(List<String> parts, String what, Set<String> names) {
    if (!names.isEmpty()) {
      String more = names.size() > NAMED ? " and %d more".formatted(names.size() - NAMED) : "";
      parts.add(what + names.stream().limit(NAMED).collect(Collectors.joining(", ")) + more);
    }
  }
}
