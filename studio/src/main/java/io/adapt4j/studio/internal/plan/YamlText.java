package io.adapt4j.studio.internal.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.core.internal.Json;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Writes a tree as YAML that people like to edit: mappings as blocks, lists in one line. */
final class YamlText {

  /** Texts that need no quotes; others are written as in JSON, which is YAML too. */
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z_/][A-Za-z0-9_./+@-]*");

  private static final Set<String> WORDS =
      Set.of("true", "false", "null", "yes", "no", "on", "off", "y", "n");

  private final StringBuilder out = new StringBuilder();

  private YamlText() {}

  static String of(JsonNode tree) {
    YamlText text = new YamlText();
    text.mapping(tree, "");
    return text.out.toString();
  }

  private void mapping(JsonNode tree, String indent) {
    for (Map.Entry<String, JsonNode> each : tree.properties()) {
      out.append(indent).append(scalar(JsonNodeFactory.instance.textNode(each.getKey())));
      out.append(':');
      if (each.getValue().isObject() && !each.getValue().isEmpty()) {
        out.append('\n');
        mapping(each.getValue(), indent + "  ");
      } else {
        out.append(' ').append(inline(each.getValue())).append('\n');
      }
    }
  }

  private static String inline(JsonNode value) {
    return value.isContainerNode() ? Json.compact(value) : scalar(value);
  }

  private static String scalar(JsonNode value) {
    String text = value.asText();
    if (!value.isTextual()) {
      return text;
    }
    boolean plain = PLAIN.matcher(text).matches() && !WORDS.contains(text.toLowerCase(Locale.ROOT));
    return plain ? text : Json.compact(value);
  }
}
