package io.adapt4j.core;

import io.adapt4j.core.chat.ChatException;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.provenance.Provenance;
import io.adapt4j.jinja.TemplateException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Stream;

/** The chat templates that a model and its adapters were trained with. */
final class TrainedTemplates {

  private final Path folder;
  private final Optional<String> model;
  private final List<AdapterMechanics> loaded;

  /** Adapters by their names on the loaded model. */
  private final Map<String, AdapterMechanics> added = new ConcurrentSkipListMap<>();

  private final Map<String, String> adapters = new LinkedHashMap<>();

  private TrainedTemplates(Path folder, List<AdapterMechanics> adapters) {
    this.folder = folder;
    this.loaded = List.copyOf(adapters);
    this.model = Provenance.find(folder).flatMap(Provenance::chatTemplate);
    for (int i = 0; i < adapters.size(); i++) {
      String name = adapters.size() == 1 ? "the adapter" : "adapter " + (i + 1);
      adapters.get(i).chatTemplateDigest().ifPresent(digest -> this.adapters.put(name, digest));
    }
  }

  static TrainedTemplates of(Path folder, List<AdapterMechanics> adapters) {
    return new TrainedTemplates(folder, adapters);
  }

  /** Registers an adapter that was added to a loaded model. */
  void add(String name, AdapterMechanics adapter) {
    added.put(name, adapter);
  }

  /** Unregisters an adapter that was removed. */
  void remove(String name) {
    added.remove(name);
  }

  /** Returns an adapter that was added after the model was loaded. */
  Optional<AdapterMechanics> added(String name) {
    return Optional.ofNullable(added.get(name));
  }

  /**
   * Returns the templates of the model with one adapter, or with the adapters that it was loaded
   * with.
   */
  TrainedTemplates with(Optional<AdapterMechanics> adapter) {
    return adapter.map(only -> new TrainedTemplates(folder, List.of(only))).orElse(this);
  }

  /**
   * Finds the template to use: one set explicitly for an adapter's training, else the model's, else
   * one saved with an adapter.
   */
  Optional<ChatTemplate> find() {
    Optional<ChatTemplate> own = ChatTemplate.find(folder);
    for (AdapterMechanics adapter : loaded) {
      Optional<ChatTemplate> saved = adapter.folder().flatMap(ChatTemplate::find);
      if (saved.isPresent() && (own.isEmpty() || isChosen(adapter, saved.get()))) {
        return saved.map(template -> template.withSpecialTokensOf(folder));
      }
    }
    return own.isPresent()
        ? own
        : added.values().stream()
            .flatMap(adapter -> adapter.folder().flatMap(ChatTemplate::find).stream())
            .findFirst()
            .map(template -> template.withSpecialTokensOf(folder));
  }

  /**
   * Returns whether the adapter's run chose this template explicitly, so that it differs on
   * purpose.
   */
  private static boolean isChosen(AdapterMechanics adapter, ChatTemplate saved) {
    return adapter.chatTemplateDigest().filter(saved.digest()::equals).isPresent()
        && record(adapter).filter(Provenance::choseChatTemplate).isPresent();
  }

  private static Optional<Provenance> record(AdapterMechanics adapter) {
    return adapter.folder().flatMap(Provenance::find);
  }

  /**
   * Returns whether training was on conversations, according to the records of the active adapters,
   * else of the model; without a record, whether there is a template.
   */
  boolean isChatTuned() {
    List<Provenance> records =
        Stream.concat(loaded.stream(), added.values().stream())
            .flatMap(adapter -> record(adapter).stream())
            .toList();
    if (records.isEmpty()) {
      records = Provenance.find(folder).stream().toList();
    }
    return records.isEmpty()
        ? find().isPresent()
        : records.stream().anyMatch(record -> record.chatTemplate().isPresent());
  }

  /**
   * Compares the template of the model's folder with those of the adapters, before weights take
   * memory. A broken template is reported by the first conversation.
   */
  void checkAdapters() {
    if (adapters.isEmpty()) {
      return;
    }
    Optional<ChatTemplate> own;
    try {
      own = find();
    } catch (ChatException | TemplateException e) {
      return;
    }
    own.ifPresent(this::requireAdapters);
  }

  /**
   * Requires a template to be the one trained with, or throws a ChatException with both hashes and
   * the remedy.
   */
  void require(ChatTemplate used) {
    if (adapters.isEmpty() && model.isPresent() && !model.get().equals(used.digest())) {
      throw differs("the model " + folder, model.get(), used, "say useAnyChatTemplate(template)");
    }
    requireAdapters(used);
  }

  private void requireAdapters(ChatTemplate used) {
    adapters.forEach(
        (name, digest) -> {
          if (!digest.equals(used.digest())) {
            throw differs(name, digest, used, "load the adapter withAnyChatTemplate()");
          }
        });
  }

  private ChatException differs(String what, String trained, ChatTemplate used, String option) {
    return new ChatException(
        ("%s was trained in a chat template with sha256 %s, but the one in use (model %s) has"
                + " %s. Use the chat_template.jinja saved with the training, or, to use"
                + " another all the same, %s.")
            .formatted(what, trained, folder, used.digest(), option));
  }
}
