package io.adapt4j.core;

import io.adapt4j.core.chat.ChatException;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.model.Adapter;
import io.adapt4j.core.provenance.Provenance;
import io.adapt4j.core.template.TemplateException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The chat templates that a model and its adapters were trained in. */
final class TrainedTemplates {

  private final Path folder;
  private final Optional<String> model;

  /** Hashes by what to call the adapter. */
  private final Map<String, String> adapters = new LinkedHashMap<>();

  private TrainedTemplates(Path folder, List<Adapter> adapters) {
    this.folder = folder;
    this.model = Provenance.find(folder).flatMap(Provenance::chatTemplate);
    for (int i = 0; i < adapters.size(); i++) {
      String name = adapters.size() == 1 ? "the adapter" : "adapter " + (i + 1);
      adapters.get(i).chatTemplateDigest().ifPresent(digest -> this.adapters.put(name, digest));
    }
  }

  static TrainedTemplates of(Path folder, List<Adapter> adapters) {
    return new TrainedTemplates(folder, adapters);
  }

  /**
   * Compares the template of the model's folder with those of the adapters, before weights take
   * memory. A broken template is left for the first conversation to complain of.
   */
  void checkAdapters() {
    if (adapters.isEmpty()) {
      return;
    }
    Optional<ChatTemplate> own;
    try {
      own = ChatTemplate.find(folder);
    } catch (ChatException | TemplateException e) {
      return;
    }
    own.ifPresent(this::requireAdapters);
  }

  /**
   * Requires that a template is the one trained in.
   *
   * @throws ChatException if it is not, with both hashes and the remedy
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
        what
            + " was trained in a chat template with sha256 "
            + trained
            + ", but the one in use (model "
            + folder
            + ") has "
            + used.digest()
            + ". Use the chat_template.jinja saved with the training, or, to use another all the"
            + " same, "
            + option
            + ".");
  }
}
