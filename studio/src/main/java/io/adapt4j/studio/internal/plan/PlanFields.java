package io.adapt4j.studio.internal.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The fields of the form, each a key of the description. A field is empty if its key is missing,
 * and {@value #OTHER} if its value is none that the form can show, which then stays as it is.
 */
public final class PlanFields {

  /** Value of a field whose key has a value that only YAML can say. */
  public static final String OTHER = "…";

  /** The key that a method's options stand below. */
  private static final String METHOD = "method";

  /** Fields by name, with the path of their key. */
  private static final Map<String, List<String>> SIMPLE = simple();

  private PlanFields() {}

  private static Map<String, List<String>> simple() {
    Map<String, List<String>> fields = new LinkedHashMap<>();
    for (String name :
        List.of(
            "model",
            "task",
            "epochs",
            "maxSteps",
            "learningRate",
            "batchSize",
            "gradientAccumulation",
            "maxLength",
            "lossOn",
            "chatTemplate",
            "keepBest",
            "seed")) {
      fields.put(name, List.of(name));
    }
    fields.put("asChat", List.of("data", "asChat"));
    fields.put("validation", List.of("data", "split", "validation"));
    return fields;
  }

  static List<String> names() {
    return Stream.concat(SIMPLE.keySet().stream(), Stream.of(METHOD, "rank")).toList();
  }

  /** Returns the field at which a problem with a key is shown, if there is one. */
  static Optional<String> field(String key) {
    String method = key.replaceFirst("^method\\.[^.]+\\.rank$", "rank");
    if (method.equals("rank")) {
      return Optional.of("rank");
    }
    if (key.equals(METHOD) || key.startsWith(METHOD + ".")) {
      return Optional.of(METHOD);
    }
    return SIMPLE.entrySet().stream()
        .filter(
            each -> {
              String path = String.join(".", each.getValue());
              return key.equals(path)
                  || key.startsWith(path + ".")
                  || (key.startsWith("data.split") && each.getKey().equals("validation"));
            })
        .map(Map.Entry::getKey)
        .findFirst();
  }

  static Map<String, String> read(JsonNode tree) {
    Map<String, String> values = new LinkedHashMap<>();
    SIMPLE.forEach((name, path) -> values.put(name, text(at(tree, path))));
    JsonNode method = tree.path(METHOD);
    Optional<String> key = methodKey(method);
    values.put(METHOD, method.isMissingNode() ? "" : key.orElse(OTHER));
    values.put("rank", key.map(name -> text(method.path(name).path("rank"))).orElse(""));
    return values;
  }

  private static Optional<String> methodKey(JsonNode method) {
    if (method.isTextual()) {
      return Optional.of(method.asText());
    }
    return method.isObject() && method.size() == 1
        ? Optional.of(method.fieldNames().next())
        : Optional.empty();
  }

  private static JsonNode at(JsonNode tree, List<String> path) {
    JsonNode node = tree;
    for (String key : path) {
      node = node.path(key);
    }
    return node;
  }

  private static String text(JsonNode node) {
    if (node.isMissingNode() || node.isNull()) {
      return "";
    }
    return node.isContainerNode() ? OTHER : node.asText();
  }

  static ObjectNode write(ObjectNode tree, Map<String, String> values) {
    ObjectNode changed = tree.deepCopy();
    SIMPLE.forEach(
        (name, path) -> {
          String value = values.getOrDefault(name, OTHER).strip();
          if (!value.equals(OTHER) && !value.equals(text(at(tree, path)))) {
            set(changed, path, value);
          }
        });
    writeMethod(changed, values);
    return changed;
  }

  private static void set(ObjectNode tree, List<String> path, String value) {
    ObjectNode parent = tree;
    for (String key : path.subList(0, path.size() - 1)) {
      if (!parent.path(key).isObject()) {
        if (value.isEmpty()) {
          return;
        }
        parent.putObject(key);
      }
      parent = (ObjectNode) parent.get(key);
    }
    String last = path.get(path.size() - 1);
    if (value.isEmpty()) {
      parent.remove(last);
      if (last.equals("validation")) {
        ((ObjectNode) tree.get("data")).remove("split");
      }
      return;
    }
    parent.set(last, scalar(value));
    if (last.equals("validation") && parent.get(last).isNumber()) {
      BigDecimal rest =
          BigDecimal.ONE
              .subtract(parent.get(last).decimalValue())
              .subtract(parent.path("test").decimalValue());
      parent.put("train", rest.stripTrailingZeros());
    }
  }

  private static void writeMethod(ObjectNode tree, Map<String, String> values) {
    Optional<String> before = methodKey(tree.path(METHOD));
    String method = values.getOrDefault(METHOD, before.orElse(OTHER));
    String rank = values.getOrDefault("rank", OTHER);
    if (method.equals(OTHER)) {
      return;
    }
    if (method.isEmpty()) {
      tree.remove(METHOD);
    } else if (before.filter(method::equals).isEmpty()) {
      // Options of another method would be unknown keys.
      tree.put(METHOD, method);
    }
    if (!method.isEmpty() && !method.equals("full") && !rank.equals(OTHER)) {
      if (!tree.path(METHOD).isObject() && !rank.isEmpty()) {
        tree.putObject(METHOD).putObject(method);
      }
      if (tree.path(METHOD).path(method) instanceof ObjectNode options) {
        if (rank.isEmpty()) {
          options.remove("rank");
        } else {
          options.set("rank", scalar(rank));
        }
      }
    }
  }

  /** Numbers and booleans become such; anything else is a text, which the check refuses. */
  private static JsonNode scalar(String value) {
    if (value.equals("true") || value.equals("false")) {
      return JsonNodeFactory.instance.booleanNode(value.equals("true"));
    }
    if (value.matches("[+-]?(\\d{1,18}(\\.\\d{0,18})?|\\.\\d{1,18})([eE][+-]?\\d{1,3})?")) {
      return JsonNodeFactory.instance.numberNode(new BigDecimal(value));
    }
    return JsonNodeFactory.instance.textNode(value);
  }
}
