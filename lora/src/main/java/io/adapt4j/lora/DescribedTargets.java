package io.adapt4j.lora;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.describe.Fields;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@link Targets} as data: {@code all-linear}, a list of names, or {@code {regex: ...}}. */
final class DescribedTargets {

  private DescribedTargets() {}

  static Optional<Targets> read(Fields fields, String key) {
    Optional<Object> content = fields.find(key).map(value -> value.content());
    List<Targets> made = new ArrayList<>();
    if (content.filter(Map.class::isInstance).isPresent()) {
      Fields regex = fields.mapping(key).orElseThrow();
      regex.require("regex", "Write an expression that matches whole module paths.");
      regex
          .text("regex")
          .ifPresent(text -> regex.attempt("regex", () -> made.add(Targets.regex(text))));
      regex.finish();
    } else if (content.isPresent()) {
      List<String> names = fields.texts(key);
      if (names.equals(List.of(Targets.ALL_LINEAR.toString()))) {
        made.add(Targets.ALL_LINEAR);
      } else {
        fields.attempt(key, () -> made.add(Targets.names(names.toArray(String[]::new))));
      }
    }
    return made.stream().findFirst();
  }

  static void write(Targets targets, String key, ObjectNode options) {
    if (targets instanceof Targets.Names names) {
      names.names().forEach(options.putArray(key)::add);
    } else if (targets instanceof Targets.Regex regex) {
      options.putObject(key).put("regex", regex.expression());
    } else {
      options.put(key, targets.toString());
    }
  }
}
