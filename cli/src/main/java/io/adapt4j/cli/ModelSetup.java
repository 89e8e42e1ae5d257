package io.adapt4j.cli;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Adapters and chat template of a language model. */
final class ModelSetup {

  @Option(
      names = "--adapter",
      paramLabel = "FOLDER",
      description = "An adapter to put on the model. May be given more than once.")
  private final List<Path> adapters = new ArrayList<>();

  @Option(
      names = "--chat-template",
      paramLabel = "TEMPLATE",
      description =
          "The chat template in place of the model's: a name (chatml, llama3, gemma, ...), a file"
              + " in Jinja, or a model folder.")
  private @Nullable String template;

  @Option(
      names = "--any-chat-template",
      description = "Use another chat template than the model or the adapter was trained in.")
  private boolean anyChatTemplate;

  ModelSetup() {}

  boolean hasAdapters() {
    return !adapters.isEmpty();
  }

  /** Returns whether another chat template than that of the training may be used. */
  boolean allowsAnyChatTemplate() {
    return anyChatTemplate;
  }

  /** Returns the folders of the adapters. */
  List<Path> adapters() {
    return List.copyOf(adapters);
  }

  /** Rejects a chat template for models of other kinds. */
  void requireNoTemplate() {
    Sequences.refuse(Map.of("--chat-template", template != null || anyChatTemplate));
  }

  /** Loads the model with its adapters and template; closed by the caller. */
  LanguageModel load(Path folder) {
    return load(
        folder,
        adapters.stream()
            .map(adapter -> Adapters.read(adapter, anyChatTemplate))
            .toArray(Adapter[]::new));
  }

  /** Loads the base model with the template; closed by the caller. */
  LanguageModel loadBase(Path folder) {
    return load(folder, new Adapter[0]);
  }

  private LanguageModel load(Path folder, Adapter[] chosen) {
    Optional<ChatTemplate> resolved = Optional.ofNullable(template).map(ChatTemplate::resolve);
    LanguageModel model = LanguageModel.load(ModelSource.path(folder), chosen);
    try {
      if (resolved.isPresent() && anyChatTemplate) {
        model.useAnyChatTemplate(resolved.get());
      } else {
        resolved.ifPresent(model::useChatTemplate);
      }
      return model;
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
  }
}
