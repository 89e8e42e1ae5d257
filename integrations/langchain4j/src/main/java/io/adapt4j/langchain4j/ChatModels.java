package io.adapt4j.langchain4j;

import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import io.adapt4j.core.generate.GenerationOptions;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** Configuration of a chat model. */
record ChatModels(
    Map<String, Replier> repliers,
    GenerationOptions options,
    ChatRequestParameters parameters,
    List<ChatModelListener> listeners) {

  /** Returns the name of the requested model or adapter. */
  static String name(ChatRequest request) {
    return Objects.requireNonNull(request.parameters().modelName(), "a default is set");
  }

  /** Returns the replier of a name: a model, or the first one with an adapter of that name. */
  Replier replier(String name) {
    Replier replier = repliers.get(name);
    if (replier != null) {
      return replier;
    }
    return repliers.values().stream()
        .flatMap(model -> model.withAdapter(name).stream())
        .findFirst()
        .orElseThrow(() -> unknown(name));
  }

  private UnsupportedFeatureException unknown(String name) {
    Set<String> known = new LinkedHashSet<>(repliers.keySet());
    repliers.values().forEach(model -> known.addAll(model.adapterNames()));
    return Requests.unsupported(
        "modelName '%s' is none of %s, and other models are".formatted(name, known));
  }

  Set<Capability> capabilities() {
    return repliers.values().stream().allMatch(Replier::knowsSchemas)
        ? Set.of(Capability.RESPONSE_FORMAT_JSON_SCHEMA)
        : Set.of();
  }
}
