package io.adapt4j.core.internal.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.adapt4j.core.chat.ChatException;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.describe.Value;
import io.adapt4j.jinja.TemplateException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The key {@code chatTemplate}: a name, a path, or, in records, the template texts by name. */
final class TemplateKey {

  static final String KEY = "chatTemplate";

  private TemplateKey() {}

  static Optional<TemplateChoice> read(Fields fields) {
    Optional<Value> value = fields.find(KEY);
    if (value.isEmpty()) {
      return Optional.empty();
    }
    try {
      if (value.get().content() instanceof Map) {
        ChatTemplate template = ChatTemplate.ofSources(sources(fields));
        return Optional.of(TemplateChoice.of(template));
      }
      return fields
          .text(KEY)
          .map(word -> ChatTemplate.resolve(word, value.get().place().base()))
          .map(TemplateChoice::of);
    } catch (ChatException | TemplateException | CheckpointException e) {
      fields.problem(KEY, e.getMessage());
      return Optional.empty();
    }
  }

  private static Map<String, String> sources(Fields fields) {
    Map<String, String> sources = new LinkedHashMap<>();
    fields
        .mapping(KEY)
        .ifPresent(
            texts ->
                texts
                    .written()
                    .forEach(name -> texts.text(name).ifPresent(text -> sources.put(name, text))));
    return sources;
  }

  static Optional<JsonNode> write(FineTuneSettings settings) {
    return settings.chosenTemplate().map(TemplateKey::written);
  }

  private static JsonNode written(ChatTemplate template) {
    Optional<String> name = template.builtInName();
    if (name.isPresent()) {
      return TextNode.valueOf(name.get());
    }
    ObjectNode sources = JsonNodeFactory.instance.objectNode();
    template.sources().forEach(sources::put);
    return sources;
  }
}
