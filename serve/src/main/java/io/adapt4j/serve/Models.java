package io.adapt4j.serve;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.TextEmbedder;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** What a server answers with, by name. */
final class Models {

  private final Map<String, LanguageModel> languageModels;
  private final Map<String, TextEmbedder> embedders;
  private final long since = Instant.now().getEpochSecond();

  Models(Map<String, LanguageModel> languageModels, Map<String, TextEmbedder> embedders) {
    this.languageModels = new LinkedHashMap<>(languageModels);
    this.embedders = new LinkedHashMap<>(embedders);
  }

  /** A model of this name, or one with its adapter of this name. */
  LanguageModel languageModel(String name) {
    LanguageModel model = languageModels.get(name);
    for (LanguageModel base : languageModels.values()) {
      if (model == null && base.adapterNames().contains(name)) {
        return base.withAdapter(name);
      }
    }
    if (model == null) {
      throw embedders.containsKey(name)
          ? Fault.parameter("model", "'" + name + "' gives embeddings; ask /v1/embeddings")
          : unknown(name);
    }
    return model;
  }

  TextEmbedder embedder(String name) {
    TextEmbedder embedder = embedders.get(name);
    if (embedder == null) {
      throw languageModels.containsKey(name)
          ? Fault.parameter("model", "'" + name + "' gives no embeddings")
          : unknown(name);
    }
    return embedder;
  }

  private static Fault unknown(String name) {
    return Fault.invalid(
        404,
        "model",
        "model_not_found",
        "The model '" + name + "' does not exist. GET /v1/models lists those that do.");
  }

  /** Those of the language models, and of the adapters on them as they are now. */
  private Set<String> names() {
    Set<String> names = new LinkedHashSet<>(languageModels.keySet());
    languageModels.values().forEach(model -> names.addAll(model.adapterNames()));
    names.removeAll(embedders.keySet());
    return names;
  }

  ObjectNode list() {
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("object", "list");
    ArrayNode data = json.putArray("data");
    names().forEach(name -> data.add(json(name)));
    embedders.keySet().forEach(name -> data.add(json(name)));
    return json;
  }

  ObjectNode describe(String name) {
    if (!names().contains(name) && !embedders.containsKey(name)) {
      throw unknown(name);
    }
    return json(name);
  }

  private ObjectNode json(String name) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("id", name)
        .put("object", "model")
        .put("created", since)
        .put("owned_by", "adapt4j");
  }
}
