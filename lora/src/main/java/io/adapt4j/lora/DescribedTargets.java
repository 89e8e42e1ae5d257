package io.adapt4j.lora;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.lora.internal.peft.PeftTargets;
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

  static void write(PeftTargets targets, String key, ObjectNode options) {
    if (targets.expression().isPresent()) {
      options.putObject(key).put("regex", targets.expression().get());
    } else {
      options.set(key, targets.json());
    }
  }

  /** Returns targets as PEFT has them. */
  static PeftTargets of(Targets targets) {
    if (targets instanceof Targets.Names names) {
      return PeftTargets.names(names.names());
    }
    return targets instanceof Targets.Regex regex
        ? PeftTargets.regex(regex.expression())
        : PeftTargets.ALL_LINEAR;
  }
}
