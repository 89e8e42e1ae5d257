package io.adapt4j.core;

import io.adapt4j.core.chat.ChatException;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.chat.ChatEncoder;
import io.adapt4j.core.internal.chat.TemplateMarker;
import io.adapt4j.core.internal.generate.Generator;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Conversations with a loaded model: its chat template, prompts and end-of-turn detection.
 * Thread-safe.
 */
final class ModelChat {

  private final LoadedModel model;
  private final TrainedTemplates trained;
  private @Nullable ChatTemplate template;
  private boolean chosen;
  private final Map<String, OfAdapter> ofAdapters = new HashMap<>();

  ModelChat(LoadedModel model, TrainedTemplates trained) {
    this.model = model;
    this.trained = trained;
  }

  /** Conversations with an adapter, and the adapter that had this name when they were prepared. */
  private record OfAdapter(Optional<AdapterMechanics> adapter, ModelChat chat) {}

  /**
   * Returns conversations with the model and one adapter, in a template that was set, else in its
   * own. Throws a ChatException if the adapter was trained with another template than the one set.
   */
  synchronized ModelChat with(String name) {
    Optional<AdapterMechanics> adapter = trained.added(name);
    OfAdapter known = ofAdapters.get(name);
    if (known == null || !known.adapter().equals(adapter)) {
      known = new OfAdapter(adapter, with(trained.with(adapter)));
      ofAdapters.put(name, known);
    }
    return known.chat();
  }

  private ModelChat with(TrainedTemplates ofAdapter) {
    ModelChat chat = new ModelChat(model, ofAdapter);
    if (chosen && template != null) {
      ofAdapter.require(template);
      chat.template = template;
      chat.chosen = true;
    }
    return chat;
  }

  TrainedTemplates trained() {
    return trained;
  }

  /**
   * Encoded prompts of conversations, and options that end their answers at the end of the turn.
   */
  record Prompts(List<int[]> ids, GenerationOptions options) {}

  Prompts prompts(
      List<List<ChatMessage>> conversations, ChatOptions rendering, GenerationOptions options) {
    ChatEncoder encoder = new ChatEncoder(model.requireTokenizer(), template());
    return new Prompts(
        conversations.stream().map(messages -> encoder.encode(messages, rendering)).toList(),
        endingWithTurn(options, encoder, rendering));
  }

  /** Encodes a prompt, stopping early once it exceeds its token limit. */
  ModelPrompts.Prepared prompt(
      List<ChatMessage> messages,
      ChatOptions rendering,
      GenerationOptions options,
      Generator generator,
      BooleanSupplier isCancelled) {
    ChatEncoder encoder = new ChatEncoder(model.requireTokenizer(), template());
    int[] ids =
        generator.encode(options, most -> encoder.encode(messages, rendering, most, isCancelled));
    return new ModelPrompts.Prepared(ids, endingWithTurn(options, encoder, rendering));
  }

  /** Adds the template's end of turn, a token or a text, to the stop conditions. */
  private static GenerationOptions endingWithTurn(
      GenerationOptions options, ChatEncoder encoder, ChatOptions rendering) {
    if (options.ignoreEos()) {
      return options;
    }
    Optional<TemplateMarker> end = encoder.turnEnd(rendering);
    if (end.isEmpty()) {
      return options;
    }
    if (end.get().isToken()) {
      Set<Integer> ids = new LinkedHashSet<>(options.stopIds());
      ids.add(end.get().ids().get(0));
      return options.toBuilder().stopIds(ids).build();
    }
    List<String> texts = new ArrayList<>(options.stopStrings());
    texts.add(end.get().text());
    return options.toBuilder().stopStrings(texts).build();
  }

  /** Read lazily: a broken template is no reason to refuse loading a model. */
  synchronized ChatTemplate template() {
    ChatTemplate found = template;
    if (found == null) {
      found =
          trained
              .find()
              .orElseThrow(
                  () ->
                      new ChatException(
                          model.folder()
                              + ": expected a chat template (chat_template.jinja, or chat_template"
                              + " in tokenizer_config.json), found none. Use generate, or set a"
                              + " template with useChatTemplate, such as"
                              + " ChatTemplate.named(\"chatml\")."));
      trained.require(found);
      template = found;
    }
    return found;
  }

  synchronized void use(ChatTemplate other) {
    template = other.withSpecialTokensOf(model.folder());
    chosen = true;
    ofAdapters.clear();
  }

  synchronized boolean hasTemplate() {
    return template != null || trained.find().isPresent();
  }

  /**
   * Returns whether the active adapters or the model were trained on conversations, or a template
   * was set.
   */
  synchronized boolean isTuned() {
    return chosen || trained.isChatTuned();
  }

  /** Digest of a template that was set explicitly. */
  synchronized Optional<String> chosenDigest() {
    return chosen ? Optional.of(template().digest()) : Optional.empty();
  }
}
