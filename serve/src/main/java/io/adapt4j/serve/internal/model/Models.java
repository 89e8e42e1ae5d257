package io.adapt4j.serve.internal.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.TextClassifier;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.internal.load.UnknownAdapterException;
import io.adapt4j.serve.internal.download.PublicDownload;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Fault;
import io.adapt4j.serve.internal.http.Limits;
import io.adapt4j.serve.internal.http.Parameters;
import io.adapt4j.serve.version.VersionedModel;
import io.adapt4j.serve.vision.PictureModel;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Models of a server, by name. An adapter on a language model has its own name, which selects the
 * model with this adapter only; adapters can be added and removed while the server runs.
 */
public final class Models {

  /** Kinds of models, with their endpoints. */
  private enum Kind {
    LANGUAGE("generates text; ask /v1/chat/completions or /v1/completions"),
    EMBEDDING("gives embeddings; ask /v1/embeddings"),
    RERANK("orders documents; ask /v1/rerank"),
    CLASSIFY("classifies texts; ask /v1/classify"),
    RAG("answers from documents; ask /v1/rag/ask"),
    SPEECH("writes down recordings; ask /v1/audio/transcriptions");

    private final String use;

    Kind(String use) {
      this.use = use;
    }
  }

  private record Entry(Kind kind, Object model) {}

  /** Parameters that say who asks, the first one that is there. */
  private static final List<String> KEYS = List.of("user", "safety_identifier", "prompt_cache_key");

  private record AdapterName(LanguageModel base, String adapter) {}

  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final Map<AdapterName, LanguageModel> adapted = new ConcurrentHashMap<>();
  private final Map<String, PictureModel> pictureModels = new LinkedHashMap<>();
  private Optional<PublicDownload> pictureUrls = Optional.empty();
  private final Limits limits;
  private final long since = Instant.now().getEpochSecond();

  public Models(
      Map<String, LanguageModel> languageModels,
      Map<String, VersionedModel> versionedModels,
      Map<String, TextEmbedder> embedders,
      Map<String, ?> rerankers,
      Map<String, TextClassifier> classifiers,
      Map<String, ?> answerers,
      Map<String, ?> transcribers,
      Limits limits) {
    this.limits = limits;
    languageModels.forEach((name, model) -> entries.put(name, new Entry(Kind.LANGUAGE, model)));
    versionedModels.forEach((name, model) -> entries.put(name, new Entry(Kind.LANGUAGE, model)));
    embedders.forEach((name, model) -> entries.put(name, new Entry(Kind.EMBEDDING, model)));
    rerankers.forEach((name, model) -> entries.put(name, new Entry(Kind.RERANK, model)));
    classifiers.forEach((name, model) -> entries.put(name, new Entry(Kind.CLASSIFY, model)));
    answerers.forEach((name, model) -> entries.put(name, new Entry(Kind.RAG, model)));
    transcribers.forEach((name, model) -> entries.put(name, new Entry(Kind.SPEECH, model)));
  }

  /** Adds a language model that reads pictures. */
  public void add(String name, PictureModel model) {
    entries.put(name, new Entry(Kind.LANGUAGE, model.languageModel()));
    pictureModels.put(name, model);
  }

  /** Allows pictures by URL. */
  public void allowPictureUrls(PublicDownload download) {
    pictureUrls = Optional.of(download);
  }

  /** Returns how pictures are downloaded; empty if they are not. */
  public Optional<PublicDownload> pictureUrls() {
    return pictureUrls;
  }

  /** Returns whether a model reads pictures. */
  public boolean readsPictures() {
    return !pictureModels.isEmpty();
  }

  /** Returns what reads pictures for a model or adapter, if it can. */
  public Optional<PictureModel> pictureModel(String name) {
    if (entries.containsKey(name)) {
      return Optional.ofNullable(pictureModels.get(name));
    }
    try {
      return Optional.ofNullable(adapters().get(name))
          .map(pictureModels::get)
          .map(base -> base.withAdapter(name));
    } catch (UnknownAdapterException e) {
      throw Fault.unknownModel(name); // removed in the meantime
    }
  }

  /** Returns the model that a request names, in the version for who asks. */
  public LanguageModel languageModel(Call call, Parameters parameters) {
    String name = parameters.text("model");
    Entry entry = entries.get(name);
    LanguageModel model;
    if (entry != null && entry.model() instanceof VersionedModel versions) {
      VersionedModel.Version version = versions.version(key(call, parameters));
      call.answeredBy(version.name(), version.release());
      model = version.model();
    } else {
      model = languageModel(name);
    }
    call.asks(name);
    named(parameters).ifPresent(call::askedBy);
    return model;
  }

  private static String key(Call call, Parameters parameters) {
    return named(parameters).or(() -> call.header("x-adapt4j-customer")).orElseGet(call::client);
  }

  /** Returns who asks, if a parameter says it. */
  private static Optional<String> named(Parameters parameters) {
    return KEYS.stream()
        .flatMap(name -> parameters.value(name).stream())
        .map(JsonNode::asText)
        .filter(text -> !text.isBlank())
        .findFirst();
  }

  /** Draws a version for a copy of an answered request, other than the one that answered it. */
  public Optional<VersionedModel.Version> shadow(Call call) {
    Entry entry = entries.get(call.model().orElseThrow());
    if (entry == null || !(entry.model() instanceof VersionedModel versions)) {
      return Optional.empty();
    }
    Optional<VersionedModel.Version> drawn = versions.shadow();
    if (drawn.map(VersionedModel.Version::name).equals(call.version())) {
      drawn.ifPresent(version -> version.release().run());
      return Optional.empty();
    }
    return drawn;
  }

  private LanguageModel languageModel(String name) {
    if (!entries.containsKey(name)) {
      for (Entry entry : entries.values()) {
        if (entry.model() instanceof LanguageModel base) {
          LanguageModel adapted = withAdapter(new AdapterName(base, name));
          if (adapted != null) {
            return adapted;
          }
        }
      }
    }
    return find(name, Kind.LANGUAGE, LanguageModel.class);
  }

  /** Returns a model itself, not an adapter. */
  public LanguageModel baseModel(String name) {
    return find(name, Kind.LANGUAGE, LanguageModel.class);
  }

  /** The only language model of the server. */
  public LanguageModel onlyBaseModel() {
    List<LanguageModel> all =
        entries.values().stream()
            .map(Entry::model)
            .filter(LanguageModel.class::isInstance)
            .map(LanguageModel.class::cast)
            .toList();
    if (all.size() != 1) {
      throw Fault.parameter(
          "model", "expected the name of a language model, of which the server has " + all.size());
    }
    return all.get(0);
  }

  /** Returns whether a model or an adapter has the name. */
  public boolean isTaken(String name) {
    return entries.containsKey(name) || adapters().containsKey(name);
  }

  /** Returns the same object each time, so that its caches are kept; null if there is none. */
  private @Nullable LanguageModel withAdapter(AdapterName key) {
    if (!key.base().adapterNames().contains(key.adapter())) {
      adapted.remove(key);
      return null;
    }
    try {
      return adapted.computeIfAbsent(key, found -> found.base().withAdapter(found.adapter()));
    } catch (IllegalArgumentException e) {
      // Removed in the meantime.
      return null;
    }
  }

  /** Returns a model for conversations. */
  public LanguageModel chatModel(Call call, Parameters parameters) {
    LanguageModel model = languageModel(call, parameters);
    if (!model.hasChatTemplate()) {
      throw Fault.invalid(
          400,
          "model",
          "chat_template",
          "The model '%s' has no chat template. Ask /v1/completions, or give it one where it is served."
              .formatted(call.model().orElseThrow()));
    }
    return model;
  }

  public TextEmbedder embedder(String name) {
    return find(name, Kind.EMBEDDING, TextEmbedder.class);
  }

  public <T> T reranker(String name, Class<T> type) {
    return find(name, Kind.RERANK, type);
  }

  public TextClassifier classifier(String name) {
    return find(name, Kind.CLASSIFY, TextClassifier.class);
  }

  public <T> T questionAnswering(String name, Class<T> type) {
    return find(name, Kind.RAG, type);
  }

  public <T> T transcriber(String name, Class<T> type) {
    return find(name, Kind.SPEECH, type);
  }

  private <T> T find(String name, Kind kind, Class<T> type) {
    Entry entry = entries.get(name);
    if (entry == null) {
      throw Fault.unknownModel(name);
    }
    if (entry.kind() != kind) {
      throw Fault.parameter("model", "'" + name + "' " + entry.kind().use);
    }
    if (!type.isInstance(entry.model())) {
      throw Fault.parameter("model", "'" + name + "' has versions, which the application changes");
    }
    return type.cast(entry.model());
  }

  public ObjectNode list() {
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("object", "list");
    ArrayNode data = json.putArray("data");
    entries.forEach((name, entry) -> data.add(json(name, name, entry)));
    adapters().forEach((name, base) -> data.add(json(name, base)));
    return json;
  }

  /** The adapters by name, with the name of their model. */
  private Map<String, String> adapters() {
    Map<String, String> adapters = new LinkedHashMap<>();
    entries.forEach(
        (name, entry) -> {
          if (entry.model() instanceof LanguageModel base) {
            for (String adapter : base.adapterNames()) {
              if (!entries.containsKey(adapter)) {
                adapters.putIfAbsent(adapter, name);
              }
            }
          }
        });
    return adapters;
  }

  private ObjectNode json(String adapter, String base) {
    return json(adapter, base, Objects.requireNonNull(entries.get(base))).put("parent", base);
  }

  public ObjectNode describe(String name) {
    Entry entry = entries.get(name);
    if (entry != null) {
      return json(name, name, entry);
    }
    String base = adapters().get(name);
    if (base == null) {
      throw Fault.unknownModel(name);
    }
    return json(name, base);
  }

  /** Describes a model or adapter, with the name of its model. */
  private ObjectNode json(String name, String of, Entry entry) {
    if (entry.model() instanceof VersionedModel versions) {
      VersionedModel.Version version = versions.version("");
      try {
        return json(name, of, new Entry(entry.kind(), version.model()))
            .put("version", version.name());
      } finally {
        version.release().run();
      }
    }
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("id", name)
            .put("object", "model")
            .put("created", since)
            .put("owned_by", "adapt4j");
    ArrayNode endpoints = json.putArray("endpoints");
    switch (entry.kind()) {
      case LANGUAGE -> {
        if (((LanguageModel) entry.model()).hasChatTemplate()) {
          endpoints.add("/v1/chat/completions").add("/v1/responses");
        }
        endpoints.add("/v1/completions");
        json.putObject("limits")
            .put("context_tokens", ((LanguageModel) entry.model()).contextLength())
            .put("new_tokens", limits.newTokens());
        // As llama.cpp and OpenRouter tell it.
        ObjectNode architecture = json.putObject("architecture");
        ArrayNode inputs = architecture.putArray("input_modalities").add("text");
        if (pictureModels.containsKey(of)) {
          inputs.add("image");
        }
        architecture.putArray("output_modalities").add("text");
      }
      case EMBEDDING -> endpoints.add("/v1/embeddings");
      case RERANK -> endpoints.add("/v1/rerank");
      case CLASSIFY -> endpoints.add("/v1/classify");
      case RAG -> endpoints.add("/v1/rag/ask");
      case SPEECH -> endpoints.add("/v1/audio/transcriptions").add("/v1/audio/translations");
    }
    return json;
  }
}
