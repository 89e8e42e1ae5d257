package io.adapt4j.langchain4j;

import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import io.adapt4j.core.generate.GenerationOptions;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * What a chat model is made of.
 *
 * @param repliers what answers, by name
 * @param options what neither a request nor the parameters say
 * @param parameters what a request does not say
 * @param listeners what watches requests
 */
record ChatModels(
    Map<String, Replier> repliers,
    GenerationOptions options,
    ChatRequestParameters parameters,
    List<ChatModelListener> listeners) {

  /** The name of the model that a request asks for. */
  String name(ChatRequest request) {
    String name = Objects.requireNonNull(request.parameters().modelName(), "a default is set");
    if (!repliers.containsKey(name)) {
      throw Requests.unsupported(
          "modelName '%s' is none of %s, and other models are".formatted(name, repliers.keySet()));
    }
    return name;
  }

  Replier replier(String name) {
    return Objects.requireNonNull(repliers.get(name));
  }

  Set<Capability> capabilities() {
    return repliers.values().stream().allMatch(Replier::knowsSchemas)
        ? Set.of(Capability.RESPONSE_FORMAT_JSON_SCHEMA)
        : Set.of();
  }
}
